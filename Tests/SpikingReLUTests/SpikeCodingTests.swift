import Networks
import Testing

@testable import SpikeKernels
@testable import SpikingReLU

/// Scales and phases change how many spikes are sent and when, not what they tend to.
@Suite struct SpikeCodingTests {
  static let topology: Topology = [30, 20, 12, 5]

  static func coding(_ exponent: Int, _ phases: [Float] = []) throws -> SpikeCoding {
    var generator = SeededGenerator(seed: 11)
    return try SpikeCoding(
      inputExponent: exponent,
      hiddenScales: [20, 12].map { units in
        (0..<units).map { _ in [0.5, 1, 2, 1.7][Int(generator.next() % 4)] }
      }, inputPhases: phases)
  }

  /// The dense network's output, in Double.
  static func dense(_ weights: NetworkWeights, _ input: [Float]) -> [Double] {
    var activations = input.map(Double.init)
    for (index, layer) in weights.matrices.enumerated() {
      var sums = [Double](repeating: 0, count: layer.columns)
      for row in 0..<layer.rows {
        for column in 0..<layer.columns {
          sums[column] += activations[row] * Double(layer[row, column])
        }
      }
      activations = index == weights.matrices.count - 1 ? sums : sums.map { max(0, $0) }
    }
    return activations
  }

  @Test(
    "the output tends to the dense network's at 1/T, whatever the quantum",
    arguments: PredictionOptions.Firing.rateCoded, [-1, 0, 2])
  func convergence(firing: PredictionOptions.Firing, exponent: Int) throws {
    let weights = try SpikingNetworkTests.randomWeights(Self.topology.units, seed: 5)
    let input = SpikingNetworkTests.randomInput(30, seed: 6)
    let expected = Self.dense(weights, input)
    let phases = SpikeCoding.staggeredPhases(2, height: 5, width: 6)
    let largest = expected.map(abs).max()!
    for set in InstructionSet.supported {
      var errors: [Double] = []
      for steps in [20, 2000] {
        var options = try PredictionOptions(timeSteps: steps)
        options.firing = firing
        var network = try SpikingMLP(
          weights: weights, coding: Self.coding(exponent, phases), options: options,
          instructionSet: set)
        let output = try network.predict(input)
        errors.append(zip(output, expected).map { abs(Double($0) - $1) }.max()!)
      }
      #expect(errors[1] < 0.02 * largest, "\(errors) of \(largest)")
      #expect(errors[1] < errors[0] / 10)
    }
  }

  @Test("integers with a coding and firing once a step tend to the same")
  func integers() throws {
    let weights = try SpikingNetworkTests.randomWeights(Self.topology.units, seed: 5)
    let input = SpikingNetworkTests.randomInput(30, seed: 6)
    let expected = Self.dense(weights, input)
    for firing in PredictionOptions.Firing.rateCoded {
      var options = try PredictionOptions(timeSteps: 400)
      options.firing = firing
      var outputs: [[Int32]] = []
      for set in InstructionSet.supported {
        var network = try IntegerSpikingMLP(
          weights: weights,
          coding: Self.coding(-1, SpikeCoding.staggeredPhases(2, height: 5, width: 6)),
          learningRate: 1.6, options: options, instructionSet: set)
        #expect(network.quantum == 100_000)
        outputs.append(try network.predict(input))
        let answer = try network.predict(input, until: .never)
        #expect(answer.timeSteps == 400 && answer.label == outputs[0].argmax)
      }
      #expect(outputs.allSatisfy { $0 == outputs[0] }, "every set gives the same bits")
      for (found, value) in zip(outputs[0], expected) {
        #expect(abs(Double(found) / 100_000 - value) < 0.03 * expected.map(abs).max()!)
      }
    }
  }

  @Test(
    "every set sends the same spikes in every step",
    arguments: PredictionOptions.Firing.rateCoded)
  func sets(firing: PredictionOptions.Firing) throws {
    let weights = try SpikingNetworkTests.randomWeights(Self.topology.units, seed: 2)
    var options = try PredictionOptions(timeSteps: 12)
    options.firing = firing
    options.recording = [.counts, .activity]
    let coding = try Self.coding(1, SpikeCoding.staggeredPhases(4, height: 5, width: 6))
    var reference = try SpikingMLP(
      weights: weights, coding: coding, options: options, instructionSet: .reference)
    for set in InstructionSet.supported {
      var network = try SpikingMLP(
        weights: weights, coding: coding, options: options, instructionSet: set)
      for seed in 1...3 as ClosedRange<UInt64> {
        let input = SpikingNetworkTests.randomInput(30, seed: seed).map { 1.5 * ($0 - 0.2) }
        try network.present(input)
        try reference.present(input)
        for _ in 0..<12 {
          try network.step()
          try reference.step()
          for layer in 0...3 {
            #expect(network.spikes(ofLayer: layer) == reference.spikes(ofLayer: layer))
            #expect(network.potentials(ofLayer: layer) == reference.potentials(ofLayer: layer))
          }
          #expect(network.standing == reference.standing)
        }
        #expect(network.output == reference.output)
      }
      #expect(network.ledger == reference.ledger)
      network.resetLedger()
      reference.resetLedger()
    }
  }

  @Test(
    "an input's count stays within 1/2 and its phase of T k x, and a phase decides when it fires")
  func phases() throws {
    let weights = try SpikingNetworkTests.randomWeights([4, 3, 2], seed: 1)
    let coding = try SpikeCoding(
      topology: [4, 3, 2], inputExponent: -1, layerScales: [1], inputPhases: [0.25, 0, -0.45, 0])
    for firing in PredictionOptions.Firing.rateCoded {
      var options = try PredictionOptions(timeSteps: 50)
      options.firing = firing
      options.recording = .counts
      for set in InstructionSet.supported {
        var network = try SpikingMLP(
          weights: weights, coding: coding, options: options, instructionSet: set)
        let input: [Float] = [1, 1, 0.7, 0]
        try network.present(input)
        for step in 1...50 {
          try network.step()
          let counts = network.spikeCounts(ofLayer: 0)
          for unit in 0..<4 {
            let ideal = 0.5 * Float(step) * input[unit]
            let bound: Float = 0.5 + [0.25, 0, 0.45, 0][unit] + 1e-4
            #expect(abs(Float(counts[unit]) - ideal) <= bound)
          }
          if step == 1 { #expect(counts == [1, 0, 0, 0]) }
          if step == 2 { #expect(counts == [1, 1, 0, 0]) }
        }
      }
    }
  }

  @Test("of equal pixels each takes its turn, and all the same number in the end")
  func groups() throws {
    for groups in [1, 2, 4] {
      let phases = SpikeCoding.staggeredPhases(groups, height: 4, width: 6)
      let coding = try SpikeCoding(
        topology: [24, 3, 2], inputExponent: -groups.trailingZeroBitCount, layerScales: [1],
        inputPhases: phases)
      var options = try PredictionOptions(timeSteps: groups)
      options.firing = .oncePerStep
      var network = try SpikingMLP(
        weights: SpikingNetworkTests.randomWeights([24, 3, 2]), coding: coding, options: options)
      try network.present([Float](repeating: 1, count: 24))
      var fired: [Int] = []
      for _ in 0..<groups {
        try network.step()
        #expect(network.spikes(ofLayer: 0).count == 24 / groups)
        fired += network.spikes(ofLayer: 0).map(\.unit)
      }
      #expect(fired.sorted() == Array(0..<24))
      #expect(phases.reduce(0, +) == 0)
    }
  }

  @Test("no firing after a rise and fall within a step, though the paper's neuron fires")
  func transients() throws {
    let weights = try NetworkWeights(layers: [
      Matrix(rows: 2, columns: 1, elements: [2, -2]),
      Matrix(rows: 1, columns: 2, elements: [1, 0]),
    ])
    for (firing, spikes) in [(PredictionOptions.Firing.afterEachSpike, 2), (.oncePerStep, 0)] {
      var options = try PredictionOptions(timeSteps: 1)
      options.firing = firing
      var network = try SpikingMLP(weights: weights, options: options)
      // The first input comes first: it has the higher potential.
      _ = try network.predict([1, 0.9])
      #expect(network.spikes(ofLayer: 1).count == spikes)
    }
  }

  @Test("what a coding refuses")
  func refusals() throws {
    let weights = try SpikingNetworkTests.randomWeights([3, 2, 2])
    let options = try PredictionOptions(timeSteps: 2)
    #expect(throws: SpikingError.invalidInputExponent(found: 17)) {
      try SpikeCoding(inputExponent: 17, hiddenScales: [])
    }
    for scale in [0, -1, .infinity] as [Float] {
      #expect(throws: SpikingError.invalidScale(layer: 1, unit: 1, value: scale)) {
        try SpikeCoding(inputExponent: 0, hiddenScales: [[1, scale]])
      }
    }
    #expect(throws: SpikingError.invalidPhase(unit: 2, value: -0.5)) {
      try SpikeCoding(inputExponent: 0, hiddenScales: [[1, 1]], inputPhases: [0, 0.4, -0.5])
    }
    #expect(throws: SpikingError.self) {
      try SpikeCoding(inputExponent: 0, hiddenScales: [[1, .nan]])
    }
    #expect(
      throws: SpikingError.codingShape(what: "scales of hidden layers", expected: 1, found: 2)
    ) { try SpikeCoding(topology: [3, 2, 2], layerScales: [1, 2]) }
    let wrong = try SpikeCoding(inputExponent: 0, hiddenScales: [[1, 1, 1]])
    #expect(throws: SpikingError.codingShape(what: "scales of layer 1", expected: 2, found: 3)) {
      try SpikingMLP(weights: weights, coding: wrong, options: options)
    }
    let phases = try SpikeCoding(
      inputExponent: 0, hiddenScales: [[1, 1]], inputPhases: [0.1, 0.2])
    #expect(throws: SpikingError.codingShape(what: "phases of the input", expected: 3, found: 2)) {
      try SpikingMLP(weights: weights, coding: phases, options: options)
    }
    let huge = try NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [3e38])])
    let fine = try SpikeCoding(inputExponent: -2, hiddenScales: [])
    #expect(throws: SpikingError.codedWeight(layer: 1, row: 0, column: 0)) {
      try huge.coded(by: fine)
    }
    var poisson = options
    poisson.firing = .oncePerStep
    poisson.layerQuantizer = .poisson
    #expect(throws: SpikingError.firesAfterEverySpike(.poisson)) {
      try SpikingMLP(weights: weights, options: poisson)
    }
    var step = options
    step.firing = .oncePerStep
    // It would learn from an input that it was never fed.
    #expect(throws: SpikingError.learnsAfterEverySpike) {
      try LearningMLP(weights: weights, options: step, training: TrainingOptions())
    }
    #expect(throws: SpikingError.learnsAfterEverySpike) {
      try IntegerLearningMLP(weights: weights, options: step, training: TrainingOptions())
    }
    var network = try SpikingMLP(weights: weights, options: step)
    #expect(throws: SpikingError.self) { try network.predict([0, .nan, 1]) }
    #expect(throws: SpikingError.nonFiniteInput(index: 2, value: .infinity)) {
      try network.predict([0, 1, .infinity])
    }
    #expect(throws: SpikingError.inputSize(expected: 3, found: 2)) { try network.predict([0, 1]) }
  }
}
