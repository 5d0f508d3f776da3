public import Datasets
internal import DenseReLU
public import Networks
public import SpikingReLU
public import Training

/// Trains a dense network for sigma-delta: activations are rounded to whole spikes (`ActivationRounding`), an
/// active unit costs something, so that little is sent. The dense twin of the same weights errs as little.
public struct SigmaDeltaTraining: Sendable, Codable, Equatable {
  /// Passes over the training images.
  public var epochs: Int
  /// The seed of weights and order.
  public var seed: UInt64 = 1
  /// Pixels by which images are moved while they are learned.
  public var shift = 0
  /// `log2` of the spikes of a white pixel: two, so that edges of strokes have a step between.
  public var inputExponent = 1
  /// Spikes of a hidden unit for an activation of 1.
  public var hiddenScale: Float = 8
  /// The share of each minibatch that is rounded; the rest is exact.
  public var share: Float = 1
  /// What an active hidden unit costs.
  public var activityPenalty: Float = 0.005

  /// The documented training of so many epochs.
  public init(epochs: Int) { self.epochs = epochs }

  /// Trains.
  ///
  /// - Parameters:
  ///   - hidden: units of the hidden layers.
  ///   - dataset: of whose training part the calibration images have been taken.
  /// - Returns: the weights, and the scales that they were trained for.
  /// - Throws: `NetworkError`, `SpikingError` for scales out of range, `LearningFailure`,
  ///   `CancellationError`.
  public func run(
    hidden: [Int], dataset: Dataset, progress: ProgressHandler? = nil
  ) async throws -> (weights: NetworkWeights, coding: SpikeCoding) {
    var training = DenseTraining(epochs: epochs, seed: seed)
    training.schedule.learningRateDecay = 0.85
    training.schedule.evaluation = .none
    training.shift = shift
    let coding = try SpikeCoding(
      topology: try dataset.training.topology(hidden: hidden),
      inputExponent: inputExponent, layerScales: hidden.map { _ in hiddenScale })
    training.rounding = ActivationRounding(
      scales: [coding.inputScale] + hidden.map { _ in hiddenScale }, shares: [share],
      activityPenalty: activityPenalty)
    let total = epochs * dataset.training.count
    let result = try await training.run(hidden: hidden, dataset: dataset) { epoch, done, count, _ in
      progress?((epoch - 1) * count + done, total)
    }
    if result.isInterrupted { throw CancellationError() }
    return (result.weights, coding)
  }
}
