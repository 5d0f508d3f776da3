import Cluster
import Synchronization
import Testing
import ThreadCluster

private struct Fault: Error, CustomStringConvertible {
  var description: String { "a fault" }
}

/// Rank 0 asks, all answer.
@Suite struct TeamTests {
  /// Rank 0 asks one question; the others answer as `answer` does.
  private func ask(
    _ size: Int, _ answer: @escaping @Sendable (Int, [UInt8]) async throws -> [UInt8]
  ) async -> [Result<[[UInt8]], any Error>] {
    await ThreadCluster.run(size) { ranks in
      let team = Team(ranks)
      guard ranks.isRoot else {
        try await team.serve { try await answer(ranks.rank, $0) }
        return []
      }
      do {
        let first = try await team.ask([1, 2]) { try await answer(0, [1, 2]) }
        _ = try await team.ask([3]) { try await answer(0, [3]) }
        try team.dismiss()
        return first
      } catch {
        // As the process of rank 0 does.
        ranks.abort(status: 65)
        throw error
      }
    }
  }

  @Test("answers come in the order of ranks", arguments: [1, 2, 5])
  func answers(size: Int) async throws {
    let results = await ask(size) { rank, question in question + [UInt8(rank)] }
    #expect(try results[0].get() == (0..<size).map { [1, 2, UInt8($0)] })
    for result in results.dropFirst() { #expect(try result.get() == []) }
  }

  @Test(
    "a rank that was cancelled ends the question; one that failed is the cause, if there is one")
  func cancelled() async {
    for fails in [false, true] {
      let results = await ask(3) { rank, _ in
        if rank == 1 { throw CancellationError() }
        if rank == 2, fails { throw Fault() }
        return []
      }
      if fails {
        #expect(throws: ClusterError.self) { try results[0].get() }
      } else {
        #expect(throws: CancellationError.self) { try results[0].get() }
      }
    }
  }

  @Test("a rank that is told to end while it listens says so, and rank 0 decides")
  func toldToEnd() async throws {
    let results = await ThreadCluster.run(2) { ranks in
      let team = Team(ranks)
      guard ranks.isRoot else {
        return await withTaskGroup(of: Bool.self) { group in
          group.addTask {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            do { try await team.serve { _ in [] } } catch { return false }
            return true
          }
          return await group.next()!
        }
      }
      let start = ContinuousClock.now
      while try !team.isCancelledElsewhere(), ContinuousClock.now - start < .seconds(10) {
        try await Task.sleep(for: .milliseconds(5))
      }
      let isTold = try team.isCancelledElsewhere()
      try team.dismiss()
      return isTold
    }
    for result in results { #expect(try result.get()) }
  }

  @Test("a rank that was cancelled while it answered still listens to what rank 0 asks last")
  func askedOnceMore() async throws {
    let results = await ThreadCluster.run(2) { ranks in
      let team = Team(ranks)
      guard ranks.isRoot else {
        try await team.serve { question in
          if question == [1] { throw CancellationError() }
          return question
        }
        return true
      }
      do {
        _ = try await team.ask([1]) { [] }
        return false
      } catch is CancellationError {}
      let last = try await team.ask([2]) { [0] }
      try team.dismiss()
      return last == [[0], [2]]
    }
    for result in results { #expect(try result.get()) }
  }

  @Test("a rank that fails ends the question with its name and fault, and nobody waits")
  func failure() async {
    let results = await ask(3) { rank, _ in
      if rank == 2 { throw Fault() }
      return []
    }
    #expect(throws: ClusterError.rankFailed(rank: 2, host: "thread 2", reason: "a fault")) {
      try results[0].get()
    }
    #expect(throws: Fault.self) { try results[2].get() }
    // Rank 1 served on, until rank 0 ended the job.
    #expect(throws: ClusterError.unusable(reason: "ended with 65")) { try results[1].get() }
  }
}
