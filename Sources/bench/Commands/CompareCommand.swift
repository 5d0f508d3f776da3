import ArgumentParser
import Datasets
import DenseReLU
import Experiments
import Files
import Foundation
import Networks
import Reports
import SpikeKernels
import SpikingReLU
import Training

/// `bench compare`: dense against spiking.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Dense against spiking of the same weights: convergence, operations, time, verdicts.",
    discussion: """
      Trains the dense network briefly, makes the spiking one from its weights, and compares them \
      on the test images. Outputs are pre-activations of the last layer on both. Exits with 1 when \
      a verdict fails.
      """)

  @OptionGroup var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "Time steps T of the operation counts and the timings, 1...1048576.", valueName: "T"),
    transform: { try Bounded.integer($0, 1...PredictionOptions.maximumTimeSteps) })
  var steps = 10

  @Option(
    help: ArgumentHelp(
      """
      Rising numbers of steps after which outputs are compared, each 1...1048576. The slope is \
      judged when they span a factor of 100, agreement from T = 1000 on. Default: \
      1,2,5,10,20,50,100,200,500,1000; of refining 1 to 12.
      """,
      valueName: "T,T,..."),
    transform: { try Bounded.integers($0, 1...PredictionOptions.maximumTimeSteps) })
  var convergenceSteps: [Int]?

  private var comparedSteps: [Int] {
    convergenceSteps
      ?? (firing == .refining ? Array(1...12) : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
  }

  @Option(
    help: ArgumentHelp(
      """
      When thresholds are checked: \(Choice.names(PredictionOptions.Firing.self)). Of refining the error halves \
      with each step: at most \(PredictionOptions.maximumRefiningSteps) steps.
      """, valueName: "when"), transform: Choice.parse)
  var firing = PredictionOptions.Firing.afterEachSpike

  @Option(
    help: ArgumentHelp(
      "Epochs of dense training, 0...10000. Default: 5; 80 on the digits.", valueName: "n"),
    transform: { try Bounded.integer($0, 0...10_000) })
  var epochs: Int?

  @Option(
    help: ArgumentHelp("Learning rate of dense training.", valueName: "eta"),
    transform: Bounded.positive)
  var eta: Float = 0.1

  @Option(
    help: ArgumentHelp("Compare on the first n test images only.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...Int(Int32.max)) })
  var images: Int?

  @Option(help: ArgumentHelp("Seed of weights and order of examples.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(
    help: """
      Compare updates instead of outputs: what one pass of training by spikes takes from the \
      weights against the dense gradient, on a random network.
      """)
  var gradients = false

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var results: ResultOptions
  @OptionGroup var reports: ReportOptions
  @OptionGroup var tables: TableOptions

  func validate() throws {
    guard zip(comparedSteps, comparedSteps.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw ValidationError("The numbers of '--convergence-steps' must rise.")
    }
    if firing == .refining {
      for (option, found) in [("--steps", steps), ("--convergence-steps", comparedSteps.last!)] {
        guard found <= PredictionOptions.maximumRefiningSteps else {
          throw ValidationError("'\(option)': \(SpikingError.refiningSteps(found: found)).")
        }
      }
    }
    guard !gradients || (reports.report == nil && tables.csv == nil) else {
      throw ValidationError("'--report' and '--csv' show outputs: not with '--gradients'.")
    }
  }

  /// What `--json` holds.
  struct Report: Encodable {
    struct Data: Encodable {
      let name: String
      let source: String
      let trainingImages: Int
      let testImages: Int
    }
    struct Training: Encodable {
      let settings: DenseTraining
      let initializer = "he"
      let seconds: Double
    }

    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let dataset: Data
    let training: Training
    let comparison: Comparison.Result
    let verdicts: [Verdict]
  }

  func run() async throws {
    let run = try CommandRun(results, reports: reports, tables: tables, header: ["timeSteps"])
    if gradients { return try compareGradients(run) }
    let data = try network.dataset.load()
    let isSmall = data.height * data.width <= 64
    let widths = network.hidden ?? data.defaultHidden
    let topology = try data.topology(hidden: widths)
    let test = images.map(data.test.prefix) ?? data.test

    let manifest = try run.begin(seed: seed, threads: threads, dataset: data)
    try run.print(
      "\(data.name) (\(data.source)): \(Format.count(data.training.count)) training images, "
        + "\(Format.count(test.count)) test images, network \(topology)")

    let training = DenseTraining(
      epochs: epochs ?? (isSmall ? 80 : 5), learningRate: eta, seed: seed)
    let clock = ContinuousClock()
    let start = clock.now
    let dense = try await training.network(hidden: widths, dataset: data) {
      Progress.show("training the dense network", $0, $1)
    }
    let seconds = (clock.now - start) / .seconds(1)
    var settings = Comparison.Settings(
      convergenceSteps: comparedSteps, timeSteps: steps, workers: threads.count,
      instructionSet: run.set)
    settings.firing = firing
    let comparison = Comparison(weights: dense.weights, data: test, settings: settings)
    let result = try await comparison.run { stage, done, total in
      Progress.show(stage.rawValue, done, total)
    }
    try run.print(
      CompareTables.lines(result, training: training, seconds: seconds, set: run.set))
    try run.finish(
      Report(
        manifest: manifest,
        dataset: .init(
          name: data.name, source: data.source, trainingImages: data.training.count,
          testImages: test.count),
        training: .init(settings: training, seconds: seconds), comparison: result,
        verdicts: result.verdicts),
      verdicts: result.verdicts,
      report: HTMLReport(
        result,
        activity: ActivityReport(
          weights: dense.weights, firing: firing, timeSteps: steps, data: test, height: data.height,
          width: data.width), manifest: manifest),
      table: CSVTable(result.pointColumns, result.convergence.points))
    try run.print(CompareTables.conclusion(result))
  }

  /// What `--gradients --json` holds.
  struct GradientReport: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let topology: Topology
    let examples: Int
    let learningRate: Float
    let gradients: GradientAgreement.Result
    let verdicts: [Verdict]
  }

  private func compareGradients(_ run: CommandRun) throws {
    let manifest = try run.begin(seed: seed, isTimed: false)
    var agreement = GradientAgreement(instructionSet: run.set)
    agreement.seed = seed
    let result = try agreement.run { Progress.show("comparing updates", $0, $1) }
    try run.print(CompareTables.lines(result, agreement))
    try run.finish(
      GradientReport(
        manifest: manifest, topology: agreement.topology, examples: agreement.examples,
        learningRate: agreement.learningRate, gradients: result, verdicts: result.verdicts),
      verdicts: result.verdicts)
  }
}
