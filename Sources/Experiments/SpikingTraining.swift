public import Datasets
internal import Networks
public import SpikeKernels
public import SpikingReLU

/// Trains the spiking twin by spikes, one image at a time.
///
/// Network and data of the paper: weights N(0, 0.01^2), no bias, one-hot targets, T = 10,
/// eta = 0.01. Source: ALGORITHM section 5.
public struct SpikingTraining: Sendable {
  /// T.
  public var timeSteps = 10
  /// Passes over the training set.
  public var epochs = 20
  /// The learning rate of an epoch is this share of the one before; 1 keeps it.
  public var learningRateDecay: Float = 1
  /// Whether each epoch meets the images in an order of its own.
  public var shuffles = false
  /// Seeds weights, order and random quantizers.
  public var seed: UInt64 = 1
  /// The standard deviation of the first weights.
  public var initialDeviation: Float = 0.01
  /// How it learns.
  public var options: TrainingOptions
  /// Tasks that evaluate; results do not depend on it.
  public var workers = 1
  /// Which kernels run.
  public var instructionSet: InstructionSet
  /// Whether the whole training set is evaluated after each epoch, too.
  public var evaluatesTraining = true

  /// Training with the given options.
  public init(options: TrainingOptions, instructionSet: InstructionSet) {
    self.options = options
    self.instructionSet = instructionSet
  }

  /// What a run ends with.
  public struct Result: Sendable {
    /// The network, as it was after the last image.
    public let network: LearningMLP
    /// One report an epoch; an interrupted epoch has one without evaluation.
    public let epochs: [EpochReport]
    /// Whether the run was cancelled before its end.
    public let isInterrupted: Bool
  }

  /// Training stopped at an example.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    /// The epoch, counted from 1.
    public let epoch: Int
    /// The example, counted from 0 in the training set.
    public let example: Int
    /// What went wrong.
    public let cause: SpikingError
    /// The network at the end of the last whole epoch.
    public let lastWhole: LearningMLP

    /// Where and why.
    public var description: String { "epoch \(epoch), example \(example): \(cause)" }
  }

  /// Trains a fresh network.
  ///
  /// Cancelling the task ends the run after the current image; what was learned is returned.
  ///
  /// - Parameters:
  ///   - hidden: units of the hidden layers.
  ///   - dataset: what to learn and what to be judged on.
  ///   - progress: told after each image of an epoch, with the running error in percent.
  ///   - onEpoch: told after each epoch.
  /// - Throws: `NetworkError`, `SpikingError` for settings; `Failure` when an example cannot be
  ///   learned.
  public func run(
    hidden: [Int], dataset: Dataset,
    progress: (
      @Sendable (_ epoch: Int, _ done: Int, _ total: Int, _ errorPercent: Double) -> Void
    )? =
      nil,
    onEpoch: (@Sendable (EpochReport) throws -> Void)? = nil
  ) async throws -> Result {
    let data = dataset.training
    var generator = SeededGenerator(seed: seed)
    let weights = try NetworkWeights(
      layerSizes: [data.images.columns] + hidden + [data.classes],
      initializer: .normal(standardDeviation: initialDeviation), generator: &generator)
    var prediction = try PredictionOptions(timeSteps: timeSteps)
    prediction.seed = seed
    var network = try LearningMLP(
      weights: weights, options: prediction, training: options, instructionSet: instructionSet)
    var reports: [EpochReport] = []
    let targets = data.targets
    let clock = ContinuousClock()
    for epoch in 1...max(epochs, 1) where epoch <= epochs {
      let lastWhole = network
      var order = Array(0..<data.count)
      if shuffles { order.shuffle(using: &generator) }
      network.resetLedger()
      var (done, wrong) = (0, 0)
      let start = clock.now
      for example in order {
        do {
          try network.train(input: data.images.row(example), target: targets.row(example))
        } catch {
          throw Failure(epoch: epoch, example: example, cause: error, lastWhole: lastWhole)
        }
        done += 1
        if network.trainingOutput.argmax != data.labels[example] { wrong += 1 }
        progress?(epoch, done, data.count, 100 * Double(wrong) / Double(done))
        if Task.isCancelled { break }
      }
      let seconds = (clock.now - start) / .seconds(1)
      let ledger = network.network.ledger
      let isInterrupted = Task.isCancelled
      let predictor = network.network
      let test = isInterrupted ? nil : try await errors(of: predictor, on: dataset.test)
      let train =
        isInterrupted || !evaluatesTraining ? nil : try await errors(of: predictor, on: data)
      let report = EpochReport(
        epoch: epoch, learningRate: network.training.learningRate, examples: done,
        runningErrorPercent: 100 * Double(wrong) / Double(max(done, 1)),
        trainErrorPercent: train?.percent, trainErrorInterval95: train?.interval95,
        testErrorPercent: test?.percent, testErrorInterval95: test?.interval95,
        imagesPerSecond: Double(done) / seconds, work: .init(ledger))
      reports.append(report)
      try onEpoch?(report)
      if isInterrupted { return Result(network: network, epochs: reports, isInterrupted: true) }
      if learningRateDecay != 1 {
        try network.setLearningRate(network.training.learningRate * learningRateDecay)
      }
    }
    return Result(network: network, epochs: reports, isInterrupted: false)
  }

  /// The errors of a network on some images.
  func errors(of network: SpikingMLP, on data: LabelledImages) async throws -> ErrorRate {
    let (wrong, _) = try await mapExamples(
      count: data.count, workers: workers, progress: nil, makeState: { network },
      body: { network, index in
        try network.predict(data.images.row(index), stream: UInt64(index)).argmax
          != data.labels[index]
      })
    return ErrorRate(errors: wrong.count { $0 }, examples: data.count)
  }
}
