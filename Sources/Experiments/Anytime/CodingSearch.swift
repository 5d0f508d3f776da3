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
/// Rate coding and refining are searched in turn, and the cheaper is the best. Refining has no phases; its margin
/// falls by one of several ratios, and its spikes are added by patterns: grouped once for unit scales, and once
/// more for the coding that is found (`PatternGrouping`).
public struct CodingSearch: Sendable {
  /// Points of error that the operations of one dense pass may save.
  public var lambda = 2.0
  /// T: the most steps of an image.
  public var timeSteps = 8
  /// When thresholds are checked: each of them is searched, and the cheapest chosen.
  public var firings: [PredictionOptions.Firing] = [.oncePerStep, .refining]
  /// In place of the cost: the least share of answers that are the dense network's; `nil` for the cost.
  public var leastAgreement: Double?
  /// Bytes that the rows of patterns may take; `nil` for half of the third cache.
  public var memory: Int?
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
    /// Which spikes are added as one row; `nil` for single rows.
    public let patterns: SpikePatterns?
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
    /// Additions an image over the dense network's multiply-adds.
    public let shareOfDense: Double
    /// `expectedErrorPercent + lambda * shareOfDense`.
    public let cost: Double
    /// After each number of steps, without early exit: error in percent and share of dense.
    public let steps: [(errorPercent: Double, shareOfDense: Double)]

    /// When an image ends.
    var rule: AnytimeCurve.Rule {
      AnytimeCurve.Rule(margin: margin, ratio: ratio, timeSteps: timeSteps)
    }

    /// The numbers that rows are read from: of the tables of patterns, or the weights.
    var words: Int {
      guard let patterns else { return weights.parameterCount }
      return zip(patterns.rowsOfTables, weights.layerSizes.dropFirst()).reduce(0) {
        $0 + $1.0 * $1.1
      }
    }

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
    let judge = try judge(weights, calibration)
    let changes = Self.changes(
      layers: weights.layers.count - 1, Self.patterns(of: imageSize, inputs: weights.inputs))
    // Five starts; the search usually ends long before.
    let most = firings.count * (5 + rounds * changes.count)
    var tried: [Candidate] = []
    var bests: [Candidate] = []
    for firing in firings {
      var patterns =
        firing == .refining
        ? try await grouping.run(weights, .unit(of: weights), on: calibration).patterns : nil
      func attempt(_ origin: String, _ coding: SpikeCoding) async throws -> Candidate {
        let known = tried.first {
          $0.firing == firing && $0.coding == coding && $0.patterns == patterns
        }
        if let known { return known }
        let candidate = try await evaluate(
          weights, coding, firing, patterns, origin, evaluation, judge)
        tried.append(candidate)
        progress?(tried.count, max(most, tried.count))
        return candidate
      }
      func descend(_ best: inout Candidate) async throws {
        for _ in 0..<rounds {
          let before = best.cost
          for change in changes where firing != .refining || !change.isOfPhases {
            guard let coding = try? change.apply(best.coding) else { continue }
            let candidate = try await attempt(change.name, coding)
            if candidate.cost < best.cost { best = candidate }
          }
          if best.cost >= before { break }
        }
      }
      var best = try await attempt("unit scales", .unit(of: weights))
      var starts = try SpikeCoding.fromData(weights, calibration)
      if let trained { starts.append(("scales of training", trained)) }
      for (origin, coding) in starts {
        let candidate = try await attempt(origin, firing == .refining ? coding.inPhase : coding)
        if candidate.cost < best.cost { best = candidate }
      }
      try await descend(&best)
      if firing == .refining {
        let before = patterns
        patterns = try await grouping.run(
          weights, best.coding, on: calibration, until: best.rule
        ).patterns
        let regrouped = try await attempt(best.origin, best.coding)
        if regrouped.cost < best.cost {
          best = regrouped
          try await descend(&best)
        } else {
          patterns = before
        }
      }
      bests.append(best)
    }
    let best = bests.min { $0.cost < $1.cost }!
    var alternatives: [Alternative] = []
    for change in changes where best.firing != .refining || !change.isOfPhases {
      guard let coding = try? change.apply(best.coding), coding != best.coding else { continue }
      let known = tried.first {
        $0.firing == best.firing && $0.coding == coding && $0.patterns == best.patterns
      }
      let candidate =
        if let known { known } else {
          try await evaluate(
            weights, coding, best.firing, best.patterns, change.name, evaluation, judge)
        }
      if known == nil { tried.append(candidate) }
      alternatives.append(Alternative(change: change.name, candidate: candidate))
    }
    return Found(best: best, bests: bests, alternatives: alternatives, tried: tried)
  }

  /// Groups of units within the memory that there is.
  private var grouping: PatternGrouping {
    var grouping = PatternGrouping(
      memory: memory ?? PatternGrouping.usualMemory(), instructionSet: instructionSet,
      imageSize: imageSize)
    grouping.workers = workers
    return grouping
  }

  /// The most steps of refining that are looked at: an error of 2^-8 changes no more answers.
  private static let refiningSteps = 8

  /// What an answer costs.
  private struct Judge {
    /// `[images x classes]`: expected errors of answers, or 1 for those that are not the dense network's.
    let costs: Matrix
    /// Of a mean cost of answers and a share of dense operations, what the search minimizes.
    let cost: (_ answers: Double, _ share: Double) -> Double
    /// The expected errors.
    let errors: Matrix
  }

  private func judge(_ weights: NetworkWeights, _ data: LabelledImages) throws -> Judge {
    let errors = try ExpectedErrors(weights, data).costs
    guard let least = leastAgreement else {
      return Judge(costs: errors, cost: { 100 * $0 + lambda * $1 }, errors: errors)
    }
    var dense = DenseMLP(weights: weights)
    var costs = Matrix(rows: data.count, columns: data.classes)
    for image in 0..<data.count {
      let answer = try dense.predict(data.images.row(image)).argmax
      costs.setRow(image, to: (0..<data.classes).map { $0 == answer ? 0 : 1 })
    }
    // Rules that disagree too often lose to all that do not, and to those that do less.
    let most = 1 - least + 1e-9
    return Judge(
      costs: costs, cost: { $0 <= most ? $1 : $1 + 1000 * ($0 - most) + 100 }, errors: errors)
  }

  /// Evaluates one coding with its best margin.
  private func evaluate(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ firing: PredictionOptions.Firing,
    _ patterns: SpikePatterns?, _ origin: String, _ evaluation: SharedEvaluation, _ judge: Judge
  ) async throws -> Candidate {
    let data = evaluation.calibration
    let timeSteps = firing == .refining ? min(timeSteps, Self.refiningSteps) : timeSteps
    var fitted = weights
    if refitsReadout, let scales = coding.hiddenScales.last {
      let counts = try await evaluation.counts(weights, coding, firing, timeSteps: timeSteps)
      fitted = try ReadoutCalibration().refit(
        weights, counts: counts, scales: scales, timeSteps: timeSteps, on: data)
    }
    let curve = try await evaluation.curve(
      fitted, coding, firing, patterns, timeSteps: timeSteps, on: .calibration)
    let dense = Double(weights.parameterCount)
    func cost(_ rule: AnytimeCurve.Rule) -> Double {
      let found = curve.expected(rule, costs: judge.costs)
      return judge.cost(found.cost, found.additions / dense)
    }
    var rule = AnytimeCurve.Rule(margin: .infinity, timeSteps: timeSteps)
    var best = cost(rule)
    // The margin at the most steps, then the steps at that margin, until neither helps.
    let margins = curve.candidates(most: firing == .refining ? 96 : 192)
    let ratios = firing == .refining ? Self.ratios : [ExitRule.usualRatio]
    var improves = true
    while improves {
      improves = false
      let rules =
        ratios.flatMap { ratio in
          margins.map { AnytimeCurve.Rule(margin: $0, ratio: ratio, timeSteps: rule.timeSteps) }
        }
        + (1...timeSteps).map {
          AnytimeCurve.Rule(margin: rule.margin, ratio: rule.ratio, timeSteps: $0)
        }
      for candidate in rules {
        let found = cost(candidate)
        if found < best { (rule, best, improves) = (candidate, found, true) }
      }
    }
    let outcome = curve.outcome(rule, labels: data.labels)
    return Candidate(
      origin: origin, firing: firing, coding: coding, patterns: patterns, weights: fitted,
      margin: rule.margin, ratio: rule.ratio, timeSteps: rule.timeSteps,
      errorPercent: 100 * Double(outcome.errors) / Double(data.count),
      expectedErrorPercent: 100 * curve.expected(rule, costs: judge.errors).cost,
      shareOfDense: outcome.additions / dense, cost: best,
      steps: (1...timeSteps).map {
        let outcome = curve.outcome(step: $0, labels: data.labels)
        return (100 * Double(outcome.errors) / Double(data.count), outcome.additions / dense)
      })
  }

  /// Ratios of falling margins that are tried.
  private static let ratios: [Float] = [0.5, ExitRule.usualRatio, 0.7, 0.8, 1]

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
