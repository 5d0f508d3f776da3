import Networks
import SpikeKernels
import Testing

@testable import SpikingReLU

/// The door for single spikes: what comes through it is what a whole image makes.
@Suite struct StreamTests {
  private static let topology: Topology = [30, 40, 20, 5]

  private func weights(biased: Bool = false) throws -> NetworkWeights {
    var generator = SeededGenerator(seed: 7)
    let weights = try NetworkWeights(
      topology: Self.topology, initializer: .he, generator: &generator)
    let biases = Self.topology.units.dropFirst().map { units in
      (0..<units).map { Float($0 % 7 - 3) / 20 }
    }
    return try NetworkWeights(layers: weights.matrices, biases: biased ? Array(biases) : nil)
  }

  private static let image = (0..<30).map { Float($0 % 11) / 10 - 0.2 }

  /// Takes an image step by step, and its input spikes through the door: every spike of every layer, the
  /// output, the potentials and the work are the same.
  private func compare<Scalar: SpikeScalar>(
    _ network: SpikingNetwork<Scalar>, _ words: String
  ) throws where Scalar.Sum: Equatable {
    var whole = network
    var streamed = network
    try whole.present(Self.image)
    streamed.beginStream()
    var sent = 0
    for step in 1...whole.options.timeSteps {
      try whole.step()
      var seen = Self.topology.map { _ in [Spike]() }
      for spike in whole.spikes(ofLayer: 0) {
        try streamed.receive(spike)
        for layer in 1..<Self.topology.count where streamed.options.firing == .afterEachSpike {
          seen[layer] += streamed.spikes(ofLayer: layer)
        }
        sent += 1
      }
      try streamed.endStep()
      if !streamed.hasBiases, streamed.options.firing == .afterEachSpike {
        for layer in 1..<Self.topology.count {
          #expect(
            seen[layer] == Array(whole.spikes(ofLayer: layer)), "\(words), step \(step), \(layer)")
        }
      }
      #expect(streamed.output == whole.output, "\(words), step \(step)")
    }
    #expect(sent > 20)
    for layer in 1..<Self.topology.count {
      #expect(streamed.potentials(ofLayer: layer) == whole.potentials(ofLayer: layer), "\(words)")
      #expect(
        streamed.ledger.layers[layer] == whole.ledger.layers[layer], "\(words), layer \(layer)")
    }
    #expect(streamed.ledger.timeSteps == whole.ledger.timeSteps)
    #expect(streamed.ledger.layers[0].spikes == whole.ledger.layers[0].spikes)
    #expect(try network.outputSum(of: Self.image) == streamed.outputSums)
  }

  @Test(
    "the spikes of an image, one by one: the bits of predict",
    arguments: PredictionOptions.Firing.rateCoded, [false, true])
  func image(firing: PredictionOptions.Firing, biased: Bool) throws {
    for set in InstructionSet.supported {
      for kind in [QuantizerKind.rectHerding, .herding] {
        var options = try PredictionOptions(timeSteps: 12)
        options.firing = firing
        options.layerQuantizer = kind
        let words = "\(set), \(kind), \(firing)"
        try compare(
          SpikingMLP(weights: weights(biased: biased), options: options, instructionSet: set), words
        )
        if kind == .rectHerding {
          try compare(
            IntegerSpikingMLP(
              weights: weights(biased: biased), learningRate: 0.01, options: options,
              instructionSet: set), words)
        }
        let coding = try SpikeCoding(
          topology: Self.topology, inputExponent: 1, layerScales: [2, 0.5])
        try compare(
          SpikingMLP(
            weights: weights(biased: biased), coding: coding, options: options,
            instructionSet: set), words)
      }
    }
  }

  @Test("counts can be the output, too")
  func counts() throws {
    var options = try PredictionOptions(timeSteps: 12)
    options.readout = .counts
    let network = try SpikingMLP(weights: weights(), options: options)
    var (whole, streamed) = (network, network)
    try whole.present(Self.image)
    streamed.beginStream()
    for _ in 0..<12 {
      try whole.step()
      for spike in whole.spikes(ofLayer: 0) { try streamed.receive(spike) }
      try streamed.endStep()
    }
    #expect(streamed.output == whole.output)
    for layer in 1...3 {
      #expect(streamed.spikeCounts(ofLayer: layer) == whole.spikeCounts(ofLayer: layer))
    }
  }

  @Test("nothing arrives, nothing is done; the work of a spike does not depend on what came before")
  func work() throws {
    var network = try SpikingMLP(
      weights: NetworkWeights(layers: [
        Matrix(rows: 2, columns: 3, elements: [0.1, 0, 0, 0, 0, -0.1])
      ]),
      options: PredictionOptions(timeSteps: 1))
    network.beginStream()
    let before = network.ledger
    #expect(network.outputSums == [0, 0, 0])
    #expect(network.ledger == before)
    var additions = 0
    for index in 0..<1000 {
      try network.receive(Spike(unit: index % 2, sign: 1))
      #expect(network.ledger.additions - additions == 3)
      additions = network.ledger.additions
    }
    #expect(network.outputSums.count == 3)
    #expect(network.outputSums.argmax == 0)
  }

  @Test("what is refused")
  func refusals() throws {
    var network = try SpikingMLP(weights: weights(), options: PredictionOptions(timeSteps: 1))
    network.beginStream()
    #expect(throws: SpikingError.inputUnit(found: 30, inputs: 30)) {
      try network.receive(Spike(unit: 30, sign: 1))
    }
    #expect("\(SpikingError.inputUnit(found: 30, inputs: 30))".contains("of input 30"))
    var stream = try SpikeStream(network: network)
    try stream.receive(Spike(unit: 0, sign: 1), at: 10)
    #expect(throws: SpikingError.timeBackwards(found: 9, after: 10)) {
      try stream.receive(Spike(unit: 0, sign: 1), at: 9)
    }
    #expect(throws: SpikingError.self) { try stream.advance(to: .max) }
    #expect(throws: SpikingError.self) { _ = try SpikeStream<Float>.Leak(interval: 0) }
    #expect(throws: SpikingError.self) { _ = try SpikeStream<Float>.Leak(interval: 5, shift: 9) }
    #expect(
      throws: SpikingError.invalidStream("a reset of 0 us, expected 1 or more")
    ) { _ = try SpikeStream(network: network, options: .init(reset: .every(0))) }
    var biased = try SpikeStream(
      network: SpikingMLP(weights: weights(biased: true), options: PredictionOptions(timeSteps: 1)),
      options: .init(stepLength: 1))
    try biased.receive(Spike(unit: 0, sign: 1), at: 0)
    #expect(throws: SpikingError.streamGap(steps: 1 << 40, limit: 1 << 20)) {
      try biased.receive(Spike(unit: 0, sign: 1), at: 1 << 40)
    }
    // Also where time is asked for in parts.
    var parts = biased
    parts.restart()
    try parts.receive(Spike(unit: 0, sign: 1), at: 0)
    try parts.advance(to: 1_000_000)
    #expect(throws: SpikingError.streamGap(steps: 2_000_000, limit: 1 << 20)) {
      try parts.advance(to: 2_000_000)
    }
    var firing = try PredictionOptions(timeSteps: 1)
    firing.firing = .oncePerStep
    #expect(throws: SpikingError.self) {
      _ = try SpikeStream(network: SpikingMLP(weights: weights(), options: firing))
    }
    // A unit that only sinks leaves its range: an error, not a silence.
    var sinking = try SpikingMLP(
      weights: NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [-1e6])]),
      options: PredictionOptions(timeSteps: 1))
    sinking.beginStream()
    for _ in 0..<4 { try sinking.receive(Spike(unit: 0, sign: 1)) }
    #expect(
      throws: SpikingError.potentialOverflow(layer: 1, unit: 0, step: 1, value: -5e6)
    ) { try sinking.receive(Spike(unit: 0, sign: 1)) }
    // With more than one spike a time it is the budget of one spike.
    var many = try SpikingMLP(
      weights: NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [60])]),
      options: PredictionOptions(timeSteps: 1, eventBudget: 61))
    many.beginStream()
    for _ in 0..<10 { try many.receive(Spike(unit: 0, sign: 1)) }
    #expect(many.ledger.layers[1].spikes == 600)
  }

  @Test(
    "learning from the spikes of images, one by one: the weights of train, bit for bit",
    arguments: TrainingOptions.Update.allCases)
  func learning(update: TrainingOptions.Update) throws {
    func compare<Scalar: LearningScalar>(_ network: LearningNetwork<Scalar>) throws {
      var (whole, streamed) = (network, network)
      whole.recordsSpikes = true
      for example in 0..<6 {
        let image = Self.image.map { $0 * (1 - Float(example) / 10) }
        let target = (0..<5).map { Float($0 == example % 5 ? 1 : 0) }
        try whole.train(input: image, target: target)
        var encoder = whole.network
        try encoder.present(image)
        try streamed.beginStream(target: target)
        for _ in 0..<10 {
          try encoder.step()
          for spike in encoder.spikes(ofLayer: 0) { try streamed.receive(spike) }
          try streamed.endStep()
        }
        try streamed.endExample()
        #expect(streamed.weights == whole.weights, "example \(example)")
        #expect(streamed.trainingOutput == whole.trainingOutput)
      }
      #expect(streamed.weights != network.weights)
      for layer in 1...3 {
        #expect(streamed.ledger.layers[layer] == whole.ledger.layers[layer])
      }
    }
    var training = try TrainingOptions(learningRate: 0.05)
    training.update = update
    let options = try PredictionOptions(timeSteps: 10)
    for set in InstructionSet.supported {
      try compare(
        LearningMLP(
          weights: weights(), options: options, training: training, instructionSet: set))
      try compare(
        IntegerLearningMLP(
          weights: weights(), options: options, training: training, instructionSet: set))
    }
  }

  @Test("learning on a stream refuses what looks at whole steps")
  func learningRefusals() throws {
    for change in [
      { $0.traversal = .depthFirst }, { $0.usesSmoothGradients = true },
      { $0.holdsError = false }, { $0.regularization = 0.1 },
    ] as [(inout TrainingOptions) -> Void] {
      var training = try TrainingOptions()
      change(&training)
      var network = try LearningMLP(
        weights: weights(), options: PredictionOptions(timeSteps: 10), training: training)
      #expect {
        try network.beginStream(target: [0, 0, 0, 0, 1])
      } throws: { "\($0)".contains("breadth first") }
    }
    var network = try LearningMLP(
      weights: weights(), options: PredictionOptions(timeSteps: 10), training: TrainingOptions())
    #expect(throws: SpikingError.targetSize(expected: 5, found: 1)) {
      try network.beginStream(target: [1])
    }
    try network.beginStream(target: [0, 0, 0, 0, 1])
    #expect(throws: SpikingError.targetOutOfRange(index: 0, value: 2)) {
      try network.setTarget([2, 0, 0, 0, 0])
    }
    #expect(throws: SpikingError.inputUnit(found: 77, inputs: 30)) {
      try network.receive(Spike(unit: 77, sign: 1))
    }
  }

  // MARK: Time

  /// One input, one unit, weight 0.25: each spike adds a quarter.
  private func quarter() throws -> SpikingMLP {
    try SpikingMLP(
      weights: NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [0.25])]),
      options: PredictionOptions(timeSteps: 1))
  }

  @Test("a leak takes a share of potentials and sums with each interval, and in the end all")
  func leak() throws {
    for shift in [1, 3] {
      var stream = try SpikeStream(
        network: quarter(), options: .init(leak: .init(interval: 100, shift: shift)))
      let one = Spike(unit: 0, sign: 1)
      try stream.receive(one, at: 1000)
      try stream.receive(one, at: 1099)
      #expect(stream.network.potentials(ofLayer: 1) == [0.5])
      // Intervals count from the first spike.
      try stream.advance(to: 1100)
      let share = 1 - 1 / Float(1 << shift)
      #expect(stream.network.potentials(ofLayer: 1) == [0.5 * share])
      #expect(stream.network.outputSums == [0.5 * share])
      try stream.receive(one, at: 1350)
      #expect(stream.network.outputSums == [0.5 * share * share * share + 0.25])
      // Though an event came in between: the fourth ends at 1400.
      let sum = stream.network.outputSums[0]
      try stream.advance(to: 1399)
      #expect(stream.network.outputSums == [sum])
      try stream.advance(to: 1400)
      #expect(stream.network.outputSums == [sum * share])
      try stream.advance(to: 1 << 50)
      #expect(stream.network.potentials(ofLayer: 1) == [0])
      #expect(stream.network.outputSums == [0])
      #expect(stream.network.ledger.layers[1].leakAdditions == 2 * (4 + (64 << shift)))
    }
  }

  @Test("a leak of integers reaches 0, and treats both signs alike")
  func integerLeak() {
    for value in [0, 1, -1, 5, 1000, -1000, 1 << 30, -(1 << 30)] as [Int32] {
      var left = value
      for _ in 0..<400 where left != 0 {
        let next = Int32.leaked(left, shift: 2)
        #expect(next.magnitude < left.magnitude && next * left.signum() >= 0)
        #expect(Int32.leaked(-left, shift: 2) == -next)
        left = next
      }
      #expect(left == 0)
    }
  }

  @Test(
    "with a leak an endless stream of inhibition stays in range, and excitation is heard soon after"
  )
  func recovery() throws {
    func stream(_ leak: SpikeStream<Float>.Leak?) throws -> SpikeStream<Float> {
      var stream = try SpikeStream(network: quarter(), options: .init(leak: leak))
      for time in 0..<Int64(10_000) { try stream.receive(Spike(unit: 0, sign: -1), at: time) }
      for time in 0..<Int64(100) { try stream.receive(Spike(unit: 0, sign: 1), at: 10_000 + time) }
      return stream
    }
    #expect(try stream(nil).network.ledger.layers[1].spikes == 0)
    #expect(try stream(.init(interval: 10)).network.ledger.layers[1].spikes > 10)
  }

  @Test("resets: by windows from the first spike, after silence, by hand")
  func resets() throws {
    let one = Spike(unit: 0, sign: 1)
    var windows = try SpikeStream(network: quarter(), options: .init(reset: .every(100)))
    for time in [50, 100, 149] as [Int64] { try windows.receive(one, at: time) }
    #expect(windows.network.outputSums == [0.75] && windows.resets == 0)
    try windows.receive(one, at: 150)
    #expect(windows.network.outputSums == [0.25] && windows.resets == 1)
    // The window of 850 began at 850, though the spike came later.
    try windows.receive(one, at: 899)
    try windows.receive(one, at: 949)
    #expect(windows.network.outputSums == [0.5] && windows.resets == 2)
    try windows.receive(one, at: 950)
    #expect(windows.resets == 3)
    var silence = try SpikeStream(network: quarter(), options: .init(reset: .afterSilence(100)))
    for time in [0, 99, 198] as [Int64] { try silence.receive(one, at: time) }
    #expect(silence.network.outputSums == [0.75])
    try silence.advance(to: 5000)
    #expect(silence.network.outputSums == [0.75])
    // Silence is since the last spike, though time was asked for in between.
    try silence.receive(one, at: 5050)
    #expect(silence.network.outputSums == [0.25] && silence.resets == 1)
    silence.reset()
    #expect(silence.network.outputSums == [0] && silence.resets == 2)
  }

  @Test("steps of time: biases are added in each, also where nothing arrives")
  func steps() throws {
    let network = try SpikingMLP(
      weights: NetworkWeights(
        layers: [Matrix(rows: 1, columns: 1, elements: [0.25])], biases: [[-0.125]]),
      options: PredictionOptions(timeSteps: 1))
    var stream = try SpikeStream(network: network, options: .init(stepLength: 10))
    try stream.receive(Spike(unit: 0, sign: 1), at: 5)
    #expect(stream.network.outputSums == [0.125])
    try stream.advance(to: 14)
    #expect(stream.network.stepsTaken == 0)
    try stream.advance(to: 35)
    // Steps from 5, 15 and 25: the first had the spike.
    #expect(stream.network.stepsTaken == 3)
    #expect(stream.network.outputSums == [0.25 - 3 * 0.125])
    var free = try SpikeStream(network: quarter(), options: .init(stepLength: 10))
    try free.receive(Spike(unit: 0, sign: 1), at: 0)
    try free.advance(to: 10_000_000_000)
    #expect(free.network.stepsTaken == 1_000_000_000)
    #expect(free.network.output == [0.25 / 1_000_000_000])
  }
}

extension SpikingNetwork {
  /// The sums after all steps of an image.
  fileprivate func outputSum(of image: [Float]) throws -> [Scalar.Sum] {
    var network = self
    try network.present(image)
    for _ in 0..<options.timeSteps { try network.step() }
    return network.outputSums
  }
}
