import ArgumentParser
import Cluster
import Datasets
import Experiments
import Files
import ModelFiles
import Networks
import Prediction
import Reports
import SpikeKernels
import SpikingReLU
import Training

/// `bench anytime`: what a network answers after each step, and what early exit saves.
struct AnytimeCommand: AsyncParsableCommand, RunsOnRanks {
  static let configuration = CommandConfiguration(
    commandName: "anytime",
    abstract: "Accuracy against steps, operations, energy and time; scales; early exit.",
    discussion: """
      Trains a network, or loads one; finds on calibration images (the last of the training part, \
      which are not trained on) the quantum of the spikes of each layer, and how clear an answer \
      must be to end an image; then judges on the test images. Exits with 1 when a verdict fails.

      The search minimizes error in percent + lambda * additions / dense multiply-adds; lambda is 1, 2.25 on \
      Fashion-MNIST, 8 on the digits, 1.5 for the spiking twin.
      """)

  @OptionGroup var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      """
      Which twin is trained: \(Choice.names(AnytimeTraining.Method.self)). 'dense' is trained for few \
      spikes, 'plain-dense' for nothing but its loss. Default: dense.
      """,
      valueName: "twin"),
    transform: Choice.parse)
  var twin = AnytimeTraining.Method.dense

  @Option(
    help: ArgumentHelp(
      """
      Epochs of training, 1...10000. Default: 20, 30 on Fashion-MNIST, 10 for the spiking twin; \
      120 on the digits.
      """,
      valueName: "n"),
    transform: { try Bounded.integer($0, 1...10_000) })
  var epochs: Int?

  @Option(
    help: ArgumentHelp("What an active unit costs the 'dense' twin.", valueName: "share"),
    transform: Bounded.notNegative)
  var penalty: Float?

  @Option(
    help: ArgumentHelp(
      """
      Groups of staggered input phases in the training of the 'dense' twin, 1, 2 or 4. Default: 4; \
      2 on the digits.
      """, valueName: "n"),
    transform: {
      guard let groups = Int($0), [1, 2, 4].contains(groups) else {
        throw ValidationError("expected 1, 2 or 4, found '\($0)'")
      }
      return groups
    })
  var phaseGroups: Int?

  @Option(
    help: ArgumentHelp(
      "Pixels by which images are moved while a dense twin learns, 0...4. Default: 1 on MNIST.",
      valueName: "n"),
    transform: { try Bounded.integer($0, 0...4) })
  var shift: Int?

  @Option(
    help: ArgumentHelp(
      "Take the weights in this safetensors, npz or ONNX file instead of training.",
      valueName: "file"))
  var load: String?

  @Option(
    help: ArgumentHelp(
      "Write the weights of the found network to this .safetensors, .npz or .onnx file; see convert.",
      valueName: "file"))
  var save: String?

  @Option(
    help: ArgumentHelp("The most time steps T of an image, 1...1000. Default: 12.", valueName: "T"),
    transform: { try Bounded.integer($0, 1...1000) })
  var steps = 12

  @OptionGroup(title: "What the file of --load does not say") var reading: ReadingOptionGroup
  @OptionGroup(title: "Search") var search: SearchOptions

  @Option(
    help: ArgumentHelp(
      "Training images kept for calibration. Default: a fifth, at most 5000.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...Int(Int32.max)) })
  var calibration: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Fit the last layer to spike counts after T steps. Default: for the spiking twin.")
  var refitReadout: Bool?

  @Option(
    help: ArgumentHelp(
      """
      The verdict on errors: at most so many points above the dense network's. Default: 0.1 on MNIST, \
      0.3 on Fashion-MNIST, 2 on others.
      """,
      valueName: "points"),
    transform: Bounded.notNegative)
  var maxErrorIncrease: Float?

  @Option(
    help: ArgumentHelp(
      """
      The verdict on operations: additions over the dense network's multiply-adds, at most. Default: 0.06 \
      on MNIST and 0.22 on Fashion-MNIST, 0.16 and 0.4 where rates alone are searched, 0.2 for the spiking \
      twin; 1 on others and for loaded weights.
      """,
      valueName: "share"),
    transform: Bounded.notNegative)
  var maxOperations: Float?

  @Option(
    help: ArgumentHelp("Judge on the first n test images only.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...Int(Int32.max)) })
  var images: Int?

  @Option(help: ArgumentHelp("Seed of weights and order of examples.", valueName: "n"))
  var seed: UInt64 = 1

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var results: ResultOptions
  @OptionGroup var reports: ReportOptions
  @OptionGroup var tables: TableOptions

  func validate() throws {
    guard refitReadout != true || search.firing != .refining else {
      throw ValidationError(
        "'--refit-readout' fits the last layer to spike counts, which refining does not read: not with "
          + "'--firing refining'.")
    }
    if load != nil {
      guard epochs == nil, penalty == nil, shift == nil, phaseGroups == nil else {
        throw ValidationError(
          "'--epochs', '--penalty', '--phase-groups' and '--shift' train: not with '--load'.")
      }
    }
    guard load != nil || !reading.areGiven else {
      throw ValidationError(
        "'--layers', '--layout', '--ignore', '--activation', '--scale', '--mean' and '--std' go with '--load'."
      )
    }
    let files = [load, save, results.json, reports.report, tables.csv].compactMap(\.self)
    guard Set(files).count == files.count else {
      throw ValidationError(
        "'--load', '--save', '--json', '--report' and '--csv' need a file each.")
    }
  }

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let dataset: CompareCommand.Report.Data
    let training: AnytimeTraining?
    let anytime: Anytime.Result
    let verdicts: [Verdict]
  }

  func run() async throws {
    let run = try CommandRun(results, reports: reports, tables: tables, header: ["timeSteps"])
    let set = run.set
    let weightsFile = try Ranks.onRoot { try save.map(NetworkOutput.init) }
    let whole = try network.dataset.loadOnRanks()
    let isDigits = whole.height * whole.width <= 64
    let kept = calibration ?? whole.usualCalibration
    guard kept < whole.training.count else {
      throw ValidationError(
        "'--calibration': \(kept) of \(whole.training.count) training images leave none to train on"
      )
    }
    let (data, calibrationImages) = whole.split(calibration: kept)
    try CodingSearch.check(calibrationImages)
    let manifest = try run.begin(seed: seed, threads: threads, dataset: whole)
    let test = images.map(data.test.prefix) ?? data.test
    let team = Team(Ranks.all)
    guard Ranks.isRoot else {
      return try await Anytime.serve(
        team, calibration: calibrationImages, test: test, workers: threads.count,
        instructionSet: set)
    }
    let preset = AnytimePreset(
      dataset: data.name, isSmall: isDigits, method: twin, firing: search.firing, seed: seed)
    let (weights, coding, training) = try await weights(of: data, preset, set)
    var search = CodingSearch(
      instructionSet: set, imageSize: (data.height, data.width))
    self.search.apply(to: &search, lambda: preset.lambda)
    search.timeSteps = steps
    search.refitsReadout =
      refitReadout ?? (twin == .spiking && load == nil && self.search.firing != .refining)
    if self.search.firing == nil, search.refitsReadout {
      // The last layer is fitted to spike counts, which refining does not read.
      search.firings = [.oncePerStep]
    }
    search.workers = threads.count
    var settings = Anytime.Settings(
      search: search, target: target(preset))
    settings.trainedCoding = coding
    let (result, spikingWeights) = try await Anytime(
      weights: weights, calibration: calibrationImages, test: test, settings: settings
    ).run(team: team) { stage, done, total in Progress.show(stage.rawValue, done, total) }
    Progress.clear()
    let name =
      "\(data.name) (\(data.source)), network "
      + weights.topology.description + ", "
      + (load.map { "weights of \($0)" } ?? "\(twin.rawValue) training, \(training!.epochs) epochs")
    try run.print([name] + AnytimeTables.lines(result))
    try weightsFile?.commit(
      spikingWeights, coding: result.coding, firing: result.firing,
      patterns: result.patterns?.groups,
      settings: SpikingSettings(
        firing: result.firing, timeSteps: result.exit.timeSteps,
        margin: result.exit.margin.map { Float($0) },
        ratio: Float(result.exit.ratio), of: whole))
    try run.print(weightsFile?.notes(result.firing) ?? [])
    try run.finish(
      Report(
        manifest: manifest,
        dataset: .init(
          name: data.name, source: data.source, trainingImages: data.training.count,
          testImages: test.count),
        training: training, anytime: result, verdicts: result.verdicts),
      verdicts: result.verdicts,
      report: HTMLReport(
        result,
        activity: ActivityReport(
          weights: spikingWeights, coding: result.coding, firing: result.firing,
          timeSteps: result.timeSteps,
          data: test, height: data.height, width: data.width), manifest: manifest),
      table: CSVTable(Anytime.Result.Row.columns, result.curveRows))
  }

  private func weights(
    of data: Dataset, _ preset: AnytimePreset, _ set: InstructionSet
  ) async throws -> (NetworkWeights, SpikeCoding?, AnytimeTraining?) {
    if let load {
      let file = try NetworkFile(
        load, hidden: network.hidden, of: data,
        reading.options(
          wholeNumberScale: data.divisor, isInterleaved: data.channelOrder == .last))
      if let judged = try file.spikingSettings() {
        try results.prose(
          "The file says how it was judged: \(judged.words). Here it is judged anew.")
      }
      // The search starts from quanta that came with the weights, too.
      let saved = try file.decoded("spike_coding", as: SpikeCoding.self)
      return (file.weights, saved, nil)
    }
    let topology = try network.topology(of: data)
    var training = preset.training
    if let epochs { training.epochs = epochs }
    if let shift { training.shift = shift }
    if let phaseGroups { training.phaseGroups = phaseGroups }
    if let penalty { training.activityPenalty = penalty }
    let (weights, coding) = try await training.run(
      hidden: topology.hidden, dataset: data, instructionSet: set
    ) { Progress.show("training", $0, $1, unit: "images") }
    return (weights, coding, training)
  }

  /// What the found network is held to.
  private func target(_ preset: AnytimePreset) -> Anytime.Target {
    // Somebody's network was not trained for few spikes: it need not be as sparse as ours.
    Anytime.Target(
      errorPoints: maxErrorIncrease.map(Double.init) ?? preset.target.errorPoints,
      shareOfDense: maxOperations.map(Double.init)
        ?? (load == nil ? preset.target.shareOfDense : 1),
      timeOfDense: load == nil ? preset.target.timeOfDense : nil)
  }
}
