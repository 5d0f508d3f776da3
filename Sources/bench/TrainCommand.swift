import ArgumentParser
import Datasets
import DenseReLU
import Experiments
import Files
import Foundation
import ModelFiles
import Networks
import SpikeKernels
import SpikingReLU

/// `bench train`: either twin learns.
struct TrainCommand: AsyncParsableCommand {
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
      """)

  /// Which network.
  enum Twin: String, CaseIterable { case spiking, dense }

  @OptionGroup var network: NetworkOptions
  @OptionGroup var learning: LearningOptions

  @Option(
    help: ArgumentHelp("Which twin: \(Choice.names(Twin.self)).", valueName: "twin"),
    transform: Choice.parse)
  var twin = Twin.spiking

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

  @Option(help: ArgumentHelp("Write the learning curve to this CSV file.", valueName: "file"))
  var csv: String?

  @OptionGroup var checkpoints: CheckpointOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var results: ResultOptions
  @OptionGroup var reports: ReportOptions

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = 1
    let manifest: RunManifest
    let dataset: String
    let layerSizes: [Int]
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
    let verdicts: [Verdict] = []
  }

  func validate() throws {
    if twin == .spiking, minibatch != nil || loss != nil {
      throw ValidationError("'--minibatch' and '--loss' go with '--twin dense'.")
    }
    if twin == .dense { try learning.variant.refuseForDense() }
    if let parallel {
      guard save == nil, csv == nil, checkpoints.checkpoint == nil else {
        throw ValidationError(
          "'--save', '--csv' and '--checkpoint' are of one network: not with '--parallel'.")
      }
      guard seed <= .max - UInt64(parallel) else {
        throw ValidationError("'--seed': at most \(UInt64.max - UInt64(parallel)) for that many.")
      }
    }
    let files = [results.json, save, csv, reports.report, load].compactMap(\.self)
    guard Set(files).count == files.count else {
      throw ValidationError(
        "'--json', '--save', '--csv', '--report' and '--load' need a file each.")
    }
  }

  func run() async throws {
    let set = try InstructionSet.selected()
    let files = try TrainFiles(json: results.open(), save: save, csv: csv)
    let page = try reports.open()
    let data = try network.dataset.load()
    let manifest = RunManifest.ofThisRun(
      seed: seed, set, threads: threads.count, dataset: data)
    let first = try load.map {
      try NetworkWeights(file: $0, hidden: network.hidden, of: data)
    }
    let sizes = try first?.layerSizes ?? network.layerSizes(of: data)
    let widths = Array(sizes.dropFirst().dropLast())
    if !Comparison.isOptimizedBuild {
      try results.line("This is a debug build: its timings mean nothing. Use -c release.")
    }
    if let note = threads.note { try results.line(note) }
    let name =
      "\(data.name) (\(data.source)), network "
      + sizes.map(String.init).joined(separator: "-")
    let quiet = results.quiet
    let progress: LearningSchedule.Progress = { epoch, done, total, error in
      Progress.show(
        "epoch \(epoch)", done, total, unit: "images",
        detail: ", running error \(Format.fixed(error, 2))%")
    }
    let onEpoch: @Sendable (EpochReport) throws -> Void = {
      if !quiet { try Output.line(TrainTable.line($0)) }
    }
    var spiking = try learning.training(set)
    var dense = DenseTraining(
      epochs: epochs, minibatch: minibatch ?? 32, learningRate: learning.variant.eta ?? 0.1,
      seed: seed,
      loss: loss ?? .softmaxCrossEntropy)
    var schedule = twin == .spiking ? spiking.schedule : learning.schedule(dense.schedule)
    schedule.epochs = epochs
    schedule.workers = threads.count
    (spiking.schedule, dense.schedule) = (schedule, schedule)
    (spiking.seed, spiking.initialWeights) = (seed, first)
    let options = spiking.options
    let eta = twin == .spiking ? options.learningRate : dense.learningRate
    let steps = spiking.timeSteps
    func report(_ epochs: [EpochReport], isInterrupted: Bool, failure: String? = nil) -> Report {
      Report(
        manifest: manifest, dataset: data.name, layerSizes: sizes, twin: twin.rawValue,
        timeSteps: twin == .spiking ? steps : nil,
        update: twin == .spiking ? options.update : nil, learningRate: eta, schedule: schedule,
        epochs: epochs, testErrorPercent: epochs.last?.testErrorPercent,
        trainErrorPercent: epochs.last?.trainErrorPercent, isInterrupted: isInterrupted,
        failure: failure)
    }
    if let parallel {
      let runs = TrainRuns(
        seeds: (0..<UInt64(parallel)).map { seed + $0 }, workers: threads.count, results: results)
      let ends: [TrainRuns.End]
      try results.line("\(name), \(parallel) networks, \(threads.count) at a time")
      switch twin {
      case .spiking where learning.variant.integer:
        ends = try await runs.train { [spiking] seed, progress in
          var training = spiking
          (training.seed, training.schedule.workers) = (seed, 1)
          return try await training.runInIntegers(
            hidden: widths, dataset: data, progress: progress)
        }
      case .spiking:
        ends = try await runs.train { [spiking] seed, progress in
          var training = spiking
          (training.seed, training.schedule.workers) = (seed, 1)
          return try await training.run(hidden: widths, dataset: data, progress: progress)
        }
      case .dense:
        BLAS.threads = 1
        ends = try await runs.train { [dense] seed, progress in
          var training = dense
          (training.seed, training.schedule.workers) = (seed, 1)
          return try await training.run(
            hidden: widths, dataset: data, initialWeights: first, progress: progress)
        }
      }
      try files.json?.commit(
        json: TrainRuns.Report(
          manifest: manifest, dataset: data.name, layerSizes: sizes, twin: twin.rawValue,
          runs: ends))
      try page?.commit(
        HTMLReport(
          training: ends.map { ("seed \($0.seed)", $0.epochs) }, title: "Training: \(name)",
          manifest: manifest))
      if ends.contains(where: \.isInterrupted) {
        try results.line("Interrupted: not all of these runs are whole.")
        throw InterruptedAfterResults()
      }
      return
    }
    let folder = try checkpoints.open(
      settings: settings(data, sizes: sizes, first: first, spiking, dense), manifest: manifest)
    for fault in folder?.passedOver ?? [] { try results.line("Damaged, passed over: \(fault)") }
    if let file = folder?.resumedFrom { try results.line("Going on from \(file)") }
    do {
      let (weights, epochs, isInterrupted): (NetworkWeights, [EpochReport], Bool)
      switch twin {
      case .spiking:
        try results.line(
          "\(name), \(options.update.rawValue), T = \(steps), eta = \(eta)"
            + (learning.variant.recipe ? ", recipe" : "")
            + (learning.variant.integer ? ", integers only" : ""))
        try results.line(TrainTable.header)
        if learning.variant.integer {
          let result = try await spiking.runInIntegers(
            hidden: widths, dataset: data, progress: progress, onEpoch: onEpoch,
            checkpoints: folder)
          (weights, epochs, isInterrupted) = (result.weights, result.epochs, result.isInterrupted)
        } else {
          let result = try await spiking.run(
            hidden: widths, dataset: data, progress: progress, onEpoch: onEpoch,
            checkpoints: folder)
          (weights, epochs, isInterrupted) = (result.weights, result.epochs, result.isInterrupted)
        }
      case .dense:
        BLAS.threads = 1
        try results.line(
          "\(name), dense, minibatches of \(dense.minibatch), \(dense.loss.rawValue), "
            + "eta = \(eta)")
        try results.line(TrainTable.header)
        let result = try await dense.run(
          hidden: widths, dataset: data, initialWeights: first, progress: progress,
          onEpoch: onEpoch, checkpoints: folder)
        (weights, epochs, isInterrupted) = (result.weights, result.epochs, result.isInterrupted)
      }
      try page?.commit(
        HTMLReport(
          training: [(twin.rawValue, epochs)], title: "Training: \(name)", manifest: manifest))
      try files.commit(
        weights: weights, epochs: epochs, report: report(epochs, isInterrupted: isInterrupted))
      if isInterrupted {
        try results.line(
          "Interrupted: the last line is of an epoch that was not finished."
            + (folder == nil ? "" : " --resume goes on."))
        throw InterruptedAfterResults()
      }
    } catch let failure as LearningFailure {
      try files.commit(
        weights: failure.lastWhole, epochs: failure.epochs,
        report: report(failure.epochs, isInterrupted: false, failure: "\(failure)"))
      if let save {
        try results.line(
          "Training diverged: \(save) has the weights "
            + (failure.epochs.isEmpty ? "that it started from." : "of the last whole epoch."))
      }
      throw failure
    }
  }
}
