internal import Datasets
public import Networks

/// How long and at which rate a network learns, whichever twin it is.
public struct LearningSchedule: Sendable, Equatable, Codable {
  /// Passes over the training set.
  public var epochs = 20
  /// The learning rate of an epoch is this share of the one before; 1 keeps it.
  public var learningRateDecay: Float = 1
  /// Whether each epoch meets the images in an order of its own.
  public var shuffles = false
  /// Over how many of the last epochs weights are averaged; 0 or 1 for none. While it averages, it
  /// is the mean so far that is evaluated after an epoch, and the mean that a run ends with.
  ///
  /// Source: B. T. Polyak, A. B. Juditsky, SIAM J. Control Optim. 30, 1992.
  public var averagedEpochs = 0
  /// Tasks that evaluate; results do not depend on it.
  public var workers = 1
  /// What is evaluated after each epoch.
  public var evaluation = Evaluation.testAndTraining

  /// Which images a network answers after an epoch.
  public enum Evaluation: String, Sendable, Codable {
    /// All.
    case testAndTraining
    /// The test images.
    case test
    /// None: the caller does that.
    case none
  }

  /// The paper's schedule.
  public init() {}

  /// Told after each step of an epoch, with the running error in percent.
  public typealias Progress =
    @Sendable (
      _ epoch: Int, _ done: Int, _ total: Int, _ errorPercent: Double
    ) -> Void

  /// Lets a learner learn.
  ///
  /// Cancelling the task ends the run after the current step, or in the middle of an evaluation;
  /// what was learned is returned.
  ///
  /// - Parameters:
  ///   - learner: as it starts.
  ///   - dataset: what to learn and what to be judged on.
  ///   - generator: orders the examples where `shuffles` asks for it.
  ///   - onEpoch: told after each epoch.
  /// - Throws: `LearningFailure` when a step fails; what `onEpoch` throws.
  func run<Twin: Learner>(
    _ learner: Twin, dataset: Dataset, generator: inout SeededGenerator,
    progress: Progress?, onEpoch: (@Sendable (EpochReport) throws -> Void)?
  ) async throws -> LearningResult<Twin> {
    let (data, targets) = (dataset.training, dataset.training.targets)
    var learner = learner
    var reports: [EpochReport] = []
    var weights = try learner.weights
    var mean: WeightMean?
    let clock = ContinuousClock()
    if epochs == 0 {
      // What is to be said of the weights as they are.
      let (test, train) = try await errors(learner, weights: weights, dataset: dataset)
      reports.append(
        EpochReport(
          epoch: 0, learningRate: learner.learningRate, examples: 0, runningErrorPercent: nil,
          trainErrorPercent: train?.percent, trainErrorInterval95: train?.interval95,
          testErrorPercent: test?.percent, testErrorInterval95: test?.interval95,
          imagesPerSecond: nil, work: nil))
      try onEpoch?(reports[0])
    }
    for epoch in 1...max(epochs, 1) where epoch <= epochs {
      var order = Array(0..<data.count)
      if shuffles { order.shuffle(using: &generator) }
      learner.resetLedger()
      var (done, wrong) = (0, 0)
      let start = clock.now
      while done < order.count, !Task.isCancelled {
        let batch = order[done..<min(done + learner.minibatch, order.count)]
        do {
          wrong += try learner.learn(batch, of: data, targets: targets)
        } catch {
          throw LearningFailure(
            epoch: epoch, example: batch[batch.startIndex], cause: error, lastWhole: weights,
            atFailure: try? learner.weights, epochs: reports)
        }
        done += batch.count
        progress?(epoch, done, order.count, 100 * Double(wrong) / Double(done))
      }
      let seconds = (clock.now - start) / .seconds(1)
      weights = try checked(learner, epoch: epoch, lastWhole: weights, reports)
      if averagedEpochs > 1, epoch > epochs - averagedEpochs, done == order.count {
        mean.add(weights)
        weights = try mean!.weights
      }
      let (test, train) = try await errors(learner, weights: weights, dataset: dataset)
      let isInterrupted = Task.isCancelled
      let report = EpochReport(
        epoch: epoch, learningRate: learner.learningRate, examples: done,
        runningErrorPercent: 100 * Double(wrong) / Double(max(done, 1)),
        trainErrorPercent: train?.percent, trainErrorInterval95: train?.interval95,
        testErrorPercent: test?.percent, testErrorInterval95: test?.interval95,
        imagesPerSecond: Double(done) / seconds, work: .init(learner.ledger))
      reports.append(report)
      try onEpoch?(report)
      if isInterrupted {
        return LearningResult(
          learner: learner, weights: weights, epochs: reports, isInterrupted: true)
      }
      if learningRateDecay != 1, epoch < epochs {
        try learner.setLearningRate(learner.learningRate * learningRateDecay)
      }
    }
    return LearningResult(
      learner: learner, weights: weights, epochs: reports, isInterrupted: false)
  }

  /// What is evaluated after an epoch; what a cancelled task leaves out is `nil`.
  private func errors(
    _ learner: some Learner, weights: NetworkWeights, dataset: Dataset
  ) async throws -> (test: ErrorRate?, train: ErrorRate?) {
    var (test, train): (ErrorRate?, ErrorRate?)
    guard !Task.isCancelled else { return (nil, nil) }
    do {
      if evaluation != .none {
        test = try await learner.errors(of: weights, on: dataset.test, workers: workers)
      }
      if evaluation == .testAndTraining {
        train = try await learner.errors(of: weights, on: dataset.training, workers: workers)
      }
    } catch is CancellationError {
      // The epoch is reported without what was not evaluated.
    }
    return (test, train)
  }

  /// The weights after an epoch, none of them NaN, infinite or beyond 10^6.
  private func checked(
    _ learner: some Learner, epoch: Int, lastWhole: NetworkWeights, _ reports: [EpochReport]
  ) throws -> NetworkWeights {
    func failure(_ cause: any Error) -> LearningFailure {
      LearningFailure(
        epoch: epoch, example: nil, cause: cause, lastWhole: lastWhole, atFailure: nil,
        epochs: reports)
    }
    let weights: NetworkWeights
    do { weights = try learner.weights } catch { throw failure(error) }
    for (index, layer) in weights.layers.enumerated() {
      let largest = layer.largestMagnitude
      guard largest <= 1e6 else {
        throw failure(WeightsExploded(layer: index + 1, largest: largest))
      }
    }
    return weights
  }
}

/// A twin that learns.
protocol Learner: Sendable {
  /// Examples a step.
  var minibatch: Int { get }
  /// eta.
  var learningRate: Float { get }
  mutating func setLearningRate(_ learningRate: Float) throws
  /// One step on some examples; returns how many of them it answered wrongly.
  mutating func learn(
    _ examples: ArraySlice<Int>, of data: LabelledImages, targets: Matrix
  ) throws -> Int
  /// The weights as they are.
  var weights: NetworkWeights { get throws }
  /// The errors of a network like this one, with other weights.
  func errors(
    of weights: NetworkWeights, on data: LabelledImages, workers: Int
  ) async throws -> ErrorRate
  var ledger: OperationLedger { get }
  mutating func resetLedger()
}

/// What a run of learning ends with.
public struct LearningResult<Twin: Sendable>: Sendable {
  /// The twin after the last image.
  let learner: Twin
  /// The weights that were evaluated last: those after the last image, or a mean of them.
  public let weights: NetworkWeights
  /// One report an epoch; an interrupted epoch has one without evaluation.
  public let epochs: [EpochReport]
  /// Whether the run was cancelled before its end.
  public let isInterrupted: Bool
}

/// Learning stopped at an example.
public struct LearningFailure: Error, Sendable, CustomStringConvertible {
  /// The epoch, counted from 1.
  public let epoch: Int
  /// The example, counted from 0 in the training set; of a minibatch, its first. `nil` where the
  /// epoch as a whole failed.
  public let example: Int?
  /// What went wrong, with the layer.
  public let cause: any Error
  /// The weights at the end of the last whole epoch; while weights are averaged, their mean.
  public let lastWhole: NetworkWeights
  /// The weights when it failed, if they were finite.
  public let atFailure: NetworkWeights?
  /// The reports of whole epochs.
  public let epochs: [EpochReport]

  /// Where and why.
  public var description: String {
    "epoch \(epoch), " + (example.map { "example \($0): " } ?? "") + "\(cause)"
  }
}

/// A weight grew beyond 10^6.
public struct WeightsExploded: Error, Equatable, Sendable, CustomStringConvertible {
  /// The layer.
  public let layer: Int
  /// Its largest magnitude.
  public let largest: Float

  /// What was found.
  public var description: String {
    "layer \(layer): a weight reached \(largest); use a smaller learning rate"
  }
}

/// The mean of several states of a network, summed in `Double`.
struct WeightMean {
  private var sums: [RowMajorMatrix<Double>]
  private var biases: [[Double]]?
  private var count = 1

  init(_ weights: NetworkWeights) {
    sums = weights.layers.map { $0.map { Double($0) } }
    biases = weights.biases?.map { $0.map { Double($0) } }
  }

  mutating func add(_ weights: NetworkWeights) {
    count += 1
    for (index, layer) in weights.layers.enumerated() {
      let sum = sums[index]
      sums[index] = RowMajorMatrix(rows: sum.rows, columns: sum.columns) {
        sum[$0, $1] + Double(layer[$0, $1])
      }
    }
    for (index, bias) in (weights.biases ?? []).enumerated() {
      for unit in bias.indices { biases![index][unit] += Double(bias[unit]) }
    }
  }

  var weights: NetworkWeights {
    get throws {
      try NetworkWeights(
        layers: sums.map { $0.map { Float($0 / Double(count)) } },
        biases: biases?.map { $0.map { Float($0 / Double(count)) } })
    }
  }
}

extension Optional<WeightMean> {
  /// Starts with the first weights, goes on with others.
  fileprivate mutating func add(_ weights: NetworkWeights) {
    if case .none = self { self = WeightMean(weights) } else { self!.add(weights) }
  }
}

/// Runs independent trainings, one a seed, so many at a time.
///
/// - Parameters:
///   - seeds: of the runs.
///   - workers: how many run at once; no result depends on it.
///   - run: one run. Cancelling ends each as `LearningSchedule` does.
///   - onRun: told of each result as it comes.
/// - Returns: the results in the order of the seeds.
/// - Throws: what a run or `onRun` throws; the other runs are cancelled.
public func trainInParallel<Twin: Sendable>(
  seeds: [UInt64], workers: Int,
  run: @escaping @Sendable (UInt64) async throws -> LearningResult<Twin>,
  onRun: (UInt64, LearningResult<Twin>) throws -> Void
) async throws -> [LearningResult<Twin>] {
  precondition(workers >= 1, "\(workers) workers")
  return try await withThrowingTaskGroup(of: (Int, LearningResult<Twin>).self) { group in
    var results: [LearningResult<Twin>?] = Array(repeating: nil, count: seeds.count)
    var next = 0
    func add() {
      guard next < seeds.count else { return }
      let index = next
      next += 1
      group.addTask { (index, try await run(seeds[index])) }
    }
    for _ in 0..<workers { add() }
    while let (index, result) = try await group.next() {
      results[index] = result
      try onRun(seeds[index], result)
      add()
    }
    return results.map { $0! }
  }
}
