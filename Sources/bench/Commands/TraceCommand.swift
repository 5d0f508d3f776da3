import ArgumentParser
import Datasets
import Experiments
import Files
import Foundation
import ModelFiles
import Networks
import Reports
import SpikeKernels
import SpikeTraces
import SpikingReLU
import Training

/// `bench trace`: every spike of a network, to keep and to compare.
struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Record every spike of a network that learns, and compare two recordings.",
    discussion: """
      A trace is one JSON file: inputs, weights, spikes forward and back in order, weights and \
      predictions after. Recordings of the authors' program have the same form.
      """,
    subcommands: [TraceRecordCommand.self, TraceCompareCommand.self])
}

/// `bench trace record`.
struct TraceRecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Record a network while it learns some training images, one after the other.",
    discussion: "--recipe sets fractional updates with smooth gradients and T = 40.")

  @Argument(help: ArgumentHelp("The trace to write.", valueName: "file"))
  var file: String

  @OptionGroup var network: NetworkOptions
  @OptionGroup var learning: VariantOptions

  @Option(
    help: ArgumentHelp("Record so many training images, 1...100000.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...100_000) })
  var examples = 10

  @Option(
    help: ArgumentHelp(
      "Start from the weights in this safetensors, npz or ONNX file.", valueName: "file"))
  var load: String?

  @Option(
    help: ArgumentHelp(
      "Standard deviation of the first weights. Default: 0.01.", valueName: "s"),
    transform: Bounded.positive)
  var deviation: Float?

  @Option(
    help: ArgumentHelp(
      "Quantizers of the layers when it predicts: the same kinds.", valueName: "kind"),
    transform: Choice.parse)
  var layerQuantizer = QuantizerKind.rectHerding

  @Option(
    help: ArgumentHelp(
      "What predictions are: \(Choice.names(PredictionOptions.Readout.self)).",
      valueName: "readout"),
    transform: Choice.parse)
  var readout = PredictionOptions.Readout.potentials

  @Option(help: ArgumentHelp("Seed of weights and random quantizers.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(help: "Print nothing.")
  var quiet = false

  func validate() throws {
    if load != nil, deviation != nil {
      throw ValidationError("'--deviation' is of weights that are drawn: not with '--load'.")
    }
  }

  func run() async throws {
    if quiet { Progress.disable() }
    let set = try InstructionSet.selected()
    let output = try AtomicFile(forJSON: file)
    let data = try network.dataset.load()
    let images = data.training
    guard examples <= images.count else {
      throw ValidationError(
        "'--examples': \(examples) of \(images.count) training images asked for")
    }
    let training = try learning.training(set)
    let weights: NetworkWeights
    if let load {
      weights = try NetworkFile(load, hidden: network.hidden, of: data).weights
    } else {
      var generator = SeededGenerator(seed: seed)
      weights = try NetworkWeights(
        topology: network.topology(of: data),
        initializer: .normal(standardDeviation: deviation ?? training.initialDeviation),
        generator: &generator)
    }
    var options = try PredictionOptions(timeSteps: training.timeSteps)
    options.layerQuantizer = layerQuantizer
    options.readout = readout
    options.seed = seed
    let targets = images.targets
    let trace = try SpikeTrace.record(
      name: "\(data.name), \(RunManifest.packageVersion)", weights: weights, options: options,
      training: training.options, numberType: learning.integer ? .integer : .float,
      inputs: (0..<examples).map { images.images.row($0) },
      targets: (0..<examples).map { targets.row($0) }, instructionSet: set,
      progress: { Progress.show("examples", $0, $1) })
    try output.commit(Array(trace.json()))
    if !quiet { try Output.line("\(file): \(trace.summary)") }
  }
}

/// `bench trace compare`.
struct TraceCompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare two traces, or one with what this package computes from its start.",
    discussion: """
      Names the first spike that differs by example, step, layer and place, then settings and \
      numbers. Exit status 1 when the traces differ.
      """)

  @Argument(help: ArgumentHelp("A trace.", valueName: "file"))
  var first: String

  @Argument(
    help: ArgumentHelp("Another. Default: the first one, replayed here.", valueName: "file"))
  var second: String?

  @Option(help: ArgumentHelp("Write the differences to this file.", valueName: "file"))
  var json: String?

  @Flag(help: "Print nothing when they are equal, and no progress.")
  var quiet = false

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let first: String
    let second: String
    let isEqual: Bool
    let differences: SpikeTraceComparison
  }

  func run() async throws {
    if quiet { Progress.disable() }
    let set = try InstructionSet.selected()
    let output = try json.map(AtomicFile.init(forJSON:))
    let trace = try SpikeTrace(contentsOf: first)
    let other =
      try second.map(SpikeTrace.init(contentsOf:))
      ?? trace.replayed(
        instructionSet: set, progress: { Progress.show("replaying", $0, $1) })
    let comparison = trace.compared(with: other, instructionSet: set)
    let name = second ?? "its replay"
    try output?.commit(
      json: Report(
        first: first, second: name, isEqual: comparison.isEqual, differences: comparison))
    guard !comparison.isEqual else {
      if !quiet { try Output.line("\(first) and \(name) are equal: \(trace.summary)") }
      return
    }
    try Output.line("\(first) and \(name) differ.")
    for line in comparison.lines { try Output.line("  " + line) }
    throw VerdictsFailed()
  }
}

extension SpikeTrace {
  /// What it holds, in a line.
  var summary: String {
    let forward = trainingSpikes.reduce(0) { $0 + $1.forward.reduce(0) { $0 + $1.count } }
    let errors = trainingSpikes.reduce(0) { $0 + $1.errorPassed.reduce(0) { $0 + $1.count } }
    return
      "\(inputs.count) examples, network \(layerSizes.map(String.init).joined(separator: "-")), "
      + "\(Format.count(forward)) forward spikes, \(Format.count(errors)) error spikes"
  }
}

extension SpikeTraceComparison {
  /// The differences, a line each, the first event first.
  var lines: [String] {
    var lines: [String] = []
    if let firstEvent { lines.append("first event: " + firstEvent.text) }
    func add(_ what: String, _ difference: Difference) {
      lines.append(
        "\(what): \(difference.place) is \(difference.first) in the first, "
          + "\(difference.second) in the second")
    }
    for size in sizes { add("size", size) }
    for setting in settings { add("setting", setting) }
    if let start { add("start", start) }
    if let result { add("result", result) }
    return lines
  }
}

extension SpikeTraceComparison.Event {
  /// Where it is and what the traces have there.
  var text: String {
    func spike(_ code: Int?) -> String {
      guard let code else { return "none" }
      return "unit \(code.magnitude - 1)\(code > 0 ? "+" : "-")"
    }
    let kind =
      switch direction {
      case .prediction: "spike while predicting"
      case .forward: "forward spike"
      case .error: "error spike"
      }
    return "example \(example), step \(step.map(String.init) ?? "unknown"), layer \(layer), "
      + "\(kind) \(place): \(spike(first)) in the first, \(spike(second)) in the second"
  }
}
