internal import Synchronization

/// Rank 0's side of a farm.
struct HandingOut: Sendable {
  let communicator: any Communicator
  let workers: Int
  /// Workers of each rank.
  let workersOfRanks: [Int]
  let onReport: (@Sendable (Int, [Int]) -> Void)?

  /// A worker of another rank.
  private struct Worker: Hashable {
    let rank: Int
    let number: Int
  }

  private enum Event: Sendable {
    case message(source: Int, Message)
    case finished(job: Int, [UInt8])
    case failed(any Error)
  }

  func run(
    _ order: [Int], onResult: (Int, [UInt8]) throws -> Void,
    job: @escaping @Sendable (Int, @escaping TaskFarm.Report) async throws -> [UInt8]
  ) async throws {
    var rest = order[...]
    var (unfinished, local) = (order.count, 0)
    var remote = Set(
      workersOfRanks.indices.dropFirst().flatMap { rank in
        (0..<workersOfRanks[rank]).map { Worker(rank: rank, number: $0) }
      })
    let events = EventQueue<Event>()
    let done = FinishedJobs()
    let threads = WorkerThreads(min(workers, order.count))
    defer { threads.end() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      if !remote.isEmpty {
        group.addTask { await listen(events, done) }
      }
      func start() {
        guard !Task.isCancelled, let next = rest.popFirst() else { return }
        local += 1
        group.addTask(executorPreference: threads) {
          do {
            let result = try await job(next) { if !done.contains(next) { onReport?(next, $0) } }
            events.add(.finished(job: next, result))
          } catch {
            events.add(.failed(error))
          }
        }
      }
      func take(_ job: Int, _ result: [UInt8]) throws {
        unfinished -= 1
        done.insert(job)
        try onResult(job, result)
      }
      for _ in 0..<workers { start() }
      do {
        while unfinished > 0 || !remote.isEmpty {
          if Task.isCancelled, local == 0 { throw CancellationError() }
          guard let event = await events.next(orCancelled: local == 0) else { continue }
          switch event {
          case .failed(let error):
            local -= 1
            throw error
          case .finished(let job, let result):
            local -= 1
            try take(job, result)
            start()
          case .message(let source, let message):
            let worker = Worker(rank: source, number: message.worker)
            switch message {
            case .free, .finished:
              if case .finished(_, let job, let result) = message { try take(job, result) }
              try answer(worker, Task.isCancelled ? nil : rest.popFirst(), &remote)
            case .cancelled:
              remote.remove(worker)
              throw CancellationError()
            case .failed(_, let text):
              remote.remove(worker)
              throw Team.failure(source, text[...])
            }
          }
        }
        group.cancelAll()
      } catch {
        group.cancelAll()
        while let result = await group.nextResult() { _ = result }
        // What was finished meanwhile is not lost; whether it can be kept is no longer the question.
        await stop(&remote, events) { try? onResult($0, $1) }
        throw error
      }
    }
    // Some were not handed out.
    if unfinished > 0 { throw CancellationError() }
  }

  /// Gives a worker its next job, or none.
  private func answer(_ worker: Worker, _ job: Int?, _ remote: inout Set<Worker>) throws {
    try communicator.send(
      Message.reply(job.map(Reply.job) ?? .done), to: worker.rank, tag: Tag.reply + worker.number)
    if job == nil { remote.remove(worker) }
  }

  /// Turns messages into events, until cancelled.
  private func listen(_ events: EventQueue<Event>, _ done: FinishedJobs) async {
    var pause = Duration.microseconds(100)
    while !Task.isCancelled {
      do {
        var isQuiet = true
        while let (_, bytes) = try communicator.receive(tag: Tag.progress) {
          let numbers = Message.numbers(bytes)
          // A report may come after the result that it was sent before.
          if let job = numbers.first, !done.contains(job) {
            onReport?(job, Array(numbers.dropFirst()))
          }
        }
        while let (source, bytes) = try communicator.receive(tag: Tag.request) {
          isQuiet = false
          events.add(.message(source: source, try Message(bytes)))
        }
        pause = isQuiet ? min(pause * 2, .milliseconds(5)) : .microseconds(100)
      } catch {
        events.add(.failed(error))
        return
      }
      try? await Task.sleep(for: pause)
    }
  }

  /// How long rank 0 waits for the last words of others.
  static let patience = Duration.seconds(10)

  /// Tells the other ranks to give up, and waits for their last words, so that all can end in order; not
  /// for long: whoever does not answer is ended with the job.
  private func stop(
    _ remote: inout Set<Worker>, _ events: EventQueue<Event>,
    _ onResult: (Int, [UInt8]) -> Void
  ) async {
    var early: [(source: Int, Message)] = []
    for event in events.drained() {
      switch event {
      case .finished(let job, let result): onResult(job, result)
      case .message(let source, let message): early.append((source, message))
      case .failed: break
      }
    }
    guard !remote.isEmpty else { return }
    let start = ContinuousClock.now
    do {
      for rank in 1..<communicator.size { try communicator.send([], to: rank, tag: Tag.stop) }
      while !remote.isEmpty, ContinuousClock.now - start < Self.patience {
        let next: (source: Int, Message)
        if !early.isEmpty {
          next = early.removeFirst()
        } else if let (source, bytes) = try communicator.receive(tag: Tag.request) {
          next = (source, try Message(bytes))
        } else {
          // Not `Task.sleep`: this task may be cancelled.
          Backoff.nap()
          continue
        }
        let worker = Worker(rank: next.source, number: next.1.worker)
        switch next.1 {
        case .cancelled, .failed: break
        case .free, .finished:
          if case .finished(_, let job, let result) = next.1 { onResult(job, result) }
          try communicator.send(
            Message.reply(.stopped), to: worker.rank, tag: Tag.reply + worker.number)
        }
        remote.remove(worker)
      }
    } catch {
      // The fault that all ends for is the one to tell.
    }
  }
}

/// Jobs whose results have come.
private final class FinishedJobs: Sendable {
  private let jobs = Mutex(Set<Int>())
  func insert(_ job: Int) { jobs.withLock { _ = $0.insert(job) } }
  func contains(_ job: Int) -> Bool { jobs.withLock { $0.contains(job) } }
}
