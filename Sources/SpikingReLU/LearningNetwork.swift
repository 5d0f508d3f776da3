public import Networks
public import SpikeKernels

/// A spiking network of `Float` potentials that learns.
///
/// ```swift
/// var network = try LearningMLP(weights: weights, training: TrainingOptions(learningRate: 0.01))
/// try network.train(input: image, target: oneHot)
/// let digit = try network.predict(image).argmax
/// ```
public typealias LearningMLP = LearningNetwork<Float>

/// An integer-only spiking network that learns by additions, comparisons and indexing.
public typealias IntegerLearningMLP = LearningNetwork<Int32>

/// A spiking network that learns by sending error spikes back: one example in, one update out.
///
/// Source: docs/Algorithm.md, section 3; O'Connor and Welling, section 4. `SpikingNetwork` predicts
/// with the weights as they are, at any time.
///
/// A value type: copies are independent. One value must not be used from two tasks at a time.
public struct LearningNetwork<Scalar: LearningScalar>: Sendable {
  /// The network that predicts.
  public internal(set) var network: SpikingNetwork<Scalar>
  var learning: LearningState<Scalar>

  init(network: SpikingNetwork<Scalar>, training: TrainingOptions) throws(SpikingError) {
    guard network.options.firing == .afterEachSpike else { throw .learnsAfterEverySpike }
    guard network.biases.isEmpty else { throw .cannotLearnBiases }
    self.network = network
    self.network.keepsInput = training.usesSmoothGradients
    learning = LearningState(
      options: training, timeSteps: network.options.timeSteps, budget: network.budget,
      quantum: network.quantum,
      layerSizes: network.layerSizes)
    transposeWeights()
  }

  /// Makes the transposed weights anew.
  mutating func transposeWeights() {
    learning.transposed = network.weights.indices.map { index in
      index == 0 ? RowMajorMatrix(rows: 0, columns: 0) : network.weights[index].transposed
    }
  }

  /// How it learns.
  public var training: TrainingOptions { learning.options }

  /// Predicts one example with the weights as they are; see `SpikingNetwork.predict`.
  public mutating func predict(
    _ values: [Float], stream: UInt64? = nil
  ) throws(SpikingError) -> [Scalar] {
    try network.predict(values, stream: stream)
  }

  /// Forgets what was counted.
  public mutating func resetLedger() { network.resetLedger() }

  /// The weights, in units of 1 / `network.quantum`.
  public var weights: [RowMajorMatrix<Scalar>] { network.weights }

  /// The output at the end of the last training example, `z_L / T`, as it was while weights
  /// changed: what the network would have answered.
  ///
  /// - Precondition: an example was trained on.
  public var trainingOutput: [Scalar] {
    precondition(network.stepsTaken > 0, "the output before the first example")
    return (0..<network.layerSizes[network.depth]).map {
      Scalar.readout(sum: learning.sums[network.depth][$0], steps: network.stepsTaken)
    }
  }

  /// Whether the spikes of each training example are kept.
  public var recordsSpikes: Bool {
    get { learning.recordsSpikes }
    set { learning.recordsSpikes = newValue }
  }

  /// The spikes that the quantizers of a layer sent in the last training example, in order; empty
  /// unless `recordsSpikes`.
  public func trainingSpikes(ofLayer layer: Int) -> SpikeTrain { learning.emitted[layer] }

  /// The error spikes that passed the gate of a layer in the last training example, in order;
  /// empty unless `recordsSpikes`.
  public func errorSpikes(ofLayer layer: Int) -> SpikeTrain { learning.passed[layer] }

  /// `[T]`: how many of `trainingSpikes(ofLayer:)` had been sent at the end of each step.
  public func trainingSpikeEnds(ofLayer layer: Int) -> [Int] { learning.emittedEnds[layer] }

  /// `[T]`: how many of `errorSpikes(ofLayer:)` had passed at the end of each step.
  public func errorSpikeEnds(ofLayer layer: Int) -> [Int] { learning.passedEnds[layer] }
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
    let rate = learningRate / Float(steps * steps)
    guard rate.isNormal, rate > 0 else {
      throw .invalidLearningRate(found: learningRate, timeSteps: steps)
    }
    learning.options.learningRate = learningRate
    learning.rate = rate
  }

  /// Replaces the weights; everything else, backward potentials among it, stays.
  ///
  /// - Precondition: the same layer sizes, and no biases.
  public mutating func setWeights(_ weights: NetworkWeights) {
    precondition(
      weights.layerSizes == network.layerSizes && weights.biases == nil,
      "weights of sizes \(weights.layerSizes) for a network of \(network.layerSizes)")
    network.weights = weights.layers
    network.bounds = network.weights.map { Float.bound(of: $0, quantum: 1) }
    transposeWeights()
  }

  /// The weights as a network description, to save or to make a dense twin from.
  public var networkWeights: NetworkWeights {
    get throws { try NetworkWeights(layers: network.weights) }
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
