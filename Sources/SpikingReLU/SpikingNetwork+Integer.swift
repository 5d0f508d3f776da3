public import Networks
public import SpikeKernels

extension SpikingNetwork where Scalar == Int32 {
  /// An integer-only spiking network: weights, inputs and potentials in units of 1/S.
  ///
  /// `S = Int((1 / eta) * T * T)`, computed in Float; `W = Int32(w * S)`, truncated toward zero
  /// (docs/Algorithm.md, section 4). With this scale a training update is `W -= s * c`, without a
  /// learning rate.
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
    guard options.inputQuantizer == .herding else {
      throw .unsupportedQuantizer(options.inputQuantizer)
    }
    guard options.layerQuantizer == .rectHerding else {
      throw .unsupportedQuantizer(options.layerQuantizer)
    }
    let scale = try Self.scale(timeSteps: options.timeSteps, learningRate: learningRate)
    let coded = try (coding.map(weights.coded(by:)) ?? weights).integers(scale: scale)
    try self.init(
      weights: coded.layers, biases: coded.biases, quantum: scale, coding: coding, options: options,
      instructionSet: Self.resolve(instructionSet))
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
  /// `Int32(w * S)`, truncated toward zero, for weights and biases (each a matrix of one row).
  ///
  /// - Throws: `SpikingError.weightOutOfRange`, `.biasOutOfRange`.
  func integers(
    scale: Int32
  ) throws(SpikingError) -> (layers: [RowMajorMatrix<Int32>], biases: [RowMajorMatrix<Int32>]) {
    var (scaled, rows): ([RowMajorMatrix<Int32>], [RowMajorMatrix<Int32>]) = ([], [])
    for (index, layer) in layers.enumerated() {
      let matrix = try RowMajorMatrix<Int32>(rows: layer.rows, columns: layer.columns) {
        (row, column) throws(SpikingError) -> Int32 in
        guard let weight = Int32.scaled(layer[row, column], by: scale) else {
          throw .weightOutOfRange(
            layer: index + 1, row: row, column: column, value: layer[row, column],
            scale: Int(scale))
        }
        return weight
      }
      scaled.append(matrix)
    }
    for (index, bias) in (biases ?? []).enumerated() {
      let row = try RowMajorMatrix<Int32>(rows: 1, columns: bias.count) {
        (_, unit) throws(SpikingError) -> Int32 in
        guard let scaled = Int32.scaled(bias[unit], by: scale) else {
          throw .biasOutOfRange(layer: index + 1, unit: unit, value: bias[unit], scale: Int(scale))
        }
        return scaled
      }
      rows.append(row)
    }
    return (scaled, rows)
  }
}
