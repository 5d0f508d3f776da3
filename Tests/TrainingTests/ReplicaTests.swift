import Cluster
import DenseReLU
import Foundation
import Networks
import SpikeKernels
import SpikingReLU
import Testing
import ThreadCluster

@testable import Datasets
@testable import Training

/// Learning on several networks at once: one is online learning, and where they are changes no bit.
@Suite struct ReplicaTests {
  /// Fewer images than a whole number of steps.
  static let dataset: Dataset = {
    let digits = Dataset.embeddedDigits()
    return Dataset(
      name: "part", source: "embedded", height: 8, width: 8,
      training: digits.training.prefix(113), test: digits.test.prefix(300))
  }()

  enum Variant: String, CaseIterable, CustomTestStringConvertible {
    case fractional, sgd, smooth, random, averaged
    var testDescription: String { rawValue }
  }

  static func training(_ variant: Variant) throws -> SpikingTraining {
    var options = try TrainingOptions(learningRate: 0.02)
    options.update = variant == .sgd || variant == .random ? .sgd : .fractional
    options.usesSmoothGradients = variant == .smooth
    if variant == .random { options.backwardQuantizer = .randomResetHerding }
    var training = SpikingTraining(options: options, instructionSet: try .selected())
    training.timeSteps = 5
    training.initialDeviation = 0.1
    training.schedule.epochs = 3
    training.schedule.shuffles = true
    training.schedule.learningRateDecay = 0.9
    training.schedule.averagedEpochs = variant == .averaged ? 2 : 0
    return training
  }

  struct End: Equatable {
    let weights: NetworkWeights
    /// Reports without times.
    let reports: [String]

    init<Model>(_ result: LearningResult<Model>) {
      weights = result.weights
      reports = result.epochs.map { report in
        "\(report.epoch) \(report.learningRate) \(report.examples) "
          + "\(report.runningErrorPercent ?? -1) \(report.trainErrorPercent ?? -1) "
          + "\(report.testErrorPercent ?? -1) \(report.work.map { "\($0)" } ?? "")"
      }
    }
  }

  private static func spiking(
    _ variant: Variant, replicas: Int, interval: Int, ranks: any Communicator = SingleProcess(),
    workers: Int = 1
  ) async throws -> End {
    var training = try training(variant)
    training.schedule.workers = workers
    return End(
      try await training.run(
        replicas: ReplicaLayout(replicas: replicas, interval: interval, ranks: ranks),
        hidden: [9], dataset: dataset))
  }

  @Test("one replica is online learning, bit for bit", arguments: Variant.allCases)
  func one(variant: Variant) async throws {
    let online = End(try await Self.training(variant).run(hidden: [9], dataset: Self.dataset))
    for interval in [1, 10, 1000] {
      let replica = try await Self.spiking(variant, replicas: 1, interval: interval)
      #expect(replica == online, "K = \(interval)")
    }
  }

  @Test(
    "where replicas are, and how many tasks run them, changes no bit: weights, errors, ledger",
    arguments: Variant.allCases)
  func places(variant: Variant) async throws {
    let alone = try await Self.spiking(variant, replicas: 4, interval: 3)
    #expect(try await Self.spiking(variant, replicas: 4, interval: 3, workers: 3) == alone)
    for size in [2, 3, 6] {
      let ends = await ThreadCluster.run(size) { ranks in
        try await Self.spiking(variant, replicas: 4, interval: 3, ranks: ranks)
      }
      for end in ends { #expect(try end.get() == alone, "\(size) ranks") }
    }
    #expect(try await Self.spiking(variant, replicas: 4, interval: 4) != alone)
  }

  @Test(
    "replicas that learn from the same images are one network, unless chance is in it: each draws its own",
    arguments: [Variant.fractional, .sgd, .random])
  func alike(variant: Variant) async throws {
    var training = try Self.training(variant)
    training.schedule.shuffles = false
    let online = try await training.run(hidden: [9], dataset: Self.dataset).weights
    // Every image twice: one for each replica.
    let images = Self.dataset.training
    let twice = images.labels.indices.flatMap { [$0, $0] }
    let doubled = Dataset(
      name: "twice", source: "embedded", height: 8, width: 8,
      training: LabelledImages(
        images: images.images.selectingRows(twice), labels: twice.map { images.labels[$0] },
        classes: 10), test: Self.dataset.test)
    let found = try await training.run(
      replicas: ReplicaLayout(replicas: 2, interval: 5), hidden: [9], dataset: doubled
    ).weights
    #expect((found == online) == (variant != .random))
  }

  @Test("the mean of replicas is the mean of networks that learned alone")
  func mean() async throws {
    // One step: each replica has learned every third image, and the mean is taken once.
    var training = try Self.training(.sgd)
    (training.schedule.epochs, training.schedule.shuffles) = (1, false)
    let count = Self.dataset.training.count
    let found = try await training.run(
      replicas: ReplicaLayout(replicas: 3, interval: count), hidden: [9], dataset: Self.dataset
    ).weights
    var sum = [Double](repeating: 0, count: found.parameterCount)
    for replica in 0..<3 {
      let own = stride(from: replica, to: count, by: 3).map { $0 }
      var part = Self.dataset
      part = Dataset(
        name: part.name, source: part.source, height: 8, width: 8,
        training: LabelledImages(
          images: part.training.images.selectingRows(own),
          labels: own.map { part.training.labels[$0] }, classes: 10), test: part.test)
      let weights = try await training.run(hidden: [9], dataset: part).weights
      for (index, value) in weights.flattened.enumerated() { sum[index] += Double(value) }
    }
    #expect(found.flattened == sum.map { Float($0 / 3) })
  }

  // MARK: Dense

  private static func dense(
    replicas: Int?, ranks: any Communicator = SingleProcess()
  ) async throws -> End {
    var training = DenseTraining(epochs: 3, minibatch: 10, seed: 4)
    training.schedule.learningRateDecay = 0.9
    guard let replicas else { return End(try await training.run(hidden: [9], dataset: dataset)) }
    return End(
      try await training.run(
        replicas: ReplicaLayout(replicas: replicas, interval: 1, ranks: ranks), hidden: [9],
        dataset: dataset))
  }

  @Test("a minibatch in shares ends near the whole one; where the shares are changes no bit")
  func shares() async throws {
    let whole = try await Self.dense(replicas: nil)
    for replicas in [1, 4, 10] {
      let alone = try await Self.dense(replicas: replicas)
      let distance = zip(alone.weights.flattened, whole.weights.flattened).reduce(Float(0)) {
        max($0, ($1.0 - $1.1).magnitude)
      }
      // 36 steps of 0.1 along gradients with an error of 2^-22 or so, which ReLU may double.
      #expect(distance < 1e-4, "\(replicas) replicas: \(distance)")
      for size in [2, 3] {
        let ends = await ThreadCluster.run(size) { ranks in
          try await Self.dense(replicas: replicas, ranks: ranks)
        }
        for end in ends { #expect(try end.get() == alone, "\(replicas) on \(size) ranks") }
      }
    }
  }

  @Test("shares of a gradient add up to it, loss and biases too")
  func gradient() throws {
    var generator = SeededGenerator(seed: 3)
    var network = DenseMLP(
      weights: try NetworkWeights(
        topology: [64, 9, 10], initializer: .he, withBiases: true, generator: &generator))
    let images = Self.dataset.training
    let all = Array(0..<12)
    func gradients(_ examples: [Int], ofBatch batch: Int?) throws -> DenseMLP.Gradients {
      try network.gradients(
        inputs: images.images.selectingRows(examples),
        targets: images.targets.selectingRows(examples), ofBatch: batch)
    }
    let whole = try gradients(all, ofBatch: nil)
    let shares = try [Array(all[..<5]), Array(all[5...])].map { try gradients($0, ofBatch: 12) }
    #expect(abs(shares[0].loss + shares[1].loss - whole.loss) < 1e-6)
    for layer in 0..<2 {
      for (index, value) in whole.weights[layer].elements.enumerated() {
        let sum = shares.reduce(Float(0)) { $0 + $1.weights[layer].elements[index] }
        #expect(abs(sum - value) < 1e-6)
      }
      for unit in whole.biases[layer].indices {
        let sum = shares.reduce(Float(0)) { $0 + $1.biases[layer][unit] }
        #expect(abs(sum - whole.biases[layer][unit]) < 1e-6)
      }
    }
    // A step along it is a step of training.
    var (along, trained) = (network, network)
    try along.descend(along: whole, learningRate: 0.1)
    _ = try trained.train(
      inputs: images.images.selectingRows(all), targets: images.targets.selectingRows(all),
      learningRate: 0.1)
    for (first, second) in zip(along.weights.flattened, trained.weights.flattened) {
      #expect(abs(first - second) < 1e-6)
    }
    #expect(along.weights.biases != network.weights.biases)
    #expect(throws: DenseError.self) { try along.descend(along: whole, learningRate: 0) }
  }

  // MARK: Faults and checkpoints

  @Test("a replica that cannot go on ends all, on every rank with its name")
  func fault() async throws {
    let ends = await ThreadCluster.run(2) { ranks in
      var training = try Self.training(.sgd)
      training.options = try training.options.with(learningRate: 1e7)
      return try await training.run(
        replicas: ReplicaLayout(replicas: 3, interval: 5, ranks: ranks), hidden: [9],
        dataset: Self.dataset
      ).weights
    }
    var causes: [ReplicaFault] = []
    for end in ends {
      do {
        _ = try end.get()
        Issue.record("it learned")
      } catch let failure as LearningFailure {
        causes.append(try #require(failure.cause as? ReplicaFault))
      }
    }
    #expect(causes.count == 2 && causes[0] == causes[1])
    #expect(causes[0].reason.contains("layer"))
  }

  @Test("a loss that is not finite ends all ranks alike")
  func denseFault() async throws {
    let ends = await ThreadCluster.run(2) { ranks in
      var training = DenseTraining(epochs: 3, minibatch: 10, learningRate: 1e30, seed: 4)
      training.schedule.evaluation = .none
      return try await training.run(
        replicas: ReplicaLayout(replicas: 2, interval: 1, ranks: ranks), hidden: [9],
        dataset: Self.dataset
      ).weights
    }
    for end in ends { #expect(throws: LearningFailure.self) { try end.get() } }
  }

  @Test(
    "a run of replicas goes on from a checkpoint bit for bit, on another number of ranks, too",
    arguments: [(true, 1, 1), (true, 2, 3), (true, 3, 5), (false, 2, 2), (false, 1, 3)])
  func resumed(isSpiking: Bool, before: Int, after: Int) async throws {
    @Sendable func run(
      _ ranks: any Communicator, _ folder: CheckpointFolder?,
      _ progress: LearningSchedule.Progress? = nil
    ) async throws -> (End, isInterrupted: Bool) {
      let layout = ReplicaLayout(replicas: 3, interval: 4, ranks: ranks)
      if isSpiking {
        let result = try await Self.training(.averaged).run(
          replicas: layout, hidden: [9], dataset: Self.dataset, progress: progress,
          checkpoints: folder)
        return (End(result), result.isInterrupted)
      }
      let training = DenseTraining(epochs: 3, minibatch: 10, seed: 4)
      let result = try await training.run(
        replicas: layout, hidden: [9], dataset: Self.dataset, progress: progress,
        checkpoints: folder)
      return (End(result), result.isInterrupted)
    }
    let whole = try await run(SingleProcess(), nil).0
    try await CheckpointTests.withFolder { path in
      let interrupted = await ThreadCluster.run(before) { ranks in
        let folder =
          ranks.isRoot
          ? try CheckpointFolder(
            path: path, settings: [:], interval: .seconds(1000), keep: 2, resumes: false) : nil
        return try await withThrowingTaskGroup(of: Bool.self) { group in
          group.addTask {
            try await run(ranks, folder) { epoch, done, _, _ in
              // One rank is told to end, and all do.
              if ranks.rank == before - 1, epoch == 2, done > 40 {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
              }
            }.isInterrupted
          }
          return try await group.next()!
        }
      }
      for end in interrupted {
        let isInterrupted = try end.get()
        #expect(isInterrupted)
      }
      let resumed = await ThreadCluster.run(after) { ranks in
        let folder =
          ranks.isRoot
          ? try CheckpointFolder(
            path: path, settings: [:], interval: .seconds(1000), keep: 2, resumes: true) : nil
        return try await run(ranks, folder).0
      }
      for end in resumed {
        let found = try end.get()
        #expect(found == whole)
      }
    }
  }
}
