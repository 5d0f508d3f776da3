public import Cluster

/// Data-parallel learning: how many copies of a network learn at once, each from its own examples, and
/// which of them each rank has.
///
/// What is learned depends on the number of replicas, not on the number of processes: one process with
/// eight replicas ends bit for bit where eight processes with one each do.
public struct ReplicaLayout: Sendable {
  /// How many networks learn at once.
  public let replicas: Int
  /// Examples that each of them learns from between two means of their weights (spiking twin).
  public let interval: Int
  /// Who works.
  public let ranks: any Communicator

  /// A layout.
  ///
  /// - Precondition: `replicas >= 1`, `interval >= 1`.
  public init(replicas: Int, interval: Int, ranks: any Communicator = SingleProcess()) {
    precondition(replicas >= 1 && interval >= 1, "\(replicas) replicas, every \(interval) examples")
    self.replicas = replicas
    self.interval = interval
    self.ranks = ranks
  }

  /// The replicas of this rank.
  package var own: Range<Int> { ranks.segment(of: replicas, rank: ranks.rank) }

  /// How many each rank has.
  package var counts: [Int] { (0..<ranks.size).map { ranks.segment(of: replicas, rank: $0).count } }

  /// The examples of a batch that a replica learns from, in order: every `replicas`-th.
  package func examples(_ batch: ArraySlice<Int>, of replica: Int) -> [Int] {
    stride(from: batch.startIndex + replica, to: batch.endIndex, by: replicas).map { batch[$0] }
  }

  /// Tells all ranks how this one's part of a step went.
  ///
  /// - Returns: how many examples were answered wrongly, on all ranks.
  /// - Throws: on every rank, the fault of the first replica that has one.
  package func agree(wrong: Int, fault: (replica: Int, reason: String)?) throws -> Int {
    let all = try ranks.allGather(fault.map { -1 - $0.replica } ?? wrong)
    guard let first = all.filter({ $0 < 0 }).map({ -1 - $0 }).min() else { return all.reduce(0, +) }
    let texts = try ranks.allGather(Array((fault?.reason ?? "").utf8))
    let rank = all.firstIndex(of: -1 - first)!
    throw ReplicaFault(replica: first, reason: String(decoding: texts[rank], as: UTF8.self))
  }
}

/// A replica could not learn from an example.
public struct ReplicaFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// Which replica, counted from 0.
  public let replica: Int
  /// What went wrong there.
  public let reason: String
  /// What went wrong, where.
  public var description: String { "replica \(replica): \(reason)" }
}
