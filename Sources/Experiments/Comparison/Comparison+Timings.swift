internal import Datasets
internal import DenseReLU
internal import Networks
internal import SpikeKernels
internal import SpikingReLU
internal import Training

extension Comparison {
  /// Wall time of one image, one at a time on one thread.
  public struct Timings: Sendable, Codable {
    /// Rounds that were measured; each times every contender once, in turn.
    public let rounds: Int
    /// Images of a round.
    public let imagesPerRound: Int
    /// T of the spiking network.
    public let timeSteps: Int
    /// Whether this is an optimized build. The times of a debug build mean nothing.
    public let isOptimized: Bool
    /// Median over rounds, in microseconds: the spiking network.
    public let spikingMicroseconds: Double
    /// The dense network, matrix-vector products on BLAS.
    public let denseMicroseconds: Double
    /// The dense network that skips zero inputs.
    public let zeroSkippingMicroseconds: Double
    /// The median of the ratios of each round: spiking / dense.
    public let spikingOverDense: Double
    /// The median of the ratios of each round: spiking / zero-skipping dense.
    public let spikingOverZeroSkipping: Double
  }

  /// Times the three contenders in turn, round after round, so that a machine whose speed drifts
  /// slows them all alike.
  func timings() throws -> Timings {
    let images = (0..<min(data.count, 64)).map { data.images.row($0) }
    let options = try PredictionOptions(timeSteps: settings.timeSteps)
    var spiking = try SpikingMLP(
      weights: weights, options: options, instructionSet: settings.instructionSet)
    var dense = DenseMLP(weights: weights)
    let clock = ContinuousClock()
    func microseconds(_ body: (_ image: [Float]) throws -> Void) rethrows -> Double {
      let start = clock.now
      for image in images { try body(image) }
      return (clock.now - start) / .microseconds(1) / Double(images.count)
    }
    var rounds: [(spiking: Double, dense: Double, zeroSkipping: Double)] = []
    let start = clock.now
    // The first two rounds warm up. At least three count, whatever they take.
    while rounds.count < 5
      || (rounds.count < 400 && clock.now - start < .seconds(settings.timingSeconds))
    {
      try Task.checkCancellation()
      rounds.append(
        (
          try microseconds { _ = try spiking.predict($0) },
          try microseconds { _ = try dense.predict($0) },
          try microseconds { _ = try dense.predictSkippingZeros($0) }
        ))
    }
    let counted = rounds.dropFirst(2)
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    return Timings(
      rounds: counted.count, imagesPerRound: images.count, timeSteps: settings.timeSteps,
      isOptimized: RunManifest.isOptimizedBuild,
      spikingMicroseconds: median(counted.map(\.spiking)),
      denseMicroseconds: median(counted.map(\.dense)),
      zeroSkippingMicroseconds: median(counted.map(\.zeroSkipping)),
      spikingOverDense: median(counted.map { $0.spiking / $0.dense }),
      spikingOverZeroSkipping: median(counted.map { $0.spiking / $0.zeroSkipping }))
  }
}
