public import Datasets
internal import DenseReLU
public import Networks
public import SpikeKernels
public import SpikingReLU
public import Training

/// Trains the network of an anytime run, on training images without those kept for calibration.
public struct AnytimeTraining: Sendable, Codable, Equatable {
  /// Which model kind learns, and how.
  public enum Method: String, Sendable, CaseIterable, Codable {
    /// The dense one, for few spikes: with rounded activations and a price on active units.
    case dense
    /// The dense one, for nothing but its loss.
    case plainDense = "plain-dense"
    /// The spiking one: fractional SGD, T = 10, eta = 0.01.
    case spiking
  }

  /// Which model kind learns, and how.
  public var method: Method
  /// Passes over the training images.
  public var epochs: Int
  /// The seed of weights and order.
  public var seed: UInt64
  /// What an active hidden unit costs, for `dense`.
  public var activityPenalty: Float = 0.005
  /// Groups of staggered input phases, 1, 2 or 4, and steps in which a white pixel fires once.
  public var phaseGroups = 4
  /// Shares of each minibatch that are rounded as of 1, 2, ... steps, for `dense`.
  public var shares: [Float] = [0.4, 0.3]
  /// Pixels by which images are moved while they are learned, for the dense twins.
  public var shift = 0
  /// The learning rate, and its share from epoch to epoch, of the dense twins.
  public var learningRate: Float = 0.1
  /// The learning rate of an epoch is this share of the one before.
  public var learningRateDecay: Float = 0.85

  private enum CodingKeys: String, CodingKey {
    case method = "twin"
    case phaseGroups = "turns"
    case epochs, seed, activityPenalty, shares, shift, learningRate, learningRateDecay
  }

  /// The documented training by a method.
  public init(method: Method, epochs: Int, seed: UInt64 = 1) {
    self.method = method
    self.epochs = epochs
    self.seed = seed
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - hidden: units of the hidden layers.
  ///   - dataset: of whose training part `split` leaves the calibration images.
  ///   - workers: tasks that evaluate.
  ///   - progress: told after each step, in images of all epochs.
  /// - Returns: the weights, and the coding that they were trained for, if any.
  /// - Throws: `NetworkError`, `LearningFailure`, `CancellationError`.
  public func run(
    hidden: [Int], dataset: Dataset, instructionSet: InstructionSet,
    progress: ProgressHandler? = nil
  ) async throws -> (weights: NetworkWeights, coding: SpikeCoding?) {
    let total = epochs * dataset.training.count
    let report: LearningSchedule.Progress = { epoch, done, count, _ in
      progress?((epoch - 1) * count + done, total)
    }
    guard method != .spiking else {
      var training = SpikingTraining(
        options: try TrainingOptions(learningRate: 0.01), instructionSet: instructionSet)
      training.options.update = .fractional
      training.schedule.epochs = epochs
      training.schedule.evaluation = .none
      training.schedule.shuffles = true
      training.seed = seed
      let result = try await training.run(hidden: hidden, dataset: dataset, progress: report)
      if result.isInterrupted { throw CancellationError() }
      return (result.weights, nil)
    }
    var training = DenseTraining(epochs: epochs, learningRate: learningRate, seed: seed)
    training.schedule.learningRateDecay = learningRateDecay
    training.schedule.evaluation = .none
    training.shift = shift
    var coding: SpikeCoding?
    if method == .dense {
      // As the search starts from: a white pixel fires once in as many steps as there are groups.
      let topology = try dataset.training.topology(hidden: hidden)
      let trained = try SpikeCoding(
        topology: topology, inputExponent: -phaseGroups.trailingZeroBitCount,
        layerScales: hidden.map { _ in 1 },
        inputPhases: SpikeCoding.staggeredPhases(
          phaseGroups, height: dataset.height, width: dataset.width))
      training.rounding = ActivationRounding(
        scales: [trained.inputScale] + hidden.map { _ in 1 }, phases: trained.inputPhases,
        shares: shares, activityPenalty: activityPenalty)
      coding = trained
    }
    let result = try await training.run(hidden: hidden, dataset: dataset, progress: report)
    if result.isInterrupted { throw CancellationError() }
    return (result.weights, coding)
  }
}

extension Dataset {
  /// The same without the last images of its training part, and those.
  ///
  /// - Precondition: `0 < calibration < training.count`.
  public func split(calibration: Int) -> (dataset: Dataset, calibration: LabelledImages) {
    let count = training.count
    precondition(calibration > 0 && calibration < count, "\(calibration) of \(count) images")
    return (
      with(
        training: training.prefix(count - calibration), test: test),
      training.selecting(count - calibration..<count)
    )
  }
}
