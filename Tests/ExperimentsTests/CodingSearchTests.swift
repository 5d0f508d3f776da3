import Datasets
import DenseReLU
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Experiments
@testable import Measures
@testable import Training

/// The search keeps what it is held to, and passes over what runs away.
@Suite struct CodingSearchTests {
  private static func search(_ firings: [PredictionOptions.Firing]) throws -> CodingSearch {
    var search = CodingSearch(instructionSet: try .selected(), imageSize: (8, 8))
    (search.timeSteps, search.rounds, search.workers) = (6, 1, 2)
    search.firings = firings
    return search
  }

  private static func weights(_ data: Dataset) async throws -> NetworkWeights {
    try await DenseTraining(epochs: 12).network(hidden: [24], dataset: data).weights
  }

  @Test("held to an agreement: it is reached, by fewer operations where less is asked for")
  func agreement() async throws {
    let data = Dataset.embeddedDigits()
    let weights = try await Self.weights(data)
    let calibration = data.training.prefix(200)
    var shares: [Double] = []
    for least in [0.9, 0.98] {
      var search = try Self.search([.refining])
      search.leastAgreement = least
      let best = try await search.run(weights, calibration: calibration).best
      // Counted anew, by the library's own early exit.
      var network = try best.network(steps: best.timeSteps, instructionSet: try .selected())
      var dense = DenseMLP(weights: weights)
      var same = 0
      for index in 0..<calibration.count {
        let image = calibration.images.row(index)
        let answer = try network.predict(image, until: best.rule.exitRule).label
        same += answer == (try dense.predict(image).argmax) ? 1 : 0
      }
      let percent = 100 * Double(same) / 200
      #expect(abs(try #require(best.agreementPercent) - percent) < 1e-3)
      #expect(percent >= 100 * least)
      #expect(best.cost == best.shareOfDense)
      #expect(Verdict.calibration(search, best).map(\.holds) == [true])
      shares.append(best.shareOfDense)
    }
    #expect(shares[0] < shares[1])
    // One step of rates with quanta of 1 is not enough: the nearest is found, and the verdict says so.
    var search = try Self.search([.oncePerStep])
    (search.timeSteps, search.rounds, search.leastAgreement) = (1, 0, 1)
    let best = try await search.run(weights, calibration: calibration).best
    #expect(try #require(best.agreementPercent) < 100 && best.cost > 100)
    #expect(Verdict.calibration(search, best).map(\.holds) == [false])
    // Without an agreement there is nothing to hold.
    search.leastAgreement = nil
    let free = try await search.run(weights, calibration: calibration).best
    #expect(free.agreementPercent == nil && Verdict.calibration(search, free).isEmpty)
    #expect(abs(free.cost - free.expectedErrorPercent - 2 * free.shareOfDense) < 1e-9)
  }

  @Test(
    "activations too large for quanta of 1: the scales from data are found; where all run away, an error"
  )
  func runaway() async throws {
    let data = Dataset.embeddedDigits()
    let usual = try await Self.weights(data)
    let calibration = data.training.prefix(200)
    let layers = usual.matrices
    let large = try NetworkWeights(layers: [
      layers[0].map { $0 * 1e6 }, layers[1].map { $0 * 1e-6 },
    ])
    for firing in [PredictionOptions.Firing.oncePerStep, .refining] {
      let found = try await Self.search([firing]).run(large, calibration: calibration)
      #expect(!found.tried.contains { $0.origin == "unit scales" })
      #expect(found.best.errorPercent < 30, "\(firing)")
      #expect((found.best.patterns != nil) == firing.addsAtOnce)
    }
    // Pixels beyond 2^22 quanta, which no start changes.
    let bright = LabelledImages(
      images: calibration.images.map { $0 * 1e8 }, labels: calibration.labels,
      classes: calibration.classes)
    await #expect(throws: SpikingError.self) {
      try await Self.search([.refining]).run(usual, calibration: bright)
    }
  }

  @Test("rows are read from tables where there are some, and cost what their memory costs")
  func words() async throws {
    let data = Dataset.embeddedDigits()
    let weights = try await Self.weights(data)
    var search = try Self.search([.refining])
    search.rounds = 0
    let best = try await search.run(weights, calibration: data.training.prefix(200)).best
    let patterns = try #require(best.patterns)
    #expect(best.words == patterns.rowsOfTables[0] * 24 + patterns.rowsOfTables[1] * 10)
    #expect(best.words > 3 * weights.parameterCount)
    search.memory = 1
    let single = try await search.run(weights, calibration: data.training.prefix(200)).best
    #expect(single.patterns == nil && single.words == weights.parameterCount)
    let tables = try #require(try PatternTables(single, search))
    #expect(tables.groups == nil && tables.bytes == 0 && tables.groupSizes == [1, 1])
    #expect(tables.limit == 1 && tables.smallestLimit > tables.weightBytes)
  }
}
