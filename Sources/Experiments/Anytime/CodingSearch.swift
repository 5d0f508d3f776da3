public import Datasets
internal import DenseReLU
internal import Measures
public import Networks
public import SpikeKernels
public import SpikingReLU
public import Training

/// Finds the quanta of spikes, and how clear an answer must be: on calibration images, never on
/// test images.
///
/// Minimized is, over scales, phases and the margin of early exit,
/// ```
/// J = expected error in percent + lambda * additions an image / multiply-adds of the dense network
/// ```
/// or, where an agreement is asked for, the additions of rules whose answers are the dense network's on at least
/// that share of the images. The expected error of an answer is 1 minus the dense network's probability of it, the softmax of its
/// outputs at the temperature that fits the calibration labels best (`ExpectedErrors`). Counted errors
/// of two codings that differ in few answers differ by chance; expected errors tell them apart.
///
/// The search: starts are the paper's unit scales, those of training where the network was trained for
/// some, and scales from data: `1 / p`, p the maximum or the 99th percentile of a layer's positive
/// activations, or the 99th of each unit's. From the best of them, coordinate descent: `log2 k_0` by 1,
/// each hidden layer's scales by a factor of sqrt(2) up and down, input phases in 1, 2 or 4 groups;
/// every change that lowers J is kept, until none does. For each coding, the margin is the best of up to 192 quantiles of
/// those that occur, with the best number of steps after which an image ends in any case: the longest wait
/// is for images that nothing will make clear.
///
/// Rate coding and refining are searched in turn, and the cheaper is the best. Refining has no phases, and its margin
/// falls by one of several ratios. Where thresholds are checked once a step, spikes are added by patterns: of groups
/// that are found for unit scales, and once more for the coding that is found (`PatternGrouping`).
public struct CodingSearch: Sendable {
  /// Points of error that the operations of one dense pass may save.
  public var lambda = 2.0
  /// T: the most steps of an image; of refining at most 8, since an error of 2^-8 changes no more answers.
  public var timeSteps = 8
  /// When thresholds are checked: each of them is searched, and the cheapest chosen.
  public var firings: [PredictionOptions.Firing] = [.oncePerStep, .refining]
  /// In place of the cost: the least share of answers that are the dense network's; `nil` for the cost.
  public var leastAgreement: Double?
  /// Bytes that the rows of patterns may take: by default half of the third cache, which other work shares.
  public var memory = CacheSizes().level3 / 2
  /// Whether the last layer is fitted to each coding's spike counts: see `ReadoutCalibration`.
  public var refitsReadout = false
  /// Rounds of coordinate descent at most.
  public var rounds = 6
  /// Tasks; results do not depend on it.
  public var workers = 1
  /// Which kernels run.
  public var instructionSet: InstructionSet
  /// Height and width of the images, for phases.
  public var imageSize: (height: Int, width: Int)

  /// A search with the documented settings.
  public init(instructionSet: InstructionSet, imageSize: (height: Int, width: Int)) {
    self.instructionSet = instructionSet
    self.imageSize = imageSize
  }

  /// A coding and how it did on the calibration images.
  public struct Candidate: Sendable {
    /// Where it came from, in words.
    public let origin: String
    /// When thresholds are checked.
    public let firing: PredictionOptions.Firing
    /// The quanta of spikes.
    public let coding: SpikeCoding
    /// What was found of groups of units, where a step's spikes are added at once.
    let grouping: PatternGrouping.Found?
    /// Which spikes are added as one row; `nil` for single rows.
    public var patterns: SpikePatterns? { grouping?.patterns }
    /// The weights: those given, but for a last layer that was fitted to counts.
    public let weights: NetworkWeights
    /// When an answer is clear; infinity where no margin was reached that is better than never.
    public let margin: Float
    /// By what the margin falls with each step of refining; see `ExitRule`.
    public let ratio: Float
    /// The steps after which an image ends in any case.
    public let timeSteps: Int
    /// Wrong answers in percent with that margin.
    public let errorPercent: Double
    /// The same, expected under the dense network's probabilities.
    public let expectedErrorPercent: Double
    /// Answers that are the dense network's with that margin, in percent; only where the search was held to that.
    public let agreementPercent: Double?
    /// Additions an image over the dense network's multiply-adds.
    public let shareOfDense: Double
    /// What the search minimizes: `expectedErrorPercent + lambda * shareOfDense`, or `shareOfDense` where it was held
    /// to an agreement, and more than 100 where that was not reached.
    public let cost: Double
    /// After each number of steps, without early exit: error in percent and share of dense.
    public let steps: [(errorPercent: Double, shareOfDense: Double)]

    /// When an image ends.
    var rule: AnytimeCurve.Rule {
      AnytimeCurve.Rule(margin: margin, ratio: ratio, timeSteps: timeSteps)
    }

    /// The numbers that rows are read from: of the tables of patterns, or the weights.
    var words: Int { tableWords(patterns, weights) }

    /// The network.
    func network(
      steps: Int, recording: PredictionOptions.Recording = [], instructionSet: InstructionSet
    ) throws -> SpikingMLP {
      var options = try PredictionOptions(timeSteps: steps)
      options.firing = firing
      options.recording = recording
      return try SpikingMLP(
        weights: weights, coding: coding, patterns: patterns, options: options,
        instructionSet: instructionSet)
    }
  }

  /// What a search ends with.
  public struct Found: Sendable {
    /// The coding that costs least.
    public let best: Candidate
    /// The best of each way to check thresholds, in the order of the search.
    public let bests: [Candidate]
    /// Each change of it that the search knows: why it is as it is, layer by layer.
    public let alternatives: [Alternative]
    /// All that were tried, in order.
    public let tried: [Candidate]
  }

  /// A change of the best coding, and how that did.
  public struct Alternative: Sendable {
    /// The change, in words.
    public let change: String
    /// How the changed coding did.
    public let candidate: Candidate
  }

  /// Calibration that cannot be done.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// Too few images.
    case tooFew(found: Int, needed: Int)
    /// A class without an image.
    case classMissing(Int)

    /// What was found and what is needed.
    public var description: String {
      switch self {
      case .tooFew(let found, let needed):
        "calibration on \(found) images: at least \(needed) are needed"
      case .classMissing(let label):
        "calibration: no image of class \(label); every class needs at least one"
      }
    }
  }

  /// Images that a calibration needs for each class.
  public static let imagesPerClass = 10

  /// Checks that margins and scales can be learned from some images.
  ///
  /// - Throws: `Failure`.
  public static func check(_ data: LabelledImages) throws(Failure) {
    let needed = imagesPerClass * data.classes
    guard data.count >= needed else { throw .tooFew(found: data.count, needed: needed) }
    let present = Set(data.labels)
    if let missing = (0..<data.classes).first(where: {
      !present.contains($0) && !data.unusedClasses.contains($0)
    }) {
      throw .classMissing(missing)
    }
  }

  /// Searches.
  ///
  /// - Parameters:
  ///   - weights: of the dense network.
  ///   - calibration: images that were not trained on, and are not tested on.
  ///   - trained: the coding that the network was trained for, if any.
  ///   - progress: told how many codings were tried, and how many there will be at most.
  /// - Precondition: at least one way to check thresholds.
  /// - Returns: the best, what each change of it would cost, and all that were tried, in order. Codings whose
  ///   potentials or spikes run away are passed over.
  /// - Throws: `Failure`; `SpikingError` where all run away; `CancellationError`.
  public func run(
    _ weights: NetworkWeights, calibration: LabelledImages, trained: SpikeCoding? = nil,
    progress: ProgressHandler? = nil
  ) async throws -> Found {
    let evaluation = SharedEvaluation(
      team: nil, workers: workers, instructionSet: instructionSet, calibration: calibration,
      test: calibration)
    return try await run(weights, evaluation, trained: trained, progress: progress)
  }

  /// The same, with whoever evaluates.
  func run(
    _ weights: NetworkWeights, _ evaluation: SharedEvaluation, trained: SpikeCoding?,
    progress: ProgressHandler?
  ) async throws -> Found {
    try Self.check(evaluation.calibration)
    let judge = try SearchJudge(self, weights, evaluation.calibration)
    let changes = Self.changes(
      layers: weights.layers.count - 1, Self.patterns(of: imageSize, inputs: weights.inputs))
    // Five starts; the search usually ends long before.
    let most = firings.count * (5 + rounds * changes.count)
    var done = 0
    var trials: [SearchTrials] = []
    var bests: [(candidate: Candidate, trials: Int)] = []
    var runaway: SpikingError?
    for firing in firings {
      var ways = SearchTrials(
        search: self, weights: weights, evaluation: evaluation, judge: judge, firing: firing,
        changes: changes.filter { firing != .refining || !$0.isOfPhases })
      ways.progress = { progress?(done + $0, max(most, done + $0)) }
      if let best = try await ways.best(trained: trained) { bests.append((best, trials.count)) }
      done += ways.tried.count
      trials.append(ways)
      runaway = runaway ?? ways.runaway
    }
    guard let best = bests.min(by: { $0.candidate.cost < $1.candidate.cost }) else {
      // A search that tries nothing has no firing; one that finds nothing ran away.
      throw runaway!
    }
    let alternatives = try await trials[best.trials].alternatives(of: best.candidate)
    return Found(
      best: best.candidate, bests: bests.map(\.candidate), alternatives: alternatives,
      tried: trials.flatMap(\.tried))
  }

  /// Staggered phases of pixels, for images of this size.
  static func patterns(
    of size: (height: Int, width: Int), inputs: Int
  ) -> [(name: String, phases: [Float])] {
    guard size.height * size.width == inputs else { return [] }
    return [1, 2, 4].map { groups in
      (
        groups == 1 ? "no phases" : "phases in \(groups) groups",
        SpikeCoding.staggeredPhases(groups, height: size.height, width: size.width)
      )
    }
  }

  struct Change: Sendable {
    let name: String
    var isOfPhases = false
    let apply: @Sendable (SpikeCoding) throws(SpikingError) -> SpikeCoding
  }

  /// The steps of coordinate descent.
  private static func changes(
    layers: Int, _ patterns: [(name: String, phases: [Float])]
  ) -> [Change] {
    var changes: [Change] = []
    for (name, by) in [("half", -1), ("twice", 1)] {
      changes.append(
        Change(name: "\(name) the input's scale") { coding throws(SpikingError) in
          try SpikeCoding(
            inputExponent: coding.inputExponent + by, hiddenScales: coding.hiddenScales,
            inputPhases: coding.inputPhases)
        })
    }
    for (name, phases) in patterns {
      changes.append(
        Change(name: name, isOfPhases: true) { coding throws(SpikingError) in
          try SpikeCoding(
            inputExponent: coding.inputExponent, hiddenScales: coding.hiddenScales,
            inputPhases: phases)
        })
    }
    for layer in 0..<layers {
      for (name, factor) in [
        ("1.41 times", Float(2).squareRoot()), ("0.71 times", Float(0.5).squareRoot()),
      ] {
        changes.append(
          Change(name: "\(name) the scales of layer \(layer + 1)") { coding throws(SpikingError) in
            var scales = coding.hiddenScales
            scales[layer] = scales[layer].map { $0 * factor }
            return try SpikeCoding(
              inputExponent: coding.inputExponent, hiddenScales: scales,
              inputPhases: coding.inputPhases)
          })
      }
    }
    return changes
  }
}
