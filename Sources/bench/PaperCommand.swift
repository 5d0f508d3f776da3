import ArgumentParser
import Datasets
import Experiments
import Foundation
import Networks
import SpikeKernels

/// `bench paper`: the paper's tables, ours beside the authors'.
struct PaperCommand: AsyncParsableCommand {
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
    let schemaVersion = 1
    let manifest: RunManifest
    let settings: Paper.Settings
    let results: [Paper.Result]
    let verdicts: [Verdict]
  }

  func run() async throws {
    let set = try InstructionSet.selected()
    let file = try results.open()
    let manifest = RunManifest(
      command: CommandLine.arguments, seed: seed, instructionSet: set, threads: threads.count)
    let data = try network.dataset.load()
    guard quick || split == .standard || data.training.count > 10_000 else {
      throw ValidationError(
        "'--split authors' needs more than 10,000 training images, found \(data.training.count).")
    }
    let widths = network.hidden ?? (quick ? [64, 64] : data.defaultHidden)
    _ = try data.layerSizes(hidden: widths)
    var settings =
      quick
      ? Paper.Settings.quick(on: data, hidden: widths)
      : Paper.Settings(dataset: data, split: split, hidden: widths)
    if let epochs { settings.epochs = epochs }
    if let ablationEpochs { settings.ablationEpochs = ablationEpochs }
    let paper = Paper(settings: settings, dataset: data, instructionSet: set)
    let folder = try state.map { try PaperState(path: $0, settings: settings) }
    let chosen = rows ?? PaperRow.all
    if !Comparison.isOptimizedBuild {
      try results.line("This is a debug build: its timings mean nothing. Use -c release.")
    }
    try results.line(
      "\(data.name) (\(data.source)), \(settings.split.rawValue) split: "
        + "\(Format.count(paper.dataset.training.count)) training images, "
        + "\(Format.count(paper.dataset.test.count)) test images, hidden "
        + settings.hidden.map(String.init).joined(separator: "-"))
    let jobs = (0..<UInt64(seeds)).flatMap { offset in chosen.map { ($0, seed + offset) } }
    let found: [Paper.Result]
    do {
      found = try await PaperRun(
        paper: paper, folder: folder, workers: threads.count, isQuiet: results.quiet
      ).run(jobs)
    } catch is CancellationError where state != nil {
      Progress.clear()
      Output.complain("interrupted; finished rows are kept in \(state!)")
      throw InterruptedAfterResults()
    }
    for line in PaperTables.lines(found, rows: chosen, settings: settings) {
      try results.line(line)
    }
    let verdicts = quick ? Paper.quickVerdicts(found) : []
    let report = Report(
      manifest: manifest, settings: settings, results: found, verdicts: verdicts)
    if quick {
      try results.finish(report, verdicts: verdicts, to: file)
    } else {
      try file?.commit(json: report)
    }
  }
}

/// Rows in parallel, a core each; those that the folder has are not run again.
private struct PaperRun {
  let paper: Paper
  let folder: PaperState?
  let workers: Int
  let isQuiet: Bool

  func run(_ jobs: [(row: PaperRow, seed: UInt64)]) async throws -> [Paper.Result] {
    var results: [Paper.Result?] = []
    for job in jobs { results.append(try folder?.result(of: job.row, seed: job.seed)) }
    let kept = results.count { $0 != nil }
    if kept > 0 { try say("\(kept) of \(jobs.count) rows are finished already.") }
    let pending = jobs.indices.filter { results[$0] == nil }
    guard !pending.isEmpty else { return results.compactMap(\.self) }
    // Long rows first, so that no core waits for one at the end.
    let costs = try jobs.map { try paper.cost(of: $0.row) }
    let order = pending.sorted { costs[$0] > costs[$1] }
    let total = pending.map { costs[$0] }.reduce(0, +) / Double(min(workers, pending.count))
    try say("\(pending.count) rows to run on \(workers) cores, about \(Format.seconds(total)).")
    var done = 0
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: (Int, Paper.Result, NetworkWeights).self) { group in
      var next = 0
      func add() {
        guard next < order.count else { return }
        let index = order[next]
        let (row, seed) = jobs[index]
        next += 1
        group.addTask { [paper] in
          let (result, weights) = try await paper.run(row, seed: seed) { epoch, done, total, _ in
            Progress.show("\(row.name) (seed \(seed)), epoch \(epoch)", done, total)
          }
          return (index, result, weights)
        }
      }
      for _ in 0..<workers { add() }
      var spent = 0.0
      while let (index, result, weights) = try await group.next() {
        try folder?.keep(result, weights: weights)
        results[index] = result
        done += 1
        spent += costs[index]
        let all = pending.map { costs[$0] }.reduce(0, +)
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let left = spent > 0 ? elapsed * (all - spent) / spent : 0
        try say(
          "\(result.row), seed \(result.seed): \(PaperTables.summary(result)) in "
            + "\(Format.seconds(result.seconds)); \(done) of \(pending.count) rows done"
            + (done < pending.count ? ", about \(Format.seconds(left)) left" : ""))
        add()
      }
    }
    return results.compactMap(\.self)
  }

  private func say(_ text: String) throws { if !isQuiet { try Output.line(text) } }
}
