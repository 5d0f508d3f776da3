import Cluster
import DenseReLU
import Experiments
import Foundation
import Networks
import Reports
import Synchronization
import Training

/// `bench train --parallel`: independent runs, one a seed.
struct TrainRuns {
  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let dataset: String
    let topology: Topology
    let twin: String
    let runs: [TrainedSeed]
    let verdicts: [Verdict] = []
  }

  let seeds: [UInt64]
  let workers: Int
  let results: ResultOptions
  let folder: StateFolder?

  /// Runs all, prints a line for each as it ends, and the mean.
  func train(
    _ run:
      @escaping @Sendable (UInt64, @escaping LearningSchedule.Progress) async throws ->
      TrainingSession.Outcome
  ) async throws -> [TrainedSeed] {
    try results.line(TrainTable.header(first: "seed"))
    let board = Board()
    let ends = try await trainInParallel(
      seeds: seeds, workers: workers, ranks: Ranks.all, folder: folder,
      progress: { seed, epoch, done, total, error in
        board.show(seed, epoch, done, total, error)
      }, run: run,
      onRun: { end in
        board.end(end.seed)
        guard let last = end.epochs.last else { return }
        try results.line(TrainTable.line(last, first: "\(end.seed)"))
      })
    let tests = ends.compactMap { $0.epochs.last?.testErrorPercent }
    if tests.count > 1 {
      let mean = tests.reduce(0, +) / Double(tests.count)
      let variance =
        tests.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(tests.count - 1)
      try results.line(
        "test error: mean \(Format.fixed(mean, 2))%, standard deviation "
          + "\(Format.fixed(variance.squareRoot(), 2)) over \(tests.count) seeds")
    }
    return ends
  }

  /// Which run is where, for one line of progress.
  private final class Board: Sendable {
    private let running = Mutex<[UInt64: String]>([:])

    func show(_ seed: UInt64, _ epoch: Int, _ done: Int, _ total: Int, _ error: Double) {
      let text = running.withLock { running in
        running[seed] = "seed \(seed): epoch \(epoch), \(Format.fixed(error, 2))%"
        return running.sorted { $0.key < $1.key }.map(\.value).joined(separator: "; ")
      }
      Progress.show("epoch \(epoch)", done, total, detail: " (\(text))")
    }

    func end(_ seed: UInt64) { running.withLock { $0[seed] = nil } }
  }
}
