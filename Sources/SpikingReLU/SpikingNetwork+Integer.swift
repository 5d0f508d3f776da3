public import Networks
public import SpikeKernels

extension SpikingNetwork where Scalar == Int32 {
  /// An integer-only spiking network: weights, inputs and potentials in units of 1/S.
  ///
  /// `S = Int((1 / eta) * T * T)`, computed in Float; `W = Int32(w * S)`, truncated toward zero
  /// (docs/Algorithm.md, section 4). With this scale a training update is `W -= s * c`, without a learning
  /// rate.
  ///
  /// - Parameters:
  ///   - weights: finite. Biases are scaled as weights are.
  ///   - coding: the quantum of a spike; `nil` for 1 everywhere.
  ///   - learningRate: eta; it sets the scale, in prediction too.
  ///   - options: how it predicts; the quantizers must be the specified ones.
  ///   - instructionSet: as for `SpikingMLP`.
  /// - Throws: `SpikingError` when S is not in 1...2^30, a weight or bias times S does not fit, or a
  ///   quantizer has no integer form.
  public init(
    weights: NetworkWeights, coding: SpikeCoding? = nil, learningRate: Float,
    options: PredictionOptions, instructionSet: InstructionSet? = nil
  ) throws(SpikingError) {
    try self.init(
      weights: weights, coding: coding,
      scale: Self.scale(timeSteps: options.timeSteps, learningRate: learningRate),
      options: options, instructionSet: instructionSet)
  }

  /// An integer-only spiking network of a given scale S.
  ///
  /// - Throws: as above.
  /// - Precondition: S is in 1...2^30.
  public init(
    weights: NetworkWeights, coding: SpikeCoding? = nil, scale: Int32,
    patterns: SpikePatterns? = nil, options: PredictionOptions,
    instructionSet: InstructionSet? = nil
  ) throws(SpikingError) {
    precondition((1...Int32.potentialLimit).contains(scale), "a scale of \(scale)")
    guard options.inputQuantizer == .herding else {
      throw .unsupportedQuantizer(options.inputQuantizer)
    }
    guard options.layerQuantizer == .rectHerding else {
      throw .unsupportedQuantizer(options.layerQuantizer)
    }
    let coded = try coding.map(weights.coded(by:)) ?? weights
    try self.init(
      connections: coded.connections(scale: scale), quantum: scale, coding: coding,
      patterns: patterns, options: options, instructionSet: Self.resolve(instructionSet))
  }

  /// The scale S for T steps and learning rate eta.
  ///
  /// - Throws: `SpikingError.invalidLearningRate` or `.scaleOverflow`.
  public static func scale(
    timeSteps: Int, learningRate: Float
  ) throws(SpikingError) -> Int32 {
    guard learningRate.isFinite, learningRate > 0 else {
      throw .invalidLearningRate(found: learningRate, timeSteps: timeSteps)
    }
    let scale = (1 / learningRate) * Float(timeSteps) * Float(timeSteps)
    guard let exact = Int32(exactly: scale.rounded(.towardZero)), exact >= 1,
      exact <= Int32.potentialLimit
    else {
      throw .scaleOverflow(timeSteps: timeSteps, learningRate: learningRate, scale: scale)
    }
    return exact
  }
}

extension NetworkWeights {
  /// `Int32(w * S)`, truncated toward zero, for weights and biases; of quantum S.
  ///
  /// - Throws: `SpikingError.weightOutOfRange`, `.biasOutOfRange`.
  func connections(scale: Int32) throws(SpikingError) -> [Connection<Int32>] {
    var connections: [Connection<Int32>] = []
    for (index, layer) in layers.enumerated() {
      let matrix = layer.weights.matrix
      let rows = try RowMajorMatrix<Int32>(rows: matrix.rows, columns: matrix.columns) {
        (row, column) throws(SpikingError) -> Int32 in
        guard let weight = Int32.scaled(matrix[row, column], by: scale) else {
          throw .weightOutOfRange(
            layer: index + 1, row: row, column: column, value: matrix[row, column],
            scale: Int(scale))
        }
        return weight
      }
      connections.append(
        Connection(
          weights: rows, bias: try layer.scaledBias(index: index, scale: scale), quantum: scale))
    }
    return connections
  }
}

extension NetworkLayer {
  /// `Int32(b * S)`, truncated toward zero; `nil` without biases.
  fileprivate func scaledBias(index: Int, scale: Int32) throws(SpikingError) -> [Int32]? {
    guard let bias else { return nil }
    var scaled: [Int32] = []
    for (unit, value) in bias.enumerated() {
      guard let integer = Int32.scaled(value, by: scale) else {
        throw .biasOutOfRange(layer: index + 1, unit: unit, value: value, scale: Int(scale))
      }
      scaled.append(integer)
    }
    return scaled
  }
}
