import ArgumentParser
import EventRecordings
import Experiments
import Files
import Reports
import SpikeKernels
import Streams
import Training

/// `bench stream --learn`.
struct StreamLearningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A folder of recordings: with lists of names and classes (train*.txt and test*.txt, lines of ID, tab and \
      class), or with folders Train and Test that have a folder for each class, as N-MNIST has.
      """, valueName: "folder"))
  var learn: String?

  @Option(
    help: ArgumentHelp("Passes over the recordings, 1...1000. Default: 16.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...1000) })
  var epochs: Int?

  @Option(
    help: ArgumentHelp("Units of the hidden layers. Default: 200.", valueName: "units"),
    transform: { try Bounded.integers($0, 1...1_048_576) })
  var hidden: [Int]?

  @Option(
    help: ArgumentHelp("Time steps T of a recording. Default: 40.", valueName: "T"),
    transform: { try Bounded.integer($0, 1...100_000) })
  var steps: Int?

  @Option(
    help: ArgumentHelp("Milliseconds of a time step. Default: 7.5.", valueName: "ms"),
    transform: Bounded.microseconds)
  var stepLength: Int64?

  @Option(
    help: ArgumentHelp("The learning rate. Default: 0.03.", valueName: "rate"),
    transform: Bounded.positive)
  var eta: Float?

  @Option(
    help: ArgumentHelp(
      "The learning rate of a pass is this share of that of the pass before. Default: 1.",
      valueName: "share"), transform: Bounded.positive)
  var decay: Float?

  @Option(
    help: ArgumentHelp("The seed of weights and order. Default: 1.", valueName: "n"))
  var seed: UInt64?

  @Flag(
    help: """
      Then the sensor's pixels change places: the network that goes on learning, and one that stopped.
      """)
  var drift = false

  @Option(
    help: ArgumentHelp(
      "The verdict: test error in percent, at most. Default: 100, none.", valueName: "percent"),
    transform: Bounded.notNegative)
  var maxErrors: Float?

  func check() throws {
    guard
      learn != nil
        || (epochs == nil && hidden == nil && steps == nil && stepLength == nil && eta == nil
          && decay == nil && seed == nil && !drift && maxErrors == nil)
    else { throw ValidationError("Options of learning go with '--learn'.") }
  }

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let folder: String
    let input: EventInput
    let learning: StreamLearning.Result
    let drift: StreamLearning.Drift?
    let verdicts: [Verdict]
  }

  func run(_ run: CommandRun, _ events: StreamReplayOptions) async throws {
    let folder = learn!
    let output = try events.save.map(NetworkOutput.init)
    let (training, test) = try RecordingList.read(folder: folder)
    var options = EventStream.Options()
    options.sensor = events.sensor
    let first = try EventStream(path: training[0].path, options: options)
    guard first.isSensorKnown else {
      throw ValidationError("\(training[0].path) does not say its sensor: '--sensor WxH' does.")
    }
    var settings = StreamLearning(
      input: EventInput(
        sensor: first.sensor, pooling: events.pooling ?? 1, polarity: events.polarity ?? .ignored),
      instructionSet: run.set)
    if let epochs { settings.epochs = epochs }
    if let hidden { settings.hidden = hidden }
    if let steps { settings.timeSteps = steps }
    if let stepLength { settings.stepLength = stepLength }
    if let eta { settings.learningRate = eta }
    if let decay { settings.learningRateDecay = decay }
    if let seed { settings.seed = seed }
    try run.print(
      "\(Format.count(training.count)) recordings to learn from, \(Format.count(test.count)) to be tested "
        + "on; sensor \(first.sensor), \(settings.input.units) inputs, ON and OFF \(settings.input.polarity.rawValue)."
    )
    let outcome = try settings.run(training: training, test: test) { done, total, last in
      Progress.show(
        "learns", done, total, unit: "recordings",
        detail: last.map { ", test error \(Format.fixed($0.testErrorPercent, 1))%" } ?? "")
    }
    Progress.clear()
    try run.print(StreamTables.lines(outcome.result))
    try output?.commit(outcome.weights, input: settings.input)
    if let output { try run.print("Written: \(output.path)") }
    var changed: StreamLearning.Drift?
    var isInterrupted = outcome.result.isInterrupted
    if drift, !isInterrupted {
      do {
        let found = try settings.drift(from: outcome.weights, training: training, test: test) {
          Progress.show("learns anew", $0, $1, unit: "recordings")
        }
        Progress.clear()
        try run.print(StreamTables.lines(found))
        changed = found
      } catch is CancellationError {
        // What was learned before stays, and is written.
        isInterrupted = true
      }
    }
    let last = outcome.result.curve.last?.testErrorPercent ?? 100
    let verdicts =
      [
        Verdict(
          "learning: test error, %", value: last, bound: .init(atMost: Double(maxErrors ?? 100))),
        Verdict(
          "learning: recording seconds a computing second", kind: .timing,
          value: outcome.result.learning.realTimeFactor, bound: .init(atLeast: 50)),
        Verdict(
          "predicting: recording seconds a computing second", kind: .timing,
          value: outcome.result.predicting.realTimeFactor, bound: .init(atLeast: 50)),
      ] + (changed?.verdicts ?? [])
    let manifest = try run.begin(seed: settings.seed)
    let page = HTMLReport(
      outcome.result, drift: changed, folder: folder, verdicts: verdicts, manifest: manifest)
    if isInterrupted {
      try run.print("Interrupted: this is not the whole run.")
      try run.write(
        Report(
          manifest: manifest, folder: folder, input: settings.input, learning: outcome.result,
          drift: changed, verdicts: []), report: page)
      throw InterruptedAfterResults()
    }
    try run.finish(
      Report(
        manifest: manifest, folder: folder, input: settings.input, learning: outcome.result,
        drift: changed, verdicts: verdicts), verdicts: verdicts, report: page)
  }
}
