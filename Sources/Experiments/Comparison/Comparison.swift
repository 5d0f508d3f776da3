public import Datasets
internal import DenseReLU
internal import Measures
public import Networks
public import SpikeKernels
public import SpikingReLU
internal import Training

/// Dense against spiking, of the same weights: convergence, operations, time, verdicts.
public struct Comparison: Sendable {
  /// What to compare.
  public struct Settings: Sendable {
    /// The numbers of steps after which the twins are compared, rising.
    public var convergenceSteps: [Int]
    /// T of the counts of operations and of the timings.
    public var timeSteps: Int
    /// Tasks that evaluate examples. Results do not depend on it.
    public var workers: Int
    /// Which kernels run.
    public var instructionSet: InstructionSet
    /// Seconds that the timings may take.
    public var timingSeconds: Double
    /// When thresholds are checked; refining among it.
    public var firing = PredictionOptions.Firing.afterEachSpike

    /// The settings of `bench compare`.
    public init(
      convergenceSteps: [Int] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], timeSteps: Int = 10,
      workers: Int, instructionSet: InstructionSet, timingSeconds: Double = 2
    ) {
      precondition(
        !convergenceSteps.isEmpty
          && zip([0] + convergenceSteps, convergenceSteps).allSatisfy { $0 < $1 },
        "steps \(convergenceSteps) must rise from 1 or more")
      self.convergenceSteps = convergenceSteps
      self.timeSteps = timeSteps
      self.workers = workers
      self.instructionSet = instructionSet
      self.timingSeconds = timingSeconds
    }
  }

  /// Everything that was found.
  public struct Result: Sendable, Codable {
    /// The units of layers 0...L.
    public let topology: Topology
    /// Images compared.
    public let images: Int
    /// When thresholds were checked.
    public let firing: PredictionOptions.Firing
    /// The dense network's wrong answers.
    public let denseTestErrors: Int
    /// The same in percent.
    public let denseTestErrorPercent: Double
    /// The 95% interval of that rate.
    public let denseTestErrorInterval95: [Double]
    /// How the twins approach each other.
    public let convergence: Convergence
    /// What each computes.
    public let operations: Operations
    /// How long each takes.
    public let timings: Timings
    /// The claims.
    public let verdicts: [Verdict]
  }

  /// The stages of a comparison, for progress.
  public enum Stage: String, Sendable {
    /// Running the spiking network for all steps.
    case convergence = "comparing outputs"
    /// Counting operations.
    case operations = "counting operations"
  }

  let weights: NetworkWeights
  let data: LabelledImages
  let settings: Settings

  /// A comparison of the twins of `weights` on `data`.
  ///
  /// - Parameters:
  ///   - weights: inputs and outputs fit the data.
  ///   - data: at least one image.
  public init(weights: NetworkWeights, data: LabelledImages, settings: Settings) {
    precondition(data.count > 0, "a comparison on no image")
    self.weights = weights
    self.data = data
    self.settings = settings
  }

  /// Runs the comparison.
  ///
  /// Sets BLAS to one thread: products of one example gain nothing from more.
  ///
  /// - Throws: `SpikingError` or `DenseError` when the weights or inputs are out of range;
  ///   `CancellationError`.
  public func run(
    progress: (@Sendable (_ stage: Stage, _ done: Int, _ total: Int) -> Void)? = nil
  ) async throws -> Result {
    let differingProducts = await BLASSelfTest.differingProducts()
    let convergence = try await convergence { progress?(.convergence, $0, $1) }
    let operations = try await operations { progress?(.operations, $0, $1) }
    let timings = try timings()
    let rate = ErrorRate(errors: convergence.denseErrors, examples: data.count)
    return Result(
      topology: weights.topology, images: data.count, firing: settings.firing,
      denseTestErrors: rate.errors,
      denseTestErrorPercent: rate.percent, denseTestErrorInterval95: rate.interval95,
      convergence: convergence, operations: operations, timings: timings,
      verdicts: Self.verdicts(convergence, operations, firing: settings.firing) + [
        Verdict(
          "BLAS products that differ when made by four tasks at once",
          value: Double(differingProducts), bound: .init(atLeast: 0, atMost: 0))
      ])
  }

  /// Options of the spiking network for so many steps.
  func options(timeSteps: Int) throws -> PredictionOptions {
    var options = try PredictionOptions(timeSteps: timeSteps)
    options.firing = settings.firing
    return options
  }

  /// What is claimed of refining: the error halves with each step.
  private static func refiningVerdicts(_ convergence: Convergence) -> [Verdict] {
    let last = convergence.points[convergence.points.count - 1]
    var verdicts: [Verdict] = []
    if last.timeSteps - convergence.points[0].timeSteps >= 5 {
      verdicts.append(
        Verdict(
          "error halves with each step: slope of log2 error against step",
          value: convergence.fit?.exponent ?? .nan, bound: .init(atLeast: -1.1, atMost: -0.9)))
    }
    if let tenth = convergence.points.first(where: { $0.timeSteps >= 10 }) {
      verdicts.append(
        Verdict(
          "argmax agreement at step \(tenth.timeSteps)", value: tenth.argmaxAgreement,
          bound: .init(atLeast: 0.9999)))
    }
    return verdicts
  }

  static func verdicts(
    _ convergence: Convergence, _ operations: Operations,
    firing: PredictionOptions.Firing = .afterEachSpike
  ) -> [Verdict] {
    let (first, last) = (convergence.points[0], convergence.points[convergence.points.count - 1])
    var verdicts: [Verdict] = []
    if convergence.points.allSatisfy({ $0.meanError == 0 }) {
      verdicts.append(
        Verdict(
          "error at every T", value: last.meanError, bound: .init(atLeast: 0, atMost: 0)))
    } else if firing == .refining {
      verdicts = refiningVerdicts(convergence)
    } else if last.timeSteps >= 100 * first.timeSteps {
      // Over less than two decades of T the slope says little.
      verdicts.append(
        Verdict(
          "error falls like 1/T: slope of log error against log T",
          value: convergence.fit?.exponent ?? .nan, bound: .init(atLeast: -1.1, atMost: -0.9)))
    }
    if last.timeSteps >= 1000, firing != .refining {
      verdicts.append(
        Verdict(
          "argmax agreement at T = \(last.timeSteps)", value: last.argmaxAgreement,
          bound: .init(atLeast: 0.999)))
    }
    return verdicts + [
      Verdict(
        "error over the rigorous bound, largest of all (an input halfway between spikes reaches 1)",
        value: convergence.largestShareOfBound, bound: .init(atMost: 1)),
      Verdict(
        "ledger minus recount, spikes and additions", value: Double(operations.recountDifference),
        bound: .init(atLeast: 0, atMost: 0)),
    ]
  }
}
