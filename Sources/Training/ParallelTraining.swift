public import Cluster
internal import ModelFiles

/// What an independent training ended with.
public struct TrainedSeed: Sendable, Codable {
  /// Of weights and order.
  public let seed: UInt64
  /// One report an epoch.
  public let epochs: [EpochReport]
  /// Whether it was cancelled before its end.
  public let isInterrupted: Bool
}

/// Runs independent trainings, one a seed, so many at a time, on one machine or many; those that a folder
/// keeps are not run again. Collective.
///
/// - Parameters:
///   - seeds: of the runs; rank 0's.
///   - workers: how many run at once on each rank; no result depends on it.
///   - ranks: who works.
///   - folder: where whole runs are kept; rank 0's alone.
///   - progress: told how far each is; of other ranks, twice a second.
///   - run: one run. Cancelling ends each as `LearningSchedule` does.
///   - onRun: told of each result as it comes.
/// - Returns: the results in the order of the seeds, fewer where the task was cancelled; on other ranks
///   than 0, nothing.
/// - Throws: what a run, the folder or `onRun` throws; `ClusterError`. The other runs are cancelled.
public func trainInParallel(
  seeds: [UInt64], workers: Int, ranks: any Communicator = SingleProcess(),
  folder: StateFolder? = nil,
  progress: (
    @Sendable (UInt64, _ epoch: Int, _ done: Int, _ total: Int, _ error: Double) -> Void
  )? = nil,
  run:
    @escaping @Sendable (UInt64, @escaping LearningSchedule.Progress) async throws ->
    TrainingSession.Outcome,
  onRun: (TrainedSeed) throws -> Void
) async throws -> [TrainedSeed] {
  precondition(workers >= 1, "\(workers) workers")
  func name(_ seed: UInt64) -> String { "seed\(seed)" }
  var results: [TrainedSeed?] = try seeds.map { seed in
    try folder?.row(name(seed), as: TrainedSeed.self) { $0.seed == seed }
  }
  for result in results.compactMap(\.self) where ranks.isRoot { try onRun(result) }
  do {
    try await farm()
  } catch is CancellationError where ranks.isRoot {
    // What there is, is not lost.
  }
  return results.compactMap(\.self)

  func farm() async throws {
    try await TaskFarm(ranks, workers: workers).run(
      seeds.indices.filter { results[$0] == nil },
      onReport: { index, state in
        guard state.count == 4 else { return }
        progress?(seeds[index], state[0], state[1], state[2], Double(state[3]) / 1000)
      },
      onResult: { index, bytes in
        let result = try CheckpointFile(bytes: bytes, from: "a trained network")
          .json(TrainedSeed.self, "result")
        // What was interrupted is run again.
        if !result.isInterrupted { try folder?.keep(result, name(result.seed)) }
        results[index] = result
        try onRun(result)
      }
    ) { index, report in
      let result = try await run(seeds[index]) { epoch, done, total, error in
        report([epoch, done, total, Int(error * 1000)])
      }
      var file = CheckpointFile()
      try file.setJSON(
        TrainedSeed(
          seed: seeds[index], epochs: result.epochs, isInterrupted: result.isInterrupted), "result")
      return file.encoded
    }
  }
}
