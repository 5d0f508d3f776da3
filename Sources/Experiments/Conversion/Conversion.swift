public import Datasets
internal import DenseReLU
internal import Measures
public import Networks
public import SpikeKernels
public import SpikingReLU
internal import Training

/// Turns somebody's trained network into a checked spiking one: finds the quanta of its spikes,
/// shows what both answer, and says what was lost on the way, and why.
public struct Conversion: Sendable {
  /// The search of scales; `nil` for the paper's, where every quantum is 1.
  public var search: CodingSearch?
  /// T.
  public var timeSteps = 20
  /// The verdict: at most so many points of error above the dense network's after T steps.
  public var errorPoints = 0.3
  /// A verdict: with early exit, at least so many percent of the answers are the dense network's.
  public var leastAgreement: Double?
  /// A verdict: with early exit, at most so many additions over the dense network's multiply-adds.
  public var mostOperations: Double?
  /// Tasks; results do not depend on it.
  public var workers = 1
  /// Which kernels run.
  public var instructionSet: InstructionSet

  /// A conversion with the documented settings.
  public init(instructionSet: InstructionSet, search: CodingSearch?) {
    self.instructionSet = instructionSet
    self.search = search
  }

  /// The stages of a run, for progress.
  public enum Stage: String, Sendable {
    /// Trying scales.
    case search = "searching scales"
    /// Answering test images.
    case test = "answering test images"
    /// Looking for what was lost.
    case losses = "looking for what was lost"
  }

  /// Converts.
  ///
  /// - Parameters:
  ///   - weights: inputs and outputs fit the data.
  ///   - calibration: images that scales are learned from and losses are looked for on.
  ///   - test: images that are judged on, at least one.
  ///   - saved: quanta that came with the weights, from which the search starts, too.
  /// - Throws: `CodingSearch.Failure`, `SpikingError`, `DenseError`; `CancellationError`.
  public func run(
    _ weights: NetworkWeights, calibration: LabelledImages, test: LabelledImages,
    saved: SpikeCoding? = nil,
    progress: (@Sendable (_ stage: Stage, _ done: Int, _ total: Int) -> Void)? = nil
  ) async throws -> Result {
    var dense = DenseMLP(weights: weights)
    var answers: [Int] = []
    var logits: [[Float]] = []
    for index in 0..<test.count {
      try Task.checkCancellation()
      let output = try dense.predict(test.images.row(index))
      answers.append(output.argmax)
      _ = try dense.predictSkippingZeros(test.images.row(index))
      if index < 3 { logits.append(output) }
    }
    let skipped = dense.ledger.layers.reduce(0) { $0 + $1.zeroSkippingMultiplyAdds }
    let found = try await search?.run(weights, calibration: calibration, trained: saved) {
      progress?(.search, $0, $1)
    }
    let paper = try await self.courses(
      network(weights, .unit(of: weights), .afterEachSpike, steps: timeSteps), test, progress)
    let paperPoints = points(paper, steps: timeSteps, test.labels, answers, weights)
    var codes: [Code] = []
    var chosen = (courses: paper, points: paperPoints)
    for candidate in found?.bests ?? [] {
      let courses = try await self.courses(
        candidate.network(
          steps: candidate.steps.count, recording: .counts, instructionSet: instructionSet),
        test, progress)
      let points = points(
        courses, steps: candidate.steps.count, test.labels, answers, weights)
      let isChosen = candidate.firing == found?.best.firing
      if isChosen { chosen = (courses, points) }
      codes.append(
        Code(
          candidate, isChosen: isChosen, points: points,
          exit: exit(courses, candidate.rule, test.labels, answers, weights)))
    }
    let best = found?.best
    let network =
      try best?.network(
        steps: best!.steps.count, recording: .counts, instructionSet: instructionSet)
      ?? network(weights, .unit(of: weights), .afterEachSpike, steps: timeSteps)
    let wrong = zip(answers, test.labels).count { $0 != $1 }
    let percent = 100 * Double(wrong) / Double(test.count)
    let steps = network.options.timeSteps
    let losses = try await losses(
      weights, network, calibration,
      runaways: chosen.courses.count { $0.labels.count < steps }, of: test.count
    ) { progress?(.losses, $0, $1) }
    return Result(
      topology: weights.topology, hasBiases: weights.hasBiases, testImages: test.count,
      denseTestErrors: wrong, denseErrorPercent: percent,
      zeroSkippingShareOfDense: Double(skipped) / Double(test.count)
        / Double(weights.parameterCount),
      firstLogits: logits, coding: network.coding,
      codingOrigin: best?.origin ?? "unit scales", firing: network.options.firing,
      patterns: try found.flatMap { try PatternTables($0.best, search!) },
      codes: codes, points: chosen.points, exit: codes.first(where: \.isChosen)?.exit,
      paper: paperPoints, losses: losses,
      verdicts: [
        Verdict(
          "spiking errors above the dense network's after \(steps) steps, points",
          value: chosen.points[chosen.points.count - 1].errorPercent - percent,
          bound: .init(atMost: errorPoints)),
        Verdict(
          "errors of the dense network, percent (more is no better than chance)", value: percent,
          bound: .init(atMost: min(50, InputDiagnosis.constantErrorPercent(test)))),
      ] + (found.map { Verdict.calibration(search!, $0.best) } ?? [])
        + exitVerdicts(codes.first(where: \.isChosen)?.exit.outcome))
  }

  /// What early exit is held to on test images.
  private func exitVerdicts(_ exit: Point?) -> [Verdict] {
    guard let exit else { return [] }
    return [
      leastAgreement.map {
        Verdict(
          "early exit: answers that are the dense network's, percent",
          value: exit.sameClassPercent, bound: .init(atLeast: $0))
      },
      mostOperations.map {
        Verdict(
          "early exit: additions over dense multiply-adds", value: exit.shareOfDense,
          bound: .init(atMost: $0))
      },
    ].compactMap(\.self)
  }

  private func network(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ firing: PredictionOptions.Firing,
    steps: Int
  ) throws -> SpikingMLP {
    var options = try PredictionOptions(timeSteps: steps)
    options.firing = firing
    options.recording = .counts
    return try SpikingMLP(
      weights: weights, coding: coding, options: options, instructionSet: instructionSet)
  }

  /// An image's answers, margins and additions after each step; fewer where it ran away.
  private struct Course: Sendable {
    var labels: [Int] = []
    var margins: [Float] = []
    var additions: [Int] = []
  }

  /// Answers all images.
  private func courses(
    _ network: SpikingMLP, _ test: LabelledImages,
    _ progress: (@Sendable (Stage, Int, Int) -> Void)?
  ) async throws -> [Course] {
    let steps = network.options.timeSteps
    return try await mapExamples(
      count: test.count, workers: workers, progress: { progress?(.test, $0, $1) },
      makeState: { network },
      body: { network, index in
        var course = Course()
        network.resetLedger()
        try network.present(test.images.row(index), stream: UInt64(index))
        do {
          for _ in 0..<steps {
            try network.step()
            let standing = network.standing
            course.labels.append(standing.label)
            course.margins.append(standing.margin)
            course.additions.append(network.additions)
          }
        } catch let error as SpikingError where error.isRunaway {}
        return course
      }
    ).results
  }

  /// What was answered and spent when image i ends after `ends[i]` steps; one that ran away before is
  /// wrong.
  private func outcome(
    _ courses: [Course], ends: [Int], timeSteps: Int, _ labels: [Int], _ dense: [Int],
    _ weights: NetworkWeights
  ) -> Point {
    let answers = zip(courses, ends).map { course, end in
      course.labels.count < end ? nil : course.labels[end - 1]
    }
    let wrong = zip(answers, labels).count { $0 != $1 }
    let same = zip(answers, dense).count { $0 == $1 }
    let additions = zip(courses, ends).reduce(0) { total, image in
      let (course, end) = image
      return total
        + (course.additions.isEmpty ? 0 : course.additions[min(end, course.additions.count) - 1])
    }
    let images = Double(courses.count)
    return Point(
      timeSteps: timeSteps, errors: wrong, errorPercent: 100 * Double(wrong) / images,
      sameClassPercent: 100 * Double(same) / images,
      shareOfDense: Double(additions) / images / Double(weights.parameterCount))
  }

  private func points(
    _ courses: [Course], steps: Int, _ labels: [Int], _ dense: [Int], _ weights: NetworkWeights
  ) -> [Point] {
    let shown =
      steps <= 8
      ? Array(1...steps)
      : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].filter { $0 < steps } + [steps]
    return shown.map {
      outcome(
        courses, ends: Array(repeating: $0, count: courses.count), timeSteps: $0, labels, dense,
        weights)
    }
  }

  private func exit(
    _ courses: [Course], _ rule: AnytimeCurve.Rule, _ labels: [Int], _ dense: [Int],
    _ weights: NetworkWeights
  ) -> Exit {
    let thresholds = rule.thresholds
    let ends = courses.map { course in
      (zip(course.margins, thresholds).enumerated().first { $1.0 >= $1.1 }?.offset
        ?? thresholds.count) + 1
    }
    return Exit(
      margin: rule.margin.isFinite ? rule.margin : nil, ratio: rule.ratio,
      timeSteps: rule.timeSteps,
      meanSteps: Double(ends.reduce(0, +)) / Double(max(ends.count, 1)),
      outcome: outcome(
        courses, ends: ends, timeSteps: rule.timeSteps, labels, dense, weights))
  }

  /// What one image told of each hidden unit.
  private struct Look: Sendable {
    let active: [[Bool]]
    let counts: [[Int]]
  }

  private func losses(
    _ weights: NetworkWeights, _ network: SpikingMLP, _ data: LabelledImages, runaways: Int,
    of images: Int, progress: @escaping ProgressHandler
  ) async throws -> [Loss] {
    struct Worker: Sendable {
      var network: SpikingMLP
      var dense: DenseMLP
    }
    let some = data.prefix(2000)
    let hidden = 1..<weights.layers.count
    let (looks, _) = try await mapExamples(
      count: some.count, workers: workers, progress: progress,
      makeState: { Worker(network: network, dense: DenseMLP(weights: weights)) },
      body: { worker, index -> Look? in
        let image = some.images.row(index)
        _ = try worker.dense.predict(image)
        do {
          _ = try worker.network.predict(image, stream: UInt64(index))
        } catch let error as SpikingError where error.isRunaway {
          return nil
        }
        return Look(
          active: hidden.map { worker.dense.activation(ofLayer: $0).map { $0 > 0 } },
          counts: hidden.map { worker.network.spikeCounts(ofLayer: $0) })
      })
    var losses: [Loss] = []
    if weights.hasBiases {
      let units = weights.biasCount
      losses.append(
        Loss(
          kind: .biases, layer: nil, count: units, of: units,
          text: network.options.firing == .refining
            ? "biases are where sums start from: \(units) additions an image, whether anything happens or not"
            : "biases are the weights of an always-on unit below each layer: exact in the limit, "
              + "\(units) additions a step whether anything happens or not"))
    }
    for (place, layer) in hidden.enumerated() {
      losses += unitLosses(
        layer, weights.topology[layer].count, network.options,
        looks.compactMap { $0 }.map { ($0.active[place], $0.counts[place]) })
    }
    if runaways > 0 {
      losses.append(
        Loss(
          kind: .runawayImages, layer: nil, count: runaways, of: images,
          text: "potentials or spikes ran away on these images, which count as errors: the weights "
            + "or scales are too large"))
    }
    return losses
  }

  private func unitLosses(
    _ layer: Int, _ units: Int, _ options: PredictionOptions,
    _ looks: [(active: [Bool], counts: [Int])]
  ) -> [Loss] {
    let timeSteps = options.timeSteps
    var (dead, silent, busy, most) = (0, 0, 0, 0)
    for unit in 0..<units {
      let isActive = looks.contains { $0.active[unit] }
      let largest = looks.lazy.map { $0.counts[unit] }.max() ?? 0
      if !isActive, largest == 0 { dead += 1 }
      if isActive, largest == 0 { silent += 1 }
      // Counts of refining are in quanta of the last step: no rate.
      if largest > timeSteps, options.firing != .refining { busy += 1 }
      most = max(most, largest)
    }
    var losses: [Loss] = []
    func add(_ kind: Loss.Kind, _ count: Int, _ text: String) {
      guard count > 0 else { return }
      losses.append(Loss(kind: kind, layer: layer, count: count, of: units, text: text))
    }
    add(
      .deadUnits, dead,
      "never active on \(looks.count) calibration images: they could be removed")
    add(
      .silentUnits, silent,
      "active in the dense network, and without a spike in \(timeSteps) steps: the quantum of a spike is too "
        + "much for them; more steps or larger scales would bring them back")
    add(
      .busyUnits, busy,
      "more than one spike a step, at most \(Self.rate(most, timeSteps)) a step: nothing is cut off, "
        + "but smaller scales would cost less")
    return losses
  }

  /// `count / steps`, with one digit after the point.
  private static func rate(_ count: Int, _ steps: Int) -> String {
    let tenths = (10 * count + steps / 2) / steps
    return "\(tenths / 10).\(tenths % 10)"
  }
}
