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
/// The expected error of an answer is 1 minus the dense network's probability of it, the softmax of its
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
public struct CodingSearch: Sendable {
  /// Points of error that the operations of one dense pass may save.
  public var lambda = 2.0
  /// T: the most steps of an image.
  public var timeSteps = 8
  /// When thresholds are checked.
  public var firing = PredictionOptions.Firing.oncePerStep
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
    /// The quanta of spikes.
    public let coding: SpikeCoding
    /// The weights: those given, but for a last layer that was fitted to counts.
    public let weights: NetworkWeights
    /// When an answer is clear; infinity where no margin was reached that is better than never.
    public let margin: Float
    /// The steps after which an image ends in any case.
    public let timeSteps: Int
    /// Wrong answers in percent with that margin.
    public let errorPercent: Double
    /// The same, expected under the dense network's probabilities.
    public let expectedErrorPercent: Double
    /// Additions an image over the dense network's multiply-adds.
    public let shareOfDense: Double
    /// `expectedErrorPercent + lambda * shareOfDense`.
    public let cost: Double
    /// After each number of steps, without early exit: error in percent and share of dense.
    public let steps: [(errorPercent: Double, shareOfDense: Double)]
  }

  /// What a search ends with.
  public struct Found: Sendable {
    /// The coding that costs least.
    public let best: Candidate
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
    if let missing = (0..<data.classes).first(where: { !present.contains($0) }) {
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
  /// - Returns: the best, what each change of it would cost, and all that were tried, in order.
  /// - Throws: `Failure`, `SpikingError`, `CancellationError`.
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
    let calibration = evaluation.calibration
    try Self.check(calibration)
    let errors = try ExpectedErrors(weights, calibration)
    let changes = Self.changes(
      layers: weights.layers.count - 1, Self.patterns(of: imageSize, inputs: weights.inputs))
    // Five starts; the search usually ends long before.
    let most = 5 + rounds * changes.count
    var tried: [Candidate] = []
    func attempt(_ origin: String, _ coding: SpikeCoding) async throws -> Candidate {
      if let known = tried.first(where: { $0.coding == coding }) { return known }
      let candidate = try await evaluate(weights, coding, origin, evaluation, errors)
      tried.append(candidate)
      progress?(tried.count, max(most, tried.count))
      return candidate
    }
    var best = try await attempt("unit scales", .unit(of: weights))
    var starts = try SpikeCoding.fromData(weights, calibration)
    if let trained { starts.append(("scales of training", trained)) }
    for (origin, coding) in starts {
      let candidate = try await attempt(origin, coding)
      if candidate.cost < best.cost { best = candidate }
    }
    for _ in 0..<rounds {
      let before = best.cost
      for change in changes {
        guard let coding = try? change.apply(best.coding) else { continue }
        let candidate = try await attempt(change.name, coding)
        if candidate.cost < best.cost { best = candidate }
      }
      if best.cost >= before { break }
    }
    var alternatives: [Alternative] = []
    for change in changes {
      guard let coding = try? change.apply(best.coding), coding != best.coding else { continue }
      alternatives.append(
        Alternative(change: change.name, candidate: try await attempt(change.name, coding)))
    }
    return Found(best: best, alternatives: alternatives, tried: tried)
  }

  /// Evaluates one coding with its best margin.
  private func evaluate(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ origin: String,
    _ evaluation: SharedEvaluation, _ errors: ExpectedErrors
  ) async throws -> Candidate {
    let data = evaluation.calibration
    var fitted = weights
    if refitsReadout, let scales = coding.hiddenScales.last {
      let counts = try await evaluation.counts(weights, coding, firing, timeSteps: timeSteps)
      fitted = try ReadoutCalibration().refit(
        weights, counts: counts, scales: scales, timeSteps: timeSteps, on: data)
    }
    let curve = try await evaluation.curve(
      fitted, coding, firing, timeSteps: timeSteps, on: .calibration)
    let dense = Double(weights.parameterCount)
    func expected(_ rule: AnytimeCurve.Rule) -> (errorPercent: Double, cost: Double) {
      let found = curve.expected(rule, costs: errors.costs)
      return (100 * found.cost, 100 * found.cost + lambda * found.additions / dense)
    }
    var rule = AnytimeCurve.Rule(margin: .infinity, timeSteps: timeSteps)
    var best = expected(rule)
    // The margin at the most steps, then the steps at that margin, until neither helps.
    let margins = curve.candidates(most: 192)
    var improves = true
    while improves {
      improves = false
      let rules =
        margins.map { AnytimeCurve.Rule(margin: $0, timeSteps: rule.timeSteps) }
        + (1...timeSteps).map { AnytimeCurve.Rule(margin: rule.margin, timeSteps: $0) }
      for candidate in rules {
        let found = expected(candidate)
        if found.cost < best.cost { (rule, best, improves) = (candidate, found, true) }
      }
    }
    let outcome = curve.outcome(rule, labels: data.labels)
    return Candidate(
      origin: origin, coding: coding, weights: fitted, margin: rule.margin,
      timeSteps: rule.timeSteps,
      errorPercent: 100 * Double(outcome.errors) / Double(data.count),
      expectedErrorPercent: best.errorPercent, shareOfDense: outcome.additions / dense,
      cost: best.cost,
      steps: (1...timeSteps).map {
        let outcome = curve.outcome(step: $0, labels: data.labels)
        return (100 * Double(outcome.errors) / Double(data.count), outcome.additions / dense)
      })
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

  private struct Change: Sendable {
    let name: String
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
        Change(name: name) { coding throws(SpikingError) in
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
