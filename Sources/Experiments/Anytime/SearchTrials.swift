internal import Datasets
internal import DenseReLU
internal import Measures
internal import Networks
internal import SpikingReLU
internal import Training

/// What a search holds answers to.
struct SearchJudge {
  /// `[images x classes]`: the expected errors of answers.
  let errors: Matrix
  /// `[images x classes]`: what answers cost: the same, or 1 for those that are not the dense network's.
  let costs: Matrix
  /// Points of error that the operations of one dense pass may save.
  private let lambda: Double
  /// The largest share of answers that may not be the dense network's, where the search is held to that.
  private let mostOthers: Double?

  /// - Throws: `DenseError`, `CancellationError`.
  init(_ search: CodingSearch, _ weights: NetworkWeights, _ data: LabelledImages) throws {
    errors = try ExpectedErrors(weights, data).costs
    lambda = search.lambda
    // A share of images is a fraction, and rounded.
    mostOthers = search.leastAgreement.map { 1 - $0 + 1e-9 }
    guard mostOthers != nil else {
      costs = errors
      return
    }
    var dense = DenseMLP(weights: weights)
    var costs = Matrix(rows: data.count, columns: data.classes)
    for image in 0..<data.count {
      try Task.checkCancellation()
      let answer = try dense.predict(data.images.row(image)).argmax
      costs.setRow(image, to: (0..<data.classes).map { $0 == answer ? 0 : 1 })
    }
    self.costs = costs
  }

  /// What the search minimizes, of the mean cost of answers and additions over dense multiply-adds.
  func cost(answers: Double, share: Double) -> Double {
    guard let mostOthers else { return 100 * answers + lambda * share }
    // Rules that disagree too often lose to all that do not, and to those that disagree less.
    return answers <= mostOthers ? share : 100 + 1000 * (answers - mostOthers) + share
  }

  /// Answers that are the dense network's, in percent, of their mean cost; `nil` where that is something else.
  func agreementPercent(answers: Double) -> Double? {
    mostOthers == nil ? nil : 100 * (1 - answers)
  }
}

/// The codings that a search tries with one way to check thresholds.
struct SearchTrials {
  let search: CodingSearch
  let weights: NetworkWeights
  let evaluation: SharedEvaluation
  let judge: SearchJudge
  let firing: PredictionOptions.Firing
  /// The steps of coordinate descent.
  let changes: [CodingSearch.Change]
  /// Told how many codings were tried.
  var progress: (Int) -> Void = { _ in }
  /// Which units' spikes are added as one row, where a step's are added at once.
  private var grouping: PatternGrouping.Found?
  /// Candidates in the order in which they were tried.
  private(set) var tried: [CodingSearch.Candidate] = []
  /// Codings with which potentials or spikes ran away.
  private var failed: [SpikeCoding] = []
  /// Why the first of them did.
  private(set) var runaway: SpikingError?

  init(
    search: CodingSearch, weights: NetworkWeights, evaluation: SharedEvaluation,
    judge: SearchJudge, firing: PredictionOptions.Firing, changes: [CodingSearch.Change]
  ) {
    (self.search, self.weights, self.evaluation) = (search, weights, evaluation)
    (self.judge, self.firing, self.changes) = (judge, firing, changes)
  }

  /// The coding that costs least; `nil` where all run away.
  ///
  /// Groups of units are found for quanta of 1, and once more for the coding that is found.
  mutating func best(
    trained: SpikeCoding?
  ) async throws -> CodingSearch.Candidate? {
    var starts = [("unit scales", SpikeCoding.unit(of: weights))]
    starts += try SpikeCoding.fromData(weights, evaluation.calibration)
    if let trained { starts.append(("scales that came with the weights", trained)) }
    if firing == .refining { starts = starts.map { ($0, $1.inPhase) } }
    // Where quanta of 1 are too fine for large activations, those of the next start are not.
    for (_, coding) in starts where firing.addsAtOnce && grouping == nil {
      try await group(coding)
    }
    var best: CodingSearch.Candidate?
    for (origin, coding) in starts {
      guard let candidate = try await attempt(origin, coding) else { continue }
      if candidate.cost < best?.cost ?? .infinity { best = candidate }
    }
    guard let start = best else { return nil }
    var found = try await descend(from: start)
    guard firing.addsAtOnce else { return found }
    let before = grouping
    try await group(found.coding, until: found.rule)
    if let regrouped = try await attempt(found.origin, found.coding), regrouped.cost < found.cost {
      found = try await descend(from: regrouped)
    } else {
      grouping = before
    }
    return found
  }

  /// Each change of a coding, and how that did.
  mutating func alternatives(
    of best: CodingSearch.Candidate
  ) async throws -> [CodingSearch.Alternative] {
    grouping = best.grouping
    var alternatives: [CodingSearch.Alternative] = []
    for change in changes {
      guard let coding = try? change.apply(best.coding), coding != best.coding,
        let candidate = try await attempt(change.name, coding)
      else { continue }
      alternatives.append(CodingSearch.Alternative(change: change.name, candidate: candidate))
    }
    return alternatives
  }

  /// Coordinate descent: every change that costs less is kept, until none does.
  private mutating func descend(
    from start: CodingSearch.Candidate
  ) async throws -> CodingSearch.Candidate {
    var best = start
    for _ in 0..<search.rounds {
      let before = best.cost
      for change in changes {
        guard let coding = try? change.apply(best.coding),
          let candidate = try await attempt(change.name, coding)
        else { continue }
        if candidate.cost < best.cost { best = candidate }
      }
      if best.cost >= before { break }
    }
    return best
  }

  /// Groups units by what they send with a coding; as before where it runs away.
  private mutating func group(
    _ coding: SpikeCoding, until rule: AnytimeCurve.Rule? = nil
  ) async throws {
    var groups = PatternGrouping(
      memory: search.memory, instructionSet: search.instructionSet, imageSize: search.imageSize)
    groups.workers = search.workers
    if firing != .refining { groups.mostPlaces = 2 }
    do {
      grouping = try await groups.run(
        weights, coding, firing, on: evaluation.calibration, until: rule)
    } catch let error as SpikingError where error.isRunaway {
      runaway = runaway ?? error
    }
  }

  /// Evaluates a coding, unless that was done; `nil` where it runs away.
  private mutating func attempt(
    _ origin: String, _ coding: SpikeCoding
  ) async throws -> CodingSearch.Candidate? {
    let patterns = grouping?.patterns
    if let known = tried.first(where: { $0.coding == coding && $0.patterns == patterns }) {
      return known
    }
    guard !failed.contains(coding) else { return nil }
    do {
      let candidate = try await evaluate(origin, coding)
      tried.append(candidate)
      progress(tried.count)
      return candidate
    } catch let error as SpikingError where error.isRunaway {
      failed.append(coding)
      runaway = runaway ?? error
      return nil
    }
  }

  /// The most steps of refining that are looked at.
  private static let refiningSteps = 8
  /// Ratios of falling margins that are tried.
  private static let ratios: [Float] = [0.5, ExitRule.usualRatio, 0.7, 0.8, 1]

  /// Evaluates a coding with its best margin.
  private func evaluate(
    _ origin: String, _ coding: SpikeCoding
  ) async throws -> CodingSearch.Candidate {
    let data = evaluation.calibration
    let timeSteps =
      firing == .refining ? min(search.timeSteps, Self.refiningSteps) : search.timeSteps
    var fitted = weights
    if search.refitsReadout, let scales = coding.hiddenScales.last {
      let counts = try await evaluation.counts(weights, coding, firing, timeSteps: timeSteps)
      fitted = try ReadoutCalibration().refit(
        weights, counts: counts, scales: scales, timeSteps: timeSteps, on: data)
    }
    let curve = try await evaluation.curve(
      fitted, coding, firing, grouping?.patterns, timeSteps: timeSteps, on: .calibration)
    let dense = Double(weights.parameterCount)
    func cost(_ rule: AnytimeCurve.Rule) -> Double {
      let found = curve.expected(rule, costs: judge.costs)
      return judge.cost(answers: found.cost, share: found.additions / dense)
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
    let answers = curve.expected(rule, costs: judge.costs).cost
    return CodingSearch.Candidate(
      origin: origin, firing: firing, coding: coding, grouping: grouping, weights: fitted,
      margin: rule.margin, ratio: rule.ratio, timeSteps: rule.timeSteps,
      errorPercent: 100 * Double(outcome.errors) / Double(data.count),
      expectedErrorPercent: 100 * curve.expected(rule, costs: judge.errors).cost,
      agreementPercent: judge.agreementPercent(answers: answers),
      shareOfDense: outcome.additions / dense, cost: best,
      steps: (1...timeSteps).map {
        let outcome = curve.outcome(step: $0, labels: data.labels)
        return (100 * Double(outcome.errors) / Double(data.count), outcome.additions / dense)
      })
  }
}
