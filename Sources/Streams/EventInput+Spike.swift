package import EventRecordings
package import SpikeKernels

extension EventInput {
  /// The spike of an event.
  package func spike(_ event: Event) -> Spike {
    Spike(unit: unit(of: event), sign: sign(of: event))
  }
}
