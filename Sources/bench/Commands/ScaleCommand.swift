import ArgumentParser
import Cluster
import Experiments
import Foundation
import Networks
import Reports
import SpikeKernels
import Training

/// `bench scale`: how cost grows.
struct ScaleCommand: AsyncParsableCommand, RunsOnRanks {
  static let configuration = CommandConfiguration(
    commandName: "scale",
    abstract: "How cost grows with spikes, width, depth, T, threads and processes.",
    discussion: """
      Random networks (He) and inputs. An exponent is the slope of a straight line through the \
      points, logarithm against logarithm. --probe does nothing but predict, for profilers; \
      Scripts/count-instructions counts with it what silent inputs cost.

      --learning is about learning on several networks at once instead: error against their number and the images \
      between two means, speed-up on all processes, bytes a step, and what a model says of 2 to 1,024 processes; \
      with verdicts, on the embedded digits unless told otherwise. Of several processes, each measures whole sweeps, \
      and those on one machine disturb each other.
      """)

  @Option(
    help: ArgumentHelp("The widest layer, 64...16384; widths double up to it.", valueName: "n"),
    transform: { try Bounded.integer($0, 64...16_384) })
  var widest = 8192

  @Option(
    help: ArgumentHelp("Milliseconds of each point, 1...10000.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...10_000) })
  var milliseconds = 100

  @Option(help: ArgumentHelp("Seed of weights and inputs.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Only predict so many examples with a network of --inputs inputs: for profilers.",
      valueName: "n"),
    transform: { try Bounded.integer($0, 0...1_000_000) })
  var probe: Int?

  @Option(
    help: ArgumentHelp(
      "Inputs of the network of --probe, 784 or more, 100 of them active.", valueName: "n"),
    transform: { try Bounded.integer($0, 784...NetworkWeights.maximumLayerWidth) })
  var inputs = 784

  @Flag(help: "Learning on several networks at once, in place of the sweeps.")
  var learning = false

  @OptionGroup var learningOptions: ReplicaOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var results: ResultOptions
  @OptionGroup var reports: ReportOptions
  @OptionGroup var tables: TableOptions

  func validate() throws {
    guard learning || learningOptions.given == nil else {
      throw ValidationError("'\(learningOptions.given!)' goes with '--learning'.")
    }
  }

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let scale: ScaleBenchmark.Result
    let verdicts: [Verdict]
  }

  func run() async throws {
    let set = try InstructionSet.selected()
    var benchmark = ScaleBenchmark(instructionSet: set)
    benchmark.seed = seed
    if let probe {
      if Ranks.isRoot { try benchmark.probe(inputs: inputs, examples: probe) }
      return
    }
    if learning {
      let run = try CommandRun(results, reports: reports, tables: tables, header: ["replicas"])
      return try await learningOptions.run(run, seed: seed, milliseconds: milliseconds, threads)
    }
    let run = try CommandRun(results, reports: reports, tables: tables, header: ["sweep"])
    let manifest = try run.begin(seed: seed, threads: threads)
    benchmark.seconds = Double(milliseconds) / 1000
    benchmark.widths = benchmark.widths.filter { $0 <= widest } + (widest > 8192 ? [widest] : [])
    benchmark.workers = Array(1...threads.count)
    let ran = try await benchmark.run(ranks: Ranks.all) { Progress.show("points", $0, $1) }
    guard let result = ran else { return }
    try run.print(ScaleTables.lines(result) + [""])
    let verdicts = result.verdicts
    let sweeps = result.sweeps.map { CSVTable($0.columns, $0.points) }
    try run.finish(
      Report(manifest: manifest, scale: result, verdicts: verdicts),
      verdicts: verdicts, report: HTMLReport(result, verdicts: verdicts, manifest: manifest),
      table: CSVTable(header: sweeps[0].header, rows: sweeps.flatMap(\.rows)))
  }
}

/// What `scale` prints for people.
enum ScaleTables {
  static func lines(_ result: ScaleBenchmark.Result) -> [String] {
    var lines: [String] = []
    for sweep in result.sweeps {
      if !lines.isEmpty { lines.append("") }
      lines.append(
        "\(sweep.name): time grows like its power of \(Format.fixed(sweep.timeExponent, 2)), "
          + "additions \(Format.fixed(sweep.additionsExponent, 2)); time like spikes to the "
          + Format.fixed(sweep.timeOverSpikesExponent, 2))
      lines += Format.table(sweep.columns, sweep.points)
    }
    lines += ["", "Prediction of a batch by tasks"]
    lines += Format.table(
      [["tasks", "examples/s", "speed-up", "same outputs"]]
        + result.throughputs.map {
          [
            "\($0.workers)", Format.count($0.examplesPerSecond), Format.fixed($0.speedup, 2),
            $0.isEqual ? "yes" : "no",
          ]
        })
    return lines
  }
}
