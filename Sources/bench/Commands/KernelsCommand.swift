import ArgumentParser
import Datasets
import DenseReLU
import Experiments
import Foundation
import Measures
import ModelFiles
import Networks
import Reports
import SpikeKernels
import SpikingReLU
import Training

/// `bench kernels`: the inner loops beside the machine, the twins beside each other.
struct KernelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Time each kernel beside the machine's read bandwidth, and the twins side by side.",
    discussion: """
      One thread. Kernels in ns a spike and GB/s of weights, on each instruction set; the share of \
      active inputs below which events are faster than a dense product; ratios of the twins on a \
      network that has learned one epoch by spikes, or on --load. Targets are of MNIST and \
      784-200-200-10; on other sizes ratios have no verdict. Verdicts on time count in the exit \
      status only with --strict-timing.
      """)

  @OptionGroup var network: NetworkOptions

  @Option(
    help: ArgumentHelp("Take the weights in this safetensors, npz or ONNX file.", valueName: "file")
  )
  var load: String?

  @Option(help: ArgumentHelp("Seed of the weights.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Milliseconds of each figure, 1...10000.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...10_000) })
  var milliseconds = 50

  @OptionGroup var results: ResultOptions
  @OptionGroup var reports: ReportOptions
  @OptionGroup var tables: TableOptions

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let dataset: String
    let topology: Topology
    let kernels: KernelBenchmark.Result
    let verdicts: [Verdict]
  }

  func run() async throws {
    let run = try CommandRun(results, reports: reports, tables: tables, header: ["kernel"])
    let set = run.set
    let data = try network.dataset.load()
    guard set != .reference else {
      throw ValidationError("the reference is plain Swift: there are no kernels to time.")
    }
    let manifest = try run.begin(seed: seed, dataset: data)
    let weights: NetworkWeights
    if let load {
      weights = try NetworkFile(load, hidden: network.hidden, of: data).weights
    } else {
      let topology = try network.topology(of: data)
      var training = SpikingTraining(options: try TrainingOptions(), instructionSet: set)
      training.schedule.epochs = 1
      training.schedule.evaluation = .none
      training.seed = seed
      let result = try await training.run(
        hidden: topology.hidden, dataset: data,
        progress: { epoch, done, total, _ in
          Progress.show("learning, epoch \(epoch)", done, total, unit: "images")
        })
      if result.isInterrupted { throw CancellationError() }
      weights = result.weights
    }
    var benchmark = KernelBenchmark(weights: weights, data: data.test, instructionSet: set)
    benchmark.seconds = Double(milliseconds) / 1000
    let result = try benchmark.run { Progress.show($0, $1, $2) }
    try run.print(KernelTables.lines(result))
    let topology = weights.topology
    try run.print(
      "\nThe twins on \(data.name), network \(topology), "
        + "\(Format.count(result.spikesPerImage)) spikes an image at T = 10, \(set.rawValue)")
    try run.print(KernelTables.ratios(result))
    let verdicts = topology == [784, 200, 200, 10] ? result.verdicts : []
    if !verdicts.isEmpty { try run.print() }
    try run.finish(
      Report(
        manifest: manifest, dataset: data.name, topology: topology, kernels: result,
        verdicts: verdicts),
      verdicts: verdicts, report: HTMLReport(result, verdicts: verdicts, manifest: manifest),
      table: CSVTable(KernelBenchmark.Result.kernelColumns, result.kernels))
  }
}

/// What `kernels` prints for people.
enum KernelTables {
  static func lines(_ result: KernelBenchmark.Result) -> [String] {
    func number(_ value: Double) -> String { Format.significant(value) }
    var lines = [
      "Read bandwidth, one core\(result.caches.areKnown ? "" : " (cache sizes assumed)")"
    ]
    lines += Format.table(
      [["", "KiB", "GB/s"]]
        + result.bandwidths.map {
          [$0.level, Format.count($0.bytes / 1024), number($0.gigabytesPerSecond)]
        })
    lines += ["", "Kernels: ns a spike, and GB/s of weights; of Float, unless integers are named"]
    var sets: [String] = []
    var names: [String] = []
    for kernel in result.kernels {
      if !sets.contains(kernel.instructionSet) { sets.append(kernel.instructionSet) }
      if !names.contains(kernel.name) { names.append(kernel.name) }
    }
    lines += Format.table(
      [[""] + sets.flatMap { [($0 == "baseline" ? "base-\nline" : $0) + "\nns", "GB/s"] }]
        + names.map { name in
          [name]
            + sets.flatMap { set in
              let kernel = result.kernels.first { $0.instructionSet == set && $0.name == name }
              return [
                kernel.map { number($0.nanosecondsPerSpike) } ?? "-",
                kernel?.gigabytesPerSecond.map(number) ?? "-",
              ]
            }
        })
    lines += [
      "",
      "Crossover: a layer product by events (rows added) against cblas_sgemv, n inputs, n units",
    ]
    lines += Format.table(
      [["n", "sgemv us", "ns a spike", "events are faster below"]]
        + result.crossovers.map {
          [
            Format.count($0.width), number($0.denseMicroseconds), number($0.nanosecondsPerSpike),
            "\(Format.fixed(100 * $0.share, 1))% active",
          ]
        })
    return lines
  }

  static func ratios(_ result: KernelBenchmark.Result) -> [String] {
    Format.table(KernelBenchmark.Result.ratioColumns, result.ratios) + [
      "  training, fractional, T = 10: \(Format.count(result.trainingImagesPerSecond)) images/s, "
        + "\(Format.fixed(result.trainingImagesPerSecond / KernelBenchmark.authorsImagesPerSecond, 1))"
        + " times the authors' \(Format.count(KernelBenchmark.authorsImagesPerSecond))",
      "  weight rows are read at \(Format.fixed(result.rowBandwidthShare, 2)) of the bandwidth of L2",
    ]
  }
}
