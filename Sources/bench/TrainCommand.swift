import ArgumentParser
import Datasets
import Experiments
import Foundation
import Networks
import SpikeKernels
import SpikingReLU

/// `bench train`: the spiking twin learns by spikes.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a spiking network by spikes, one image at a time.",
    discussion: """
      Prints errors on training and test images after each epoch, and what the learning cost. \
      Ctrl-C finishes the current image, reports what there is, and exits with 130.
      """)

  @OptionGroup var network: NetworkOptions

  @Option(
    help: ArgumentHelp("Time steps T, 1...1048576.", valueName: "T"),
    transform: { try Bounded.integer($0, 1...PredictionOptions.maximumTimeSteps) })
  var steps = 10

  @Option(
    help: ArgumentHelp("Epochs, 0...10000.", valueName: "n"),
    transform: { try Bounded.integer($0, 0...10_000) })
  var epochs = 20

  @Option(help: ArgumentHelp("Learning rate.", valueName: "eta"), transform: Bounded.positive)
  var eta: Float = 0.01

  @Option(
    help: ArgumentHelp(
      "The learning rate of an epoch is this share of the one before.", valueName: "share"),
    transform: Bounded.positive)
  var etaDecay: Float = 1

  @Option(
    help: ArgumentHelp(
      "When weights change: \(Choice.names(TrainingOptions.Update.self)).", valueName: "update"),
    transform: Choice.parse)
  var update = TrainingOptions.Update.fractional

  @Option(
    help: ArgumentHelp(
      "Order of events: \(Choice.names(TrainingOptions.Traversal.self)).", valueName: "order"),
    transform: Choice.parse)
  var traversal = TrainingOptions.Traversal.breadthFirst

  @Option(
    help: ArgumentHelp(
      "Quantizers of the layers: \(Choice.names(QuantizerKind.self)).", valueName: "kind"),
    transform: Choice.parse)
  var forwardQuantizer = QuantizerKind.rectHerding

  @Option(
    help: ArgumentHelp("Quantizers of errors sent down: the same kinds.", valueName: "kind"),
    transform: Choice.parse)
  var backwardQuantizer = QuantizerKind.noResetHerding

  @Option(
    help: ArgumentHelp("Regularization by forward spikes, 0 for none.", valueName: "r"),
    transform: { try $0 == "0" ? 0 : Bounded.positive($0) })
  var regularization: Float = 0

  @Flag(help: "Update with real-valued sums instead of input counts.")
  var smooth = false

  @Flag(inversion: .prefixedNo, help: "Hold errors in a counter until the end of a step.")
  var holdError = true

  @Flag(help: "Meet the images in a new order each epoch.")
  var shuffle = false

  @Option(help: ArgumentHelp("Seed of weights and order of images.", valueName: "n"))
  var seed: UInt64 = 1

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var results: ResultOptions

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = 1
    let manifest: RunManifest
    let dataset: String
    let layerSizes: [Int]
    let timeSteps: Int
    let learningRate: Float
    let update: TrainingOptions.Update
    let epochs: [EpochReport]
    let testErrorPercent: Double?
    let trainErrorPercent: Double?
    let isInterrupted: Bool
    let verdicts: [Verdict] = []
  }

  func run() async throws {
    let set = try InstructionSet.selected()
    let file = try results.open()
    let manifest = RunManifest(
      command: CommandLine.arguments, seed: seed, instructionSet: set, threads: threads.count)
    let data = try network.dataset.load()
    let widths = network.hidden ?? data.defaultHidden
    let sizes = try data.layerSizes(hidden: widths)
    let training = try training(set)
    if !Comparison.isOptimizedBuild {
      try results.line("This is a debug build: its timings mean nothing. Use -c release.")
    }
    if let note = threads.note { try results.line(note) }
    try results.line(
      "\(data.name) (\(data.source)), network \(sizes.map(String.init).joined(separator: "-")), "
        + "\(update.rawValue), T = \(steps), eta = \(eta)")
    try results.line(TrainTable.header)
    let quiet = results.quiet
    let result = try await training.run(
      hidden: widths, dataset: data,
      progress: { epoch, done, total, error in
        Progress.show(
          "epoch \(epoch)", done, total, detail: ", running error \(Format.fixed(error, 2))%")
      },
      onEpoch: { if !quiet { try Output.line(TrainTable.line($0)) } })
    let last = result.epochs.last
    try file?.commit(
      json: Report(
        manifest: manifest, dataset: data.name, layerSizes: sizes, timeSteps: steps,
        learningRate: eta, update: update, epochs: result.epochs,
        testErrorPercent: last?.testErrorPercent, trainErrorPercent: last?.trainErrorPercent,
        isInterrupted: result.isInterrupted))
    if result.isInterrupted {
      try results.line("Interrupted: the last line is of an epoch that was not finished.")
      throw InterruptedAfterResults()
    }
  }

  private func training(_ set: InstructionSet) throws -> SpikingTraining {
    var options = try TrainingOptions(learningRate: eta)
    options.update = update
    options.traversal = traversal
    options.forwardQuantizer = forwardQuantizer
    options.backwardQuantizer = backwardQuantizer
    options.regularization = regularization
    options.usesSmoothGradients = smooth
    options.holdsError = holdError
    var training = SpikingTraining(options: options, instructionSet: set)
    training.timeSteps = steps
    training.epochs = epochs
    training.learningRateDecay = etaDecay
    training.shuffles = shuffle
    training.seed = seed
    training.workers = threads.count
    return training
  }
}

/// The table of a learning curve, a line an epoch.
enum TrainTable {
  private static let columns = [
    "epoch", "running", "train", "test", "images/s", "spikes", "errors", "fwd adds", "bwd adds",
    "updates",
  ]

  static var header: String { columns.map { pad($0) }.joined() }

  static func line(_ report: EpochReport) -> String {
    func percent(_ value: Double?) -> String { value.map { Format.fixed($0, 2) + "%" } ?? "-" }
    return [
      String(report.epoch), percent(report.runningErrorPercent),
      percent(report.trainErrorPercent), percent(report.testErrorPercent),
      Format.count(report.imagesPerSecond), Format.count(report.work.forwardSpikes),
      Format.fixed(report.work.backwardSpikes, 1), Format.count(report.work.forwardAdditions),
      Format.count(report.work.backwardAdditions), Format.count(report.work.updateOperations),
    ].map { pad($0) }.joined()
  }

  private static func pad(_ text: String) -> String {
    String(repeating: " ", count: max(1, 10 - text.count)) + text
  }
}

/// The run was interrupted, and what there was has been written.
struct InterruptedAfterResults: Error {}
