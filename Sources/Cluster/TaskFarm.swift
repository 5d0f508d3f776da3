internal import Synchronization

/// Hands out independent jobs: whoever is free takes the next one, on whichever rank.
///
/// Rank 0 hands out and takes the results, and works itself. Results come in the order in which they are
/// finished; no job depends on where it runs.
public struct TaskFarm: Sendable {
  /// A job as it goes on, on any rank: what it says of itself.
  public typealias Report = @Sendable (_ state: [Int]) -> Void

  private let communicator: any Communicator
  private let workers: Int

  /// A farm over all ranks.
  ///
  /// - Parameter workers: jobs that this rank works on at a time.
  public init(_ communicator: any Communicator, workers: Int) {
    precondition(workers >= 1, "\(workers) workers")
    self.communicator = communicator
    self.workers = workers
  }

  /// Runs jobs. Collective: others than rank 0 return when all is done.
  ///
  /// - Parameters:
  ///   - order: the jobs, in the order in which they are handed out; rank 0's counts.
  ///   - onReport: told on rank 0 what jobs say of themselves; of other ranks, twice a second.
  ///   - onResult: told on rank 0 of each result as it comes; where it throws, all ends.
  ///   - job: one job, on any rank; gives its result in bytes.
  /// - Throws: what `job` and `onResult` throw; `ClusterError`, also for a job that failed on another
  ///   rank; `CancellationError`. On rank 0 when the others have ended or do not answer.
  public func run(
    _ order: [Int], onReport: (@Sendable (Int, [Int]) -> Void)? = nil,
    onResult: (Int, [UInt8]) throws -> Void,
    job: @escaping @Sendable (Int, @escaping Report) async throws -> [UInt8]
  ) async throws {
    // How many work on each rank: none of them is left waiting at the end.
    let workersOfRanks = try communicator.allGather(workers)
    guard communicator.isRoot else { return try await serve(job) }
    try await HandingOut(
      communicator: communicator, workers: workers, workersOfRanks: workersOfRanks,
      onReport: onReport
    ).run(order, onResult: onResult, job: job)
  }

  // MARK: Other ranks

  /// Asks for jobs until there are none.
  private func serve(
    _ job: @escaping @Sendable (Int, @escaping Report) async throws -> [UInt8]
  ) async throws {
    let communicator = communicator
    let threads = WorkerThreads(workers)
    defer { threads.end() }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        // Rank 0 has given up: so does everyone.
        while try communicator.receive(tag: Tag.stop) == nil {
          do { try await Task.sleep(for: .milliseconds(20)) } catch { return false }
        }
        throw CancellationError()
      }
      for worker in 0..<workers {
        group.addTask(executorPreference: threads) {
          try await Self.work(worker, communicator, job)
          return true
        }
      }
      var working = workers
      do {
        while working > 0, let isWorker = try await group.next() { working -= isWorker ? 1 : 0 }
      } catch {
        group.cancelAll()
        // Each worker says its last word to rank 0, which waits for it.
        while let result = await group.nextResult() { _ = result }
        throw error
      }
      group.cancelAll()
    }
  }

  private static func work(
    _ worker: Int, _ communicator: any Communicator,
    _ job: @escaping @Sendable (Int, @escaping Report) async throws -> [UInt8]
  ) async throws {
    var message = Message.free(worker)
    do {
      while true {
        try communicator.send(message.bytes, to: 0, tag: Tag.request)
        switch try await reply(worker, communicator) {
        case .done: return
        // Rank 0 knows.
        case .stopped: throw Stopped()
        case .job(let next):
          let reports = RemoteReports(communicator, job: next)
          message = .finished(worker, job: next, result: try await job(next) { reports.send($0) })
        }
      }
    } catch is Stopped {
      throw CancellationError()
    } catch let error as ClusterError {
      throw error
    } catch is CancellationError {
      try communicator.send(Message.cancelled(worker).bytes, to: 0, tag: Tag.request)
      throw CancellationError()
    } catch {
      let text = Team.description(of: error, communicator)
      try communicator.send(Message.failed(worker, text).bytes, to: 0, tag: Tag.request)
      throw error
    }
  }

  private struct Stopped: Error {}

  /// What rank 0 says next.
  private static func reply(
    _ worker: Int, _ communicator: any Communicator
  ) async throws -> Reply {
    var pause = Duration.microseconds(100)
    while true {
      if let (_, bytes) = try communicator.receive(tag: Tag.reply + worker) {
        return Reply(bytes)
      }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, .milliseconds(20))
    }
  }
}

/// Sends what a job says of itself, at most twice a second.
private final class RemoteReports: Sendable {
  private let communicator: any Communicator
  private let job: Int
  private let last = Mutex(ContinuousClock.now)

  init(_ communicator: any Communicator, job: Int) {
    self.communicator = communicator
    self.job = job
  }

  func send(_ state: [Int]) {
    let isDue = last.withLock { last in
      guard ContinuousClock.now - last > .milliseconds(500) else { return false }
      last = .now
      return true
    }
    // A report that cannot be sent is none; the result will tell.
    if isDue {
      try? communicator.send(Message.numbers([job] + state), to: 0, tag: Tag.progress)
    }
  }
}
