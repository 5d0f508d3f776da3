import ArgumentParser
import Datasets
import Experiments
import Foundation
import Networks
import Reports
import SpikeKernels
import Training

/// `bench paper`: the paper's tables, ours beside the authors'.
struct PaperCommand: AsyncParsableCommand, RunsOnRanks {
  static let configuration = CommandConfiguration(
    commandName: "paper",
    abstract: "Reproduce the paper's tables, beside the authors' figures.",
    discussion: """
      (a) four variants of learning and the ReLU network, 20 epochs; (b) ten changes to the \
      baseline, 4 epochs. 784-200-200-10, T = 10, eta 0.01, one image a step, in order.

      With --state a finished row is kept and not run again: stop with Ctrl-C, go on with the same \
      command. --quick runs on the embedded digits in less than a minute, with verdicts. Rows: \
      \(PaperRow.all.map(\.name).joined(separator: ", ")).
      """)

  @OptionGroup var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "authors (train on all but the last 10,000 training images, test on those) or standard.",
      valueName: "split"),
    transform: Choice.parse)
  var split = Dataset.Split.authors

  @Option(
    help: ArgumentHelp("Epochs of table (a). Default: 20.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...10_000) })
  var epochs: Int?

  @Option(
    help: ArgumentHelp("Epochs of table (b). Default: 4.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...10_000) })
  var ablationEpochs: Int?

  @Option(
    help: ArgumentHelp("Rows to run, by name; all by default.", valueName: "row,row,..."),
    transform: Self.rows)
  var rows: [PaperRow]?

  @Option(
    help: ArgumentHelp("Seeds of each row, from --seed on.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...1000) })
  var seeds = 1

  @Option(help: ArgumentHelp("The first seed.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Keep finished rows in this folder, and go on from it.", valueName: "folder")
  )
  var state: String?

  @Flag(help: "Every row on the embedded digits, with verdicts, in less than a minute.")
  var quick = false

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var results: ResultOptions
  @OptionGroup var reports: ReportOptions
  @OptionGroup var tables: TableOptions

  private static func rows(_ text: String) throws -> [PaperRow] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
      guard let row = PaperRow.all.first(where: { $0.name == name }) else {
        throw ValidationError(
          "no row '\(name)'; there are \(PaperRow.all.map(\.name).joined(separator: ", "))")
      }
      return row
    }
  }

  func validate() throws {
    guard seed <= .max - UInt64(seeds) else {
      throw ValidationError("'--seed': at most \(UInt64.max - UInt64(seeds)) for \(seeds) seeds.")
    }
    guard !quick else {
      guard network.dataset.dataset == "digits" else {
        throw ValidationError("'--quick' runs on the embedded digits.")
      }
      return
    }
    guard network.dataset.dataset != "digits" else {
      throw ValidationError(
        "give '--dataset mnist' for the paper's tables, or '--quick' for the embedded digits.")
    }
  }

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let settings: Paper.Settings
    let results: [Paper.Result]
    let verdicts: [Verdict]
  }

  func run() async throws {
    let header = ["row", "seed", "column", "test", "train"]
    let run = try CommandRun(results, reports: reports, tables: tables, header: header)
    let data = try network.dataset.loadOnRanks()
    guard quick || split == .standard || data.training.count > 10_000 else {
      throw ValidationError(
        "'--split authors' needs more than 10,000 training images, found \(data.training.count).")
    }
    let widths = network.hidden ?? (quick ? [64, 64] : data.defaultHidden)
    _ = try data.topology(hidden: widths)
    var settings =
      quick
      ? Paper.Settings.quick(on: data, hidden: widths)
      : Paper.Settings(dataset: data, split: split, hidden: widths)
    if let epochs { settings.epochs = epochs }
    if let ablationEpochs { settings.ablationEpochs = ablationEpochs }
    let paper = Paper(settings: settings, dataset: data, instructionSet: run.set)
    let folder = try Ranks.onRoot {
      try state.map { try StateFolder(path: $0, settings: settings) }
    }
    let chosen = rows ?? PaperRow.all
    let manifest = try run.begin(seed: seed, threads: threads, dataset: data)
    try run.print(
      "\(data.name) (\(data.source)), \(settings.split.rawValue) split: "
        + "\(Format.count(paper.dataset.training.count)) training images, "
        + "\(Format.count(paper.dataset.test.count)) test images, hidden "
        + settings.hidden.map(String.init).joined(separator: "-"))
    let jobs = (0..<UInt64(seeds)).flatMap { offset in chosen.map { ($0, seed + offset) } }
    let found: [Paper.Result]
    do {
      found = try await PaperRun(
        paper: paper, folder: folder, workers: threads.count, ranks: Ranks.all
      ).run(
        jobs, progress: PaperTables.showProgress
      ) { event in
        try run.print(PaperTables.lines(event, workers: threads.count))
      }
    } catch is CancellationError where state != nil {
      Progress.clear()
      if Ranks.isRoot { Output.complain("interrupted; finished rows are kept in \(state!)") }
      throw InterruptedAfterResults()
    }
    guard Ranks.isRoot else { return }
    try run.print(PaperTables.lines(found, rows: chosen, settings: settings))
    let verdicts = quick ? Paper.quickVerdicts(found) : []
    let cells = found.flatMap { result in
      PaperColumn.allCases.compactMap { column in
        result.cells[column.rawValue].map {
          [result.row, "\(result.seed)", column.rawValue, "\($0.test)", "\($0.train)"]
        }
      }
    }
    let table = CSVTable(header: header, rows: cells)
    let page = HTMLReport(
      paper: found, on: data.name, rows: chosen, verdicts: verdicts, manifest: manifest)
    let report = Report(
      manifest: manifest, settings: settings, results: found, verdicts: verdicts)
    if quick {
      try run.finish(report, verdicts: verdicts, report: page, table: table)
    } else {
      try run.write(report, report: page, table: table)
    }
  }
}
