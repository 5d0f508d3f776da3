public import Cluster
public import Datasets
public import Networks
public import SpikeKernels
public import SpikingReLU

/// Trains the spiking twin by spikes, one image at a time.
///
/// Network and data of the paper: weights N(0, 0.01^2), no bias, one-hot targets, T = 10,
/// eta = 0.01. Source: docs/Algorithm.md, section 5.
public struct SpikingTraining: Sendable {
  /// T.
  public var timeSteps = 10
  /// How long, and at which rates.
  public var schedule = LearningSchedule()
  /// Seeds weights, order and random quantizers.
  public var seed: UInt64 = 1
  /// The standard deviation of the first weights.
  public var initialDeviation: Float = 0.01
  /// The first weights, where they are not to be drawn.
  public var initialWeights: NetworkWeights?
  /// How it learns.
  public var options: TrainingOptions
  /// The quantizers of the layers when it predicts.
  public var layerQuantizer = QuantizerKind.rectHerding
  /// Which kernels run.
  public var instructionSet: InstructionSet

  /// Training with the given options.
  public init(options: TrainingOptions, instructionSet: InstructionSet) {
    self.options = options
    self.instructionSet = instructionSet
  }

  /// The recipe that goes past the paper: fractional updates with smooth gradients, T = 40, eta
  /// 0.01 falling by 7% an epoch, shuffled images. What else was tried is in `docs/Results.md`.
  public static func recipe(instructionSet: InstructionSet) throws -> SpikingTraining {
    var options = try TrainingOptions(learningRate: 0.01)
    options.update = .fractional
    options.usesSmoothGradients = true
    var training = SpikingTraining(options: options, instructionSet: instructionSet)
    training.timeSteps = 40
    training.schedule.learningRateDecay = 0.93
    training.schedule.shuffles = true
    return training
  }

  /// Trains a network.
  ///
  /// Cancelling the task ends the run after the current image; what was learned is returned.
  ///
  /// - Parameters:
  ///   - hidden: units of the hidden layers.
  ///   - dataset: what to learn and what to be judged on.
  ///   - progress: told after each image of an epoch, with the running error in percent.
  ///   - onEpoch: told after each epoch.
  ///   - checkpoints: where the run is kept, and goes on from; rank 0's alone.
  ///   - team: who evaluates. Rank 0 learns; others give no reports.
  /// - Throws: `NetworkError`, `SpikingError` for settings; `LearningFailure` when an example
  ///   cannot be learned; `OutputError` when a checkpoint cannot be written, `CheckpointMismatch` when
  ///   it is of another run.
  public func run(
    hidden: [Int], dataset: Dataset, progress: LearningSchedule.Progress? = nil,
    onEpoch: (@Sendable (EpochReport) throws -> Void)? = nil, checkpoints: CheckpointFolder? = nil,
    team: Team? = nil
  ) async throws -> LearningResult<SpikingLearner> {
    try await run(hidden, dataset, progress, onEpoch, checkpoints, team) {
      SpikingLearner(
        network: try LearningMLP(
          weights: $0, options: $1, training: options, instructionSet: instructionSet))
    }
  }

  /// Trains an integer-only network: weights are multiples of `1/S`, `S = T^2 / eta`.
  ///
  /// - Parameters, throws: as for `run`; `SpikingError` also for what integers do not have: smooth
  ///   gradients, regularization, other quantizers, averaged weights, a learning rate that changes.
  public func runInIntegers(
    hidden: [Int], dataset: Dataset, progress: LearningSchedule.Progress? = nil,
    onEpoch: (@Sendable (EpochReport) throws -> Void)? = nil, checkpoints: CheckpointFolder? = nil,
    team: Team? = nil
  ) async throws -> LearningResult<IntegerLearner> {
    guard schedule.averagedEpochs < 2 else {
      throw SpikingError.unsupportedInIntegers("averaged weights")
    }
    guard schedule.learningRateDecay == 1 else {
      throw SpikingError.unsupportedInIntegers("a learning rate that changes")
    }
    return try await run(hidden, dataset, progress, onEpoch, checkpoints, team) {
      IntegerLearner(
        network: try IntegerLearningMLP(
          weights: $0, options: $1, training: options, instructionSet: instructionSet))
    }
  }

  /// Trains several networks at once, each on its own examples, that take the mean of their weights again
  /// and again; see `SpikingReplicas`. Collective.
  ///
  /// - Parameters:
  ///   - layout: how many, how often, and on which ranks. Parameters and errors else as for `run`.
  /// - Returns: on every rank, the mean after the last example.
  /// - Throws: as `run`; the cause of a `LearningFailure` is a `ReplicaFault`, the same on all ranks.
  /// - Complexity: of a step, `interval` examples of each replica, and one `orderedSum` of all weights.
  public func run(
    replicas layout: ReplicaLayout, hidden: [Int], dataset: Dataset,
    progress: LearningSchedule.Progress? = nil,
    onEpoch: (@Sendable (EpochReport) throws -> Void)? = nil, checkpoints: CheckpointFolder? = nil
  ) async throws -> LearningResult<SpikingReplicas> {
    try await run(hidden, dataset, progress, onEpoch, checkpoints, nil) {
      try SpikingReplicas(
        LearningMLP(
          weights: $0, options: $1, training: options, instructionSet: instructionSet),
        layout: layout, workers: schedule.workers)
    }
  }

  /// Lets a learner learn that is made of the first weights, drawn unless they are given.
  private func run<Model: Learner>(
    _ hidden: [Int], _ dataset: Dataset, _ progress: LearningSchedule.Progress?,
    _ onEpoch: (@Sendable (EpochReport) throws -> Void)?, _ checkpoints: CheckpointFolder?,
    _ team: Team?, makeLearner: (NetworkWeights, PredictionOptions) throws -> Model
  ) async throws -> LearningResult<Model> {
    var generator = SeededGenerator(seed: seed)
    let data = dataset.training
    let drawn = try data.network(
      hidden: hidden, initializer: .normal(standardDeviation: initialDeviation),
      generator: &generator)
    var prediction = try PredictionOptions(timeSteps: timeSteps)
    prediction.seed = seed
    prediction.layerQuantizer = layerQuantizer
    return try await schedule.run(
      makeLearner(initialWeights ?? drawn, prediction), dataset: dataset, order: generator,
      progress: progress, onEpoch: onEpoch, checkpoints: checkpoints, team: team)
  }
}

extension LearningResult<SpikingLearner> {
  /// The network, as it was after the last image.
  public var network: LearningMLP { learner.network }
}

/// The spiking twin as a learner.
public struct SpikingLearner: Learner {
  package var network: LearningMLP

  package init(network: LearningMLP) { self.network = network }

  package var minibatch: Int { 1 }
  package var learningRate: Float { network.training.learningRate }
  package mutating func setLearningRate(_ learningRate: Float) throws {
    try network.setLearningRate(learningRate)
  }

  package mutating func learn(
    _ examples: ArraySlice<Int>, of data: LabelledImages, targets: Matrix
  ) throws -> Int {
    try network.learn(examples, of: data, targets: targets)
  }

  package var weights: NetworkWeights { get throws { try network.networkWeights } }
  package var ledger: OperationLedger { network.ledger }
  package mutating func resetLedger() { network.resetLedger() }

  package var answersInOrder: Bool { network.network.options.layerQuantizer.keepsPotentials }

  package func wrongAnswers(
    of weights: NetworkWeights, on data: LabelledImages, examples: Range<Int>, workers: Int
  ) async throws -> Int {
    var copy = network
    copy.setWeights(weights)
    return try await copy.network.wrongAnswers(on: data, examples: examples, workers: workers)
  }
}

/// The integer-only spiking twin as a learner.
public struct IntegerLearner: Learner {
  package var network: IntegerLearningMLP

  package var minibatch: Int { 1 }
  package var learningRate: Float { network.training.learningRate }
  package mutating func setLearningRate(_ learningRate: Float) throws {
    // It stands in the scale of every number.
    throw SpikingError.unsupportedInIntegers("a learning rate that changes")
  }

  package mutating func learn(
    _ examples: ArraySlice<Int>, of data: LabelledImages, targets: Matrix
  ) throws -> Int {
    try network.learn(examples, of: data, targets: targets)
  }

  package var weights: NetworkWeights {
    get throws {
      let quantum = Float(network.network.quantum)
      return try NetworkWeights(layers: network.weights.map { $0.map { Float($0) / quantum } })
    }
  }
  package var ledger: OperationLedger { network.ledger }
  package mutating func resetLedger() { network.resetLedger() }

  package var answersInOrder: Bool { network.network.options.layerQuantizer.keepsPotentials }

  /// Of this very network: the weights in Float may have lost their last bits.
  package func wrongAnswers(
    of weights: NetworkWeights, on data: LabelledImages, examples: Range<Int>, workers: Int
  ) async throws -> Int {
    try await network.network.wrongAnswers(on: data, examples: examples, workers: workers)
  }
}

extension LearningNetwork {
  /// Learns from some examples; returns how many were answered wrongly.
  package mutating func learn(
    _ examples: ArraySlice<Int>, of data: LabelledImages, targets: Matrix
  ) throws -> Int {
    var wrong = 0
    for example in examples {
      try train(input: data.images.row(example), target: targets.row(example))
      if trainingOutput.argmax != data.labels[example] { wrong += 1 }
    }
    return wrong
  }
}

extension SpikingNetwork {
  /// The errors on some images. An image on which potentials or spikes run away, as they do with
  /// exploded weights, counts as an error.
  ///
  /// - Parameter workers: tasks. With a test-time quantizer that does not reset, potentials live
  ///   on from image to image, and one task answers all of them in order.
  /// - Throws: `SpikingError` for images that do not fit the network; `CancellationError`.
  public func errorRate(on data: LabelledImages, workers: Int) async throws -> ErrorRate {
    ErrorRate(
      errors: try await wrongAnswers(on: data, examples: 0..<data.count, workers: workers),
      examples: data.count)
  }

  /// How many of some images are answered wrongly; each as it is among all.
  package func wrongAnswers(
    on data: LabelledImages, examples: Range<Int>, workers: Int
  ) async throws -> Int {
    let (network, isOrdered) = (self, options.layerQuantizer.keepsPotentials)
    let (wrong, _) = try await mapExamples(
      count: examples.count, workers: isOrdered ? 1 : workers, progress: nil,
      makeState: { network },
      body: { network, index in
        let example = examples.lowerBound + index
        do {
          let output = try network.predict(data.images.row(example), stream: UInt64(example))
          return output.argmax != data.labels[example]
        } catch let error as SpikingError where error.isRunaway {
          return true
        }
      })
    return wrong.count { $0 }
  }
}
