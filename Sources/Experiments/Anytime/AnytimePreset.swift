public import SpikingReLU

/// The documented settings of an anytime run on a data set: how its network is trained, what an operation
/// costs in the search, and what the result is held to (docs/Results.md).
public struct AnytimePreset: Sendable, Equatable {
  /// How the network is trained; the seed is the caller's.
  public var training: AnytimeTraining
  /// Points of error that the operations of one dense pass may save; see `CodingSearch.lambda`.
  public var lambda: Double
  /// What the result is held to.
  public var target: Anytime.Target

  /// The settings for a data set by its name; of other data, those of a network of MNIST's size without a
  /// claim.
  ///
  /// - Parameters:
  ///   - dataset: `mnist`, `fashion-mnist`, or any other.
  ///   - isSmall: images of 64 pixels or fewer, as the embedded digits.
  ///   - firing: the only way to check thresholds that is searched; `nil` for the usual ones.
  public init(
    dataset: String, isSmall: Bool, method: AnytimeTraining.Method,
    firing: PredictionOptions.Firing? = nil, seed: UInt64 = 1
  ) {
    let isFashion = dataset == "fashion-mnist"
    training = AnytimeTraining(
      method: method, epochs: isSmall ? 120 : method == .spiking ? 10 : isFashion ? 30 : 20,
      seed: seed)
    training.shift = dataset == "mnist" ? 1 : 0
    if isSmall {
      training.learningRateDecay = 0.98
      training.activityPenalty = 0.01
      training.phaseGroups = 2
    } else if isFashion {
      training.learningRateDecay = 0.9
      training.activityPenalty = 0.001
      training.shares = [0.2, 0.2, 0.2, 0.2]
    }
    lambda = isSmall ? 8 : method == .spiking ? 1.5 : isFashion ? 2.25 : 1
    let isRate = firing.map(PredictionOptions.Firing.rateCoded.contains) ?? false
    target =
      switch (dataset, method) {
      case ("mnist", .spiking):
        Anytime.Target(errorPoints: 0.1, shareOfDense: 0.2, timeOfDense: 0.5)
      case ("mnist", _):
        Anytime.Target(errorPoints: 0.1, shareOfDense: isRate ? 0.16 : 0.06, timeOfDense: 0.5)
      case ("fashion-mnist", _):
        Anytime.Target(errorPoints: 0.3, shareOfDense: isRate ? 0.4 : 0.22, timeOfDense: 1)
      // One of the 360 test digits is 0.28 points, and 300 calibrate; so small a network takes BLAS
      // 0.4 us.
      default: Anytime.Target(errorPoints: 2, shareOfDense: 1, timeOfDense: nil)
      }
  }
}
