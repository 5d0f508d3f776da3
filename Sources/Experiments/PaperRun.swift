internal import Networks
internal import Synchronization

/// Runs rows of the paper's tables in parallel, a core each; those that a folder keeps are not run
/// again.
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
  private let folder: PaperState?
  private let workers: Int

  /// A run of rows with the settings of `paper`.
  public init(paper: Paper, folder: PaperState?, workers: Int) {
    (self.paper, self.folder, self.workers) = (paper, folder, workers)
  }

  /// Runs rows that are not kept yet, long ones first, so that no core waits for one at the end.
  ///
  /// - Returns: the results of all jobs, in their order.
  /// - Throws: what files, rows and `onEvent` throw; `CancellationError`: finished rows are kept.
  public func run(
    _ jobs: [Job], progress: @escaping Progress, onEvent: (Event) throws -> Void
  ) async throws -> [Paper.Result] {
    var results: [Paper.Result?] = []
    for job in jobs { results.append(try folder?.result(of: job.row, seed: job.seed)) }
    let pending = jobs.indices.filter { results[$0] == nil }
    if pending.count < jobs.count {
      try onEvent(.kept(rows: jobs.count - pending.count, of: jobs.count))
    }
    guard !pending.isEmpty else { return results.compactMap(\.self) }
    var costOfRow: [String: Double] = [:]
    for index in pending where costOfRow[jobs[index].row.name] == nil {
      costOfRow[jobs[index].row.name] = try paper.cost(of: jobs[index].row)
    }
    let costs = jobs.map { costOfRow[$0.row.name] ?? 0 }
    let order = pending.sorted { costs[$0] > costs[$1] }
    let all = pending.map { costs[$0] }.reduce(0, +)
    try onEvent(
      .starting(rows: pending.count, seconds: all / Double(min(workers, pending.count))))
    let board = Board(order.map { (jobs[$0], paper.images(of: jobs[$0].row)) })
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: (Int, Paper.Result, NetworkWeights).self) { group in
      var next = 0
      func add() {
        guard next < order.count else { return }
        let (place, index) = (next, order[next])
        let (row, seed) = jobs[index]
        next += 1
        group.addTask { [paper] in
          let (result, weights) = try await paper.run(row, seed: seed) { epoch, done, total, _ in
            board.update(place, epoch: epoch, done: (epoch - 1) * total + done, progress)
          }
          board.finish(place)
          return (index, result, weights)
        }
      }
      for _ in 0..<workers { add() }
      var (done, spent) = (0, 0.0)
      while let (index, result, weights) = try await group.next() {
        try folder?.keep(result, weights: weights)
        results[index] = result
        done += 1
        spent += costs[index]
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        try onEvent(
          .finished(
            result, rows: done, of: pending.count,
            secondsLeft: spent > 0 ? elapsed * (all - spent) / spent : 0))
        add()
      }
    }
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

    init(_ jobs: [(job: Job, images: Int)]) {
      entries = Mutex(jobs.map { Entry(job: $0.job, total: $0.images) })
      total = jobs.reduce(0) { $0 + $1.images }
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
