public import Datasets
internal import DenseReLU
internal import Files
public import Networks
public import SpikeKernels
internal import SpikingReLU
public import Training

/// Runs rows of the paper's tables.
public struct Paper: Sendable {
  /// What the figures of a run depend on; a state folder holds figures of one such value.
  public struct Settings: Sendable, Codable, Equatable {
    /// The version of this package.
    public var packageVersion = RunManifest.packageVersion
    /// The dataset's name.
    public var dataset: String
    /// The CRC-32 of its images and labels.
    public var dataChecksum: String
    /// How it is divided.
    public var split: Dataset.Split
    /// Units of the hidden layers.
    public var hidden: [Int]
    /// Epochs of the variants.
    public var epochs: Int
    /// Epochs of the ablations.
    public var ablationEpochs: Int
    /// eta.
    public var learningRate: Float
    /// The standard deviation of the first weights.
    public var initialDeviation: Float

    /// The paper's settings on a dataset.
    public init(dataset: Dataset, split: Dataset.Split, hidden: [Int]) {
      self.dataset = dataset.name
      dataChecksum = dataset.checksum
      self.split = split
      self.hidden = hidden
      epochs = 20
      ablationEpochs = 4
      learningRate = 0.01
      initialDeviation = 0.01
    }
  }

  /// What a row gave with one seed.
  public struct Result: Sendable, Codable {
    /// An error on test and training images, percent, with 95% intervals.
    public struct Cell: Sendable, Codable {
      /// On the test images.
      public let test: Double
      /// Its interval.
      public let testInterval95: [Double]
      /// On the training images.
      public let train: Double
      /// Its interval.
      public let trainInterval95: [Double]
    }

    /// Where learning stopped, if it diverged.
    public struct Divergence: Sendable, Codable {
      /// The epoch, counted from 1.
      public let epoch: Int
      /// The example, counted from 0.
      public let example: Int?
      /// What went wrong, with the layer.
      public let cause: String
    }

    /// The row.
    public let row: String
    /// The seed of weights and random quantizers.
    public let seed: UInt64
    /// The errors by column; of the last finite weights, if it diverged.
    public let cells: [String: Cell]
    /// Where it diverged.
    public let divergence: Divergence?
    /// Images trained on a second, the mean over the epochs.
    public let imagesPerSecond: Double
    /// Wall time.
    public let seconds: Double
  }

  /// What decides the figures.
  public let settings: Settings
  private let data: Dataset
  private let instructionSet: InstructionSet

  /// Runs on a dataset, divided as the settings say.
  public init(settings: Settings, dataset: Dataset, instructionSet: InstructionSet) {
    self.settings = settings
    data = dataset.divided(settings.split)
    self.instructionSet = instructionSet
  }

  /// The dataset as it is divided.
  public var dataset: Dataset { data }

  /// The epochs of a row.
  public func epochs(of row: PaperRow) -> Int {
    row.table == .variants ? settings.epochs : settings.ablationEpochs
  }

  /// Trains and evaluates one row. One task, one thread.
  ///
  /// - Returns: the figures, and the weights that were learned.
  /// - Throws: `CancellationError` when the task is cancelled: a row is whole or not there.
  public func run(
    _ row: PaperRow, seed: UInt64, progress: LearningSchedule.Progress? = nil
  ) async throws -> (result: Result, weights: NetworkWeights) {
    let start = ContinuousClock.now
    var divergence: Result.Divergence?
    var reports: [EpochReport] = []
    var weights: NetworkWeights
    let spiking = try training(row, seed: seed)
    do {
      if row.change == nil {
        let result = try await dense(seed: seed).run(
          hidden: settings.hidden, dataset: data, progress: progress)
        (weights, reports) = (result.weights, result.epochs)
      } else {
        let result = try await spiking.run(
          hidden: settings.hidden, dataset: data, progress: progress)
        (weights, reports) = (result.weights, result.epochs)
      }
    } catch let failure as LearningFailure {
      weights = failure.atFailure ?? failure.lastWhole
      reports = failure.epochs
      divergence = .init(
        epoch: failure.epoch, example: failure.example, cause: "\(failure.cause)")
    }
    try Task.checkCancellation()
    var cells: [String: Result.Cell] = [:]
    for column in row.columns { cells[column.rawValue] = try await cell(column, weights, spiking) }
    let images = Double(reports.map(\.examples).reduce(0, +))
    let trained = reports.map { Double($0.examples) / ($0.imagesPerSecond ?? .infinity) }.reduce(
      0, +)
    return (
      Result(
        row: row.name, seed: seed, cells: cells, divergence: divergence,
        imagesPerSecond: images > 0 ? images / trained : 0,
        seconds: (ContinuousClock.now - start) / .seconds(1)), weights
    )
  }

  /// A network of the rows' sizes.
  var shape: NetworkWeights {
    get throws {
      let sizes = [data.training.images.columns] + settings.hidden + [data.training.classes]
      return try NetworkWeights(
        layers: zip(sizes, sizes.dropFirst()).map { Matrix(rows: $0, columns: $1) })
    }
  }

  /// The images that a row trains on, all epochs together.
  func images(of row: PaperRow) -> Int { epochs(of: row) * data.training.count }

  /// Seconds that a row will take, about: from some images trained and answered now.
  func cost(of row: PaperRow) throws -> Double {
    let clock = ContinuousClock()
    let images = min(dataset.training.count, 200)
    let part = dataset.training.prefix(images)
    let start = clock.now
    try sample(row, part)
    let each = (clock.now - start) / .seconds(1) / Double(images)
    return each * Double(self.images(of: row))
  }

  /// Trains a fresh network on a few images.
  private func sample(_ row: PaperRow, _ part: LabelledImages) throws {
    let training = try training(row, seed: 0)
    var generator = SeededGenerator(seed: 0)
    // Weights as large as learned ones, so that there are as many spikes.
    let weights = try part.network(
      hidden: settings.hidden, initializer: .he, generator: &generator)
    let targets = part.targets
    if row.change == nil {
      var network = DenseMLP(weights: weights, loss: .halfSquaredError)
      for example in 0..<part.count {
        _ = try network.train(
          inputs: part.images.selectingRows([example]), targets: targets.selectingRows([example]),
          learningRate: settings.learningRate)
      }
    } else {
      // Those that diverge would meet the spike budget here at once.
      var options = training.options
      options.holdsError = true
      options.forwardQuantizer = .rectHerding
      var network = try LearningMLP(
        weights: weights, options: PredictionOptions(timeSteps: training.timeSteps),
        training: options, instructionSet: instructionSet)
      for example in 0..<part.count {
        // One that diverges takes no longer.
        try? network.train(input: part.images.row(example), target: targets.row(example))
      }
    }
  }

  private func cell(
    _ column: PaperColumn, _ weights: NetworkWeights, _ spiking: SpikingTraining
  ) async throws -> Result.Cell {
    let rate: (LabelledImages) async throws -> ErrorRate
    switch column {
    case .relu, .reluWithSpikingWeights:
      rate = { try DenseMLP(weights: weights).errorRate(on: $0) }
    case .spiking, .spikingWithReLUWeights, .noResetWithReLUWeights:
      var options = try PredictionOptions(timeSteps: spiking.timeSteps)
      options.layerQuantizer =
        column == .noResetWithReLUWeights ? .noResetRectHerding : spiking.layerQuantizer
      let network = try SpikingMLP(
        weights: weights, options: options, instructionSet: instructionSet)
      rate = { try await network.errorRate(on: $0, workers: 1) }
    }
    let (test, train) = (try await rate(data.test), try await rate(data.training))
    return .init(
      test: test.percent, testInterval95: test.interval95, train: train.percent,
      trainInterval95: train.interval95)
  }

  private func training(_ row: PaperRow, seed: UInt64) throws -> SpikingTraining {
    var training = SpikingTraining(
      options: try TrainingOptions(learningRate: settings.learningRate),
      instructionSet: instructionSet)
    training.schedule.epochs = epochs(of: row)
    training.schedule.evaluation = .none
    training.seed = seed
    training.initialDeviation = settings.initialDeviation
    row.change?(&training)
    return training
  }

  /// The paper's ReLU network: plain SGD, one image a step, the squared error of its ReLU output,
  /// the same first weights as the spiking network. The authors minimize the sum of squares, whose
  /// gradient is twice that of half of it: a step of 2 eta.
  private func dense(seed: UInt64) -> DenseTraining {
    var training = DenseTraining(
      epochs: settings.epochs, minibatch: 1, learningRate: 2 * settings.learningRate, seed: seed,
      loss: .halfSquaredError)
    training.schedule.shuffles = false
    training.schedule.evaluation = .none
    training.initialDeviation = settings.initialDeviation
    return training
  }
}

extension PaperRow {
  /// The columns that the row fills.
  public var columns: [PaperColumn] {
    switch (change == nil, table) {
    case (true, _): [.relu, .spikingWithReLUWeights, .noResetWithReLUWeights]
    case (false, .variants): [.spiking, .reluWithSpikingWeights]
    case (false, .ablations): [.spiking]
    }
  }
}
