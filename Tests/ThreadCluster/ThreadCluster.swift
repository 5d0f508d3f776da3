public import Cluster
import Foundation
import Synchronization

/// Ranks that are threads of one process: what holds for them needs no MPI to be seen.
///
/// Each rank runs on a thread of its own, so that calls that wait for each other may wait.
public final class ThreadCluster: Sendable {
  /// How many ranks.
  public let size: Int
  let state: Mutex<State>
  let changed = NSCondition()

  struct State {
    /// Messages by rank and tag.
    var mail: [[Int: [(source: Int, bytes: [UInt8])]]]
    /// What ranks have brought to the collective call that is under way.
    var brought: [Int: any Sendable] = [:]
    /// What the ranks take from it, and how many have.
    var outcome: [any Sendable]?
    var taken = 0
    var received: [Int]
    var abortStatus: Int32?
  }

  /// Ranks that have not started.
  public init(size: Int) {
    self.size = size
    state = Mutex(
      State(
        mail: Array(repeating: [:], count: size), received: Array(repeating: 0, count: size)))
  }

  /// The status of a rank that ended the job.
  public var abortStatus: Int32? { state.withLock { $0.abortStatus } }

  /// Runs all ranks; gives what each gave, or threw.
  public static func run<Value: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (any Communicator) async throws -> Value
  ) async -> [Result<Value, any Error>] {
    let cluster = ThreadCluster(size: size)
    let executors = (0..<size).map { _ in WorkerThreads(1) }
    defer { for executor in executors { executor.end() } }
    return await withTaskGroup(of: (Int, Result<Value, any Error>).self) { group in
      for rank in 0..<size {
        group.addTask(executorPreference: executors[rank]) {
          do {
            return (rank, .success(try await body(ThreadRank(cluster: cluster, rank: rank))))
          } catch {
            return (rank, .failure(error))
          }
        }
      }
      var results: [Result<Value, any Error>?] = Array(repeating: nil, count: size)
      for await (rank, result) in group { results[rank] = result }
      return results.map { $0! }
    }
  }
}

/// One of those ranks.
struct ThreadRank: Communicator {
  let cluster: ThreadCluster
  let rank: Int
  var size: Int { cluster.size }
  var host: String { "thread \(rank)" }
  var processesOnHost: Int { cluster.size }
  var bytesReceived: Int { cluster.state.withLock { $0.received[rank] } }

  /// A collective call: each brings something, and takes what `make` makes of all.
  private func together<Brought: Sendable, Taken: Sendable>(
    _ value: Brought, _ make: ([Brought]) -> [Taken]
  ) throws(ClusterError) -> Taken {
    cluster.changed.lock()
    defer { cluster.changed.unlock() }
    // The last call must have been left by all.
    try wait { $0.outcome != nil }
    cluster.state.withLock { state in
      precondition(state.brought[rank] == nil, "rank \(rank) came twice")
      state.brought[rank] = value
      guard state.brought.count == size else { return }
      let all = (0..<size).map { rank -> Brought in
        guard let value = state.brought[rank] as? Brought else {
          preconditionFailure("ranks in different calls: \(Brought.self) expected")
        }
        return value
      }
      state.outcome = make(all)
      state.brought = [:]
    }
    cluster.changed.broadcast()
    try wait { $0.outcome == nil }
    let taken = cluster.state.withLock { state in
      let taken = state.outcome![rank] as! Taken
      state.taken += 1
      if state.taken == size { (state.outcome, state.taken) = (nil, 0) }
      return taken
    }
    cluster.changed.broadcast()
    return taken
  }

  /// Waits while something is so, or until a rank has ended the job, as a launcher would.
  private func wait(while isSo: (borrowing ThreadCluster.State) -> Bool) throws(ClusterError) {
    while cluster.state.withLock({ $0.abortStatus == nil && isSo($0) }) { cluster.changed.wait() }
    if let status = cluster.abortStatus { throw .unusable(reason: "ended with \(status)") }
  }

  private func count(_ elements: Int, _ stride: Int) {
    cluster.state.withLock { $0.received[rank] += elements * stride }
  }

  func broadcast<Element: BitwiseCopyable & Sendable>(
    _ values: inout [Element], from root: Int
  ) throws(ClusterError) {
    let all = try together(values) { all in all.map { _ in all[root] } }
    precondition(all.count == values.count, "a broadcast of \(all.count) to \(values.count)")
    values = all
    if rank != root { count(values.count, MemoryLayout<Element>.stride) }
  }

  func allGather<Element: BitwiseCopyable & Sendable>(
    _ values: [Element], counts: [Int]
  ) throws(ClusterError) -> [Element] {
    let all = try together(values) { all in
      precondition(all.map(\.count) == counts, "counts \(counts) for \(all.map(\.count))")
      return all.map { _ in all.flatMap(\.self) }
    }
    count(all.count - values.count, MemoryLayout<Element>.stride)
    return all
  }

  func allToAll<Element: BitwiseCopyable & Sendable>(
    _ values: [Element], sending: [Int], receiving: [Int]
  ) throws(ClusterError) -> [Element] {
    let (size, rank) = (size, rank)
    let all = try together((values, sending)) { all -> [[Element]] in
      (0..<size).map { target in
        all.flatMap { values, sending in
          let start = sending[..<target].reduce(0, +)
          return Array(values[start..<start + sending[target]])
        }
      }
    }
    precondition(all.count == receiving.reduce(0, +), "\(all.count) values for \(receiving)")
    count(all.count - receiving[rank], MemoryLayout<Element>.stride)
    return all
  }

  func barrier() throws(ClusterError) { _ = try together(0) { $0 } }

  func send(_ bytes: [UInt8], to rank: Int, tag: Int) throws(ClusterError) {
    cluster.state.withLock { $0.mail[rank][tag, default: []].append((self.rank, bytes)) }
  }

  func receive(tag: Int) throws(ClusterError) -> (source: Int, bytes: [UInt8])? {
    cluster.state.withLock { state in
      guard state.mail[rank][tag]?.isEmpty == false else { return nil }
      return state.mail[rank][tag]!.removeFirst()
    }
  }

  func finish() throws(ClusterError) { try barrier() }

  func abort(status: Int32) {
    cluster.changed.lock()
    cluster.state.withLock { $0.abortStatus = $0.abortStatus ?? status }
    cluster.changed.broadcast()
    cluster.changed.unlock()
  }
}
