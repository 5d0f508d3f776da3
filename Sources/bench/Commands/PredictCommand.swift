import ArgumentParser
import DataFiles
import Datasets
import Experiments
import Files
import Foundation
import Measures
import ModelFiles
import Networks
import Prediction
import Reports
import SpikeKernels
import SpikingReLU

/// `bench predict`: answers of a saved spiking network for somebody's own images.
struct PredictCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Answer images with a spiking network that was saved.",
    discussion: """
      The network is the one that 'convert --save' or 'anytime --save' judged: its quanta, groups, steps and early exit \
      come from the file. Of another file it is refining, with 8 steps of quantum 1, and says so.

      Images: PNG, JPEG, PGM and PPM files, folders of them, IDX files as of MNIST, plain or gzip (pixels / their \
      largest value); npy and npz arrays; and tables: a row an image, numbers with commas, semicolons or spaces \
      between, after a row of names or without. '-' is a table, or PGM or PPM images, on standard input: each is \
      answered as it comes. Answers are in the order of the images, the same for any number of threads.
      """)

  @Argument(help: ArgumentHelp("The network: safetensors, npz or ONNX.", valueName: "network"))
  var network: String

  @Argument(help: ArgumentHelp("Images; '-' for standard input.", valueName: "file ..."))
  var files: [String]

  @OptionGroup(title: "What the network's file does not say") var reading: ReadingOptionGroup

  @Option(
    help: ArgumentHelp(
      "Divide numbers of arrays and tables by this. Default: as the file of the network says; else 255 of bytes, 1 of others.",
      valueName: "x"),
    transform: Bounded.positive)
  var divide: Float?

  @Option(
    help: ArgumentHelp(
      "Colours plane by plane (first) or pixel by pixel (last). Default: as the file of the network says; else first.",
      valueName: "first|last"),
    transform: DataFileOptions.Channels.parse)
  var channels: Dataset.ChannelOrder?

  @Option(
    help: ArgumentHelp(
      "The array of an npz file. Default: the only one whose examples fit.", valueName: "name"))
  var array: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Whether the first row of a table names its columns. Default: as it looks.")
  var header: Bool?

  @Flag(help: "Mix the colours of images where the network takes one number a pixel.")
  var grey = false

  @Flag(help: "Images are dark on light, and the network has learned light on dark: 1 - x.")
  var invert = false

  @Option(
    help: ArgumentHelp("Steps at most, 1...10000. Default: as the file says.", valueName: "T"),
    transform: { try Bounded.integer($0, 1...10_000) })
  var steps: Int?

  @Flag(help: "Take all steps: no early exit.")
  var noExit = false

  @Option(
    help: ArgumentHelp(
      "Write a line of JSON an image to this file; '-' for standard output.", valueName: "file"))
  var jsonl: String?

  @Option(
    help: ArgumentHelp(
      "Write a line of CSV an image to this file; '-' for standard output.", valueName: "file"))
  var csv: String?

  @Option(
    help: ArgumentHelp(
      "Labels of all images, IDX, npy or a line each: errors are counted.", valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "Write every spike of one image to this CSV file: step, layer (0: input), unit, sign, in order.",
      valueName: "file"))
  var trace: String?

  @Option(
    help: ArgumentHelp(
      "The image of --trace, by its place among all, from 0 on. Default: 0.", valueName: "n"),
    transform: { try Bounded.integer($0, 0...Int(Int32.max)) })
  var traceImage: Int?

  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print no table and no progress.")
  var quiet = false

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("Expected images: files, or '-'.") }
    guard files.count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("Standard input ('-') can be read once.")
    }
    guard jsonl == nil || jsonl != csv else {
      throw ValidationError("'--jsonl' and '--csv' need an output each.")
    }
    guard traceImage == nil || trace != nil else {
      throw ValidationError("'--trace-image' goes with '--trace'.")
    }
    guard trace == nil || (trace != jsonl && trace != csv && trace != "-") else {
      throw ValidationError("'--trace' needs a file of its own.")
    }
    for output in [jsonl, csv, trace].compactMap(\.self) where output != "-" {
      guard output != network, !files.contains(output) else {
        throw ValidationError("'\(output)' is read, and cannot be written.")
      }
    }
  }

  func run() async throws {
    let lines = try jsonl.map {
      try RowOutput($0) { $0.starts(with: Array("{\"additions\":".utf8)) }
    }
    let table = try csv.map {
      try RowOutput($0) { $0.elementsEqual(PredictRow.header.utf8.prefix(16)) }
    }
    let spikes = try trace.map {
      try RowOutput($0) { $0.elementsEqual(SpikeRows.header.utf8.prefix(16)) }
    }
    let isSilent = quiet || [jsonl, csv].contains("-")
    var predictor = try SpikingPredictor(
      file: network, options: reading.options(isInterleaved: channels == .last))
    if steps != nil || noExit {
      var settings = predictor.settings
      if let steps { settings.timeSteps = steps }
      if noExit { settings.margin = nil }
      predictor = try SpikingPredictor(
        file: network, options: reading.options(isInterleaved: channels == .last),
        settings: settings)
    }
    if !isSilent { for line in heading(predictor) { try Output.line(line) } }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try table?.write(PredictRow.header)
    var total = PredictTotals()
    let clock = ContinuousClock()
    let start = clock.now
    let expected = try labels.map {
      try LabelFile.read(
        path: $0, classes: predictor.file.weights.outputs, names: predictor.settings.classes)
    }
    let traced = traceImage ?? 0
    for path in files {
      var input = try InputFile(
        path: path, inputs: predictor.file.weights.inputs, options: options(predictor.settings))
      var said = 0
      while true {
        // Some at a time: memory is that of a batch, however many images come. What is piped in is answered as it
        // comes.
        var batch: [InputFile.Input] = []
        while batch.count < 64 * threads.count, batch.isEmpty || input.isReady,
          let next = try input.read()
        {
          batch.append(next)
        }
        guard !batch.isEmpty else { break }
        for note in input.notes.dropFirst(said) { Output.complain("bench: \(path): \(note)") }
        said = input.notes.count
        if let spikes, batch.indices.contains(traced - total.images) {
          try spikes.write(SpikeRows.header)
          for row in try predictor.spikes(
            of: batch[traced - total.images].values, stream: UInt64(traced))
          { try spikes.write(SpikeRows.line(row)) }
          try spikes.commit()
        }
        let answers = try await predictor.answers(
          of: batch.map(\.values), first: total.images, workers: threads.count)
        for (answer, input) in zip(answers, batch) {
          let row = PredictRow(answer, of: input)
          try lines?.write(String(decoding: encoder.encode(row), as: UTF8.self))
          try table?.write(row.line)
          if !isSilent { try Output.line(row.text) }
          let label = expected.flatMap { total.images < $0.count ? $0[total.images] : nil }
          total.add(answer, expected: label)
        }
      }
    }
    if trace != nil, total.images <= traced {
      throw ValidationError(
        "'--trace-image \(traced)': there are \(total.images) images, numbered from 0 on.")
    }
    if let expected, let labels, expected.count != total.images {
      throw DatasetError.countMismatch(
        images: total.images, labels: expected.count, path: labels)
    }
    try lines?.commit()
    try table?.commit()
    if total.images == 0 { return Output.complain("bench: no image was there to be answered") }
    let seconds = (clock.now - start) / .seconds(1)
    if !isSilent {
      try Output.line()
      try Output.line(total.summary(predictor.file.weights, seconds: seconds))
    }
    if expected != nil, ![jsonl, csv].contains("-") { try Output.line(total.errorLine) }
  }

  /// How images become inputs: as is said here, or in the network's file.
  private func options(_ settings: SpikingSettings) -> InputOptions {
    var options = InputOptions()
    options.divisor = divide.map(Double.init)
    options.channelOrder = channels ?? settings.channelOrder
    (options.isGrey, options.isInverted, options.array) = (grey, invert, array)
    options.hasHeader = header
    options.trained = settings.trainedInputs
    return options
  }

  /// What the network is, and where its settings came from.
  private func heading(_ predictor: SpikingPredictor) -> [String] {
    let settings = predictor.settings
    var lines = [
      "\(network): \(predictor.file.weights.topology), \(settings.words)"
    ]
    if !predictor.isSaid {
      lines.append(
        "  the file does not say how it was judged: quanta of 1 or as it has them, \(settings.timeSteps) steps"
      )
    }
    if let divisor = settings.divisor, divide == nil, divisor != 1 {
      lines.append(
        "  numbers of arrays and tables are divided by \(Format.significant(divisor)), as its data were (--divide)"
      )
    }
    if let folded = settings.foldedPreprocessing {
      func shown(_ values: [Double]) -> String {
        values.map { Format.significant($0) }.joined(separator: ",")
      }
      lines.append(
        "  (\(shown(folded.scale)) x - \(shown(folded.mean))) / \(shown(folded.std)) is in layer 1: inputs are taken as "
          + "they are")
    }
    lines += predictor.file.notes.filter { $0.kind == .assumed }.map { "  \($0)" }
    return lines + ["", "   image  class       margin  steps  spikes  additions  int32 nJ  file"]
  }
}
