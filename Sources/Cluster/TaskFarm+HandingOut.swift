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
    var (unfinished, working) = (order.count, remoteWorkers)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let (events, feed) = AsyncStream.makeStream(of: Event.self)
      if remoteWorkers > 0 {
        group.addTask { await listen(feed) }
      }
      func start() {
        guard let next = rest.popFirst() else { return }
        group.addTask {
          do {
            let result = try await job(next) { onReport?(next, $0) }
            feed.yield(.finished(job: next, result))
          } catch {
            feed.yield(.failed(error))
          }
        }
      }
      for _ in 0..<workers { start() }
      do {
        var iterator = events.makeAsyncIterator()
        while unfinished > 0 || working > 0 {
          guard let event = await iterator.next() else { throw CancellationError() }
          switch event {
          case .failed(let error): throw error
          case .finished(let job, let result):
            unfinished -= 1
            try onResult(job, result)
            start()
          case .message(let source, .finished(let worker, let job, let result)):
            unfinished -= 1
            try onResult(job, result)
            try answer(source, worker, rest.popFirst(), &working)
          case .message(let source, .free(let worker)):
            try answer(source, worker, rest.popFirst(), &working)
          case .message(_, .cancelled):
            working -= 1
            throw CancellationError()
          case .message(let source, .failed(_, let text)):
            working -= 1
            throw Team.failure(source, text[...])
          }
        }
        group.cancelAll()
      } catch {
        group.cancelAll()
        while let result = await group.nextResult() { _ = result }
        await stop(&working)
        throw error
      }
    }
  }

  /// Gives a worker its next job, or none.
  private func answer(
    _ rank: Int, _ worker: Int, _ job: Int?, _ working: inout Int
  ) throws {
    try communicator.send(
      Message.reply(job.map(Reply.job) ?? .done), to: rank, tag: Tag.reply + worker)
    if job == nil { working -= 1 }
  }

  /// Turns messages into events, until cancelled.
  private func listen(_ feed: AsyncStream<Event>.Continuation) async {
    var pause = Duration.microseconds(100)
    while !Task.isCancelled {
      do {
        var isQuiet = true
        while let (source, bytes) = try communicator.receive(tag: Tag.request) {
          isQuiet = false
          feed.yield(.message(source: source, try Message(bytes)))
        }
        while let (_, bytes) = try communicator.receive(tag: Tag.progress) {
          let numbers = Message.numbers(bytes)
          if let job = numbers.first { onReport?(job, Array(numbers.dropFirst())) }
        }
        pause = isQuiet ? min(pause * 2, .milliseconds(5)) : .microseconds(100)
      } catch {
        feed.yield(.failed(error))
        return
      }
      try? await Task.sleep(for: pause)
    }
  }

  /// Tells the other ranks to give up, and waits for their last words, so that all can end in order; not
  /// for long: whoever does not answer is ended with the job.
  private func stop(_ working: inout Int) async {
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
        case .free(let worker), .finished(let worker, _, _):
          try communicator.send(Message.reply(.stopped), to: source, tag: Tag.reply + worker)
          working -= 1
        }
      }
    } catch {
      // The fault that all ends for is the one to tell.
    }
  }
}

/// What a worker of another rank says to rank 0.
enum Message: Equatable, Sendable {
  case free(Int)
  case finished(Int, job: Int, result: [UInt8])
  case cancelled(Int)
  case failed(Int, [UInt8])

  var bytes: [UInt8] {
    switch self {
    case .free(let worker): Self.numbers([0, worker])
    case .finished(let worker, let job, let result): Self.numbers([1, worker, job]) + result
    case .cancelled(let worker): Self.numbers([2, worker])
    case .failed(let worker, let text): Self.numbers([3, worker]) + text
    }
  }

  init(_ bytes: [UInt8]) throws(ClusterError) {
    let kind = Self.numbers(Array(bytes.prefix(24)))
    switch (kind.first, kind.count) {
    case (0, 2): self = .free(kind[1])
    case (1, 3): self = .finished(kind[1], job: kind[2], result: Array(bytes.dropFirst(24)))
    case (2, 2): self = .cancelled(kind[1])
    case (3, 2...): self = .failed(kind[1], Array(bytes.dropFirst(16)))
    default: throw .unusable(reason: "a message of \(bytes.count) bytes that says nothing")
    }
  }

  /// Numbers as bytes, 8 each.
  static func numbers(_ values: [Int]) -> [UInt8] {
    values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  }

  /// Numbers from bytes; what is less than a number at the end is left out.
  static func numbers(_ bytes: [UInt8]) -> [Int] {
    (0..<bytes.count / 8).map { index in
      (0..<8).reduce(0) { $0 | Int(bytes[8 * index + $1]) << (8 * $1) }
    }
  }

  /// What rank 0 says to a worker.
  static func reply(_ reply: Reply) -> [UInt8] {
    switch reply {
    case .job(let job): numbers([job])
    case .done: numbers([-1])
    case .stopped: numbers([-2])
    }
  }
}

/// What rank 0 says to a worker of another rank.
enum Reply: Equatable, Sendable {
  case job(Int)
  case done
  case stopped

  init(_ bytes: [UInt8]) {
    switch Message.numbers(bytes).first {
    case let job? where job >= 0: self = .job(job)
    case -1: self = .done
    default: self = .stopped
    }
  }
}
