internal import Datasets
internal import DenseReLU
internal import Measures
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
    let options = try options(timeSteps: settings.timeSteps)
    var spiking = try SpikingMLP(
      weights: weights, options: options, instructionSet: settings.instructionSet)
    var dense = DenseMLP(weights: weights)
    let times = try PairedTiming(seconds: settings.timingSeconds).run([
      { for image in images { _ = try spiking.predict(image) } },
      { for image in images { _ = try dense.predict(image) } },
      { for image in images { _ = try dense.predictSkippingZeros(image) } },
    ])
    func microseconds(_ contender: Int) -> Double {
      1e6 * times[contender].median / Double(images.count)
    }
    return Timings(
      rounds: times[0].count, imagesPerRound: images.count, timeSteps: settings.timeSteps,
      isOptimized: RunManifest.isOptimizedBuild, spikingMicroseconds: microseconds(0),
      denseMicroseconds: microseconds(1), zeroSkippingMicroseconds: microseconds(2),
      spikingOverDense: times[0].medianRatio(to: times[1]),
      spikingOverZeroSkipping: times[0].medianRatio(to: times[2]))
  }
}
