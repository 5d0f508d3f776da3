public import Cluster
public import Datasets
internal import DenseReLU
internal import Foundation
internal import ModelFiles
public import Networks
public import SpikeKernels
public import SpikingReLU
internal import Synchronization
public import Training

/// Data-parallel learning: that it is what it claims to be, what it costs in error against the number of
/// replicas and the examples between two means, what it saves in time, and what it asks of a network.
public struct ReplicaBenchmark: Sendable {
  /// What a cell of the table of errors depends on; a state folder holds cells of one such value.
  public struct Settings: Sendable, Codable, Equatable {
    /// The version of this package.
    public var packageVersion = RunManifest.packageVersion
    /// The dataset's name.
    public var dataset: String
    /// The CRC-32 of its images and labels.
    public var dataChecksum: String
    /// Units of the hidden layers.
    public var hidden: [Int]
    /// T.
    public var timeSteps: Int
    /// When weights change.
    public var update: TrainingOptions.Update
    /// eta of one replica.
    public var learningRate: Float
    /// Whether R replicas learn with R times eta: the mean of R steps is as long as one.
    /// Source: P. Goyal et al., arXiv 1706.02677 (the linear scaling rule).
    public var scalesLearningRate: Bool
    /// Passes over the training images.
    public var epochs: Int
    /// The seed of weights.
    public var seed: UInt64

    /// The paper's network, learning for a few epochs.
    public init(dataset: Dataset, hidden: [Int], epochs: Int, learningRate: Float, seed: UInt64) {
      self.dataset = dataset.name
      dataChecksum = dataset.checksum
      self.hidden = hidden
      timeSteps = 10
      update = .fractional
      self.learningRate = learningRate
      scalesLearningRate = true
      self.epochs = epochs
      self.seed = seed
    }
  }

  /// What the cells depend on.
  public let settings: Settings
  /// R of the cells.
  public var replicas = [2, 4, 8, 16]
  /// K of the cells and speeds.
  public var intervals = [1, 10, 100, 1000]
  /// Examples of a minibatch of the dense twin.
  public var minibatch = 128
  /// Floats of the sums that are timed, beside as many as there are weights.
  public var sumLengths = [1 << 8, 1 << 12, 1 << 16, 1 << 21]
  /// Seconds that each timing may take, about.
  public var seconds = 0.5
  /// Cells that a rank works on at a time.
  public var workers = 1
  let data: Dataset
  let instructionSet: InstructionSet

  /// A benchmark on a dataset.
  ///
  /// - Throws: `NetworkError` when a size is out of range.
  public init(
    settings: Settings, dataset: Dataset, instructionSet: InstructionSet
  ) throws(NetworkError) {
    self.settings = settings
    topology = try dataset.training.topology(hidden: settings.hidden)
    data = dataset
    self.instructionSet = instructionSet
  }

  /// What a run tells as it goes.
  public enum Event: Sendable {
    /// So many cells were finished before.
    case kept(cells: Int, of: Int)
    /// A cell is finished.
    case finished(Cell)
  }

  /// Stages, for progress.
  public enum Stage: String, Sendable {
    /// Cells of the table.
    case cells
    /// Bits, gradients and traffic.
    case checks
    /// Speeds and sums.
    case timings
  }

  /// Runs. Collective.
  ///
  /// - Parameters:
  ///   - ranks: who works.
  ///   - folder: where cells are kept; rank 0's alone.
  /// - Returns: the result; on other ranks than 0, `nil`.
  /// - Throws: `SpikingError`, `DenseError`, `NetworkError`; `ClusterError`; `CancellationError`: finished cells
  ///   are kept.
  public func run(
    ranks: any Communicator, folder: StateFolder?,
    progress: (@Sendable (_ stage: Stage, _ done: Int, _ total: Int) -> Void)? = nil,
    onEvent: (Event) throws -> Void = { _ in }
  ) async throws -> Result? {
    let cells = try await cells(ranks, folder, progress, onEvent)
    progress?(.checks, 0, 1)
    var verdicts = try await bitVerdicts(ranks)
    if ranks.isRoot { verdicts += try gradientVerdicts() }
    progress?(.timings, 0, 1)
    let (times, speeds) = try await times(ranks, progress)
    guard ranks.isRoot else { return nil }
    for speed in speeds {
      verdicts.append(
        Verdict(
          "\(speed.twin), \(speed.examplesPerStep) examples a step: bytes a step over the formula's",
          value: speed.expectedBytesPerStep == 0
            ? 1 + speed.bytesPerStep : speed.bytesPerStep / speed.expectedBytesPerStep,
          bound: .init(atLeast: 1, atMost: 1)))
    }
    verdicts += errorVerdicts(cells)
    if ranks.size > 1, let last = speeds.last(where: { $0.twin == "spiking" }) {
      verdicts.append(
        Verdict(
          "spiking, K = \(last.examplesPerStep): efficiency of \(ranks.size) ranks", kind: .timing,
          value: last.efficiency, bound: .init(atLeast: 0.7 * Self.coresOfRank(ranks))))
    }
    return Result(
      settings: settings, ranks: ranks.size, topology: topology,
      parameters: parameterCount, intervals: intervals, minibatch: minibatch, cells: cells,
      speeds: speeds, sums: times.sums, copyingSeconds: times.copying, addingSeconds: times.adding,
      networks: times.networks,
      predictions: predictions(times), verdicts: verdicts)
  }

  /// The share of a core that a rank has on this machine, at most 1.
  private static func coresOfRank(_ ranks: any Communicator) -> Double {
    let processors = ProcessInfo.processInfo.activeProcessorCount
    return min(1, Double(processors) / Double(ranks.processesOnHost))
  }

  /// The layers.
  public let topology: Topology

  var parameterCount: Int { topology.fullyConnectedWeights }

  /// A training of R replicas.
  func training(replicas: Int) throws -> SpikingTraining {
    let rate = settings.learningRate * (settings.scalesLearningRate ? Float(replicas) : 1)
    var training = SpikingTraining(
      options: try TrainingOptions(learningRate: rate), instructionSet: instructionSet)
    training.options.update = settings.update
    training.timeSteps = settings.timeSteps
    training.schedule.epochs = settings.epochs
    training.schedule.evaluation = .none
    training.schedule.shuffles = true
    training.seed = settings.seed
    return training
  }

  // MARK: Errors

  /// The table of errors: each cell one job, on whichever rank; the replicas of a cell are of one process, with
  /// the bits of as many processes.
  private func cells(
    _ ranks: any Communicator, _ folder: StateFolder?,
    _ progress: (@Sendable (Stage, Int, Int) -> Void)?, _ onEvent: (Event) throws -> Void
  ) async throws -> [Cell] {
    let jobs =
      [(1, 1)]
      + Set(replicas).subtracting([1]).sorted().flatMap { count in
        Set(intervals).sorted().map { (count, $0) }
      }
    func name(_ job: (Int, Int)) -> String { "replicas\(job.0)-every\(job.1)" }
    var cells: [Cell?] = []
    for job in jobs {
      cells.append(
        try folder?.row(name(job)) { $0.replicas == job.0 && $0.interval == job.1 })
    }
    let pending = jobs.indices.filter { cells[$0] == nil }
    if pending.count < jobs.count {
      try onEvent(.kept(cells: jobs.count - pending.count, of: jobs.count))
    }
    let each = settings.epochs * data.training.count
    let board = Mutex([Int](repeating: 0, count: jobs.count))
    try await TaskFarm(ranks, workers: workers).run(
      pending,
      onReport: { index, state in
        let done = board.withLock { done in
          if let images = state.first { done[index] = images }
          return done.reduce(0, +)
        }
        progress?(.cells, done, each * pending.count)
      },
      onResult: { index, bytes in
        let cell = try CheckpointFile(bytes: bytes, from: "a finished cell")
          .json(Cell.self, "cell")
        board.withLock { $0[index] = each }
        try folder?.keep(cell, name(jobs[index]))
        cells[index] = cell
        try onEvent(.finished(cell))
      }
    ) { index, report in
      var file = CheckpointFile()
      try file.setJSON(
        try await cell(replicas: jobs[index].0, interval: jobs[index].1) { epoch, done, total, _ in
          report([(epoch - 1) * total + done])
        }, "cell")
      return file.encoded
    }
    return cells.compactMap(\.self)
  }

  private func cell(
    replicas: Int, interval: Int, progress: @escaping LearningSchedule.Progress
  ) async throws -> Cell {
    let training = try training(replicas: replicas)
    do {
      let result = try await training.run(
        replicas: ReplicaLayout(replicas: replicas, interval: interval), hidden: settings.hidden,
        dataset: data, progress: progress)
      if result.isInterrupted { throw CancellationError() }
      let rate = try await SpikingMLP(
        weights: result.weights, options: PredictionOptions(timeSteps: settings.timeSteps),
        instructionSet: instructionSet
      ).errorRate(on: data.test, workers: 1)
      return Cell(
        replicas: replicas, interval: interval, testErrorPercent: rate.percent,
        testErrorInterval95: rate.interval95, divergence: nil)
    } catch let failure as LearningFailure {
      return Cell(
        replicas: replicas, interval: interval, testErrorPercent: 100, testErrorInterval95: nil,
        divergence: "\(failure)")
    }
  }

  /// Few replicas with few examples between two means learn about as well as one. No claim is made of a network that
  /// has not learned yet.
  private func errorVerdicts(_ cells: [Cell]) -> [Verdict] {
    guard let alone = cells.first(where: { $0.replicas == 1 }), alone.testErrorPercent < 20,
      let fewest = cells.filter({ (2...4).contains($0.replicas) && $0.interval <= 100 }).min(by: {
        ($0.replicas, $0.interval) < ($1.replicas, $1.interval)
      })
    else { return [] }
    return [
      Verdict(
        "\(fewest.replicas) replicas, K = \(fewest.interval): points of error above one network's",
        value: fewest.testErrorPercent - alone.testErrorPercent, bound: .init(atMost: 5))
    ]
  }
}
