import Datasets
import DenseReLU
import Foundation
import Measures
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Experiments
@testable import Training

/// Scales and margins are found on calibration images, and what is reported is what the network does.
@Suite struct AnytimeTests {
  /// The embedded digits and a network that has learned them a little.
  private static func trained(
    epochs: Int = 12
  ) async throws -> (
    data: Dataset, calibration: LabelledImages, weights: NetworkWeights, coding: SpikeCoding?
  ) {
    let (data, calibration) = Dataset.embeddedDigits().split(calibration: 200)
    var training = AnytimeTraining(method: .dense, epochs: epochs)
    training.phaseGroups = 2
    let (weights, coding) = try await training.run(
      hidden: [24], dataset: data, instructionSet: try .selected())
    return (data, calibration, weights, coding)
  }

  private static func search() throws -> CodingSearch {
    var search = CodingSearch(instructionSet: try .selected(), imageSize: (8, 8))
    search.timeSteps = 6
    search.rounds = 1
    return search
  }

  @Test(
    "a run on the digits: what it reports is what the network does, and it is the same again",
    arguments: [[.oncePerStep], [.refining], [.oncePerStep, .refining]]
      as [[PredictionOptions.Firing]])
  func run(firings: [PredictionOptions.Firing]) async throws {
    let (data, calibration, weights, coding) = try await Self.trained()
    let test = data.test.prefix(150)
    var settings = Anytime.Settings(
      search: try Self.search(),
      target: .init(errorPoints: 100, shareOfDense: 100, timeOfDense: nil))
    settings.search.firings = firings
    settings.trainedCoding = coding
    settings.timingSeconds = 0
    let (result, found) = try await Anytime(
      weights: weights, calibration: calibration, test: test, settings: settings
    ).run()

    #expect(found == weights)

    // Counted anew with the library's own early exit.
    let again = try await settings.search.run(
      weights, calibration: calibration, trained: coding)
    let best = again.best
    #expect(again.tried.count == result.candidates.count)
    #expect(again.alternatives.count >= 4, "each layer, both ways")
    #expect(result.alternatives.map(\.cost) == again.alternatives.map(\.candidate.cost))
    #expect(best.cost == result.candidates.map(\.cost).min())
    var options = try PredictionOptions(timeSteps: best.timeSteps)
    options.firing = best.firing
    #expect(result.firing == best.firing && firings.contains(best.firing))
    #expect((best.patterns != nil) == best.firing.addsAtOnce)
    #expect(result.codes.map(\.firing) == firings && result.codes.count { $0.isChosen } == 1)
    #expect(result.codes.map(\.calibrationCost).min() == best.cost)
    // The rival: of the fewest bits that are expected to err no more on calibration images.
    func rival(_ halvings: Int) throws -> QuantizedDense {
      QuantizedDense(
        weights, best.coding, halvings: halvings, patterns: best.patterns,
        instructionSet: try .selected())
    }
    let costs = try ExpectedErrors(weights, calibration).costs
    func expected(_ halvings: Int) throws -> Double {
      let labels = try rival(halvings).run(calibration).labels
      return 100 * labels.enumerated().reduce(0) { $0 + Double(costs[$1.offset, $1.element]) }
        / Double(labels.count)
    }
    let quantized = result.quantized
    #expect(try expected(quantized.halvings) <= best.expectedErrorPercent)
    for fewer in 0..<quantized.halvings {
      #expect(try expected(fewer) > best.expectedErrorPercent, "\(fewer) halvings")
    }
    let answers = try rival(quantized.halvings).run(test)
    #expect(quantized.bits == answers.bits)
    #expect(quantized.multiplyAdds == Double(answers.multiplyAdds) / 150)
    #expect(quantized.tableAdditions == Double(answers.tableAdditions) / 150)
    var network = try SpikingMLP(
      weights: weights, coding: best.coding, patterns: best.patterns, options: options)
    var dense = DenseMLP(weights: weights)
    var (wrong, steps, denseWrong) = (0, 0, 0)
    for index in 0..<test.count {
      let answer = try network.predict(
        test.images.row(index), until: ExitRule(margin: best.margin, ratio: best.ratio))
      wrong += answer.label == test.labels[index] ? 0 : 1
      steps += answer.timeSteps
      denseWrong += try dense.predict(test.images.row(index)).argmax == test.labels[index] ? 0 : 1
    }
    #expect(abs(result.exit.outcome.testErrorPercent - 100 * Double(wrong) / 150) < 1e-9)
    #expect(result.exit.meanSteps == Double(steps) / 150)
    #expect(result.exit.outcome.additions == Double(network.ledger.additions) / 150)
    #expect(abs(result.dense.testErrorPercent - 100 * Double(denseWrong) / 150) < 1e-9)
    #expect(result.exit.imagesOfSteps.reduce(0, +) == 150)
    #expect(result.exit.errorsOfSteps.reduce(0, +) == wrong)
    #expect(result.points.map(\.timeSteps) == Array(1...6))
    #expect(
      zip(result.points, result.points.dropFirst()).allSatisfy {
        $0.outcome.additions <= $1.outcome.additions
      })
    // What layers send adds up to what early exit costs.
    #expect(
      abs(result.layers.reduce(0) { $0 + $1.additions } - result.exit.outcome.additions) < 1e-6)
    #expect(result.chosen.cost == result.candidates.map(\.cost).min())
    #expect(result.paper.count == 10)
    #expect(result.verdicts.count == 3)

    // A front: fewer operations only with more errors.
    #expect(
      zip(result.front, result.front.dropFirst()).allSatisfy {
        $0.shareOfDense <= $1.shareOfDense && $0.errorPercent > $1.errorPercent
      })
    // The bound promises no less than was measured.
    for row in result.guarantee.rows {
      if let promised = row.guaranteedSteps, promised <= 6 {
        #expect(result.points[promised - 1].outcome.agreement >= row.agreement)
      }
    }
  }

  @Test("the calibration that is too small, and a class without an image, are refused")
  func refusals() throws {
    let digits = Dataset.embeddedDigits().training
    #expect(throws: CodingSearch.Failure.tooFew(found: 99, needed: 100)) {
      try CodingSearch.check(digits.prefix(99))
    }
    let without3 = digits.selecting((0..<digits.count).filter { digits.labels[$0] != 3 })
    #expect(throws: CodingSearch.Failure.classMissing(3)) { try CodingSearch.check(without3) }
    try CodingSearch.check(digits.prefix(100))
  }

  @Test("the last layer, fitted to counts, answers more like the dense network")
  func readout() async throws {
    let (data, calibration, weights, _) = try await Self.trained(epochs: 8)
    // Few steps of coarse spikes.
    let coding = try SpikeCoding(topology: weights.topology, layerScales: [0.5])
    let evaluation = SharedEvaluation(
      team: nil, workers: 1, instructionSet: try .selected(), calibration: calibration,
      test: calibration)
    let fitted = try ReadoutCalibration().refit(
      weights, counts: try await evaluation.counts(weights, coding, .oncePerStep, timeSteps: 2),
      scales: coding.hiddenScales[0], timeSteps: 2, on: calibration)
    #expect(fitted.matrices[0] == weights.matrices[0])
    var dense = DenseMLP(weights: weights)
    func distance(_ weights: NetworkWeights) throws -> Double {
      var options = try PredictionOptions(timeSteps: 2)
      options.firing = .oncePerStep
      var network = try SpikingMLP(weights: weights, coding: coding, options: options)
      return try (0..<100).reduce(0) { total, index in
        let image = data.test.images.row(index)
        return try total
          + zip(network.predict(image), dense.predict(image)).reduce(0) {
            $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1))
          }
      }
    }
    let (after, before) = (try distance(fitted), try distance(weights))
    #expect(after < 0.97 * before, "\(after) of \(before)")
  }

  @Test("the bound holds for scales and phases, after every spike and once a step")
  func bound() async throws {
    let (data, _, weights, _) = try await Self.trained(epochs: 4)
    let coding = try SpikeCoding(
      topology: weights.topology, inputExponent: -1, layerScales: [1.3],
      inputPhases: SpikeCoding.staggeredPhases(4, height: 8, width: 8))
    for firing in PredictionOptions.Firing.rateCoded {
      let bound = try RigorousBound(weights: weights, coding: coding, firing: firing)
      var options = try PredictionOptions(timeSteps: 40)
      options.firing = firing
      options.recording = .counts
      var network = try SpikingMLP(weights: weights, coding: coding, options: options)
      var share = 0.0
      for index in 0..<20 {
        let image = data.test.images.row(index)
        let example = bound.example(image)
        var feeds = [0, 0]
        try network.present(image)
        for step in 1...40 {
          try network.step()
          for layer in 0..<2 { feeds[layer] += network.spikes(ofLayer: layer).count }
          let limits = bound.evaluate(example, steps: step, feeds: feeds)
          for (unit, output) in network.output.enumerated() {
            share = max(
              share,
              Double(step) * abs(Double(output) - example.preActivations[1][unit])
                / limits.outputSums[unit])
          }
          for layer in 0...1 {
            let ideals =
              layer == 0
              ? image.map { 0.5 * Double($0) } : example.preActivations[0].map { max(0, $0) }
            for (unit, count) in network.spikeCounts(ofLayer: layer).enumerated() {
              share = max(
                share,
                abs(Double(count) - Double(step) * ideals[unit]) / limits.counts[layer][unit])
            }
          }
        }
      }
      #expect(share <= 1.0001, "\(firing)")
      #expect(share > 0.2, "a bound that says something")
    }
  }

  @Test("moved images keep their pixels, and what comes in is 0")
  func shifts() {
    var shifts = ImageShifts(
      shape: Shape(height: 3, width: 4, channels: 1), channelOrder: .first, most: 1,
      generator: SeededGenerator(seed: 2))
    let image = (1...12).map(Float.init)
    var seen = Set<[Float]>()
    for _ in 0..<60 {
      var images = Matrix(rows: 1, columns: 12, elements: image)
      shifts.move(&images)
      seen.insert(images.row(0))
    }
    #expect(seen.count == 9)
    #expect(seen.contains(image))
    // One down, one to the right.
    #expect(seen.contains([0, 0, 0, 0, 0, 1, 2, 3, 0, 5, 6, 7]))
    #expect(seen.contains([6, 7, 8, 0, 10, 11, 12, 0, 0, 0, 0, 0]))
  }
}
