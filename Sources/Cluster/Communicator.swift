/// Processes that work together: each has a rank, 0 ..< `size`. Rank 0 alone prints and writes.
///
/// Calls named collective must be made by all ranks, in the same order, and wait for each other. One
/// that waits for a rank that is gone throws; see `ClusterError.lost`.
public protocol Communicator: Sendable {
  /// Which process this is.
  var rank: Int { get }
  /// How many there are.
  var size: Int { get }
  /// The machine's name.
  var host: String { get }
  /// How many of the processes run on this machine, this one among them.
  var processesOnHost: Int { get }
  /// Bytes that other ranks sent to this one in collective calls, so far: what the job asks of a
  /// network, whichever way MPI takes.
  var bytesReceived: Int { get }

  /// Values of rank `root`, for all. Collective.
  ///
  /// - Parameter values: as many on every rank; what others than `root` have is replaced.
  func broadcast<Element: BitwiseCopyable & Sendable>(
    _ values: inout [Element], from root: Int
  ) throws(ClusterError)

  /// The values of all ranks, in the order of ranks, for all. Collective.
  ///
  /// - Parameters:
  ///   - values: `counts[rank]` of them.
  ///   - counts: how many each rank has; the same on every rank.
  /// - Throws: `ClusterError.tooLarge` when they are 2^31 bytes and more together.
  func allGather<Element: BitwiseCopyable & Sendable>(
    _ values: [Element], counts: [Int]
  ) throws(ClusterError) -> [Element]

  /// Gives values to each rank, and takes those that each gives to this one. Collective.
  ///
  /// - Parameters:
  ///   - values: first those for rank 0, then those for rank 1, ...
  ///   - sending: how many go to each rank.
  ///   - receiving: how many come from each rank.
  /// - Returns: those from rank 0, then those from rank 1, ...
  func allToAll<Element: BitwiseCopyable & Sendable>(
    _ values: [Element], sending: [Int], receiving: [Int]
  ) throws(ClusterError) -> [Element]

  /// Waits until all ranks have come here. Collective.
  func barrier() throws(ClusterError)

  /// Sends bytes to another rank; waits until they are on their way.
  ///
  /// - Throws: `ClusterError.tooLarge` for 2^31 bytes and more.
  func send(_ bytes: [UInt8], to rank: Int, tag: Int) throws(ClusterError)

  /// A message of a tag that has arrived, from any rank; `nil` where there is none.
  func receive(tag: Int) throws(ClusterError) -> (source: Int, bytes: [UInt8])?

  /// Ends the job: waits for all ranks. Collective, and the last call.
  func finish() throws(ClusterError)

  /// Ends all processes of the job now, with an exit status, wherever they are.
  func abort(status: Int32)
}

extension Communicator {
  /// Whether this is rank 0, which prints and writes.
  public var isRoot: Bool { rank == 0 }

  /// Bytes of rank 0, for all; others give what they like. Collective.
  public func broadcast(_ bytes: [UInt8]) throws(ClusterError) -> [UInt8] {
    var count = [bytes.count]
    try broadcast(&count, from: 0)
    var all = isRoot ? bytes : Array(repeating: 0, count: count[0])
    try broadcast(&all, from: 0)
    return all
  }

  /// One value of each rank, for all. Collective.
  public func allGather<Element: BitwiseCopyable & Sendable>(
    _ value: Element
  ) throws(ClusterError) -> [Element] {
    try allGather([value], counts: Array(repeating: 1, count: size))
  }

  /// The bytes of each rank, however many, for all. Collective.
  public func allGather(_ bytes: [UInt8]) throws(ClusterError) -> [[UInt8]] {
    let counts = try allGather(bytes.count)
    let all = try allGather(bytes, counts: counts)
    var start = 0
    return counts.map { count in
      defer { start += count }
      return Array(all[start..<start + count])
    }
  }

  /// The bytes of each rank, however many, for rank 0: others get nothing. Collective.
  public func gather(_ bytes: [UInt8]) throws(ClusterError) -> [[UInt8]] {
    // A network of a gigabyte from each rank would be too much for one call: message by message.
    guard isRoot else {
      try send(bytes, to: 0, tag: Tag.gather)
      try barrier()
      return []
    }
    var all: [[UInt8]?] = Array(repeating: nil, count: size)
    all[0] = bytes
    var missing = size - 1
    var backoff = Backoff()
    while missing > 0 {
      if let (source, bytes) = try receive(tag: Tag.gather) {
        all[source] = bytes
        missing -= 1
      } else {
        if backoff.isOverdue() { throw .interrupted }
        backoff.wait()
      }
    }
    // So that no rank's next gather is taken for this one.
    try barrier()
    return all.map { $0! }
  }
}

/// Tags of messages.
package enum Tag {
  package static let gather = 1
  package static let request = 2
  package static let progress = 3
  package static let stop = 4
  package static let alive = 5
  /// A rank was told to end.
  package static let cancelled = 6
  /// Of the first worker of a rank; the others follow.
  package static let reply = 16
}
