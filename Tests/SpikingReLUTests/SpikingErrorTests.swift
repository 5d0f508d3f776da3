import Networks
import Testing

@testable import SpikeKernels
@testable import SpikingReLU

/// Everything that a network refuses, each with its typed error.
@Suite struct SpikingErrorTests {
  private func network(
    _ sizes: [Int] = [4, 3, 2], timeSteps: Int = 10, gain: Float = 1, budget: Int? = nil
  ) throws -> SpikingMLP {
    try SpikingMLP(
      weights: SpikingNetworkTests.randomWeights(sizes, gain: gain),
      options: PredictionOptions(timeSteps: timeSteps, eventBudget: budget))
  }

  @Test(arguments: [0, -1, 1_048_577, Int.max, Int.min])
  func steps(found: Int) {
    #expect(throws: SpikingError.invalidSteps(found: found)) {
      try PredictionOptions(timeSteps: found)
    }
  }

  @Test func inputs() throws {
    var network = try network()
    #expect(throws: SpikingError.inputSize(expected: 4, found: 3)) {
      try network.predict([1, 2, 3])
    }
    #expect(throws: SpikingError.nonFiniteInput(index: 2, value: -.infinity)) {
      try network.predict([1, 2, -.infinity, 4])
    }
    #expect {
      try network.predict([1, .nan, 0, 0])
    } throws: { "\($0)" == "input 1: found nan, expected a finite number" }
    _ = try network.predict([1, 0, 0, 0])
  }

  @Test("an input that would hang the neuron loop")
  func overflow() throws {
    var network = try network()
    #expect(
      throws: SpikingError.potentialOverflow(layer: 0, unit: 1, step: 1, value: 16_777_220)
    ) { try network.predict([0, 16_777_220, 0, 0]) }
    var exploding = try self.network(gain: 1e30)
    #expect {
      try exploding.predict([1, 1, 1, 1])
    } throws: { "\($0)".hasPrefix("layer 1, unit ") }
  }

  @Test("a rectified unit that sinks beyond the range is found at the end of its step")
  func fallen() throws {
    for set in InstructionSet.supported {
      var network = try SpikingMLP(
        weights: NetworkWeights(layers: [Matrix(rows: 1, columns: 2, elements: [-3e6, 0])]),
        options: PredictionOptions(timeSteps: 10), instructionSet: set)
      #expect(
        throws: SpikingError.potentialOverflow(layer: 1, unit: 0, step: 2, value: -6e6)
      ) { try network.predict([1]) }
    }
  }

  @Test("a potential that lives on sinks from example to example until it is found")
  func sinking() throws {
    for set in InstructionSet.supported {
      var options = try PredictionOptions(timeSteps: 1)
      options.layerQuantizer = .noResetRectHerding
      var network = try SpikingMLP(
        weights: NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [-3e6])]),
        options: options, instructionSet: set)
      _ = try network.predict([1])
      #expect(
        throws: SpikingError.potentialOverflow(layer: 1, unit: 0, step: 1, value: -6e6)
      ) { try network.predict([1]) }
    }
  }

  @Test("the budget: 64 spikes a unit and step, at most 2^26")
  func defaultBudget() throws {
    #expect(try PredictionOptions(timeSteps: 10).budget(topology: [4, 3, 2]) == 5760)
    #expect(
      try PredictionOptions(timeSteps: 1 << 20).budget(topology: [784, 200, 10]) == 1 << 26)
  }

  @Test func budget() throws {
    var network = try network(gain: 3, budget: 5)
    #expect {
      try network.predict([1, 1, 1, 1])
    } throws: { "\($0)".hasSuffix("more than 5 spikes in one example") }
    #expect(throws: SpikingError.invalidEventBudget(found: 0)) {
      try PredictionOptions(timeSteps: 1, eventBudget: 0)
    }
  }

  @Test func weights() throws {
    let biased = try NetworkWeights(layers: [Matrix(rows: 1, columns: 1)], biases: [[1e10]])
    let options = try PredictionOptions(timeSteps: 1)
    #expect(throws: SpikingError.cannotLearnBiases) {
      try LearningMLP(weights: biased, options: options, training: TrainingOptions())
    }
    #expect(
      throws: SpikingError.biasOutOfRange(layer: 1, unit: 0, value: 1e10, scale: 1)
    ) {
      try IntegerSpikingMLP(weights: biased, learningRate: 1, options: options)
    }
  }

  @Test("the scale of the integer network, as the authors compute it")
  func scale() throws {
    #expect(try IntegerSpikingMLP.scale(timeSteps: 10, learningRate: 0.05) == 2000)
    #expect(try IntegerSpikingMLP.scale(timeSteps: 5, learningRate: 0.03) == 833)
    // T^2 / eta, in the other order, would be 9000.
    #expect(try IntegerSpikingMLP.scale(timeSteps: 3, learningRate: 0.001) == 8999)
    #expect(try IntegerSpikingMLP.scale(timeSteps: 33, learningRate: 0.001) == 1_088_999)
    for rate in [Float(0), -1, .nan, .infinity] {
      #expect {
        try IntegerSpikingMLP.scale(timeSteps: 10, learningRate: rate)
      } throws: { ($0 as? SpikingError)?.description.hasPrefix("a learning rate of") == true }
    }
    for (steps, rate) in [(4_700, Float(0.01)), (10, 0x1p-140), (1, 2)] {
      #expect {
        try IntegerSpikingMLP.scale(timeSteps: steps, learningRate: rate)
      } throws: { "\($0)".hasPrefix("the scale of the integer network") }
    }
  }

  @Test func integerRange() throws {
    let options = try PredictionOptions(timeSteps: 10)
    let large = try NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [2e6])])
    #expect(
      throws: SpikingError.weightOutOfRange(layer: 1, row: 0, column: 0, value: 2e6, scale: 2000)
    ) { try IntegerSpikingMLP(weights: large, learningRate: 0.05, options: options) }
    let small = try NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [0.5])])
    var network = try IntegerSpikingMLP(weights: small, learningRate: 0.05, options: options)
    #expect(throws: SpikingError.inputOutOfRange(index: 0, value: 1e9, scale: 2000)) {
      try network.predict([1e9])
    }
    var poisson = options
    poisson.layerQuantizer = .poisson
    #expect(throws: SpikingError.unsupportedQuantizer(.poisson)) {
      try IntegerSpikingMLP(weights: small, learningRate: 0.05, options: poisson)
    }
  }

  @Test("integer potentials that sink: a typed error, not an overflow trap")
  func integerFallen() throws {
    let weights = try NetworkWeights(
      layers: [Matrix(rows: 40, columns: 1, elements: Array(repeating: -5e5, count: 40))])
    for set in InstructionSet.supported {
      var network = try IntegerSpikingMLP(
        weights: weights, learningRate: 0.05, options: PredictionOptions(timeSteps: 10),
        instructionSet: set)
      #expect {
        try network.predict(Array(repeating: 1, count: 40))
      } throws: { "\($0)".hasPrefix("layer 1, unit 0, step 1: the potential reached -") }
    }
  }
}
