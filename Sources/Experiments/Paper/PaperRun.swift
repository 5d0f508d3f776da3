public import Cluster
internal import ModelFiles
internal import Networks
internal import Synchronization
public import Training

/// Runs rows of the paper's tables in parallel, a core each, on one machine or many; those that a folder
/// keeps are not run again.
public struct PaperRun: Sendable {
  /// A row and a seed.
  public typealias Job = (row: PaperRow, seed: UInt64)

  /// What a run tells as it goes.
  public enum Event: Sendable {
    /// So many rows were finished before.
    case kept(rows: Int, of: Int)
    /// So many rows will take about so long.
    case starting(rows: Int, seconds: Double)
    /// A row has its result; the others will take about so long.
    case finished(Paper.Result, rows: Int, of: Int, secondsLeft: Double)
  }

  /// How far all rows are, in images, and which rows are at work in which epoch.
  public typealias Progress =
    @Sendable (_ done: Int, _ total: Int, _ working: [(job: Job, epoch: Int)]) -> Void

  private let paper: Paper
  private let folder: StateFolder?
  private let workers: Int
  private let ranks: any Communicator

  /// A run of rows with the settings of `paper`.
  ///
  /// - Parameters:
  ///   - folder: where rows are kept; rank 0's alone.
  ///   - workers: rows that each rank works on at a time.
  ///   - ranks: who works.
  public init(
    paper: Paper, folder: StateFolder?, workers: Int, ranks: any Communicator = SingleProcess()
  ) {
    (self.paper, self.folder, self.workers, self.ranks) = (paper, folder, workers, ranks)
  }

  /// Runs rows that are not kept yet, long ones first, so that no core waits for one at the end.
  /// Collective.
  ///
  /// - Returns: the results of all jobs, in their order; on other ranks than 0, nothing.
  /// - Throws: what files, rows and `onEvent` throw; `ClusterError`; `CancellationError`: finished rows
  ///   are kept.
  public func run(
    _ jobs: [Job], progress: @escaping Progress, onEvent: (Event) throws -> Void
  ) async throws -> [Paper.Result] {
    let farm = TaskFarm(ranks, workers: workers)
    let job: @Sendable (Int, @escaping TaskFarm.Report) async throws -> [UInt8] = {
      [paper] index, report in
      let (result, weights) = try await paper.run(jobs[index].row, seed: jobs[index].seed) {
        epoch, done, total, _ in report([epoch, (epoch - 1) * total + done])
      }
      var file = CheckpointFile()
      file.arrays.add(weights, "network")
      try file.setJSON(result, "result")
      return file.encoded
    }
    guard ranks.isRoot else {
      try await farm.run([], onResult: { _, _ in }, job: job)
      return []
    }
    var results: [Paper.Result?] = []
    for job in jobs { results.append(try folder?.result(of: job.row, seed: job.seed)) }
    let pending = jobs.indices.filter { results[$0] == nil }
    if pending.count < jobs.count {
      try onEvent(.kept(rows: jobs.count - pending.count, of: jobs.count))
    }
    var costOfRow: [String: Double] = [:]
    for index in pending where costOfRow[jobs[index].row.name] == nil {
      costOfRow[jobs[index].row.name] = try paper.cost(of: jobs[index].row)
    }
    let costs = jobs.map { costOfRow[$0.row.name] ?? 0 }
    let order = pending.sorted { costs[$0] > costs[$1] }
    let all = pending.map { costs[$0] }.reduce(0, +)
    if !pending.isEmpty {
      let atOnce = min(workers * ranks.size, pending.count)
      try onEvent(.starting(rows: pending.count, seconds: all / Double(atOnce)))
    }
    let board = Board(jobs.map { ($0, paper.images(of: $0.row)) }, pending: pending)
    let start = ContinuousClock.now
    let shape = try paper.shape
    var (done, spent) = (0, 0.0)
    try await farm.run(
      order,
      onReport: { index, state in
        if state.count == 2 { board.update(index, epoch: state[0], done: state[1], progress) }
      },
      onResult: { index, bytes in
        let file = try CheckpointFile(bytes: bytes, from: "a finished row")
        let result = try file.json(Paper.Result.self, "result")
        board.finish(index)
        try folder?.keep(result, weights: file.arrays.weights(like: shape, "network"))
        results[index] = result
        done += 1
        spent += costs[index]
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        try onEvent(
          .finished(
            result, rows: done, of: pending.count,
            secondsLeft: spent > 0 ? elapsed * (all - spent) / spent : 0))
      }, job: job)
    return results.compactMap(\.self)
  }

  /// How far each row is.
  private final class Board: Sendable {
    private struct Entry {
      let job: Job
      let total: Int
      var done = 0
      var epoch: Int?
    }
    private let entries: Mutex<[Entry]>
    private let total: Int

    init(_ jobs: [(job: Job, images: Int)], pending: [Int]) {
      entries = Mutex(jobs.map { Entry(job: $0.job, total: $0.images) })
      total = pending.reduce(0) { $0 + jobs[$1].images }
    }

    func update(_ place: Int, epoch: Int, done: Int, _ progress: Progress) {
      let (sum, working) = entries.withLock { entries in
        entries[place].done = done
        entries[place].epoch = epoch
        return (
          entries.reduce(0) { $0 + $1.done },
          entries.compactMap { entry in entry.epoch.map { (entry.job, $0) } }
        )
      }
      progress(sum, total, working)
    }

    /// A row that diverged has no more images to come.
    func finish(_ place: Int) {
      entries.withLock { entries in
        entries[place].done = entries[place].total
        entries[place].epoch = nil
      }
    }
  }
}
