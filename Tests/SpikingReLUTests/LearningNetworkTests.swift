import Networks
import Testing

@testable import SpikeKernels
@testable import SpikingReLU

@Suite struct LearningNetworkTests {
  private func weights(_ sizes: [Int], seed: UInt64 = 1) throws -> NetworkWeights {
    try SpikingNetworkTests.randomWeights(sizes, seed: seed)
  }

  private func network(
    _ sizes: [Int] = [8, 6, 3], timeSteps: Int = 10, eta: Float = 0.05,
    set: InstructionSet? = nil, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> LearningMLP {
    var training = try TrainingOptions(learningRate: eta)
    change(&training)
    return try LearningMLP(
      weights: weights(sizes), options: PredictionOptions(timeSteps: timeSteps),
      training: training, instructionSet: set)
  }

  /// Four inputs and the class of each.
  private let task: [(input: [Float], target: [Float])] = [
    ([1, 1, 0, 0, 0, 0, 0, 0], [1, 0, 0]), ([0, 0, 1, 1, 0, 0, 0, 0], [0, 1, 0]),
    ([0, 0, 0, 0, 1, 1, 0, 0], [0, 0, 1]), ([0, 0, 0, 0, 0, 0, 1, 1], [1, 0, 0]),
  ]

  private func error(_ network: LearningMLP) throws -> Double {
    var network = network
    return try task.reduce(0) { sum, example in
      let output = try network.predict(example.input)
      return zip(output, example.target).reduce(sum) {
        $0 + Double((max($1.0, 0) - $1.1) * (max($1.0, 0) - $1.1))
      }
    }
  }

  @Test("integers predict with the weights as they are now, alone and in a batch, on every set")
  func integersPredictAfterLearning() async throws {
    func outputs(_ set: InstructionSet) async throws -> [[Int32]] {
      var generator = SeededGenerator(seed: 3)
      let weights = try NetworkWeights(
        topology: [30, 40, 10], initializer: .he, generator: &generator)
      // S = 250: weights fit in 16 bits.
      var learner = try IntegerLearningMLP(
        weights: weights, options: PredictionOptions(timeSteps: 5),
        training: TrainingOptions(learningRate: 0.1), instructionSet: set)
      let inputs = Matrix(rows: 20, columns: 30) { _, _ in Float(generator.nextUniform()) }
      let first = try learner.predict(inputs.row(0))
      for example in 0..<inputs.rows {
        let target = (0..<10).map { Float($0 == example % 10 ? 1 : 0) }
        try learner.train(input: inputs.row(example), target: target)
      }
      let then = try learner.predict(inputs.row(0))
      #expect(then != first, "learning must show")
      return [first, then] + (try await learner.network.predictions(of: inputs, workers: 2))
    }
    let expected = try await outputs(.reference)
    for set in InstructionSet.supported {
      let found = try await outputs(set)
      #expect(found == expected, "\(set)")
    }
  }

  @Test(
    "each way of updating learns a small task",
    arguments: TrainingOptions.Update.allCases, [false, true])
  func learns(update: TrainingOptions.Update, smooth: Bool) throws {
    // Smaller first weights than usual: no output starts so far below 0 that its gate stays shut.
    var training = try TrainingOptions(learningRate: 0.05)
    training.update = update
    training.usesSmoothGradients = smooth
    var network = try LearningMLP(
      weights: SpikingNetworkTests.randomWeights([8, 12, 3], gain: 0.4),
      options: PredictionOptions(timeSteps: 10), training: training)
    let before = try error(network)
    for _ in 0..<200 {
      for example in task { try network.train(input: example.input, target: example.target) }
    }
    #expect(try error(network) < 0.2 * before)
  }

  @Test("prediction in between changes nothing")
  func predictionBetween() throws {
    var (quiet, asked) = (try network(), try network())
    for example in task {
      try quiet.train(input: example.input, target: example.target)
      _ = try asked.predict(task[0].input)
      try asked.train(input: example.input, target: example.target)
    }
    #expect(quiet.weights == asked.weights)
  }

  @Test("all instruction sets learn the same bits, on a network of the paper's size")
  func instructionSets() throws {
    let input = SpikingNetworkTests.randomInput(784, seed: 3)
    let target = (0..<10).map { Float($0 == 4 ? 1 : 0) }
    var learned: [[RowMajorMatrix<Float>]] = []
    for set in InstructionSet.supported {
      var network = try network([784, 200, 200, 10], timeSteps: 3, set: set)
      try network.train(input: input, target: target)
      learned.append(network.weights)
    }
    #expect(learned.allSatisfy { $0 == learned[0] })
  }

  @Test("held errors, SGD: depth first learns exactly what breadth first does")
  func traversals() throws {
    var (breadth, depth) = (
      try network { $0.update = .sgd },
      try network {
        $0.update = .sgd
        $0.traversal = .depthFirst
      }
    )
    for example in task {
      try breadth.train(input: example.input, target: example.target)
      try depth.train(input: example.input, target: example.target)
    }
    #expect(breadth.weights == depth.weights)
  }

  @Test("the memory of a learning network does not grow with T or with examples")
  func memory() throws {
    var network = try network(timeSteps: 60)
    for example in task { try network.train(input: example.input, target: example.target) }
    func sizes() -> [Int] {
      network.layers.map(\.neurons.spikes.codes.count)
        + network.layers.map(\.errorSpikes.codes.count)
        + [network.columns.count, network.kept.codes.count]
    }
    let before = sizes()
    for _ in 0..<30 {
      for example in task { try network.train(input: example.input, target: example.target) }
    }
    #expect(sizes() == before)
  }

  @Test(
    "a weight that grows beyond 1 while learning: its unit fires several times a row from then on")
  func growingWeight() throws {
    for set in InstructionSet.supported {
      var options = try PredictionOptions(timeSteps: 6)
      options.readout = .counts
      var training = try TrainingOptions(learningRate: 4)
      training.update = .sgd
      // 20 units: more than a vector of any set.
      var network = try LearningMLP(
        weights: NetworkWeights(layers: [
          Matrix(rows: 1, columns: 20, elements: Array(repeating: 0.2, count: 20))
        ]), options: options, training: training, instructionSet: set)
      #expect(try network.predict([1]).allSatisfy { $0 < 0.5 })
      try network.train(input: [1], target: Array(repeating: 1, count: 20))
      let weights = try network.networkWeights
      #expect(weights.matrices[0][0, 0] > 2)
      var reference = try SpikingMLP(
        weights: weights, options: options, instructionSet: .reference)
      #expect(try network.predict([1]) == reference.predict([1]), "\(set)")
      // And while it learns on.
      var other = try LearningMLP(
        weights: weights, options: options, training: training, instructionSet: .reference)
      try network.train(input: [1], target: Array(repeating: 0, count: 20))
      try other.train(input: [1], target: Array(repeating: 0, count: 20))
      #expect(network.weights == other.weights, "\(set)")
    }
  }

  @Test("copies learn apart")
  func valueSemantics() throws {
    let original = try network()
    var copy = original
    try copy.train(input: task[0].input, target: task[0].target)
    #expect(copy.weights != original.weights)
    #expect(try original.networkWeights == weights([8, 6, 3]))
  }

  @Test("the work of learning is in the ledger")
  func ledger() throws {
    var network = try network()
    network.recordsSpikes = true
    try network.train(input: task[0].input, target: task[0].target)
    let ledger = network.ledger
    for layer in 1...2 {
      #expect(ledger.layers[layer].errorSpikes == network.errorSpikes(ofLayer: layer).count)
      #expect(ledger.layers[layer].spikes == network.trainingSpikes(ofLayer: layer).count)
    }
    // Errors that leave layer 2 downwards are columns of 6 weights.
    #expect(ledger.layers[2].backwardAdditions == 6 * network.errorSpikes(ofLayer: 2).count)
    #expect(ledger.layers[1].backwardAdditions == 0)
    #expect(ledger.total(\.updateMultiplyAdds) > 0 && ledger.total(\.updateAdditions) == 0)
    #expect(ledger.examples == 1 && ledger.timeSteps == 10)
  }

  @Test("integers learn by additions alone")
  func integerLedger() throws {
    var network = try IntegerLearningMLP(
      weights: weights([8, 6, 3]), options: PredictionOptions(timeSteps: 10),
      training: TrainingOptions(learningRate: 0.05))
    for example in task { try network.train(input: example.input, target: example.target) }
    #expect(network.ledger.total(\.updateAdditions) > 0)
    #expect(network.ledger.total(\.updateMultiplyAdds) == 0)
  }

  @Test func refusals() throws {
    var network = try network()
    let input = task[0].input
    #expect(throws: SpikingError.targetSize(expected: 3, found: 2)) {
      try network.train(input: input, target: [0, 1])
    }
    for value in [Float(-0.1), 1.1, .nan, .infinity] {
      #expect {
        try network.train(input: input, target: [0, value, 0])
      } throws: { "\($0)".hasPrefix("target 1: found \(value)") }
    }
    #expect(throws: SpikingError.nonFiniteInput(index: 0, value: .infinity)) {
      try network.train(input: [.infinity] + input.dropFirst(), target: [0, 0, 0])
    }
    for rate in [Float(0), -1, .nan, .infinity] {
      #expect(throws: SpikingError.self) { try TrainingOptions(learningRate: rate) }
      #expect(throws: SpikingError.self) { try network.setLearningRate(rate) }
    }
    #expect(throws: SpikingError.self) { try self.network(timeSteps: 1000, eta: 1e-35) }
    #expect(try network.networkWeights == weights([8, 6, 3]))
  }

  @Test("options that integers do not have are refused")
  func integerRefusals() throws {
    func make(_ change: (inout TrainingOptions) -> Void) throws {
      var training = try TrainingOptions(learningRate: 0.05)
      change(&training)
      _ = try IntegerLearningMLP(
        weights: weights([4, 2]), options: PredictionOptions(timeSteps: 10), training: training)
    }
    #expect(throws: SpikingError.unsupportedInIntegers("smooth gradients")) {
      try make { $0.usesSmoothGradients = true }
    }
    #expect(throws: SpikingError.unsupportedInIntegers("regularization")) {
      try make { $0.regularization = 0.1 }
    }
    #expect(throws: SpikingError.unsupportedQuantizer(.poisson)) {
      try make { $0.backwardQuantizer = .poisson }
    }
    #expect(throws: SpikingError.unsupportedQuantizer(.noResetRectHerding)) {
      try make { $0.forwardQuantizer = .noResetRectHerding }
    }
  }

  @Test("the gate: a sum of 0 passes, -0 too; the least negative one does not")
  func gate() throws {
    let least = -Float.leastNonzeroMagnitude
    for (weight, learns) in [(0, true), (-0.0, true), (least, false)] as [(Float, Bool)] {
      for set in InstructionSet.supported {
        var network = try LearningMLP(
          weights: NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [weight])]),
          options: PredictionOptions(timeSteps: 1), training: TrainingOptions(),
          instructionSet: set)
        try network.train(input: [1], target: [1])
        #expect((network.weights[0][0, 0] != weight) == learns, "\(weight) on \(set)")
      }
    }
  }

  @Test("weights that are no number end in a typed error", arguments: InstructionSet.supported)
  func notANumber(set: InstructionSet) throws {
    var network = try LearningMLP(
      weights: NetworkWeights(layers: [
        Matrix(rows: 1, columns: 2, elements: [1, 1]),
        Matrix(rows: 2, columns: 1, elements: [1, 1]),
      ]), options: PredictionOptions(timeSteps: 1), training: TrainingOptions(),
      instructionSet: set)
    var rows = network.weights[1]
    rows[1, 0] = .nan
    network.network.layers[2].connection.replaceWeights(by: rows)
    #expect {
      try network.train(input: [1], target: [0])
    } throws: {
      guard case SpikingError.potentialOverflow(2, 0, 1, let value) = $0 else { return false }
      return value.isNaN
    }
  }

  @Test("a run that explodes ends in a typed error")
  func explosion() throws {
    var network = try network(eta: 1e6)
    #expect(throws: SpikingError.self) {
      for _ in 0..<50 {
        for example in task { try network.train(input: example.input, target: example.target) }
      }
    }
  }

  @Test(
    "an example that runs away is told with its layer and step",
    arguments: TrainingOptions.Traversal.allCases)
  func faultsNameTheirPlace(traversal: TrainingOptions.Traversal) throws {
    // The second layer's weights are beyond what a potential may reach, and the first layer's unit
    // fires in the second step.
    let weights = try NetworkWeights(layers: [
      Matrix(rows: 1, columns: 1, elements: [0.3]), Matrix(rows: 1, columns: 1, elements: [5e6]),
    ])
    var training = try TrainingOptions(learningRate: 0.01)
    training.traversal = traversal
    var network = try LearningMLP(
      weights: weights, options: PredictionOptions(timeSteps: 10), training: training)
    #expect(
      throws: SpikingError.potentialOverflow(layer: 2, unit: 0, step: 2, value: 5e6)
    ) { try network.train(input: [1], target: [0]) }

    let many = try NetworkWeights(layers: [
      Matrix(rows: 1, columns: 1, elements: [1]), Matrix(rows: 1, columns: 1, elements: [60]),
    ])
    network = try LearningMLP(
      weights: many, options: PredictionOptions(timeSteps: 10, eventBudget: 50),
      training: training)
    #expect(throws: SpikingError.eventBudgetExceeded(layer: 2, step: 1, limit: 50)) {
      try network.train(input: [1], target: [1])
    }

    // The budget is of the example: no feed alone exceeds it. Each step has 1 + 4 spikes at least.
    let steady = try NetworkWeights(layers: [
      Matrix(rows: 1, columns: 4, elements: [1, 1, 1, 1]),
      Matrix(rows: 4, columns: 1, elements: [0, 0, 0, 0]),
    ])
    network = try LearningMLP(
      weights: steady, options: PredictionOptions(timeSteps: 10, eventBudget: 30),
      training: training)
    #expect {
      try network.train(input: [1], target: [0])
    } throws: {
      guard case SpikingError.eventBudgetExceeded(_, let step, 30) = $0 else { return false }
      return step > 1
    }
  }

  @Test(
    "random and Poisson backward quantizers run and repeat by seed",
    arguments: [QuantizerKind.randomResetHerding, .poisson, .poissonZero, .herding])
  func backwardQuantizers(kind: QuantizerKind) throws {
    func run() throws -> [RowMajorMatrix<Float>] {
      var network = try network { $0.backwardQuantizer = kind }
      for example in task { try network.train(input: example.input, target: example.target) }
      return network.weights
    }
    #expect(try run() == run())
  }
}
