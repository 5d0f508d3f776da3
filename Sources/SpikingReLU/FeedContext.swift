internal import Networks
internal import SpikeKernels

/// What every feed of a network shares: memory, random numbers, the spikes that are left, kernels.
struct FeedContext<Scalar: SpikeScalar>: Sendable {
  /// Which implementation of the kernels runs.
  let instructionSet: InstructionSet
  /// Working memory of the kernels; holds nothing between feeds.
  var scratch: KernelScratch<Scalar>
  /// Draws for quantizers of random thresholds and starts.
  var generator: SeededGenerator
  /// The spikes that may still be sent in the example in progress.
  var limit: Int
  /// The one spike of an always-on unit, whose weights are biases.
  let alwaysOn = SpikeTrain([Spike(unit: 0, sign: 1)])

  init(instructionSet: InstructionSet, units: Int, seed: UInt64, limit: Int) {
    self.instructionSet = instructionSet
    self.limit = limit
    scratch = KernelScratch(units: units)
    generator = SeededGenerator(seed: seed)
  }

  /// The kernels of the set.
  var kernels: KernelTable<Scalar> { KernelTable(instructionSet) }
}
