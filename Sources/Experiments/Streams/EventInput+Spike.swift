internal import EventRecordings
internal import SpikeKernels

extension EventInput {
  /// The spike of an event.
  func spike(_ event: Event) -> Spike { Spike(unit: unit(of: event), sign: sign(of: event)) }
}
