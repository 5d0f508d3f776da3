package import Cluster
package import Datasets
internal import ModelFiles
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
  ///   - order: orders the examples where `shuffles` asks for it.
  ///   - onEpoch: told after each epoch; of a run that goes on, of the epochs before, too.
  ///   - checkpoints: where the run is kept, and goes on from.
  ///   - team: who evaluates: rank 0 learns, and the others answer their share of the examples until it has
  ///     learned. Not for a learner that is itself one of several ranks.
  /// - Throws: `LearningFailure` when a step fails; what `onEpoch` throws; for checkpoints,
  ///   `OutputError`, `CheckpointMismatch`.
  package func run<Model: Learner>(
    _ learner: Model, dataset: Dataset, order: SeededGenerator, progress: Progress?,
    onEpoch: (@Sendable (EpochReport) throws -> Void)?, checkpoints: CheckpointFolder? = nil,
    team: Team? = nil
  ) async throws -> LearningResult<Model> {
    guard let team, team.communicator.size > 1 else {
      return try await learn(learner, dataset, order, progress, onEpoch, checkpoints, nil)
    }
    guard team.communicator.isRoot else {
      try await serve(learner, dataset: dataset, team: team)
      return LearningResult(
        learner: learner, weights: try learner.weights, epochs: [], isInterrupted: false)
    }
    do {
      let result = try await learn(learner, dataset, order, progress, onEpoch, checkpoints, team)
      // Of a run that was told to end, the result counts, whether others still listen or not.
      do { try team.dismiss() } catch .interrupted where result.isInterrupted {}
      return result
    } catch let error as ClusterError {
      throw error
    } catch {
      try? team.dismiss()
      throw error
    }
  }

  private func learn<Model: Learner>(
    _ learner: Model, _ dataset: Dataset, _ order: SeededGenerator, _ progress: Progress?,
    _ onEpoch: (@Sendable (EpochReport) throws -> Void)?, _ checkpoints: CheckpointFolder?,
    _ team: Team?
  ) async throws -> LearningResult<Model> {
    var run = try LearningRun(learner: learner, order: order)
    if let file = try learner.shared(checkpoints?.resumed) {
      try run.restore(file, epochs: epochs, examples: dataset.training.count)
    }
    for report in run.reports { try onEpoch?(report) }
    if epochs == 0 {
      // What is to be said of the weights as they are.
      let (test, train) = try await errors(
        learner, weights: run.weights, dataset: dataset, team)
      run.reports.append(
        EpochReport(
          epoch: 0, learningRate: learner.learningRate, examples: 0, runningErrorPercent: nil,
          trainErrorPercent: train?.percent, trainErrorInterval95: train?.interval95,
          testErrorPercent: test?.percent, testErrorInterval95: test?.interval95,
          imagesPerSecond: nil, work: nil))
      try onEpoch?(run.reports[0])
    }
    while run.epoch <= epochs {
      let nextOrder: SeededGenerator
      do {
        nextOrder = try await learnEpoch(&run, dataset: dataset, progress, checkpoints, team)
      } catch ClusterError.interrupted {
        // The others did not come to an end with this rank: what it has is the last mean.
        return try abandoned(run, onEpoch)
      }
      let before = run
      let report: (report: EpochReport, isInterrupted: Bool)
      do {
        report = try await close(&run, order: nextOrder, dataset: dataset, team)
      } catch ClusterError.interrupted {
        return try abandoned(before, onEpoch)
      }
      if report.isInterrupted {
        // As the epoch was before it was judged: it goes on from there. Where the others do not come to give what they
        // have, the last checkpoint stands.
        do { try keep(before, checkpoints) } catch ClusterError.interrupted {}
      }
      try onEpoch?(report.report)
      if report.isInterrupted {
        return LearningResult(
          learner: run.learner, weights: run.weights, epochs: run.reports, isInterrupted: true)
      }
    }
    if epochs > 0 { try keep(run, checkpoints) }
    return LearningResult(
      learner: run.learner, weights: run.weights, epochs: run.reports, isInterrupted: false)
  }

  /// Writes a checkpoint, where there are any. Other ranks give what they have to rank 0.
  private func keep<Model: Learner>(
    _ run: LearningRun<Model>, _ checkpoints: CheckpointFolder?
  ) throws {
    guard try run.learner.agreed(checkpoints == nil ? [] : .checkpoint).contains(.checkpoint)
    else { return }
    let file = try run.checkpoint()
    try checkpoints?.write(file)
  }

  /// Learns what is left of an epoch.
  ///
  /// - Returns: the generator for the order of the next one.
  private func learnEpoch<Model: Learner>(
    _ run: inout LearningRun<Model>, dataset: Dataset, _ progress: Progress?,
    _ checkpoints: CheckpointFolder?, _ team: Team?
  ) async throws -> SeededGenerator {
    let (data, targets) = (dataset.training, dataset.training.targets)
    var (order, generator) = (Array(0..<data.count), run.order)
    if shuffles { order.shuffle(using: &generator) }
    if run.done == 0 { run.learner.resetLedger() }
    let clock = ContinuousClock()
    let (start, before) = (clock.now, run.seconds)
    var signals = try run.learner.agreed(.ofTask)
    while run.done < order.count, !signals.contains(.cancelled) {
      let batch = order[run.done..<min(run.done + run.learner.minibatch, order.count)]
      do {
        run.wrong += try await run.learner.learn(batch, of: data, targets: targets)
      } catch let error as ClusterError {
        // Not of an example.
        throw error
      } catch {
        throw LearningFailure(
          epoch: run.epoch, example: batch[batch.startIndex], cause: error,
          lastWhole: run.weights, atFailure: try? run.learner.weights, epochs: run.reports)
      }
      run.done += batch.count
      progress?(run.epoch, run.done, order.count, 100 * Double(run.wrong) / Double(run.done))
      let isDue = checkpoints?.isDue ?? false
      signals = try run.learner.agreed(isDue ? [.ofTask, .checkpoint] : .ofTask)
      if try team?.isCancelledElsewhere() == true { signals.insert(.cancelled) }
      if signals.contains(.checkpoint) {
        run.seconds = before + (clock.now - start) / .seconds(1)
        let file = try run.checkpoint()
        try checkpoints?.write(file)
      }
    }
    run.seconds = before + (clock.now - start) / .seconds(1)
    return generator
  }

  /// What is left of a run whose ranks were told to end and did not meet again.
  private func abandoned<Model: Learner>(
    _ run: LearningRun<Model>, _ onEpoch: (@Sendable (EpochReport) throws -> Void)?
  ) throws -> LearningResult<Model> {
    let report = EpochReport(
      epoch: run.epoch, learningRate: run.learner.learningRate, examples: run.done,
      runningErrorPercent: run.done == 0 ? nil : 100 * Double(run.wrong) / Double(run.done),
      trainErrorPercent: nil, trainErrorInterval95: nil, testErrorPercent: nil,
      testErrorInterval95: nil, imagesPerSecond: nil, work: nil)
    try onEpoch?(report)
    return LearningResult(
      learner: run.learner, weights: try run.learner.weights, epochs: run.reports + [report],
      isInterrupted: true)
  }

  /// Judges an epoch, and begins the next one.
  private func close<Model: Learner>(
    _ run: inout LearningRun<Model>, order: SeededGenerator, dataset: Dataset, _ team: Team?
  ) async throws -> (report: EpochReport, isInterrupted: Bool) {
    run.weights = try checked(
      run.learner, epoch: run.epoch, lastWhole: run.weights, run.reports)
    if averagedEpochs > 1, run.epoch > epochs - averagedEpochs, run.done == dataset.training.count {
      run.mean.add(run.weights)
      run.weights = try run.mean!.weights
    }
    let (test, train) = try await errors(
      run.learner, weights: run.weights, dataset: dataset, team)
    let report = EpochReport(
      epoch: run.epoch, learningRate: run.learner.learningRate, examples: run.done,
      runningErrorPercent: 100 * Double(run.wrong) / Double(max(run.done, 1)),
      trainErrorPercent: train?.percent, trainErrorInterval95: train?.interval95,
      testErrorPercent: test?.percent, testErrorInterval95: test?.interval95,
      imagesPerSecond: Double(run.done) / run.seconds, work: .init(try run.learner.ledger))
    run.reports.append(report)
    let signals = try run.learner.agreed(.ofTask)
    if try signals.contains(.cancelled) || team?.isCancelledElsewhere() == true {
      return (report, true)
    }
    if learningRateDecay != 1, run.epoch < epochs {
      try run.learner.setLearningRate(run.learner.learningRate * learningRateDecay)
    }
    run.epoch += 1
    (run.done, run.wrong, run.seconds, run.order) = (0, 0, 0, order)
    return (report, false)
  }

  /// What is evaluated after an epoch; what a cancelled task leaves out is `nil`.
  private func errors(
    _ learner: some Learner, weights: NetworkWeights, dataset: Dataset, _ team: Team?
  ) async throws -> (test: ErrorRate?, train: ErrorRate?) {
    var (test, train): (ErrorRate?, ErrorRate?)
    guard try !learner.agreed(.ofTask).contains(.cancelled),
      try team?.isCancelledElsewhere() != true
    else { return (nil, nil) }
    do {
      if evaluation != .none {
        test = try await rate(learner, weights, dataset, .test, team)
      }
      if evaluation == .testAndTraining {
        train = try await rate(learner, weights, dataset, .training, team)
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
      let largest = layer.weights.matrix.largestMagnitude
      guard largest <= 1e6 else {
        throw failure(WeightsExploded(layer: index + 1, largest: largest))
      }
    }
    return weights
  }
}

/// What a run of learning ends with.
public struct LearningResult<Model: Sendable>: Sendable {
  /// The twin after the last image.
  package let learner: Model
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
