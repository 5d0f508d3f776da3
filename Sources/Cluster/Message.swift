/// What a worker of another rank says to rank 0.
enum Message: Equatable, Sendable {
  case free(Int)
  case finished(Int, job: Int, result: [UInt8])
  case cancelled(Int)
  case failed(Int, [UInt8])

  /// Which of its rank's workers speaks.
  var worker: Int {
    switch self {
    case .free(let worker), .finished(let worker, _, _), .cancelled(let worker),
      .failed(let worker, _):
      worker
    }
  }

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
