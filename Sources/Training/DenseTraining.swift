public import Cluster
public import Datasets
public import DenseReLU
public import Networks

/// Trains the dense twin by plain stochastic gradient descent.
public struct DenseTraining: Sendable, Equatable, Codable {
  /// How long, and at which rates. Examples are shuffled unless told otherwise.
  public var schedule: LearningSchedule
  /// Examples a step; the last step of an epoch may have fewer.
  public var minibatch: Int
  /// The learning rate, of the mean loss of a minibatch.
  public var learningRate: Float
  /// Seeds the weights and the order of examples.
  public var seed: UInt64
  /// What is minimized.
  public var loss: Loss
  /// The standard deviation of the first weights; `nil` for He initialization.
  public var initialDeviation: Float?
  /// Activations that are rounded while it learns; `nil` for none.
  public var rounding: ActivationRounding?
  /// Each image is moved by up to so many pixels each way while it is learned.
  public var shift = 0

  /// Settings for a dense network.
  ///
  /// - Precondition: `epochs >= 0`, `minibatch >= 1`, `learningRate` positive and finite.
  public init(
    epochs: Int, minibatch: Int = 32, learningRate: Float = 0.1, seed: UInt64 = 1,
    loss: Loss = .softmaxCrossEntropy
  ) {
    precondition(epochs >= 0 && minibatch >= 1, "\(epochs) epochs of minibatches of \(minibatch)")
    schedule = LearningSchedule()
    schedule.epochs = epochs
    schedule.shuffles = true
    self.minibatch = minibatch
    self.learningRate = learningRate
    self.seed = seed
    self.loss = loss
  }

  /// Trains a network, with a learning curve.
  ///
  /// - Parameters, throws: as for `SpikingTraining.run`.
  public func run(
    hidden: [Int], dataset: Dataset, initialWeights: NetworkWeights? = nil,
    progress: LearningSchedule.Progress? = nil,
    onEpoch: (@Sendable (EpochReport) throws -> Void)? = nil, checkpoints: CheckpointFolder? = nil,
    team: Team? = nil
  ) async throws -> LearningResult<DenseLearner> {
    let (learner, order) = try learner(hidden, dataset, initialWeights)
    return try await schedule.run(
      learner, dataset: dataset, order: order, progress: progress, onEpoch: onEpoch,
      checkpoints: checkpoints, team: team)
  }

  /// Trains a network, each minibatch divided among several replicas; see `DenseReplicas`. Collective.
  ///
  /// - Parameters:
  ///   - layout: how many replicas, on which ranks; its interval says nothing here. Parameters and errors
  ///     else as for `run`.
  /// - Returns: on every rank, the network after the last example.
  /// - Precondition: neither `rounding` nor `shift`, which are of a whole minibatch.
  /// - Complexity: of a step, a replica's share of the minibatch, and one `orderedSum` of all weights.
  public func run(
    replicas layout: ReplicaLayout, hidden: [Int], dataset: Dataset,
    initialWeights: NetworkWeights? = nil, progress: LearningSchedule.Progress? = nil,
    onEpoch: (@Sendable (EpochReport) throws -> Void)? = nil, checkpoints: CheckpointFolder? = nil
  ) async throws -> LearningResult<DenseReplicas> {
    let (learner, order) = try learner(hidden, dataset, initialWeights)
    return try await schedule.run(
      DenseReplicas(learner, layout: layout), dataset: dataset, order: order, progress: progress,
      onEpoch: onEpoch, checkpoints: checkpoints)
  }

  /// The learner that a run starts with, and what orders its examples.
  package func learner(
    _ hidden: [Int], _ dataset: Dataset, _ initialWeights: NetworkWeights?
  ) throws -> (DenseLearner, SeededGenerator) {
    var generator = SeededGenerator(seed: seed)
    let drawn = try dataset.training.network(
      hidden: hidden, initializer: initialDeviation.map { .normal(standardDeviation: $0) } ?? .he,
      generator: &generator)
    let learner = DenseLearner(
      network: DenseMLP(weights: initialWeights ?? drawn, loss: loss), minibatch: minibatch,
      learningRate: learningRate, rounding: rounding,
      // Rows of a table have no neighbours.
      shifts: shift == 0 || !dataset.shape.isMap
        ? nil
        : ImageShifts(
          shape: dataset.shape, channelOrder: dataset.channelOrder, most: shift,
          generator: SeededGenerator(seed: seed, stream: 1)))
    return (learner, generator)
  }

  /// Trains a fresh network, without evaluating it.
  ///
  /// - Parameters:
  ///   - hidden: units of the hidden layers; the input and output fit the data.
  ///   - dataset: what to learn.
  ///   - progress: told after each step, in examples.
  /// - Throws: `NetworkError` for sizes, `CancellationError`; `LearningFailure` when the loss stops
  ///   being finite or a weight grows beyond 10^6.
  public func network(
    hidden: [Int], dataset: Dataset, progress: ProgressHandler? = nil
  ) async throws -> DenseMLP {
    var training = self
    training.schedule.evaluation = .none
    let total = schedule.epochs * dataset.training.count
    let result = try await training.run(
      hidden: hidden, dataset: dataset,
      progress: { epoch, done, count, _ in progress?((epoch - 1) * count + done, total) })
    if result.isInterrupted { throw CancellationError() }
    return result.network
  }
}

extension LearningResult<DenseLearner> {
  /// The network, as it was after the last image.
  public var network: DenseMLP { learner.network }
}

/// The dense twin as a learner.
public struct DenseLearner: Learner {
  package var network: DenseMLP
  package let minibatch: Int
  package private(set) var learningRate: Float
  private var shifts: ImageShifts?
  /// Draws the shifts, where there are some.
  package var shiftGenerator: SeededGenerator? {
    get { shifts?.generator }
    set { if let newValue { shifts?.generator = newValue } }
  }

  package init(
    network: DenseMLP, minibatch: Int, learningRate: Float, rounding: ActivationRounding? = nil,
    shifts: ImageShifts? = nil
  ) {
    self.network = network
    self.network.rounding = rounding
    self.shifts = shifts
    self.minibatch = minibatch
    self.learningRate = learningRate
  }

  package mutating func setLearningRate(_ learningRate: Float) { self.learningRate = learningRate }

  package mutating func learn(
    _ examples: ArraySlice<Int>, of data: LabelledImages, targets: Matrix
  ) throws -> Int {
    var inputs = data.images.selectingRows(examples)
    shifts?.move(&inputs)
    let loss = try network.train(
      inputs: inputs, targets: targets.selectingRows(examples),
      learningRate: learningRate)
    guard loss.isFinite else { throw LossNotFinite(loss: loss) }
    let outputs = network.lastOutputs
    return examples.enumerated().count { outputs.row($0).argmax != data.labels[$1] }
  }

  package var weights: NetworkWeights {
    get throws {
      // Checks that all are finite.
      try network.weights.replacingParameters(network.weights.parameters.map(\.elements))
    }
  }
  package var block: Int { DenseMLP.evaluationBlock }
  package var ledger: OperationLedger { network.ledger }
  package mutating func resetLedger() { network.resetLedger() }

  package func wrongAnswers(
    of weights: NetworkWeights, on data: LabelledImages, examples: Range<Int>, workers: Int
  ) async throws -> Int {
    try DenseMLP(weights: weights).wrongAnswers(on: data, examples: examples)
  }
}

extension DenseMLP {
  /// The errors on some images, by matrix products.
  public func errorRate(on data: LabelledImages) throws -> ErrorRate {
    ErrorRate(
      errors: try wrongAnswers(on: data, examples: 0..<data.count), examples: data.count)
  }

  /// Images of a product.
  package static let evaluationBlock = 256

  /// How many of some images are answered wrongly; the products are of blocks of all images, so that no
  /// bit of an answer depends on who else is asked.
  ///
  /// - Precondition: `examples` begins with a block.
  package func wrongAnswers(on data: LabelledImages, examples: Range<Int>) throws -> Int {
    let block = Self.evaluationBlock
    precondition(examples.lowerBound % block == 0 || examples.isEmpty, "examples \(examples)")
    var (network, wrong) = (self, 0)
    for start in stride(from: examples.lowerBound, to: examples.upperBound, by: block) {
      try Task.checkCancellation()
      let part = start..<min(start + block, examples.upperBound)
      let outputs = try network.predict(batch: data.images.selectingRows(part))
      wrong += part.count { outputs.row($0 - start).argmax != data.labels[$0] }
    }
    return wrong
  }
}

/// The loss of a minibatch is NaN or infinite.
public struct LossNotFinite: Error, Equatable, Sendable, CustomStringConvertible {
  /// The loss.
  public let loss: Double

  /// Two losses are equal when both are NaN, too.
  public static func == (left: LossNotFinite, right: LossNotFinite) -> Bool {
    left.loss == right.loss || left.loss.isNaN && right.loss.isNaN
  }

  /// What was found.
  public var description: String { "the loss is \(loss); use a smaller learning rate" }
}
