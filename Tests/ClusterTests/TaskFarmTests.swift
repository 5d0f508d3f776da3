import Cluster
import Synchronization
import Testing
import ThreadCluster

private struct Fault: Error, CustomStringConvertible {
  var description: String { "job 3 is bad" }
}

/// Jobs that something has happened to.
private final class Jobs: Sendable {
  private let jobs = Mutex(Set<Int>())
  func insert(_ job: Int) { jobs.withLock { _ = $0.insert(job) } }
  var all: Set<Int> { jobs.withLock { $0 } }
}

/// Jobs that are handed out.
@Suite struct TaskFarmTests {
  @Test(
    "every job runs once, wherever, and its result comes once",
    arguments: [(1, 1), (1, 3), (2, 1), (3, 2), (5, 1)])
  func all(size: Int, workers: Int) async throws {
    let runs = Mutex([Int](repeating: 0, count: 40))
    let order = (0..<40).reversed().map { $0 }
    let results = await ThreadCluster.run(size) { ranks in
      var found: [Int: [UInt8]] = [:]
      try await TaskFarm(ranks, workers: workers).run(
        ranks.isRoot ? order : [], onResult: { found[$0] = $1 }
      ) { job, _ in
        runs.withLock { $0[job] += 1 }
        await Task.yield()
        return [UInt8(job), UInt8(job) * 2]
      }
      return found
    }
    #expect(runs.withLock { $0 } == Array(repeating: 1, count: 40))
    let found = try results[0].get()
    #expect(found.count == 40)
    for (job, bytes) in found { #expect(bytes == [UInt8(job), UInt8(job) * 2]) }
    for result in results.dropFirst() { #expect(try result.get().isEmpty) }
  }

  @Test("there may be fewer jobs than workers, and none", arguments: [0, 1, 3])
  func few(jobs: Int) async throws {
    let results = await ThreadCluster.run(4) { ranks in
      var found = 0
      try await TaskFarm(ranks, workers: 2).run(
        Array(0..<jobs), onResult: { _, _ in found += 1 }
      ) { _, _ in [] }
      return found
    }
    #expect(try results.map { try $0.get() } == [jobs, 0, 0, 0])
  }

  @Test("a job that fails on another rank ends all ranks, and rank 0 says which and why")
  func failure() async {
    let results = await ThreadCluster.run(3) { ranks in
      try await TaskFarm(ranks, workers: 1).run(
        Array(0..<100_000), onResult: { _, _ in }
      ) { _, _ in
        if ranks.rank == 2 { throw Fault() }
        try await Task.sleep(for: .milliseconds(5))
        return []
      }
    }
    #expect(throws: ClusterError.rankFailed(rank: 2, host: "thread 2", reason: "job 3 is bad")) {
      try results[0].get()
    }
    #expect(throws: CancellationError.self) { try results[1].get() }
    #expect(throws: Fault.self) { try results[2].get() }
  }

  @Test("a result that cannot be kept ends all ranks", arguments: [1, 3])
  func unkept(size: Int) async {
    let results = await ThreadCluster.run(size) { ranks in
      try await TaskFarm(ranks, workers: 1).run(
        Array(0..<100_000), onResult: { _, _ in throw Fault() }
      ) { _, _ in
        try await Task.sleep(for: .milliseconds(5))
        return []
      }
    }
    #expect(throws: Fault.self) { try results[0].get() }
    for result in results.dropFirst() {
      #expect(throws: CancellationError.self) { try result.get() }
    }
  }

  @Test("a cancelled rank ends all: rank 0, or another", arguments: [0, 1])
  func cancelled(rank cancelled: Int) async {
    let results = await ThreadCluster.run(2) { ranks in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await TaskFarm(ranks, workers: 1).run(
            Array(0..<100_000), onResult: { _, _ in }
          ) { _, _ in
            try await Task.sleep(for: .milliseconds(5))
            return []
          }
        }
        if ranks.rank == cancelled {
          try? await Task.sleep(for: .milliseconds(50))
          group.cancelAll()
        }
        try await group.waitForAll()
      }
    }
    for result in results { #expect(throws: CancellationError.self) { try result.get() } }
  }

  @Test(
    "whatever ends a farm, no finished result is lost",
    arguments: [true, false])
  func kept(isCancelled: Bool) async {
    let finished = Jobs()
    let seen = Jobs()
    let results = await ThreadCluster.run(4) { ranks in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await TaskFarm(ranks, workers: 3).run(
            Array(0..<1_000_000), onResult: { job, _ in seen.insert(job) }
          ) { job, _ in
            // Not to be cancelled: as a row that computes.
            for _ in 0..<20 { await Task.yield() }
            if !isCancelled, job > 500 { throw Fault() }
            finished.insert(job)
            return []
          }
        }
        if isCancelled, !ranks.isRoot {
          // Far from the end, however busy the machine is.
          while finished.all.count < 200 { try? await Task.sleep(for: .milliseconds(1)) }
          group.cancelAll()
        }
        try await group.waitForAll()
      }
    }
    for result in results { #expect(throws: (any Error).self) { try result.get() } }
    let (done, told) = (finished.all, seen.all)
    #expect(done == told, "\(done.symmetricDifference(told).sorted())")
  }

  @Test("what a job says of itself reaches rank 0")
  func reports() async throws {
    let reports = Mutex<[[Int]]>([])
    let results = await ThreadCluster.run(2) { ranks in
      try await TaskFarm(ranks, workers: 1).run(
        [0, 1], onReport: { job, state in reports.withLock { $0.append([job] + state) } },
        onResult: { _, _ in }
      ) { job, report in
        for step in 0..<8 {
          report([10, step])
          try await Task.sleep(for: .milliseconds(100))
        }
        return []
      }
    }
    for result in results { try result.get() }
    let seen = reports.withLock { $0 }
    #expect(seen.contains { $0.first == 0 } && seen.contains { $0.first == 1 })
    #expect(seen.allSatisfy { $0.count == 3 && $0[1] == 10 })
  }
}
