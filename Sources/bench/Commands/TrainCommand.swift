import ArgumentParser
import Cluster
import Datasets
import DenseReLU
import Experiments
import Files
import Foundation
import ModelFiles
import Networks
import Reports
import SpikeKernels
import SpikingReLU
import Training

/// `bench train`: either twin learns.
struct TrainCommand: AsyncParsableCommand, RunsOnRanks {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network: the spiking twin by spikes, one image at a time, or the dense one.",
    discussion: """
      Prints errors on training and test images after each epoch, and what the learning cost. \
      Ctrl-C finishes the current image, writes what there is, a checkpoint too, and exits with 130. When a \
      run diverges, --save keeps the weights of the last whole epoch; the exit status is 65.

      --checkpoint keeps the run in a folder; --resume goes on from there, and ends bit for bit where the run \
      would have ended. Checkpoints are written beside their place, synced and renamed.

      --recipe goes past the paper: fractional updates with smooth gradients, T = 40, eta 0.01 \
      falling by 7% an epoch, shuffled images. Other options still change what they name.

      --replicas learns on several networks at once, on all threads and processes: the spiking twin online, \
      each network from its own images, with the mean of the weights every --average-every images of each; the \
      dense twin with each minibatch divided. What is learned depends on the number of replicas, not on that of \
      processes.
      """)

  @OptionGroup var network: NetworkOptions
  @OptionGroup var learning: LearningOptions

  @Option(
    help: ArgumentHelp("Which twin: \(Choice.names(ModelKind.self)).", valueName: "twin"),
    transform: Choice.parse)
  var twin = ModelKind.spiking

  @Option(
    help: ArgumentHelp("Epochs, 0...10000; 0 only evaluates.", valueName: "n"),
    transform: { try Bounded.integer($0, 0...10_000) })
  var epochs = 20

  @Option(help: ArgumentHelp("Seed of weights and order of images.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Train so many networks, of seeds --seed on, a thread each; prints what each ends with.",
      valueName: "n"),
    transform: { try Bounded.integer($0, 1...1000) })
  var parallel: Int?

  @Option(
    help: ArgumentHelp(
      "With --parallel: keep finished networks' figures in this folder, and go on from it.",
      valueName: "folder"))
  var state: String?

  @Option(
    help: ArgumentHelp(
      "Learn on so many networks at once, 1...4000. Default: one, without means.", valueName: "n"),
    transform: { try Bounded.integer($0, ReplicaOptions.range) })
  var replicas: Int?

  @Option(
    help: ArgumentHelp(
      "Images of each replica between two means of their weights (spiking twin). Default: 100.",
      valueName: "n"),
    transform: { try Bounded.integer($0, 1...1_000_000) })
  var averageEvery: Int?

  @Option(
    help: ArgumentHelp("Images a step of the dense twin. Default: 32.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...1_000_000) })
  var minibatch: Int?

  @Option(
    help: ArgumentHelp(
      "Loss of the dense twin: \(Choice.names(Loss.self)). Default: the last.", valueName: "loss"),
    transform: Choice.parse)
  var loss: Loss?

  @Option(
    help: ArgumentHelp(
      "Start from the weights in this safetensors, npz or ONNX file.", valueName: "file"))
  var load: String?

  @Option(
    help: ArgumentHelp(
      "Write the weights to this file; its name ends in .safetensors, .npz or .onnx.",
      valueName: "file"))
  var save: String?

  @OptionGroup var checkpoints: CheckpointOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var results: ResultOptions
  @OptionGroup var reports: ReportOptions
  @OptionGroup var tables: TableOptions

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let dataset: String
    let topology: Topology
    let twin: String
    /// T and how it learned, of the spiking twin.
    let timeSteps: Int?
    let update: TrainingOptions.Update?
    let learningRate: Float
    let schedule: LearningSchedule
    let epochs: [EpochReport]
    let testErrorPercent: Double?
    let trainErrorPercent: Double?
    let isInterrupted: Bool
    let failure: String?
    /// Of replicas.
    let replicas: Int?
    let averageEvery: Int?
    let speed: LearningSpeed?
    let verdicts: [Verdict] = []
  }

  func validate() throws {
    if twin == .spiking, minibatch != nil || loss != nil {
      throw ValidationError("'--minibatch' and '--loss' go with '--twin dense'.")
    }
    if twin == .dense { try learning.variant.refuseForDense() }
    try validateReplicas()
    if let parallel {
      guard save == nil, tables.csv == nil, checkpoints.checkpoint == nil, replicas == nil else {
        throw ValidationError(
          "'--save', '--csv', '--checkpoint' and '--replicas' are of one network: not with '--parallel'."
        )
      }
      guard seed <= .max - UInt64(parallel) else {
        throw ValidationError("'--seed': at most \(UInt64.max - UInt64(parallel)) for that many.")
      }
    }
    let files = [results.json, save, tables.csv, reports.report, load].compactMap(\.self)
    guard Set(files).count == files.count else {
      throw ValidationError(
        "'--json', '--save', '--csv', '--report' and '--load' need a file each.")
    }
  }

  func run() async throws {
    let run = try CommandRun(results, reports: reports, tables: tables, header: ["epoch"])
    let files = try TrainFiles(run, save: save)
    let work = try work(run)
    try check(work)
    if let parallel { return try await self.run(work, networks: parallel, run) }
    let folder = try checkpoints.open(settings: work.settings(of: self), manifest: work.manifest)
    for fault in folder?.passedOver ?? [] { try results.line("Damaged, passed over: \(fault)") }
    if let file = folder?.resumedFrom { try results.line("Going on from \(file)") }
    for line in work.titles(of: self) { try results.line(line) }
    try results.line(TrainTable.header())
    do {
      let end = try await learn(work, folder)
      guard Ranks.isRoot else { return }
      // The result is there: that it cannot be timed loses nothing of it.
      let speed = end.isInterrupted ? nil : try? await speed(work, end)
      if let speed { try results.line(TrainTable.line(speed)) }
      try files.commit(
        weights: end.weights, epochs: end.epochs,
        report: report(work, end.epochs, isInterrupted: end.isInterrupted, speed: speed),
        page: HTMLReport(
          training: [(twin.rawValue, end.epochs)], title: "Training: \(work.name)",
          manifest: work.manifest))
      if end.isInterrupted {
        try results.line(
          "Interrupted: the last line is of an epoch that was not finished."
            + (folder == nil ? "" : " --resume goes on."))
        throw InterruptedAfterResults()
      }
    } catch let failure as LearningFailure {
      guard Ranks.isRoot else { throw failure }
      try files.commit(
        weights: failure.lastWhole, epochs: failure.epochs,
        report: report(work, failure.epochs, isInterrupted: false, failure: "\(failure)"))
      if let save {
        try results.line(
          "Training diverged: \(save) has the weights "
            + (failure.epochs.isEmpty ? "that it started from." : "of the last whole epoch."))
      }
      throw failure
    }
  }

  private func report(
    _ work: TrainWork, _ epochs: [EpochReport], isInterrupted: Bool, failure: String? = nil,
    speed: LearningSpeed? = nil
  ) -> Report {
    let isSpiking = twin == .spiking
    return Report(
      manifest: work.manifest, dataset: work.data.name, topology: work.topology,
      twin: twin.rawValue, timeSteps: isSpiking ? work.spiking.timeSteps : nil,
      update: isSpiking ? work.spiking.options.update : nil, learningRate: work.eta(of: twin),
      schedule: work.schedule, epochs: epochs, testErrorPercent: epochs.last?.testErrorPercent,
      trainErrorPercent: epochs.last?.trainErrorPercent, isInterrupted: isInterrupted,
      failure: failure, replicas: replicas,
      averageEvery: isSpiking ? replicas.map { _ in averageEvery ?? 100 } : nil, speed: speed)
  }
}
