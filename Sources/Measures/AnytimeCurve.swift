package import Datasets
package import Networks
package import SpikingReLU
package import Training

/// What a network would answer after each step of each image, and what it has cost by then: everything
/// that is to be known of early exits, from one pass.
package struct AnytimeCurve: Sendable {
  /// T.
  package let timeSteps: Int
  /// Images.
  package let count: Int
  /// One entry an image and step, `[image * T + step - 1]`.
  package let labels: [Int32]
  /// The margins that an exit rule of the usual ratio would see.
  package let margins: [Float]
  /// Additions from the first step on.
  package let additions: [Int]

  package init(
    timeSteps: Int, count: Int, labels: [Int32], margins: [Float], additions: [Int]
  ) {
    (self.timeSteps, self.count) = (timeSteps, count)
    (self.labels, self.margins, self.additions) = (labels, margins, additions)
  }

  private struct Image: Sendable {
    var labels: [Int32] = []
    var margins: [Float] = []
    var additions: [Int] = []
  }

  /// Lets a network answer images, T steps each, on several tasks.
  ///
  /// - Parameter examples: which of them; all by default.
  package static func record(
    _ network: SpikingMLP, on data: LabelledImages, examples: Range<Int>? = nil,
    workers: Int, progress: ProgressHandler? = nil
  ) async throws -> AnytimeCurve {
    let steps = network.options.timeSteps
    let examples = examples ?? 0..<data.count
    let (images, _) = try await mapExamples(
      count: examples.count, workers: workers, progress: progress, makeState: { network },
      body: { network, index in
        let example = examples.lowerBound + index
        network.resetLedger()
        try network.present(data.images.row(example), stream: UInt64(example))
        var image = Image()
        for _ in 0..<steps {
          try network.step()
          let standing = network.standing
          image.labels.append(Int32(standing.label))
          image.margins.append(standing.margin)
          image.additions.append(network.additions)
        }
        return image
      })
    return AnytimeCurve(
      timeSteps: steps, count: examples.count, labels: images.flatMap(\.labels),
      margins: images.flatMap(\.margins), additions: images.flatMap(\.additions))
  }

  /// A rule: an image ends when its margin is reached, at the latest after `timeSteps` steps.
  package struct Rule: Sendable, Equatable {
    package let margin: Float
    /// As in `ExitRule`.
    package let ratio: Float
    package let timeSteps: Int

    package init(margin: Float, ratio: Float = ExitRule.usualRatio, timeSteps: Int) {
      (self.margin, self.ratio, self.timeSteps) = (margin, ratio, timeSteps)
    }

    /// The same for a network.
    package var exitRule: ExitRule {
      get throws(SpikingError) {
        margin.isFinite ? try ExitRule(margin: margin, ratio: ratio) : .never
      }
    }

    /// What recorded margins of steps 1 to `timeSteps - 1` must reach: those are of the usual ratio.
    package var thresholds: [Float] {
      var (threshold, thresholds) = (margin, [Float]())
      for _ in 1..<max(timeSteps, 1) {
        thresholds.append(threshold)
        threshold *= ratio / ExitRule.usualRatio
      }
      return thresholds
    }
  }

  /// The step after which a rule ends an image, counted from 1.
  package func exit(_ image: Int, _ rule: Rule) -> Int {
    exit(image, rule.thresholds)
  }

  private func exit(_ image: Int, _ thresholds: [Float]) -> Int {
    let first = image * timeSteps
    for (index, threshold) in thresholds.enumerated() where margins[first + index] >= threshold {
      return index + 1
    }
    return thresholds.count + 1
  }

  /// Wrong answers, and additions an image, of a rule.
  package func outcome(_ rule: Rule, labels expected: [Int]) -> (errors: Int, additions: Double) {
    var (errors, total) = (0, 0)
    let thresholds = rule.thresholds
    for image in 0..<count {
      let place = image * timeSteps + exit(image, thresholds) - 1
      if Int(labels[place]) != expected[image] { errors += 1 }
      total += additions[place]
    }
    return (errors, Double(total) / Double(max(count, 1)))
  }

  /// Wrong answers, and additions an image, after a number of steps.
  package func outcome(step: Int, labels expected: [Int]) -> (errors: Int, additions: Double) {
    outcome(Rule(margin: .infinity, timeSteps: step), labels: expected)
  }

  /// What a rule's answers cost on average, `costs[image, label]` an answer, and additions an image.
  package func expected(_ rule: Rule, costs: Matrix) -> (cost: Double, additions: Double) {
    var (cost, total) = (0.0, 0)
    let thresholds = rule.thresholds
    for image in 0..<count {
      let place = image * timeSteps + exit(image, thresholds) - 1
      cost += Double(costs[image, Int(labels[place])])
      total += additions[place]
    }
    let images = Double(max(count, 1))
    return (cost / images, Double(total) / images)
  }

  /// Margins worth trying: quantiles of those that occur before the last step, rising, at most `most`
  /// of them, with 0 first.
  package func candidates(most: Int) -> [Float] {
    var seen: [Float] = []
    for image in 0..<count {
      seen += margins[image * timeSteps..<(image * timeSteps + timeSteps - 1)].filter(\.isFinite)
    }
    seen.sort()
    var chosen: [Float] = [0]
    for index in 0..<most where !seen.isEmpty {
      let value = seen[(seen.count - 1) * index / max(most - 1, 1)]
      if value > chosen[chosen.count - 1] { chosen.append(value) }
    }
    return chosen
  }
}
