import Networks
import Testing

@testable import SpikeKernels
@testable import SpikingReLU

/// Biases are the weights of an always-on unit: added, never multiplied, and exact in the limit.
@Suite struct BiasTests {
  static let sizes = [30, 20, 12, 5]

  static func biased(_ sizes: [Int], seed: UInt64) throws -> NetworkWeights {
    let weights = try SpikingNetworkTests.randomWeights(sizes, seed: seed)
    var generator = SeededGenerator(seed: seed &+ 77)
    return try NetworkWeights(
      layers: weights.matrices,
      biases: sizes.dropFirst().map { count in
        (0..<count).map { _ in Float(generator.nextNormal()) }
      })
  }

  /// The same network without biases, its input and its hidden layers with a unit more that is 1.
  static func widened(_ weights: NetworkWeights) throws -> NetworkWeights {
    try NetworkWeights(
      layers: zip(weights.matrices, weights.biases!).enumerated().map { index, pair in
        let (layer, bias) = pair
        let isLast = index == weights.matrices.count - 1
        return Matrix(rows: layer.rows + 1, columns: layer.columns + (isLast ? 0 : 1)) {
          row, column in
          if column == layer.columns { return row == layer.rows ? 1 : 0 }
          return row == layer.rows ? bias[column] : layer[row, column]
        }
      })
  }

  @Test(
    "the output tends to the dense network's at 1/T, with and without a coding, on every set",
    arguments: PredictionOptions.Firing.rateCoded, [false, true])
  func convergence(firing: PredictionOptions.Firing, isCoded: Bool) throws {
    let weights = try Self.biased(Self.sizes, seed: 5)
    let input = SpikingNetworkTests.randomInput(30, seed: 6)
    let expected = SpikeCodingTests.dense(try Self.widened(weights), input + [1])
    let coding = isCoded ? try SpikeCodingTests.coding(1) : nil
    for set in InstructionSet.supported {
      var errors: [Double] = []
      for steps in [20, 2000] {
        var options = try PredictionOptions(timeSteps: steps)
        options.firing = firing
        var network = try SpikingMLP(
          weights: weights, coding: coding, options: options, instructionSet: set)
        let output = try network.predict(input)
        errors.append(zip(output, expected).map { abs(Double($0) - $1) }.max()!)
      }
      #expect(errors[1] < 0.02 * expected.map(abs).max()!, "\(errors)")
      #expect(errors[1] < errors[0] / 10)
    }
  }

  @Test(
    "every set gives the reference's spikes, outputs and counts; integers too",
    arguments: PredictionOptions.Firing.rateCoded)
  func equality(firing: PredictionOptions.Firing) throws {
    for sizes in [[30, 20, 12, 5], [1, 1, 1], [70, 67, 3], [9, 2]] {
      let weights = try Self.biased(sizes, seed: UInt64(sizes[0]))
      var options = try PredictionOptions(timeSteps: 25)
      options.firing = firing
      options.recording = [.counts, .activity]
      var reference = try SpikingMLP(weights: weights, options: options, instructionSet: .reference)
      var integers = try IntegerSpikingMLP(
        weights: weights, learningRate: 0.01, options: options, instructionSet: .reference)
      for set in InstructionSet.supported {
        var network = try SpikingMLP(weights: weights, options: options, instructionSet: set)
        var whole = try IntegerSpikingMLP(
          weights: weights, learningRate: 0.01, options: options, instructionSet: set)
        for seed in 1...5 {
          let input = SpikingNetworkTests.randomInput(sizes[0], seed: UInt64(seed))
          #expect(try network.predict(input) == reference.predict(input))
          #expect(try whole.predict(input) == integers.predict(input))
          for layer in sizes.indices {
            #expect(network.spikes(ofLayer: layer) == reference.spikes(ofLayer: layer))
            #expect(whole.spikeCounts(ofLayer: layer) == integers.spikeCounts(ofLayer: layer))
          }
        }
        #expect(network.ledger == reference.ledger)
        #expect(whole.ledger == integers.ledger)
        network.resetLedger()
        (reference.ledger, integers.ledger) = (network.ledger, network.ledger)
      }
    }
  }

  @Test("a network without input adds its biases every step, and they are counted")
  func silence() throws {
    let weights = try NetworkWeights(
      layers: [Matrix(rows: 3, columns: 2), Matrix(rows: 2, columns: 1, elements: [1, 1])],
      biases: [[0.25, -4], [-0.5]])
    for firing in PredictionOptions.Firing.rateCoded {
      for set in InstructionSet.supported {
        var options = try PredictionOptions(timeSteps: 40)
        options.firing = firing
        var network = try SpikingMLP(weights: weights, options: options, instructionSet: set)
        // 40 steps of 0.25 are 10 spikes; of -4, none; the output is their sum, and 40 times -0.5.
        #expect(try network.predict([0, 0, 0]) == [(10 - 20) / 40])
        #expect(network.ledger.layers[1].spikes == 10)
        #expect(network.ledger.layers[1].forwardAdditions == 40 * 2)
        #expect(network.ledger.layers[2].forwardAdditions == (40 + 10) * 1)
        #expect(network.ledger.layers[2].sumAdditions == 40 + 10)
      }
    }
  }

  @Test("zero biases change no bit of the output")
  func zeros() throws {
    let plain = try SpikingNetworkTests.randomWeights(Self.sizes, seed: 3)
    let zeros = try NetworkWeights(
      layers: plain.matrices, biases: Self.sizes.dropFirst().map { Array(repeating: 0, count: $0) })
    let options = try PredictionOptions(timeSteps: 10)
    var (first, second) = (
      try SpikingMLP(weights: plain, options: options),
      try SpikingMLP(weights: zeros, options: options)
    )
    for seed in 1...10 {
      let input = SpikingNetworkTests.randomInput(30, seed: UInt64(seed))
      #expect(try first.predict(input) == second.predict(input))
    }
  }

  @Test("biases are scaled with their units, and refused when they grow too large")
  func coded() throws {
    let weights = try NetworkWeights(
      layers: [Matrix(rows: 1, columns: 1, elements: [1]), Matrix(rows: 1, columns: 1)],
      biases: [[3e38], [1]])
    let half = try SpikeCoding(topology: [1, 1, 1], layerScales: [0.5])
    #expect(try weights.coded(by: half).biases == [[1.5e38], [1]])
    let twice = try SpikeCoding(topology: [1, 1, 1], layerScales: [2])
    #expect(throws: SpikingError.codedBias(layer: 1, unit: 0)) { try weights.coded(by: twice) }
  }
}
