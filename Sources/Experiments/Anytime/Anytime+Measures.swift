internal import Datasets
internal import DenseReLU
internal import Measures
internal import Networks
internal import SpikingReLU
internal import Training

extension Anytime {
  /// How a rule's answers did; `words` are the numbers that rows are read from.
  private func outcome(
    _ curve: AnytimeCurve, _ dense: DenseAnswers, _ rule: AnytimeCurve.Rule, words: Int
  ) -> Result.Outcome {
    let (errors, additions) = curve.outcome(rule, labels: test.labels)
    let (different, _) = curve.outcome(rule, labels: dense.labels)
    let rate = ErrorRate(errors: errors, examples: curve.count)
    return Result.Outcome(
      testErrorPercent: rate.percent, testErrorInterval95: rate.interval95,
      agreement: 1 - Double(different) / Double(curve.count), additions: additions,
      shareOfDense: additions / dense.summary.multiplyAdds,
      energy: energies(additions: additions, multiplyAdds: 0, words: words))
  }

  /// A curve after 1...T steps; `microseconds` of each, where they were measured.
  func points(
    _ curve: AnytimeCurve, _ dense: DenseAnswers, _ microseconds: [Double], words: Int
  ) -> [Result.Point] {
    (1...curve.timeSteps).map { step in
      Result.Point(
        timeSteps: step,
        outcome: outcome(
          curve, dense, AnytimeCurve.Rule(margin: .infinity, timeSteps: step), words: words),
        microseconds: microseconds.isEmpty ? nil : microseconds[step - 1])
    }
  }

  /// A curve that ends each image when its margin is reached.
  func exit(
    _ curve: AnytimeCurve, _ dense: DenseAnswers, _ rule: AnytimeCurve.Rule, words: Int,
    microseconds: Double? = nil
  ) -> Result.Exit {
    var steps: [Int] = []
    var additions: [Int] = []
    var images = [Int](repeating: 0, count: curve.timeSteps)
    var wrong = images
    for image in 0..<curve.count {
      let step = curve.exit(image, rule)
      let place = image * curve.timeSteps + step - 1
      steps.append(step)
      additions.append(curve.additions[place])
      images[step - 1] += 1
      if Int(curve.labels[place]) != test.labels[image] { wrong[step - 1] += 1 }
    }
    return Result.Exit(
      margin: rule.margin.isFinite ? Double(rule.margin) : nil, ratio: Double(rule.ratio),
      timeSteps: rule.timeSteps,
      outcome: outcome(curve, dense, rule, words: words), microseconds: microseconds,
      meanSteps: Double(steps.reduce(0, +)) / Double(curve.count),
      stepPercentiles: Self.percentiles(steps), additionPercentiles: Self.percentiles(additions),
      imagesOfSteps: images, errorsOfSteps: wrong)
  }

  /// Early exit with some margins, from none to all.
  func margins(
    _ curve: AnytimeCurve, _ dense: DenseAnswers, _ rule: AnytimeCurve.Rule, words: Int
  ) -> [Result.Exit] {
    curve.candidates(most: 24).map {
      exit(
        curve, dense,
        AnytimeCurve.Rule(margin: $0, ratio: rule.ratio, timeSteps: rule.timeSteps), words: words)
    }
  }

  /// The 50th, 90th and 99th percentile.
  static func percentiles(_ values: [Int]) -> [Int] {
    let sorted = values.sorted()
    return [50, 90, 99].map { sorted[min(sorted.count * $0 / 100, sorted.count - 1)] }
  }

  /// The points of all candidates, over T and with early exit, that no other beats in both.
  static func front(_ tried: [CodingSearch.Candidate]) -> [Result.FrontPoint] {
    var points: [Result.FrontPoint] = []
    for candidate in tried {
      let scales =
        [Double(candidate.coding.inputScale)]
        + candidate.coding.hiddenScales.map { Double($0.sorted()[$0.count / 2]) }
      points.append(
        Result.FrontPoint(
          scales: scales, timeSteps: nil, shareOfDense: candidate.shareOfDense,
          errorPercent: candidate.errorPercent))
      for (index, step) in candidate.steps.enumerated() {
        points.append(
          Result.FrontPoint(
            scales: scales, timeSteps: index + 1, shareOfDense: step.shareOfDense,
            errorPercent: step.errorPercent))
      }
    }
    points.sort { ($0.shareOfDense, $0.errorPercent) < ($1.shareOfDense, $1.errorPercent) }
    var front: [Result.FrontPoint] = []
    for point in points where point.errorPercent < front.last?.errorPercent ?? .infinity {
      front.append(point)
    }
    return front
  }

  /// Each layer's quantum, and how many spikes it sends with early exit, on all test images.
  func layers(_ network: SpikingMLP, _ rule: AnytimeCurve.Rule) throws -> [Result.Layer] {
    let rule = try rule.exitRule
    var counting = network
    counting.resetLedger()
    for index in 0..<test.count {
      try Task.checkCancellation()
      _ = try counting.predict(test.images.row(index), until: rule, stream: UInt64(index))
    }
    let images = Double(test.count)
    return (0..<weights.layers.count).map { layer in
      let scales =
        (network.coding.hiddenScales(ofLayer: layer) ?? [network.coding.inputScale])
        .sorted()
      let ledger = counting.ledger.layers[layer]
      return Result.Layer(
        layer: layer,
        scale: [scales[0], scales[scales.count / 2], scales[scales.count - 1]]
          .map(Double.init),
        spikes: Double(ledger.spikes) / images,
        rate: Double(ledger.spikes) / Double(max(ledger.unitSteps, 1)),
        // Doublings of the input's own sums are its own, too.
        additions: Double(
          counting.ledger.layers[layer + 1].forwardAdditions
            + counting.ledger.layers[layer + 1].doublings
            + (layer == 0 ? counting.ledger.layers[0].doublings : 0)) / images)
    }
  }

  /// What NeuroBench says of a network, on the first 1,000 test images.
  func neurobench(
    _ network: SpikingMLP, _ weights: NetworkWeights
  ) throws -> NeuroBenchReport {
    var options = network.options
    options.recording = .activity
    var counting = try SpikingMLP(
      weights: weights, coding: network.coding, options: options,
      instructionSet: network.instructionSet)
    var correct = 0
    for index in 0..<min(test.count, 1000) {
      try Task.checkCancellation()
      let answer = try counting.predict(
        test.images.row(index), until: .never, stream: UInt64(index))
      correct += answer.label == test.labels[index] ? 1 : 0
    }
    return NeuroBenchReport(
      counting.ledger, weights: weights, timeSteps: options.timeSteps, correct: correct)
  }

  /// Times the contenders in turn, round after round, so that a machine whose speed drifts slows them
  /// all alike.
  ///
  /// - Parameter chosen: which of the candidates was found.
  /// - Returns: the times of it and of the dense network; those of all candidates with early exit, and of 1, 2, ...
  ///   steps of the chosen one, in microseconds.
  func timings(
    _ candidates: [CodingSearch.Candidate], chosen: Int
  ) throws -> (timings: Result.Timings, exits: [Double], steps: [Double]) {
    let images = (0..<min(test.count, 256)).map { test.images.row($0) }
    var exits = try candidates.map { try network($0, steps: $0.timeSteps) }
    let rules = try candidates.map { try $0.rule.exitRule }
    var dense = DenseMLP(weights: weights)
    var blas = BareBLAS(weights: weights, batch: 1)
    var fixed = try candidates[chosen].steps.indices.map {
      try network(candidates[chosen], steps: $0 + 1)
    }
    var contenders: [() throws -> Void] = [
      { for _ in images { blas.forward() } },
      { for image in images { _ = try dense.predict(image) } },
      { for image in images { _ = try dense.predictSkippingZeros(image) } },
    ]
    for index in exits.indices {
      contenders.append {
        for image in images { _ = try exits[index].predict(image, until: rules[index]) }
      }
    }
    for index in fixed.indices {
      contenders.append {
        for image in images { _ = try fixed[index].predict(image, until: .never) }
      }
    }
    let times = try PairedTiming(seconds: settings.timingSeconds).run(contenders)
    let microseconds = times.map { 1e6 * $0.median / Double(images.count) }
    let exit = times[3 + chosen]
    let timings = Result.Timings(
      rounds: times[0].count, imagesPerRound: images.count,
      isOptimized: RunManifest.isOptimizedBuild, exitMicroseconds: microseconds[3 + chosen],
      blasMicroseconds: microseconds[0], denseMicroseconds: microseconds[1],
      zeroSkippingMicroseconds: microseconds[2],
      exitOverBLAS: exit.medianRatio(to: times[0]),
      exitOverDense: exit.medianRatio(to: times[1]),
      exitOverZeroSkipping: exit.medianRatio(to: times[2]))
    return (
      timings, Array(microseconds[3..<3 + exits.count]), Array(microseconds[(3 + exits.count)...])
    )
  }

  /// The least T for which the bound promises the dense network's class, beside the measured one.
  func guarantee(
    _ candidate: CodingSearch.Candidate, _ dense: DenseAnswers, _ curve: AnytimeCurve,
    _ evaluation: SharedEvaluation, progress: @escaping ProgressHandler
  ) async throws -> Result.Guarantee {
    let images = min(test.count, 1000)
    let needed = try await evaluation.promisedSteps(
      weights, candidate.coding, candidate.firing, first: images, progress: progress)
    let sorted = needed.sorted()
    let agreement = (1...curve.timeSteps).map { step in
      1 - Double(curve.outcome(step: step, labels: dense.labels).errors) / Double(curve.count)
    }
    return Result.Guarantee(
      images: images,
      rows: [0.5, 0.9, 0.95, 0.99, 0.995, 0.999].map { wanted in
        let place = min(Int((wanted * Double(images)).rounded(.up)), images) - 1
        // A last layer that was fitted to counts tends to another network than the dense one.
        let steps = settings.search.refitsReadout ? .infinity : sorted[max(place, 0)]
        // From which step on the agreement stays.
        let last = agreement.lastIndex { $0 < wanted }
        let measured = last.map { $0 + 2 } ?? 1
        return Result.Guarantee.Row(
          agreement: wanted,
          guaranteedSteps: steps.isFinite && steps < 1e12 ? Int(steps.rounded(.down)) + 1 : nil,
          measuredSteps: measured <= curve.timeSteps ? measured : nil)
      })
  }
}

extension Anytime {
  /// The dense network with the fewest bits with which it is expected to err no more than the spiking one, on
  /// calibration images.
  func quantized(
    _ best: CodingSearch.Candidate, _ dense: DenseAnswers
  ) throws -> Result.Quantized {
    func rival(_ halvings: Int) -> QuantizedDense {
      QuantizedDense(
        weights, best.coding, halvings: halvings, patterns: best.patterns,
        instructionSet: settings.search.instructionSet)
    }
    let errors = try ExpectedErrors(weights, calibration)
    var halvings = 0
    while halvings < QuantizedDense.mostHalvings {
      let labels = try rival(halvings).run(calibration).labels
      let expected = labels.enumerated().reduce(0) {
        $0 + Double(errors.costs[$1.offset, $1.element])
      }
      if 100 * expected / Double(labels.count) <= best.expectedErrorPercent { break }
      halvings += 1
    }
    let outcome = try rival(halvings).run(test)
    let count = Double(test.count)
    let additions = best.patterns == nil ? nil : Double(outcome.tableAdditions) / count
    let multiplyAdds = Double(outcome.multiplyAdds) / count
    let read = EnergyModel.weightRead(weights: weights.parameterCount)
    return Result.Quantized(
      halvings: halvings, bits: outcome.bits,
      testErrorPercent: 100 * Double(zip(outcome.labels, test.labels).count { $0 != $1 }) / count,
      agreement: Double(zip(outcome.labels, dense.labels).count { $0 == $1 }) / count,
      multiplyAdds: multiplyAdds,
      energy: [false, true].map { withReads in
        Result.Energy(
          arithmetic: .int32, withWeightReads: withReads,
          nanojoules: multiplyAdds
            * (EnergyModel.multiplyAdd(bits: outcome.bits) + (withReads ? read : 0)) / 1000)
      },
      tableAdditions: additions,
      tableEnergy: additions.map {
        energies(additions: $0, multiplyAdds: 0, words: best.words).filter {
          $0.arithmetic == .int32
        }
      })
  }
}
