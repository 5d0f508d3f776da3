public import Cluster
public import Datasets
internal import DenseReLU
internal import Measures
public import Networks
public import SpikeKernels
public import SpikingReLU
internal import Training

/// Accuracy, operations, energy and time as functions of the steps taken, and what early exit saves.
///
/// Everything is learned on calibration images; test images are only judged on.
public struct Anytime: Sendable {
  /// What the found network is held to.
  public struct Target: Sendable, Codable, Equatable {
    /// Points of error above the dense network's, at most.
    public let errorPoints: Double
    /// Additions over the dense network's multiply-adds, at most.
    public let shareOfDense: Double
    /// Time over that of the dense network's BLAS calls for one image, at most; `nil` for no target.
    public let timeOfDense: Double?

    /// A target.
    public init(errorPoints: Double, shareOfDense: Double, timeOfDense: Double?) {
      self.errorPoints = errorPoints
      self.shareOfDense = shareOfDense
      self.timeOfDense = timeOfDense
    }
  }

  /// What to run.
  public struct Settings: Sendable {
    /// The search of scales and margins.
    public var search: CodingSearch
    /// What the found network is held to.
    public var target: Target
    /// The coding that the network was trained for, if any.
    public var trainedCoding: SpikeCoding?
    /// Seconds that the timings may take.
    public var timingSeconds = 2.0

    /// Settings of a search and a target.
    public init(search: CodingSearch, target: Target) {
      self.search = search
      self.target = target
    }
  }

  /// The stages of a run, for progress.
  public enum Stage: String, Sendable {
    /// Trying scales.
    case search = "searching scales"
    /// Answering test images.
    case test = "answering test images"
    /// The bound.
    case bound = "evaluating the bound"
  }

  let weights: NetworkWeights
  let calibration: LabelledImages
  let test: LabelledImages
  let settings: Settings

  /// A run on the twins of `weights`.
  ///
  /// - Parameters:
  ///   - weights: inputs and outputs fit the data.
  ///   - calibration: images that were not trained on.
  ///   - test: at least one image.
  public init(
    weights: NetworkWeights, calibration: LabelledImages, test: LabelledImages, settings: Settings
  ) {
    precondition(test.count > 0, "an anytime curve of no image")
    self.weights = weights
    self.calibration = calibration
    self.test = test
    self.settings = settings
  }

  /// Runs.
  ///
  /// Sets BLAS to one thread: products of one example gain nothing from more.
  ///
  /// - Parameters:
  ///   - team: who evaluates: rank 0 runs, the others are in `serve` until it has done so.
  ///   - progress: told how far each stage is.
  /// - Returns: what was found, and the weights of the found network: those given, but for a last layer
  ///   that was fitted to counts.
  /// - Throws: `CodingSearch.Failure`, `SpikingError`, `DenseError`, `LAPACK.Failure`;
  ///   `CancellationError`.
  public func run(
    team: Team? = nil,
    progress: (@Sendable (_ stage: Stage, _ done: Int, _ total: Int) -> Void)? = nil
  ) async throws -> (result: Result, weights: NetworkWeights) {
    let search = settings.search
    let evaluation = SharedEvaluation(
      team: team, workers: search.workers, instructionSet: search.instructionSet,
      calibration: calibration, test: test)
    let searchResult = try await search.run(
      weights, evaluation, trained: settings.trainedCoding
    ) { progress?(.search, $0, $1) }
    let (best, tried) = (searchResult.best, searchResult.tried)
    let spikingWeights = best.weights
    let rule = best.rule
    let whole = try network(best, steps: best.steps.count)
    let ending = try network(best, steps: rule.timeSteps)
    let dense = try denseAnswers()
    // The best of each way to check thresholds; the chosen one is among them.
    var curves: [AnytimeCurve] = []
    for candidate in searchResult.bests {
      let curve = try await evaluation.curve(
        candidate.weights, candidate.coding, candidate.firing, candidate.patterns,
        timeSteps: candidate.steps.count, on: .test
      ) { progress?(.test, $0, $1) }
      curves.append(curve)
    }
    let chosen = searchResult.bests.firstIndex { $0.firing == best.firing }!
    let curve = curves[chosen]
    let paper = try await evaluation.curve(
      weights, nil, .afterEachSpike, timeSteps: 10, on: .test
    ) { progress?(.test, $0, $1) }
    let guarantee = try await guarantee(best, dense, curve, evaluation) {
      progress?(.bound, $0, $1)
    }
    // What is timed is timed alone.
    try team?.dismiss()
    let (timings, exits, steps) = try timings(searchResult.bests, chosen: chosen)
    let codes = searchResult.bests.indices.map { index in
      let (candidate, curve) = (searchResult.bests[index], curves[index])
      return Result.Code(
        candidate, isChosen: index == chosen,
        points: points(curve, dense, index == chosen ? steps : [], words: candidate.words),
        exit: exit(
          curve, dense, candidate.rule, words: candidate.words, microseconds: exits[index]))
    }
    let found = codes[chosen]
    let layers = try layers(ending, rule)
    let neurobench = try neurobench(whole, spikingWeights)
    let result = Result(
      topology: weights.topology, calibrationImages: calibration.count,
      testImages: test.count, timeSteps: best.steps.count, firing: best.firing, codes: codes,
      patterns: try PatternTables(best, search),
      lambda: search.lambda, leastAgreement: search.leastAgreement,
      readoutRefitted: search.refitsReadout, dense: dense.summary,
      quantized: try quantized(best, dense),
      coding: best.coding, inputScale: Double(best.coding.inputScale),
      hasPhases: !best.coding.inputPhases.isEmpty,
      layers: layers, chosen: Result.Candidate(best), candidates: tried.map(Result.Candidate.init),
      alternatives: searchResult.alternatives.map(Result.Alternative.init),
      front: Self.front(tried), points: found.points,
      paper: self.points(paper, dense, [], words: weights.parameterCount), exit: found.exit,
      margins: margins(curve, dense, rule, words: best.words), guarantee: guarantee,
      timings: timings,
      neurobench: neurobench,
      energyAssumptions: EnergyModel.assumptions,
      verdicts: Verdict.calibration(search, best) + verdicts(found.exit, dense.summary, timings))
    return (result, spikingWeights)
  }

  /// Answers what rank 0 asks until its `run` needs no more. For the other ranks.
  ///
  /// - Parameters:
  ///   - calibration, test: the images that rank 0 has.
  ///   - workers: tasks of this rank.
  /// - Throws: as `run`; `ClusterError`.
  public static func serve(
    _ team: Team, calibration: LabelledImages, test: LabelledImages, workers: Int,
    instructionSet: InstructionSet
  ) async throws {
    try await SharedEvaluation(
      team: team, workers: workers, instructionSet: instructionSet, calibration: calibration,
      test: test
    ).serve()
  }

  func network(_ candidate: CodingSearch.Candidate, steps: Int) throws -> SpikingMLP {
    try candidate.network(steps: steps, instructionSet: settings.search.instructionSet)
  }

  /// The dense network's answers to the test images.
  struct DenseAnswers {
    let labels: [Int]
    let summary: Result.Dense
  }

  private func denseAnswers() throws -> DenseAnswers {
    var network = DenseMLP(weights: weights)
    var labels: [Int] = []
    for index in 0..<test.count {
      try Task.checkCancellation()
      labels.append(try network.predict(test.images.row(index)).argmax)
      _ = try network.predictSkippingZeros(test.images.row(index))
    }
    let rate = ErrorRate(errors: zip(labels, test.labels).count { $0 != $1 }, examples: test.count)
    let multiplyAdds = Double(weights.parameterCount)
    let skipping =
      Double(network.ledger.layers.reduce(0) { $0 + $1.zeroSkippingMultiplyAdds })
      / Double(test.count)
    return DenseAnswers(
      labels: labels,
      summary: Result.Dense(
        testErrorPercent: rate.percent, testErrorInterval95: rate.interval95,
        multiplyAdds: multiplyAdds, zeroSkippingMultiplyAdds: skipping,
        energy: energies(
          additions: 0, multiplyAdds: multiplyAdds, words: weights.parameterCount),
        zeroSkippingEnergy: energies(
          additions: 0, multiplyAdds: skipping, words: weights.parameterCount)))
  }

  func energies(additions: Double, multiplyAdds: Double, words: Int) -> [Result.Energy] {
    EnergyModel.rows(weights: words) { arithmetic, withReads, nanojoules in
      Result.Energy(
        arithmetic: arithmetic, withWeightReads: withReads,
        nanojoules: nanojoules(additions, multiplyAdds))
    }
  }

  private func verdicts(
    _ exit: Result.Exit, _ dense: Result.Dense, _ timings: Result.Timings
  ) -> [Verdict] {
    let target = settings.target
    let exact = [
      Verdict(
        "early exit: points of error above the dense network's",
        value: exit.outcome.testErrorPercent - dense.testErrorPercent,
        bound: .init(atMost: target.errorPoints)),
      Verdict(
        "early exit: additions over dense multiply-adds", value: exit.outcome.shareOfDense,
        bound: .init(atMost: target.shareOfDense)),
      Verdict(
        "early exit: additions over multiply-adds of the dense network that skips zeros",
        value: exit.outcome.additions / dense.zeroSkippingMultiplyAdds, bound: .init(atMost: 1)),
    ]
    guard let most = target.timeOfDense else { return exact }
    return exact + [
      Verdict(
        "early exit: time over BLAS calls of the dense network, one image", kind: .timing,
        value: timings.exitOverBLAS, bound: .init(atMost: most)),
      Verdict(
        "early exit: time over the dense network that skips zeros", kind: .timing,
        value: timings.exitOverZeroSkipping, bound: .init(atMost: 1)),
    ]
  }
}
