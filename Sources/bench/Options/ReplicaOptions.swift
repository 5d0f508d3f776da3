import ArgumentParser
import Cluster
import Datasets
import Experiments
import Networks
import Reports
import SpikeKernels
import Training

/// `scale --learning`: data-parallel learning.
struct ReplicaOptions: ParsableArguments {
  @OptionGroup var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "With --learning: numbers of networks. Default: 2,4,8,16.", valueName: "n,n,..."),
    transform: { try Bounded.integers($0, Self.range) })
  var replicas: [Int]?

  @Option(
    help: ArgumentHelp(
      "With --learning: images of each network between two means. Default: 1,10,100,1000.",
      valueName: "n,n,..."),
    transform: { try Bounded.integers($0, 1...1_000_000) })
  var averageEvery: [Int]?

  @Option(
    help: ArgumentHelp(
      "With --learning: passes over the training images, 1...10000. Default: 1; 20 on the digits.",
      valueName: "n"),
    transform: { try Bounded.integer($0, 1...10_000) })
  var epochs: Int?

  @Option(
    help: ArgumentHelp(
      "With --learning: learning rate of a network. Default: 0.01; 0.02 on the digits.",
      valueName: "eta"),
    transform: Bounded.positive)
  var eta: Float?

  @Flag(
    inversion: .prefixedNo,
    help: "With --learning: n networks learn with n times the learning rate. Default: yes.")
  var scaleEta: Bool?

  @Option(
    help: ArgumentHelp(
      "With --learning: images a step of the dense twin. Default: 128.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...1_000_000) })
  var minibatch: Int?

  @Option(
    help: ArgumentHelp(
      "With --learning: keep finished cells of the table in this folder, and go on from it.",
      valueName: "folder"))
  var state: String?

  /// Replicas that are accepted: a checkpoint has an array of each, and at most 4,096.
  static let range = 1...4000

  /// An option that was given.
  var given: String? {
    let options: [(String, Bool)] = [
      ("--dataset", network.dataset.dataset != "digits"),
      ("--data", network.dataset.files.areGiven),
      ("--hidden", network.hidden != nil), ("--replicas", replicas != nil),
      ("--average-every", averageEvery != nil), ("--epochs", epochs != nil),
      ("--eta", eta != nil), ("--scale-eta", scaleEta != nil), ("--minibatch", minibatch != nil),
      ("--state", state != nil),
    ]
    return options.first(where: \.1)?.0
  }

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let learning: ReplicaBenchmark.Result
    let verdicts: [Verdict]
  }

  func run(
    _ run: CommandRun, seed: UInt64, milliseconds: Int, _ threads: ThreadOptions
  ) async throws {
    let data = try network.dataset.loadOnRanks()
    let isDigits = data.height * data.width <= 64
    let widths = network.hidden ?? data.defaultHidden
    _ = try data.topology(hidden: widths)
    var settings = ReplicaBenchmark.Settings(
      dataset: data, hidden: widths, epochs: epochs ?? (isDigits ? 20 : 1),
      learningRate: eta ?? (isDigits ? 0.02 : 0.01), seed: seed)
    if let scaleEta { settings.scalesLearningRate = scaleEta }
    var benchmark = try ReplicaBenchmark(settings: settings, dataset: data, instructionSet: run.set)
    if let replicas { benchmark.replicas = replicas }
    if let averageEvery { benchmark.intervals = averageEvery }
    if let minibatch { benchmark.minibatch = minibatch }
    benchmark.seconds = Double(milliseconds) / 200
    benchmark.workers = threads.count
    guard benchmark.minibatch >= Ranks.all.size else {
      throw ValidationError(
        "'--minibatch': \(Ranks.all.size) processes cannot divide \(benchmark.minibatch) images.")
    }
    guard let most = benchmark.intervals.max(), most * Ranks.all.size <= 100_000_000 else {
      throw ValidationError(
        "'--average-every': at most \(100_000_000 / Ranks.all.size) on \(Ranks.all.size) processes."
      )
    }
    let folder = try Ranks.onRoot {
      try state.map { try StateFolder(path: $0, settings: settings) }
    }
    let manifest = try run.begin(seed: seed, threads: threads, dataset: data)
    try run.print(
      "\(data.name) (\(data.source)), network "
        + benchmark.topology.description
        + ", \(Ranks.all.size) rank\(Ranks.all.size == 1 ? "" : "s")")
    let found: ReplicaBenchmark.Result?
    do {
      found = try await benchmark.run(
        ranks: Ranks.all, folder: folder,
        progress: { stage, done, total in
          Progress.show(stage.rawValue, done, total, unit: stage == .cells ? "images" : nil)
        },
        onEvent: { event in
          try run.print(ReplicaTables.lines(event))
        })
    } catch is CancellationError where state != nil {
      Progress.clear()
      if Ranks.isRoot { Output.complain("interrupted; finished cells are kept in \(state!)") }
      throw InterruptedAfterResults()
    }
    guard let result = found else { return }
    try run.print(ReplicaTables.lines(result) + [""])
    try run.finish(
      Report(manifest: manifest, learning: result, verdicts: result.verdicts),
      verdicts: result.verdicts, report: HTMLReport(result, manifest: manifest),
      table: CSVTable(ReplicaBenchmark.Cell.columns, result.cells))
  }
}
