internal import Synchronization

/// Rank 0 asks, all ranks answer, each its share: what is asked, and when, rank 0 alone decides.
///
/// So a search whose next step depends on the answers needs no rank to decide alike, whatever its machine.
public final class Team: Sendable {
  /// The ranks.
  public let communicator: any Communicator
  private let looked = Mutex((at: ContinuousClock.now, found: false))

  /// A team of all ranks.
  public init(_ communicator: any Communicator) { self.communicator = communicator }

  /// Whether another rank was told to end, as far as rank 0 knows: it looks fifty times a second at most.
  public func isCancelledElsewhere() throws(ClusterError) -> Bool {
    guard communicator.size > 1, communicator.isRoot else { return false }
    let isDue = looked.withLock { looked in
      guard !looked.found, ContinuousClock.now - looked.at > .milliseconds(20) else { return false }
      looked.at = .now
      return true
    }
    if isDue, try communicator.receive(tag: Tag.cancelled) != nil {
      looked.withLock { $0.found = true }
    }
    return looked.withLock { $0.found }
  }

  private enum Outcome: UInt8 { case answered, cancelled, failed }

  /// What each rank answered, in the order of ranks. For rank 0; others must be in `serve`.
  ///
  /// - Throws: `ClusterError.rankFailed` when another rank failed; `CancellationError` when one was
  ///   cancelled; what `answer` throws.
  public func ask(
    _ question: [UInt8], answer: () async throws -> [UInt8]
  ) async throws -> [[UInt8]] {
    guard communicator.size > 1 else { return [try await answer()] }
    _ = try communicator.broadcast([1] + question)
    // Others wait for this rank even when it fails: first theirs, then its own fault.
    let own: Result<[UInt8], any Error>
    do { own = .success(try await answer()) } catch { own = .failure(error) }
    var answers = try communicator.gather([])
    answers[0] = try own.get()
    let others = 1..<communicator.size
    let outcomes = [Outcome.answered] + others.map { Outcome(rawValue: answers[$0].first ?? 2) }
    // A fault is the cause where others were cancelled, too.
    if let rank = others.first(where: { outcomes[$0] == .failed || outcomes[$0] == nil }) {
      throw Self.failure(rank, answers[rank].dropFirst())
    }
    if outcomes.contains(.cancelled) { throw CancellationError() }
    for rank in others { answers[rank].removeFirst() }
    return answers
  }

  /// Answers until rank 0 dismisses. For the other ranks.
  ///
  /// - Throws: what `answer` throws, after rank 0 was told.
  public func serve(_ answer: ([UInt8]) async throws -> [UInt8]) async throws {
    while true {
      // Whoever is told to end says so, and goes on listening: rank 0 decides how all end.
      let question = try await withTaskCancellationHandler {
        try Backoff.$isPatient.withValue(true) { try communicator.broadcast([UInt8]()) }
      } onCancel: {
        try? communicator.send([], to: 0, tag: Tag.cancelled)
      }
      guard question.first == 1 else { return }
      do {
        let found = try await answer(Array(question.dropFirst()))
        _ = try communicator.gather([Outcome.answered.rawValue] + found)
      } catch let error as ClusterError {
        throw error
      } catch is CancellationError {
        // As above: rank 0 may ask once more, for what it writes last, before it ends all.
        _ = try communicator.gather([Outcome.cancelled.rawValue])
      } catch {
        // Its own fault is what this rank ends with, whether rank 0 still listens or not.
        _ = try? communicator.gather(
          [Outcome.failed.rawValue] + Self.description(of: error, communicator))
        throw error
      }
    }
  }

  /// Ends the others' `serve`. For rank 0.
  public func dismiss() throws(ClusterError) {
    if communicator.size > 1 { _ = try communicator.broadcast([0]) }
  }

  /// A fault as it travels: the machine, and what is wrong there.
  static func description(of error: any Error, _ communicator: any Communicator) -> [UInt8] {
    Array((communicator.host + "\n" + "\(error)").utf8)
  }

  /// A fault that has arrived.
  static func failure(_ rank: Int, _ bytes: ArraySlice<UInt8>) -> ClusterError {
    let text = String(decoding: bytes, as: UTF8.self)
    let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    return .rankFailed(
      rank: rank, host: String(parts[0]), reason: parts.count > 1 ? String(parts[1]) : "failed")
  }
}
