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
      topology: try Topology(units: sizes), initializer: initializer, generator: &generator)
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
