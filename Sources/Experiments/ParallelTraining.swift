/// Runs independent trainings, one a seed, so many at a time.
///
/// - Parameters:
///   - seeds: of the runs.
///   - workers: how many run at once; no result depends on it.
///   - run: one run. Cancelling ends each as `LearningSchedule` does.
///   - onRun: told of each result as it comes.
/// - Returns: the results in the order of the seeds.
/// - Throws: what a run or `onRun` throws; the other runs are cancelled.
public func trainInParallel<Twin: Sendable>(
  seeds: [UInt64], workers: Int,
  run: @escaping @Sendable (UInt64) async throws -> LearningResult<Twin>,
  onRun: (UInt64, LearningResult<Twin>) throws -> Void
) async throws -> [LearningResult<Twin>] {
  precondition(workers >= 1, "\(workers) workers")
  return try await withThrowingTaskGroup(of: (Int, LearningResult<Twin>).self) { group in
    var results: [LearningResult<Twin>?] = Array(repeating: nil, count: seeds.count)
    var next = 0
    func add() {
      guard next < seeds.count else { return }
      let index = next
      next += 1
      group.addTask { (index, try await run(seeds[index])) }
    }
    for _ in 0..<workers { add() }
    while let (index, result) = try await group.next() {
      results[index] = result
      try onRun(seeds[index], result)
      add()
    }
    return results.map { $0! }
  }
}
