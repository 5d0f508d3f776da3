import Networks
import Testing

@testable import SpikeKernels
@testable import SpikingReLU

@Suite struct SpikingNetworkTests {
  static func randomWeights(_ sizes: [Int], seed: UInt64 = 1, gain: Float = 1) throws
    -> NetworkWeights
  {
    var generator = SeededGenerator(seed: seed)
    let initializer = WeightInitializer(name: "test") { inputs, outputs, generator in
      WeightInitializer.normalMatrix(
        inputs: inputs, outputs: outputs,
        standardDeviation: Double(gain) * (2 / Double(inputs)).squareRoot(), from: &generator)
    }
    return try NetworkWeights(
      layerSizes: sizes, initializer: initializer, generator: &generator)
  }

  static func randomInput(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in max(0, Float(generator.nextUniform() * 2 - 1)) }
  }

  @Test("silent inputs are left out, and nothing else changes", arguments: [0, 1, 7, 40])
  func silentInputs(active: Int) throws {
    var generator = SeededGenerator(seed: 8)
    let weights = try Self.randomWeights([40, 9, 3], seed: 4)
    var input = [Float](repeating: 0, count: 40)
    for unit in Array(0..<40).shuffled(using: &generator).prefix(active) {
      input[unit] = Float(generator.nextNormal())
    }
    var reference = try SpikingMLP(
      weights: weights, options: PredictionOptions(timeSteps: 10), instructionSet: .reference)
    for set in InstructionSet.supported {
      var network = try SpikingMLP(
        weights: weights, options: PredictionOptions(timeSteps: 10), instructionSet: set)
      // An example before, with other silent inputs.
      _ = try network.predict(input.reversed())
      _ = try reference.predict(input.reversed())
      try network.present(input)
      try reference.present(input)
      for _ in 0..<10 {
        try network.step()
        try reference.step()
        #expect(network.spikes(ofLayer: 0) == reference.spikes(ofLayer: 0))
        #expect(network.potentials(ofLayer: 0) == reference.potentials(ofLayer: 0))
      }
      #expect(network.output == reference.output)
      #expect(network.ledger == reference.ledger)
      #expect(network.ledger.layers[0].encodingAdditions == 2 * 10 * active)
      network.resetLedger()
      reference.resetLedger()
    }
  }

  @Test("a runaway input is named by its own unit")
  func runawayInput() throws {
    for set in InstructionSet.supported {
      var network = try SpikingMLP(
        weights: Self.randomWeights([6, 2], seed: 1), options: PredictionOptions(timeSteps: 3),
        instructionSet: set)
      #expect(throws: SpikingError.potentialOverflow(layer: 0, unit: 4, step: 1, value: 6e6)) {
        try network.predict([0, 0.5, 0, 0, 6e6, 0])
      }
    }
  }

  @Test("all instruction sets give the same bits on a network of the paper's size")
  func instructionSets() throws {
    let weights = try Self.randomWeights([784, 200, 200, 10])
    let input = Self.randomInput(784, seed: 2)
    var outputs: [[UInt32]] = []
    var integers: [[Int32]] = []
    for set in InstructionSet.supported {
      var network = try SpikingMLP(
        weights: weights, options: PredictionOptions(timeSteps: 4), instructionSet: set)
      outputs.append(try network.predict(input).map(\.bitPattern))
      var integer = try IntegerSpikingMLP(
        weights: weights, learningRate: 0.01, options: PredictionOptions(timeSteps: 4),
        instructionSet: set)
      integers.append(try integer.predict(input))
    }
    #expect(Set(outputs).count == 1 && Set(integers).count == 1)
  }

  @Test("the output tends to the dense pre-activation, in Float and in integers")
  func limit() throws {
    let weights = try Self.randomWeights([12, 9, 4])
    let input = Self.randomInput(12, seed: 3)
    var activation = input.map(Double.init)
    for (index, layer) in weights.matrices.enumerated() {
      let z = (0..<layer.columns).map { column in
        (0..<layer.rows).reduce(0.0) { $0 + activation[$1] * Double(layer[$1, column]) }
      }
      activation = index == 0 ? z.map { max(0, $0) } : z
    }
    var network = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 4000))
    for (found, expected) in zip(try network.predict(input), activation) {
      #expect(abs(Double(found) - expected) < 0.01)
    }
    var integer = try IntegerSpikingMLP(
      weights: weights, learningRate: 100, options: PredictionOptions(timeSteps: 4000))
    for (found, expected) in zip(try integer.predict(input), activation) {
      #expect(abs(Double(found) / Double(integer.quantum) - expected) < 0.01)
    }
  }

  @Test("potentials and counts agree within the last layer's potential")
  func readouts() throws {
    let weights = try Self.randomWeights([6, 5, 3], gain: 2)
    let input = Self.randomInput(6, seed: 4)
    var options = try PredictionOptions(timeSteps: 50)
    var potentials = try SpikingMLP(weights: weights, options: options)
    options.readout = .counts
    var counts = try SpikingMLP(weights: weights, options: options)
    for (sum, count) in zip(try potentials.predict(input), try counts.predict(input)) {
      #expect(abs(max(0, sum) - count) < 0.5)
    }
  }

  @Test("every test quantizer runs; random ones repeat by seed and stream")
  func quantizers() throws {
    let weights = try Self.randomWeights([8, 7, 3])
    let input = Self.randomInput(8, seed: 5)
    for kind in QuantizerKind.allCases {
      var options = try PredictionOptions(timeSteps: 20)
      options.layerQuantizer = kind
      options.seed = 11
      let fresh = try SpikingMLP(weights: weights, options: options)
      var (first, second) = (fresh, fresh)
      _ = try second.predict(input, stream: 99)
      if !kind.keepsPotentials {
        #expect(try first.predict(input, stream: 7) == second.predict(input, stream: 7))
      }
      if kind.isRandom {
        #expect(try first.predict(input, stream: 1) != first.predict(input, stream: 2))
      }
    }
  }

  @Test("copies are independent")
  func valueSemantics() throws {
    let weights = try Self.randomWeights([8, 7, 3])
    var network = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 10))
    let expected = try network.predict(Self.randomInput(8, seed: 1))
    try network.present(Self.randomInput(8, seed: 1))
    for _ in 0..<5 { try network.step() }
    var copy = network
    _ = try copy.predict(Self.randomInput(8, seed: 2))
    for _ in 0..<5 { try network.step() }
    #expect(network.output == expected)
  }

  @Test("the memory of a network does not grow with T or with examples")
  func memory() throws {
    let weights = try Self.randomWeights([20, 15, 4])
    var network = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 2000))
    try network.present(Self.randomInput(20, seed: 1))
    for _ in 0..<50 { try network.step() }
    let capacity = network.layers.map(\.neurons.spikes.codes.count)
    for _ in 50..<2000 { try network.step() }
    #expect(network.layers.map(\.neurons.spikes.codes.count) == capacity)
    // A prediction takes some steps at once, as many for any T.
    _ = try network.predict(Self.randomInput(20, seed: 1))
    let long = network.layers.map(\.neurons.spikes.codes.count)
    var short = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 50))
    _ = try short.predict(Self.randomInput(20, seed: 1))
    #expect(long == short.layers.map(\.neurons.spikes.codes.count))
    for _ in 0..<3 { _ = try network.predict(Self.randomInput(20, seed: 1)) }
    #expect(network.layers.map(\.neurons.spikes.codes.count) == long)
  }

  @Test(
    "a prediction is what single steps give: output, ledger, counts; errors too",
    arguments: [1, 7, 16, 17, 50])
  func predictionBySteps(timeSteps: Int) throws {
    for kind in [QuantizerKind.rectHerding, .herding] {
      for set in InstructionSet.supported {
        var options = try PredictionOptions(timeSteps: timeSteps)
        options.layerQuantizer = kind
        options.recording = .counts
        let weights = try Self.randomWeights([12, 9, 8, 4], seed: 3)
        var (whole, single) = (
          try SpikingMLP(weights: weights, options: options, instructionSet: set),
          try SpikingMLP(weights: weights, options: options, instructionSet: set)
        )
        for seed in 1...3 {
          let input = Self.randomInput(12, seed: UInt64(seed))
          let output = try whole.predict(input)
          try single.present(input)
          for _ in 0..<timeSteps { try single.step() }
          #expect(output == single.output && whole.ledger == single.ledger)
          for layer in 0...3 {
            #expect(whole.spikeCounts(ofLayer: layer) == single.spikeCounts(ofLayer: layer))
            #expect(whole.potentials(ofLayer: layer) == single.potentials(ofLayer: layer))
          }
        }

        // A budget that ends in the middle: the same error, and the next example is as ever.
        let budget = try PredictionOptions(timeSteps: timeSteps, eventBudget: 11 * timeSteps / 2)
        var (limited, steps) = (
          try SpikingMLP(weights: weights, options: budget, instructionSet: set),
          try SpikingMLP(weights: weights, options: budget, instructionSet: set)
        )
        let input = [Float](repeating: 1, count: 12)
        var (found, expected): (SpikingError?, SpikingError?)
        do { _ = try limited.predict(input) } catch { found = error }
        do {
          try steps.present(input)
          for _ in 0..<timeSteps { try steps.step() }
        } catch { expected = error }
        #expect(found != nil && found == expected)
        #expect(limited.ledger == steps.ledger)
        let quiet = [Float](repeating: 0, count: 12)
        #expect(try limited.predict(quiet) == [0, 0, 0, 0])
      }
    }
  }

  @Test("a potential that falls too far in one step and is back in the next: predict sees it, too")
  func fallAndRecovery() throws {
    let weights = try NetworkWeights(layers: [
      Matrix(rows: 2, columns: 1, elements: [-6e6, 6e6])
    ])
    for set in InstructionSet.supported {
      var network = try SpikingMLP(
        weights: weights, options: PredictionOptions(timeSteps: 2), instructionSet: set)
      // The first input fires in step 1, the second in step 2.
      #expect(throws: SpikingError.potentialOverflow(layer: 1, unit: 0, step: 1, value: -6e6)) {
        try network.predict([0.6, 0.3])
      }
    }
  }

  @Test("-0.0 is 0: the same spikes")
  func negativeZero() throws {
    let weights = try Self.randomWeights([4, 3])
    var network = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 7))
    #expect(try network.predict([0, 0.5, 0, 1]) == network.predict([-0.0, 0.5, -0.0, 1]))
  }

  @Test(
    "a batch on several tasks: the outputs of one task, random quantizers and all",
    arguments: [QuantizerKind.rectHerding, .randomResetHerding, .poisson, .noResetRectHerding])
  func batch(kind: QuantizerKind) async throws {
    var options = try PredictionOptions(timeSteps: 6)
    options.layerQuantizer = kind
    options.seed = 4
    var network = try SpikingMLP(
      weights: Self.randomWeights([8, 6, 3], seed: 2), options: options)
    let inputs = Matrix(rows: 11, columns: 8) { Float(($0 * 5 + $1 * 3) % 7) / 7 }
    let expected = try (0..<11).map { try network.predict(inputs.row($0), stream: UInt64($0)) }
    let fresh = try SpikingMLP(
      weights: Self.randomWeights([8, 6, 3], seed: 2), options: options)
    for workers in [1, 2, 3, 11, 40] {
      #expect(try await fresh.predictions(of: inputs, workers: workers) == expected)
    }
    #expect(try await fresh.predictions(of: Matrix(rows: 0, columns: 8), workers: 2) == [])
  }

  @Test("a batch throws what its first bad example throws")
  func badBatch() async throws {
    let network = try SpikingMLP(
      weights: Self.randomWeights([3, 2], seed: 2), options: PredictionOptions(timeSteps: 2))
    let inputs = Matrix(rows: 9, columns: 3) { $0 < 4 ? 0.5 : $1 == 2 ? .nan : 0.1 }
    await #expect(throws: SpikingError.self) {
      try await network.predictions(of: inputs, workers: 3)
    }
    await #expect(throws: SpikingError.inputSize(expected: 3, found: 2)) {
      try await network.predictions(of: Matrix(rows: 2, columns: 2), workers: 2)
    }
  }
}
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
    #expect(try PredictionOptions(timeSteps: 10).budget(layerSizes: [4, 3, 2]) == 5760)
    #expect(
      try PredictionOptions(timeSteps: 1 << 20).budget(layerSizes: [784, 200, 10]) == 1 << 26)
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
