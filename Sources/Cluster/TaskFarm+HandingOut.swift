/// Rank 0's side of a farm.
struct HandingOut: Sendable {
  let communicator: any Communicator
  let workers: Int
  /// Workers of all other ranks.
  let remoteWorkers: Int
  let onReport: (@Sendable (Int, [Int]) -> Void)?

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
    var (unfinished, local, remote) = (order.count, 0, remoteWorkers)
    let events = EventQueue<Event>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      if remoteWorkers > 0 {
        group.addTask { await listen(events) }
      }
      func start() {
        guard !Task.isCancelled, let next = rest.popFirst() else { return }
        local += 1
        group.addTask {
          do {
            let result = try await job(next) { onReport?(next, $0) }
            events.add(.finished(job: next, result))
          } catch {
            events.add(.failed(error))
          }
        }
      }
      for _ in 0..<workers { start() }
      do {
        while unfinished > 0 || remote > 0 {
          if Task.isCancelled, local == 0 { throw CancellationError() }
          guard let event = await events.next(orCancelled: local == 0) else { continue }
          switch event {
          case .failed(let error): throw error
          case .finished(let job, let result):
            (unfinished, local) = (unfinished - 1, local - 1)
            try onResult(job, result)
            start()
          case .message(let source, .finished(let worker, let job, let result)):
            unfinished -= 1
            try onResult(job, result)
            try answer(source, worker, Task.isCancelled ? nil : rest.popFirst(), &remote)
          case .message(let source, .free(let worker)):
            try answer(source, worker, Task.isCancelled ? nil : rest.popFirst(), &remote)
          case .message(_, .cancelled):
            remote -= 1
            throw CancellationError()
          case .message(let source, .failed(_, let text)):
            remote -= 1
            throw Team.failure(source, text[...])
          }
        }
        group.cancelAll()
      } catch {
        group.cancelAll()
        while let result = await group.nextResult() { _ = result }
        await stop(&remote, error is CancellationError ? onResult : { _, _ in })
        throw error
      }
    }
    // Some were not handed out.
    if unfinished > 0 { throw CancellationError() }
  }

  /// Gives a worker its next job, or none.
  private func answer(
    _ rank: Int, _ worker: Int, _ job: Int?, _ working: inout Int
  ) throws {
    try communicator.send(
      Message.reply(job.map(Reply.job) ?? .done), to: rank, tag: Tag.reply + worker)
    if job == nil { working -= 1 }
  }

  /// Tells a worker that all has ended.
  private func dismiss(_ rank: Int, _ worker: Int, _ working: inout Int) throws {
    try communicator.send(Message.reply(.stopped), to: rank, tag: Tag.reply + worker)
    working -= 1
  }

  /// Turns messages into events, until cancelled.
  private func listen(_ events: EventQueue<Event>) async {
    var pause = Duration.microseconds(100)
    while !Task.isCancelled {
      do {
        var isQuiet = true
        while let (source, bytes) = try communicator.receive(tag: Tag.request) {
          isQuiet = false
          events.add(.message(source: source, try Message(bytes)))
        }
        while let (_, bytes) = try communicator.receive(tag: Tag.progress) {
          let numbers = Message.numbers(bytes)
          if let job = numbers.first { onReport?(job, Array(numbers.dropFirst())) }
        }
        pause = isQuiet ? min(pause * 2, .milliseconds(5)) : .microseconds(100)
      } catch {
        events.add(.failed(error))
        return
      }
      try? await Task.sleep(for: pause)
    }
  }

  /// Tells the other ranks to give up, and waits for their last words, so that all can end in order; not
  /// for long: whoever does not answer is ended with the job.
  private func stop(
    _ working: inout Int, _ onResult: (Int, [UInt8]) throws -> Void
  ) async {
    guard remoteWorkers > 0 else { return }
    let start = ContinuousClock.now
    do {
      for rank in 1..<communicator.size { try communicator.send([], to: rank, tag: Tag.stop) }
      while working > 0, ContinuousClock.now - start < .seconds(10) {
        guard let (source, bytes) = try communicator.receive(tag: Tag.request) else {
          // Not `Task.sleep`: this task may be cancelled.
          Pause.nap()
          continue
        }
        switch try Message(bytes) {
        case .cancelled, .failed: working -= 1
        case .finished(let worker, let job, let result):
          try onResult(job, result)
          try dismiss(source, worker, &working)
        case .free(let worker): try dismiss(source, worker, &working)
        }
      }
    } catch {
      // The fault that all ends for is the one to tell.
    }
  }
}
