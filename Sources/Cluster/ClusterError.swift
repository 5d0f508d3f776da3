/// What can go wrong between processes.
public enum ClusterError: Error, Equatable, Sendable {
  /// The launcher started several processes, and this build knows no MPI.
  case builtWithoutMPI(processes: Int)
  /// MPI cannot be used.
  case unusable(reason: String)
  /// A call of MPI failed.
  case call(operation: String, reason: String)
  /// Nothing was heard of a rank for so long: it died, it stands still, or the network is cut.
  case lost(rank: Int, host: String, seconds: Int)
  /// A rank could not do its part.
  case rankFailed(rank: Int, host: String, reason: String)
  /// A rank has something else than rank 0 has.
  case differs(rank: Int, host: String, what: String, expected: String, found: String)
  /// The task was cancelled, and the other ranks did not come to an end with it.
  case interrupted
  /// More than one message can carry.
  case tooLarge(operation: String, bytes: Int)
}

extension ClusterError: CustomStringConvertible {
  /// What went wrong, where.
  public var description: String {
    switch self {
    case .builtWithoutMPI(let processes):
      "\(processes) processes were started, and this build knows no MPI: build it with "
        + "'swift build -c release --traits MPI'"
    case .unusable(let reason): "MPI: \(reason)"
    case .call(let operation, let reason): "MPI, \(operation): \(reason)"
    case .lost(let rank, let host, let seconds):
      "rank \(rank) on \(host): nothing heard of it for \(seconds) s"
    case .rankFailed(let rank, let host, let reason): "rank \(rank) on \(host): \(reason)"
    case .differs(let rank, let host, let what, let expected, let found):
      "rank \(rank) on \(host): \(what) is \(found), on rank 0 \(expected)"
    case .interrupted: "interrupted while waiting for other ranks"
    case .tooLarge(let operation, let bytes):
      "MPI, \(operation): \(bytes) bytes, at most \(Int32.max) are possible"
    }
  }
}
