import ArgumentParser
import Datasets
import Experiments
import Files
import Foundation
import ModelFiles
import Networks
import Prediction
import SpikeKernels
import SpikingReLU
import Training

/// `bench convert`: a trained network from a file into a checked spiking one.
struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Make a spiking network of a trained one in a safetensors, npz or ONNX file.",
    discussion: """
      Shows the layers; with --dataset, finds the quantum of the spikes of each layer, on training images, and \
      shows the errors of both networks on the test images, and what was lost on the way. Refuses, by \
      name and all at once, what cannot be spiking: a chain of fully connected layers with ReLU between \
      them can. Nothing in a file is executed, and no other file is opened.

      Pixels of MNIST are value / 255, of the digits value / 16. Exits with 1 when the spiking network \
      errs more than the verdict allows.
      """)

  @Argument(
    help: ArgumentHelp(
      "A safetensors, npz or ONNX file, or the index of several safetensors files.",
      valueName: "file"))
  var file: String

  @OptionGroup(title: "What the file does not say") var reading: ReadingOptionGroup

  @Option(
    help: ArgumentHelp(
      "digits (embedded), mnist, fashion-mnist, or your own data: a folder or file. Default: none.",
      valueName: "name|path"))
  var dataset: String?

  @OptionGroup(title: "Your own data") var dataFiles: DataFileOptions

  @Option(
    help: ArgumentHelp(
      "Time steps T, 1...10000; of refining at most 8. Default: 20.", valueName: "T"),
    transform: { try Bounded.integer($0, 1...10_000) })
  var steps = 20

  @Flag(
    inversion: .prefixedNo,
    help: "Search the quanta of spikes; without, every quantum is 1, as in the paper.")
  var scales = true

  @OptionGroup(title: "Search") var search: SearchOptions

  @Option(
    help: ArgumentHelp(
      "A verdict: with early exit, at least so many percent of the answers are the dense network's.",
      valueName: "percent"), transform: Bounded.percent)
  var minAgreement: Float?

  @Option(
    help: ArgumentHelp(
      "A verdict: with early exit, at most so many additions over the dense network's multiply-adds.",
      valueName: "share"), transform: Bounded.notNegative)
  var maxOperations: Float?

  @Option(
    help: ArgumentHelp(
      "The verdict: at most so many points of error above the dense network's. Default: 0.3.",
      valueName: "points"), transform: Bounded.notNegative)
  var maxErrorIncrease: Float = 0.3

  @Option(
    help: ArgumentHelp(
      "Training images that scales are learned from, at most. Default: 5000.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...Int(Int32.max)) })
  var calibration = 5000

  @Option(
    help: ArgumentHelp("Judge on the first n test images only.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...Int(Int32.max)) })
  var images: Int?

  @Option(
    help: ArgumentHelp(
      """
      Write the network to this file; its name ends in .safetensors, .npz or .onnx, or in .nir where bench was \
      built with the trait NIR. Scales go with it as the entry 'spike_coding' of its metadata, groups of patterns as \
      'spike_patterns' (npz has none).
      """, valueName: "file"))
  var save: String?

  @Option(
    help: ArgumentHelp(
      "Whose importer the .nir file is for: nir, sinabs, norse, spikingjelly. Default: nir.",
      valueName: "reader"))
  var nirFor: String?

  @Flag(help: "Refuse to write a file that cannot say all of the network, as NIR cannot.")
  var strict = false

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var results: ResultOptions

  /// What `--json` holds.
  struct Report: Encodable {
    struct Source: Encodable {
      let path: String
      let format: NetworkFile.Format
      let numbers: String
      let parameters: Int
      let denormalWeights: Int
      let largestWeight: Float
      /// What became of its parts, and what was assumed.
      let notes: [ConversionNote]
    }

    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let source: Source
    let topology: Topology
    let hasBiases: Bool
    /// As in `conversion`, where they are looked for.
    let denseTestErrors: Int?
    let conversion: Conversion.Result?
    /// What would explain a high error of the dense network.
    let causes: [InputDiagnosis.Cause]
    let verdicts: [Verdict]
  }

  func validate() throws {
    guard dataset != nil || (!dataFiles.areGiven && images == nil) else {
      throw ValidationError(
        "'--data', '--images', '--label', '--divide', '--channels', '--grey' and '--header' go with '--dataset'."
      )
    }
    guard scales || (!search.areGiven && minAgreement == nil && maxOperations == nil) else {
      throw ValidationError(
        "'--firing', '--lambda', '--agreement', '--memory', '--min-agreement' and '--max-operations' are "
          + "about the search: not with '--no-scales'.")
    }
    guard nirFor == nil || save != nil else {
      throw ValidationError("'--nir-for' goes with '--save'.")
    }
    if let save {
      _ = try NetworkOutput.kind(of: save, nirReader: nirFor)
      guard save != results.json, save != file, file != results.json else {
        throw ValidationError("The network, '--save' and '--json' need a file each.")
      }
    }
  }

  func run() async throws {
    let run = try CommandRun(results)
    let output = try save.map { try NetworkOutput(path: $0, nirReader: nirFor) }
    if strict, let differences = output?.differences(), !differences.isEmpty {
      throw ValidationError(
        "'--strict': NIR cannot say all of the network: " + differences.joined(separator: "; ")
          + ".")
    }
    let whole = try dataset.map(dataFiles.load)
    // What was read of the data is said before the network may not fit it.
    let manifest = try run.begin(seed: 0, threads: threads, dataset: whole, isTimed: false)
    let options = reading.options(
      wholeNumberScale: whole?.divisor, isInterleaved: whole?.channelOrder == .last)
    let network = try NetworkFile(path: file, options: options)
    let weights = network.weights
    if let whole {
      try network.require(
        topology: whole.topology(hidden: weights.hidden))
    }
    try run.print(ConvertTables.lines(network, path: file))
    if let judged = try network.spikingSettings() {
      try run.print("The file says how it was judged: \(judged.words). Here it is judged anew.")
    }
    var result: Conversion.Result?
    var causes: [InputDiagnosis.Cause] = []
    if let whole {
      causes = try InputDiagnosis.causes(
        weights, others: others(network, options), on: whole.test,
        wholeNumberScale: whole.divisor)
      try run.print(ConvertTables.lines(causes))
      let saved = try network.decoded("spike_coding", as: SpikeCoding.self)
      if saved != nil, scales {
        try run.print("The file has quanta of spikes: the search starts from them, too.")
      }
      let found = try await convert(weights, saved, whole, run.set)
      Progress.clear()
      try run.print(
        ConvertTables.lines(found, dataset: "\(whole.name) (\(whole.source))"))
      if causes.isEmpty,
        found.verdicts.contains(where: { $0.name.hasPrefix("errors of the dense") && !$0.holds })
      {
        try run.print([
          "At chance a file was mostly read otherwise than it was made: the order of its layers (--layers), how weights "
            + "lie (--layout), what was done to inputs (--mean, --std, --scale), another order of the classes."
        ])
      }
      result = found
    } else {
      try run.print("No data: --dataset shows errors, scales and losses.")
    }
    if let output {
      try output.commit(
        weights, coding: result?.coding, firing: result?.firing, patterns: result?.patterns?.groups,
        settings: result.map { settings($0, whole!) })
      try run.print("Written: \(output.path)")
      try run.print(output.notes(result?.firing))
    }
    let verdicts = result?.verdicts ?? []
    try run.finish(
      Report(
        manifest: manifest,
        source: .init(
          path: file, format: network.format, numbers: network.fileType,
          parameters: weights.parameterCount + weights.biasCount,
          denormalWeights: ConvertTables.denormals(weights),
          largestWeight: weights.matrices.map(\.largestMagnitude).max() ?? 0, notes: network.notes),
        topology: weights.topology, hasBiases: weights.hasBiases,
        denseTestErrors: result?.denseTestErrors, conversion: result, causes: causes,
        verdicts: verdicts),
      verdicts: verdicts)
  }

  /// How the network was judged.
  private func settings(_ result: Conversion.Result, _ data: Dataset) -> SpikingSettings {
    var settings = SpikingSettings(
      firing: result.firing, timeSteps: result.exit?.timeSteps ?? steps,
      margin: result.exit?.margin,
      ratio: result.exit?.ratio, of: data)
    settings.foldedPreprocessing = reading.preprocessing
    return settings
  }

  /// The same file of tensors with its weights lying otherwise, where that fits.
  private func others(
    _ network: NetworkFile, _ options: ReadingOptions
  ) -> [(option: String, weights: NetworkWeights)] {
    guard [.safetensors, .npz].contains(network.format) else { return [] }
    return ReadingOptions.Layout.allCases.compactMap { layout in
      guard layout != options.layout else { return nil }
      var options = options
      options.layout = layout
      guard let other = try? NetworkFile(path: file, options: options).weights,
        other != network.weights, other.topology == network.weights.topology
      else { return nil }
      return ("--layout \(layout.rawValue)", other)
    }
  }

  private func convert(
    _ weights: NetworkWeights, _ saved: SpikeCoding?, _ data: Dataset, _ set: InstructionSet
  ) async throws -> Conversion.Result {
    var search = CodingSearch(instructionSet: set, imageSize: (data.height, data.width))
    search.timeSteps = steps
    self.search.apply(to: &search, lambda: 1)
    search.workers = threads.count
    var conversion = Conversion(instructionSet: set, search: scales ? search : nil)
    conversion.timeSteps = steps
    conversion.errorPoints = Double(maxErrorIncrease)
    conversion.leastAgreement = minAgreement.map(Double.init)
    conversion.mostOperations = maxOperations.map(Double.init)
    conversion.workers = threads.count
    return try await conversion.run(
      weights, calibration: data.training.prefix(calibration),
      test: images.map(data.test.prefix) ?? data.test, saved: saved
    ) { stage, done, total in Progress.show(stage.rawValue, done, total) }
  }
}
