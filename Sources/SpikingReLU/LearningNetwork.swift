public import Networks
public import SpikeKernels

/// A spiking network of `Float` potentials that learns.
///
/// ```swift
/// import Networks
/// import SpikingReLU
///
/// var generator = SeededGenerator(seed: 1)
/// var network = try LearningMLP(
///   weights: NetworkWeights(
///     topology: [784, 200, 10], initializer: .normal(standardDeviation: 0.01),
///     generator: &generator),
///   options: PredictionOptions(timeSteps: 10), training: TrainingOptions(learningRate: 0.01))
/// let image = [Float](repeating: 0.5, count: 784)
/// try network.train(input: image, target: (0..<10).map { $0 == 3 ? 1 : 0 })
/// print(try network.predict(image).argmax)
/// ```
public typealias LearningMLP = LearningNetwork<Float>

/// An integer-only spiking network that learns by additions, comparisons and indexing.
public typealias IntegerLearningMLP = LearningNetwork<Int32>

/// A spiking network that learns by sending error spikes back: one example in, one update out.
///
/// Source: docs/Algorithm.md, section 3; O'Connor and Welling, section 4. `SpikingNetwork` predicts with the
/// weights as they are, at any time.
///
/// A value type: copies are independent. One value must not be used from two tasks at a time.
public struct LearningNetwork<Scalar: LearningScalar>: Sendable {
  /// The network that predicts; it holds the weights. What it did is in its ledger; `ledger` has that
  /// of learning, too.
  public internal(set) var network: SpikingNetwork<Scalar>
  /// How it learns.
  public internal(set) var training: TrainingOptions
  /// What learning adds to layers 0...L.
  var layers: [LearningLayer<Scalar>]
  /// `eta / T^2`.
  var rate: Float
  /// The spike budget of an example: within it, counts are exact in `Float`.
  let budget: Int

  /// G, its potentials, its spikes, and what it is fed: `-y`.
  let targetQuantizer: Quantizer<Scalar>
  var target: QuantizerState<Scalar>
  var targetSpikes = SpikeTrain()
  var negatedTarget: [Scalar] = []
  /// err: errors held at the output.
  var heldErrors: [Int]

  /// Whether the spikes of each training example are kept.
  public var recordsSpikes = false

  // Buffers.
  /// Error spikes of a batch that passed the gate.
  var kept = SpikeTrain()
  /// The signed weight columns of a batch.
  var columns: [[Scalar]] = []
  /// One spike on its way, depth first.
  var single = SpikeTrain()

  init(network: SpikingNetwork<Scalar>, training: TrainingOptions) throws(SpikingError) {
    guard network.options.firing == .afterEachSpike else { throw .learnsAfterEverySpike }
    guard !network.hasBiases else { throw .cannotLearnBiases }
    self.network = network
    self.network.input.keepsAll = training.usesSmoothGradients
    self.training = training
    let outputs = network.outputs
    rate = Self.rate(training.learningRate, timeSteps: network.options.timeSteps)
    budget = min(network.budget, 1 << Float.significandBitCount)
    layers = network.topology.units.map {
      LearningLayer(units: $0, quantum: network.quantum, options: training)
    }
    targetQuantizer = Quantizer(kind: .herding, quantum: network.quantum)
    target = QuantizerState(units: outputs)
    heldErrors = Array(repeating: 0, count: outputs)
    transposeWeights()
  }

  /// `eta / T^2`.
  private static func rate(_ learningRate: Float, timeSteps: Int) -> Float {
    learningRate / Float(timeSteps * timeSteps)
  }

  /// Makes the transposed weights anew.
  mutating func transposeWeights() {
    for index in layers.indices where network.layers[index].feeders.contains(where: { $0 > 0 }) {
      layers[index].transposed = network.layers[index].connection.weights.transposed
    }
  }

  /// What was done in prediction and in training.
  public internal(set) var ledger: OperationLedger {
    get {
      var ledger = network.ledger
      ledger.add(OperationLedger(layers: layers.map(\.neurons.operations)))
      return ledger
    }
    set {
      network.ledger = newValue
      for index in layers.indices {
        layers[index].neurons.operations = OperationLedger.Layer(
          units: network.topology[index].count)
      }
    }
  }

  /// Predicts one example with the weights as they are; see `SpikingNetwork.predict`.
  public mutating func predict(
    _ values: [Float], stream: UInt64? = nil
  ) throws(SpikingError) -> [Scalar] {
    try network.predict(values, stream: stream)
  }

  /// Forgets what was counted.
  public mutating func resetLedger() { ledger.reset() }

  /// The weights of layers 1...L, in units of 1 / `network.quantum`.
  public var weights: [RowMajorMatrix<Scalar>] {
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Int32)
    get {
      network.layers.dropFirst().map(\.connection.weights)
    }
  }

  /// The output at the end of the last training example, `z_L / T`, as it was while weights
  /// changed: what the network would have answered.
  ///
  /// - Precondition: an example was trained on.
  public var trainingOutput: [Scalar] {
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Int32)
    get {
      precondition(network.stepsTaken > 0, "the output before the first example")
      let last = layers[network.depth].neurons
      return (0..<last.state.units).map {
        Scalar.readout(sum: last.sums[$0], steps: network.stepsTaken)
      }
    }
  }

  /// The spikes that the quantizers of a layer sent in the last training example, in order; empty
  /// unless `recordsSpikes`.
  public func trainingSpikes(ofLayer layer: Int) -> SpikeTrain { layers[layer].emitted.spikes }

  /// The error spikes that passed the gate of a layer in the last training example, in order;
  /// empty unless `recordsSpikes`.
  public func errorSpikes(ofLayer layer: Int) -> SpikeTrain { layers[layer].passed.spikes }

  /// `[T]`: how many of `trainingSpikes(ofLayer:)` had been sent at the end of each step.
  public func trainingSpikeEnds(ofLayer layer: Int) -> [Int] { layers[layer].emitted.ends }

  /// `[T]`: how many of `errorSpikes(ofLayer:)` had passed at the end of each step.
  public func errorSpikeEnds(ofLayer layer: Int) -> [Int] { layers[layer].passed.ends }
}

extension LearningNetwork where Scalar == Float {
  /// A learning network that starts from the given weights.
  ///
  /// - Parameters:
  ///   - weights: without biases.
  ///   - options: how it predicts; T serves training too.
  ///   - training: how it learns.
  ///   - instructionSet: as for `SpikingMLP`.
  /// - Throws: `SpikingError`, also when `eta / T^2` is not a normal Float.
  public init(
    weights: NetworkWeights, options: PredictionOptions, training: TrainingOptions,
    instructionSet: InstructionSet? = nil
  ) throws(SpikingError) {
    try self.init(
      network: SpikingNetwork(
        weights: weights, options: options, instructionSet: instructionSet),
      training: training)
    try setLearningRate(training.learningRate)
  }

  /// Changes eta, as a schedule does between epochs.
  ///
  /// - Throws: `SpikingError.invalidLearningRate` unless `eta / T^2` is a positive normal Float.
  public mutating func setLearningRate(_ learningRate: Float) throws(SpikingError) {
    let steps = network.options.timeSteps
    let rate = Self.rate(learningRate, timeSteps: steps)
    guard rate.isNormal, rate > 0 else {
      throw .invalidLearningRate(found: learningRate, timeSteps: steps)
    }
    training.learningRate = learningRate
    self.rate = rate
  }

  /// Replaces the weights; everything else, backward potentials among it, stays.
  ///
  /// - Precondition: the same layer sizes, and no biases.
  public mutating func setWeights(_ weights: NetworkWeights) {
    precondition(
      weights.topology == network.topology && !weights.hasBiases,
      "weights of sizes \(weights.topology) for a network of \(network.topology)")
    for (index, matrix) in weights.matrices.enumerated() {
      network.layers[index + 1].connection.replaceWeights(by: matrix)
    }
    transposeWeights()
  }

  /// The weights as a network description, to save or to make a dense twin from.
  public var networkWeights: NetworkWeights {
    get throws { try NetworkWeights(layers: weights) }
  }
}

extension LearningNetwork where Scalar == Int32 {
  /// An integer-only learning network that starts from the given weights; see
  /// `IntegerSpikingMLP.init` for the scale, which stands for the learning rate.
  ///
  /// - Throws: `SpikingError`, also for options that integers do not have: smooth gradients,
  ///   regularization, quantizers other than the specified ones.
  public init(
    weights: NetworkWeights, options: PredictionOptions, training: TrainingOptions,
    instructionSet: InstructionSet? = nil
  ) throws(SpikingError) {
    guard !training.usesSmoothGradients else {
      throw .unsupportedInIntegers("smooth gradients")
    }
    guard training.regularization == 0 else { throw .unsupportedInIntegers("regularization") }
    guard training.forwardQuantizer == .rectHerding else {
      throw .unsupportedQuantizer(training.forwardQuantizer)
    }
    guard training.backwardQuantizer == .noResetHerding else {
      throw .unsupportedQuantizer(training.backwardQuantizer)
    }
    try self.init(
      network: SpikingNetwork(
        weights: weights, learningRate: training.learningRate, options: options,
        instructionSet: instructionSet),
      training: training)
  }
}
