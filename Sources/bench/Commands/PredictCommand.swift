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
      "Labels of all images, IDX or a line each: errors are counted.", valueName: "file"))
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

  /// An answer as it is written.
  struct Row: Encodable {
    let file: String
    let image: Int
    let label: Int
    let name: String
    let margin: Float?
    let timeSteps: Int
    let spikes: Int
    let additions: Int
    let int32Nanojoules: Double
    let outputs: [Float]

    static let header = "file,image,label,name,margin,timeSteps,spikes,additions,int32Nanojoules"

    var line: String {
      func quoted(_ text: String) -> String {
        text.contains { ",\"\n\r".contains($0) }
          ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
      }
      return [
        quoted(file), "\(image)", "\(label)", quoted(name), margin.map { "\($0)" } ?? "",
        "\(timeSteps)",
        "\(spikes)", "\(additions)", "\(int32Nanojoules)",
      ].joined(separator: ",")
    }
  }

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
    let lines = try jsonl.map { try RowOutput($0) { $0.starts(with: [UInt8(ascii: "{")]) } }
    let table = try csv.map {
      try RowOutput($0) { $0.starts(with: Array(Row.header.utf8.prefix($0.count))) }
    }
    let spikes = try trace.map {
      try RowOutput($0) { $0.starts(with: Array(SpikeRows.header.utf8.prefix($0.count))) }
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
    try table?.write(Row.header)
    var total = (images: 0, steps: 0, additions: 0)
    let clock = ContinuousClock()
    let start = clock.now
    let expected = try labels.map(InputFile.labels)
    var errors = 0
    let traced = traceImage ?? 0
    for path in files {
      var input = try InputFile(
        path: path, inputs: predictor.file.weights.inputs, options: options(predictor.settings))
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
        if input.areLarge(batch) {
          Output.complain(
            "bench: \(path): whole numbers beyond 16, as of pixels up to 255: if the network takes 0 to 1, give "
              + "--divide 255")
        }
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
          let picojoules: Double = EnergyModel.energy(
            additions: Double(answer.additions), multiplyAdds: 0, arithmetic: .int32, weightRead: 0)
          let row = Row(
            file: input.path, image: input.index, label: answer.label, name: answer.name,
            margin: answer.margin.isFinite ? answer.margin : nil, timeSteps: answer.timeSteps,
            spikes: answer.spikes, additions: answer.additions, int32Nanojoules: picojoules / 1000,
            outputs: answer.outputs)
          try lines?.write(String(decoding: encoder.encode(row), as: UTF8.self))
          try table?.write(row.line)
          if !isSilent { try Output.line(Self.text(row)) }
          if let expected, total.images < expected.count {
            let label = expected[total.images]
            errors += label == "\(row.label)" || label == row.name ? 0 : 1
          }
          total = (
            total.images + 1, total.steps + answer.timeSteps, total.additions + answer.additions
          )
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
    let seconds = (clock.now - start) / .seconds(1)
    guard !isSilent, total.images > 0 else { return }
    let count = Double(total.images)
    let additions: Double = Double(total.additions) / count
    let share: Double = additions / Double(predictor.file.weights.parameterCount)
    let steps: Double = Double(total.steps) / count
    let rate: Int = Int(count / max(seconds, 1e-9))
    try Output.line()
    try Output.line(
      "\(Format.count(total.images)) \(total.images == 1 ? "image" : "images"), \(Format.fixed(steps, 2)) steps and "
        + "\(Format.count(Int(additions.rounded()))) additions each, "
        + "\(Format.fixed(share, 3)) of the dense multiply-adds; \(Format.count(rate)) images a second"
    )
    if expected != nil {
      let percent: Double = 100 * Double(errors) / count
      try Output.line("\(Format.count(errors)) errors, \(Format.fixed(percent, 2))%")
    }
  }

  /// How images become inputs: as is said here, or in the network's file.
  private func options(_ settings: SpikingSettings) -> InputOptions {
    var options = InputOptions()
    options.divisor = divide ?? settings.divisor.map { Float($0) }
    options.channelOrder = channels ?? settings.channelOrder ?? .first
    (options.isGrey, options.isInverted, options.array) = (grey, invert, array)
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

  private static func text(_ row: Row) -> String {
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let name: String = row.name + String(repeating: " ", count: max(0, 10 - row.name.count))
    let margin: String = row.margin.map { Format.significant(Double($0)) } ?? ""
    let cells: [String] = [
      right("\(row.image)", 8), "  ", name, right(margin, 8), right("\(row.timeSteps)", 7),
      right("\(row.spikes)", 8), right(Format.count(row.additions), 11),
      right(Format.significant(row.int32Nanojoules), 10), "  ", row.file,
    ]
    return cells.joined()
  }
}

/// Spikes as rows of a table.
private enum SpikeRows {
  static let header = "step,layer,unit,sign"

  static func line(_ spike: SpikingPredictor.TimedSpike) -> String {
    "\(spike.step),\(spike.layer),\(spike.spike.unit),\(spike.spike.sign)"
  }
}

/// Lines that go to a file, whole or not at all, or to standard output as they come.
private final class RowOutput {
  private let file: AtomicFile?
  private var bytes: [UInt8] = []

  /// - Parameter replaces: whether an earlier file that starts so may be replaced.
  init(_ path: String, replaces: (_ start: [UInt8]) -> Bool) throws {
    file = path == "-" ? nil : try AtomicFile(path: path, replacing: replaces)
  }

  func write(_ line: String) throws {
    guard file != nil else { return try Output.line(line) }
    bytes += Array(line.utf8) + [UInt8(ascii: "\n")]
    // Memory is that of some lines, however many there are.
    if bytes.count > 1 << 16 {
      try file!.append(bytes)
      bytes.removeAll(keepingCapacity: true)
    }
  }

  func commit() throws { try file?.commit(bytes) }
}
