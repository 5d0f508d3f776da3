import ArgumentParser
import EventRecordings
import Experiments
import Files
import ModelFiles
import Networks
import Prediction
import Reports
import SpikeKernels
import SpikingReLU
import Streams
import Training

/// `bench stream FILE`.
struct StreamReplayOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      """
      A recording: .bin or .bs2 (N-MNIST), AEDAT 2.0, 3.1 or 4.0, Prophesee EVT 2.0, EVT 3.0 or DAT, or CSV of \
      t,x,y,p.
      """, valueName: "file"))
  var file: String?

  @Option(
    help: ArgumentHelp(
      "Run the network in this safetensors, npz or ONNX file; with --sigma-delta, instead of training.",
      valueName: "file"))
  var load: String?

  @Option(
    help: ArgumentHelp(
      """
      Write the events to this file (.bin or .csv); with --learn and --sigma-delta the network (.safetensors, \
      .npz or .onnx).
      """, valueName: "file"))
  var save: String?

  @Option(
    help: ArgumentHelp(
      """
      The format: \(Choice.names(EventFormat.self)). Default: told by the first bytes, and by the name where a \
      format has no mark.
      """, valueName: "format"), transform: Choice.parse)
  var format: EventFormat?

  @Option(
    help: ArgumentHelp(
      "The sensor, as 34x34. Default: what the header says.", valueName: "WxH"),
    transform: { (text: String) throws -> SensorSize in
      guard let size = SensorSize(text) else {
        throw ValidationError("expected two numbers of 1...32768 as 34x34, found '\(text)'")
      }
      return size
    })
  var sensor: SensorSize?

  @Option(
    help: ArgumentHelp(
      """
      Events beyond the sensor, times that run backwards, damaged packets: \
      \(Choice.names(FaultPolicy.self)). Dropped ones are counted. Default: refuse.
      """, valueName: "what"), transform: Choice.parse)
  var faults = FaultPolicy.refuse

  @Flag(help: "CSV of Matlab: columns and rows start at 1, polarity is 1 or 2.")
  var oneBased = false

  @Option(
    help: ArgumentHelp(
      "Milliseconds of a window: of a rate, and of a reading of the network. Default: 10.",
      valueName: "ms"), transform: Bounded.microseconds)
  var window: Int64?

  @Option(
    help: ArgumentHelp(
      """
      What becomes of ON and OFF: \(Choice.names(EventInput.Polarity.self)). Default: ignored; with --load, as the \
      network was trained, or by its number of inputs.
      """, valueName: "how"), transform: Choice.parse)
  var polarity: EventInput.Polarity?

  @Option(
    help: ArgumentHelp("Pixels on a side that share an input. Default: 1.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...64) })
  var pooling: Int?

  @Option(
    help: ArgumentHelp(
      "Half of each potential leaks every so many milliseconds. Default: none.", valueName: "ms"),
    transform: Bounded.microseconds)
  var leak: Int64?

  @Option(
    help: ArgumentHelp(
      "Forget everything every so many milliseconds. Default: never.", valueName: "ms"),
    transform: Bounded.microseconds)
  var resetEvery: Int64?

  @Option(
    help: ArgumentHelp(
      "Forget everything after so many milliseconds without an event. Default: never.",
      valueName: "ms"), transform: Bounded.microseconds)
  var resetAfterSilence: Int64?

  @Option(
    help: ArgumentHelp(
      "Milliseconds of a time step, in which biases are added once. Default: 10.", valueName: "ms"),
    transform: Bounded.microseconds)
  var step: Int64?

  func check(isLearning: Bool) throws {
    guard file != nil else {
      let given =
        format != nil || (sensor != nil && !isLearning) || faults != .refuse || oneBased
        || window != nil
        || leak != nil || resetEvery != nil || resetAfterSilence != nil || step != nil
      guard !given else {
        throw ValidationError("Options of a recording go with one: 'bench stream FILE'.")
      }
      guard !isLearning || load == nil else {
        throw ValidationError("'--learn' begins with weights of its own: not with '--load'.")
      }
      guard isLearning || (polarity == nil && pooling == nil) else {
        throw ValidationError("'--polarity' and '--pooling' go with a recording or '--learn'.")
      }
      return
    }
    guard resetEvery == nil || resetAfterSilence == nil else {
      throw ValidationError("'--reset-every' and '--reset-after-silence' exclude each other.")
    }
    guard
      load != nil
        || (polarity == nil && pooling == nil && leak == nil && resetEvery == nil
          && resetAfterSilence == nil && step == nil)
    else { throw ValidationError("Options of a network go with '--load'.") }
    if let save, EventWriter.Format(ofName: save) == nil {
      throw ValidationError("'--save \(save)': a name that ends in .bin or .csv is expected.")
    }
    guard save == nil || load == nil else {
      throw ValidationError("'--save' writes the events of a recording: not with '--load'.")
    }
  }

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let path: String
    let network: String?
    let input: EventInput?
    let recording: StreamReplay.Result
    let verdicts: [Verdict] = []
  }

  func run(_ run: CommandRun) async throws {
    let file = file!
    var options = EventStream.Options()
    options.format = format
    options.sensor = sensor
    options.faults = faults
    options.isOneBased = oneBased
    var stream = try EventStream(path: file, options: options)
    try run.print(StreamTables.header(stream))
    let listener = try load.map { try makeListener($0, stream, run) }
    if let input = listener?.input, let load {
      try run.print(StreamTables.network(listener!.stream.network, input, load))
    }
    var replay = StreamReplay()
    replay.window = window ?? 10_000
    let writer = try save.map { try EventWriter(path: $0, format: EventWriter.Format(ofName: $0)!) }
    if listener != nil { try run.print(StreamTables.readingHeader) }
    let outcome = try replay.run(&stream, listener: listener) { reading in
      if listener != nil { try run.print(StreamTables.line(reading)) }
    } progress: {
      Progress.show("reads", $0, $1)
    }
    try run.print(StreamTables.lines(outcome.result))
    if var writer, let save {
      // A second pass: what is written is known to be whole.
      var again = try EventStream(path: file, options: options)
      while let event = try again.next() { try writer.write(event) }
      try writer.finish()
      try run.print("Written: \(save), \(Format.count(writer.count)) events")
    }
    let manifest = try run.begin(seed: 0, isTimed: false)
    try run.finish(
      Report(
        manifest: manifest, path: file, network: load, input: listener?.input,
        recording: outcome.result), verdicts: [],
      report: HTMLReport(outcome, path: file, network: load, manifest: manifest))
  }

  /// The saved network, made ready to listen.
  private func makeListener(
    _ path: String, _ recording: EventStream, _ run: CommandRun
  ) throws -> StreamReplay.Listener {
    let network = try NetworkFile(path: path)
    let inputs = network.weights.inputs
    // The input that the network was trained on, where it says so.
    let saved = try network.decoded("event_input", as: EventInput.self)
    let candidates = (polarity.map { [$0] } ?? [.apart, .ignored]).map {
      EventInput(sensor: recording.sensor, pooling: pooling ?? 1, polarity: $0)
    }
    var input = candidates.first { $0.units == inputs }
    if polarity == nil, pooling == nil, let saved, saved.sensor == recording.sensor {
      input = saved
    }
    guard let input else {
      throw StreamReplay.InputMismatch(inputs: inputs, sensor: recording.sensor)
    }
    if let judged = try network.spikingSettings() {
      try run.print(
        "The file says how it was judged, on images: \(judged.words). Of a stream each spike is an event, by the same quanta"
          + (judged.firing == .refining ? ", which do not fall with time." : "."))
    }
    let spiking = try SpikingMLP(
      weights: network.weights, coding: network.decoded("spike_coding", as: SpikeCoding.self),
      options: PredictionOptions(timeSteps: 1), instructionSet: run.set)
    var options = SpikeStream<Float>.Options()
    options.leak = try leak.map { try .init(interval: $0) }
    if let resetEvery { options.reset = .every(resetEvery) }
    if let resetAfterSilence { options.reset = .afterSilence(resetAfterSilence) }
    if network.weights.hasBiases || step != nil {
      options.stepLength = step ?? 10_000
    }
    return try StreamReplay.Listener(
      stream: SpikeStream(network: spiking, options: options), input: input)
  }
}
