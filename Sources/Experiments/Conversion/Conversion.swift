public import Datasets
internal import DenseReLU
public import Networks
public import SpikeKernels
internal import SpikingReLU
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
  /// - Throws: `CodingSearch.Failure`, `SpikingError`, `DenseError`; `CancellationError`.
  public func run(
    _ weights: NetworkWeights, calibration: LabelledImages, test: LabelledImages,
    progress: (@Sendable (_ stage: Stage, _ done: Int, _ total: Int) -> Void)? = nil
  ) async throws -> Result {
    var dense = DenseMLP(weights: weights)
    var answers: [Int] = []
    var logits: [[Float]] = []
    for index in 0..<test.count {
      try Task.checkCancellation()
      let output = try dense.predict(test.images.row(index))
      answers.append(output.argmax)
      if index < 3 { logits.append(output) }
    }
    let found = try await search?.run(weights, calibration: calibration) {
      progress?(.search, $0, $1)
    }
    let coding = found?.best.coding ?? .unit(layerSizes: weights.layerSizes)
    let firing = search?.firing ?? .afterEachSpike
    let courses = try await self.courses(network(weights, coding, firing), test, progress)
    let points = self.points(courses, test.labels, answers, weights)
    let paper =
      search == nil
      ? points
      : self.points(
        try await self.courses(
          network(weights, .unit(layerSizes: weights.layerSizes), .afterEachSpike), test, progress),
        test.labels, answers, weights)
    let wrong = zip(answers, test.labels).count { $0 != $1 }
    let percent = 100 * Double(wrong) / Double(test.count)
    let losses = try await losses(
      weights, network(weights, coding, firing), calibration,
      runaways: courses.count { $0.labels.count < timeSteps }, of: test.count
    ) { progress?(.losses, $0, $1) }
    return Result(
      layerSizes: weights.layerSizes, hasBiases: weights.hasBiases, testImages: test.count,
      denseTestErrors: wrong, denseErrorPercent: percent, firstLogits: logits, coding: coding,
      codingOrigin: found?.best.origin ?? "unit scales", points: points,
      exit: found.map {
        exit(
          courses, margin: $0.best.margin, most: $0.best.timeSteps, test.labels, answers, weights)
      }, paper: paper,
      losses: losses,
      verdicts: [
        Verdict(
          "spiking errors above the dense network's after \(timeSteps) steps, points",
          value: points[points.count - 1].errorPercent - percent,
          bound: .init(atMost: errorPoints))
      ])
  }

  private func network(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ firing: PredictionOptions.Firing
  ) throws -> SpikingMLP {
    var options = try PredictionOptions(timeSteps: timeSteps)
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
    let steps = timeSteps
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
    _ courses: [Course], _ labels: [Int], _ dense: [Int], _ weights: NetworkWeights
  ) -> [Point] {
    ([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].filter { $0 < timeSteps } + [timeSteps]).map {
      outcome(
        courses, ends: Array(repeating: $0, count: courses.count), timeSteps: $0, labels, dense,
        weights)
    }
  }

  private func exit(
    _ courses: [Course], margin: Float, most: Int, _ labels: [Int], _ dense: [Int],
    _ weights: NetworkWeights
  ) -> Exit {
    let ends = courses.map { course in
      (course.margins.prefix(most).firstIndex { $0 >= margin } ?? most - 1) + 1
    }
    return Exit(
      margin: margin.isFinite ? margin : nil, timeSteps: most,
      meanSteps: Double(ends.reduce(0, +)) / Double(max(ends.count, 1)),
      outcome: outcome(courses, ends: ends, timeSteps: most, labels, dense, weights))
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
          text: "biases are the weights of an always-on unit below each layer: exact in the limit, "
            + "\(units) additions a step whether anything happens or not"))
    }
    for (place, layer) in hidden.enumerated() {
      losses += unitLosses(
        layer, weights.layerSizes[layer],
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
    _ layer: Int, _ units: Int, _ looks: [(active: [Bool], counts: [Int])]
  ) -> [Loss] {
    var (dead, silent, busy, most) = (0, 0, 0, 0)
    for unit in 0..<units {
      let isActive = looks.contains { $0.active[unit] }
      let largest = looks.lazy.map { $0.counts[unit] }.max() ?? 0
      if !isActive, largest == 0 { dead += 1 }
      if isActive, largest == 0 { silent += 1 }
      if largest > timeSteps { busy += 1 }
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
