import ArgumentParser
import Cluster
import Datasets
import DenseReLU
import Experiments
import Networks
import Reports
import Training

extension TrainCommand {
  /// Options that say nothing together.
  func validateReplicas() throws {
    guard state == nil || parallel != nil else {
      throw ValidationError(
        "'--state' goes with '--parallel'; for one network, see '--checkpoint'.")
    }
    guard let replicas else {
      guard averageEvery == nil else {
        throw ValidationError("'--average-every' goes with '--replicas'.")
      }
      return
    }
    guard twin == .spiking || averageEvery == nil else {
      throw ValidationError("'--average-every' goes with '--twin spiking'.")
    }
    guard twin == .spiking || replicas <= minibatch ?? 32 else {
      throw ValidationError(
        "'--replicas': \(replicas) cannot divide minibatches of \(minibatch ?? 32).")
    }
    guard !learning.variant.integer else {
      throw ValidationError("'--replicas' takes means of weights: not with '--integer'.")
    }
  }

  /// Replicas without an image would be idle, and dilute every mean.
  func check(_ work: TrainWork) throws {
    guard let replicas, twin == .spiking, replicas > work.data.training.count else { return }
    throw ValidationError(
      "'--replicas': \(replicas) for \(work.data.training.count) training images.")
  }

  /// Learns on all ranks.
  func learn(_ work: TrainWork, _ folder: CheckpointFolder?) async throws -> TrainingSession.Outcome
  {
    let quiet = results.quiet
    let progress: LearningSchedule.Progress = { epoch, done, total, error in
      Progress.show(
        "epoch \(epoch)", done, total, unit: "images",
        detail: ", running error \(Format.fixed(error, 2))%")
    }
    let onEpoch: @Sendable (EpochReport) throws -> Void = {
      if !quiet { try Output.line(TrainTable.line($0)) }
    }
    let team = Team(Ranks.all)
    let layout = replicas.map {
      ReplicaLayout(replicas: $0, interval: averageEvery ?? 100, ranks: Ranks.all)
    }
    return try await session(work).run(
      replicas: layout, progress: progress, onEpoch: onEpoch, checkpoints: folder, team: team)
  }

  /// What learns, and how.
  private func session(_ work: TrainWork) -> TrainingSession {
    let model: TrainingSession.Model =
      switch twin {
      case .spiking where learning.variant.integer: .spikingInIntegers(work.spiking)
      case .spiking: .spiking(work.spiking)
      case .dense: .dense(work.dense, initialWeights: work.first)
      }
    return TrainingSession(model, hidden: work.widths, dataset: work.data)
  }

  /// How much faster the replicas learned than one network does alone.
  func speed(_ work: TrainWork, _ end: TrainingSession.Outcome) async throws -> LearningSpeed? {
    guard let replicas, let last = end.epochs.last, let together = last.imagesPerSecond else {
      return nil
    }
    let seconds = 0.5
    let ranks = Ranks.all
    let (alone, cores): (Double, Int)
    switch twin {
    case .spiking:
      alone = try await work.spiking.imagesPerSecond(
        weights: end.weights, on: work.data.training, seconds: seconds)
      cores = (0..<ranks.size).reduce(0) {
        $0 + min(ranks.segment(of: replicas, rank: $1).count, threads.count)
      }
    case .dense:
      // A rank takes its replicas one after the other.
      alone = try await work.dense.imagesPerSecond(
        weights: end.weights, on: work.data.training, seconds: seconds)
      cores = min(replicas, ranks.size)
    }
    return LearningSpeed(alone: alone, together: together, cores: cores)
  }

  /// Trains independent networks on all ranks.
  func run(
    _ work: TrainWork, networks: Int, _ run: CommandRun
  ) async throws {
    let folder = try Ranks.onRoot {
      try state.map { try StateFolder(path: $0, settings: seedlessSettings(work)) }
    }
    let runs = TrainRuns(
      seeds: (0..<UInt64(networks)).map { seed + $0 }, workers: threads.count, results: results,
      folder: folder)
    let ends: [TrainedSeed]
    let ranks = Ranks.all.size
    try results.line(
      "\(work.name), \(networks) networks, \(threads.count * ranks) at a time"
        + (ranks > 1 ? " on \(ranks) ranks" : ""))
    let (session, data) = (session(work), work.data)
    ends = try await runs.train { seed, progress in
      try await session.withSeed(seed).run(progress: progress)
    }
    guard Ranks.isRoot else { return }
    try run.write(
      TrainRuns.Report(
        manifest: work.manifest, dataset: data.name, topology: work.topology, twin: twin.rawValue,
        runs: ends),
      report: HTMLReport(
        training: ends.map { ("seed \($0.seed)", $0.epochs) }, title: "Training: \(work.name)",
        manifest: work.manifest))
    if ends.count < networks || ends.contains(where: \.isInterrupted) {
      try results.line(
        "Interrupted: not all of these runs are whole."
          + (state.map { " Finished ones are kept in \($0)." } ?? ""))
      throw InterruptedAfterResults()
    }
  }

  /// What the figures of each seed depend on.
  private func seedlessSettings(_ work: TrainWork) -> [String: String] {
    var settings = work.settings(of: self)
    settings["--seed"] = nil
    settings["version"] = RunManifest.packageVersion
    return settings
  }
}
