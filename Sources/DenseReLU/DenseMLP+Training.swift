public import Networks

extension DenseMLP {
  /// The gradient of the mean loss of a batch.
  public struct Gradients: Sendable {
    /// The mean loss.
    public let loss: Double
    /// The gradient with respect to each `W_l`, `[inputs x outputs]`.
    public let weights: [Matrix]
    /// The gradient with respect to each `b_l` of a layer that has one, `[outputs]`, in order.
    public let biases: [[Float]]

    /// A gradient from its parts, as those of several shares add up.
    public init(loss: Double, weights: [Matrix], biases: [[Float]]) {
      (self.loss, self.weights, self.biases) = (loss, weights, biases)
    }
  }

  /// The gradient of the mean loss over a batch, by backpropagation.
  ///
  /// ```
  /// delta_L = dloss/dz_L;  delta_(l-1) = (delta_l W_l^T) where z_(l-1) > 0
  /// dloss/dW_l = a_(l-1)^T delta_l / batch;  dloss/db_l = sum over the batch of delta_l / batch
  /// ```
  ///
  /// - Parameters:
  ///   - inputs: `[batch x n_0]`, finite.
  ///   - targets: `[batch x n_L]`, finite.
  ///   - batch: examples of the batch that these are some of: then this is their share of its gradient and
  ///     loss, and shares add up. By default these are all.
  /// - Throws: `DenseError`.
  /// - Complexity: about three times the multiply-adds of the forward pass, by matrix products.
  public mutating func gradients(
    inputs: Matrix, targets: Matrix, ofBatch batch: Int? = nil
  ) throws(DenseError) -> Gradients {
    let batch = batch ?? inputs.rows
    var loss = try backward(inputs: inputs, targets: targets)
    if batch != inputs.rows { loss *= Double(inputs.rows) / Double(batch) }
    let scale = 1 / Float(batch)
    var matrices: [Matrix] = []
    var biases: [[Float]] = []
    for index in weights.layers.indices {
      let (below, delta) = (activations[index], deltas[index])
      var gradient = Matrix(rows: below.columns, columns: delta.columns)
      BLAS.accumulate(scale: scale, below, delta, into: &gradient)
      ledger.layers[index + 1].updateMultiplyAdds +=
        inputs.rows * weights.layers[index].weights.multiplyAdds
      matrices.append(gradient)
      if weights.layers[index].bias != nil { biases.append(delta.columnSums.map { scale * $0 }) }
    }
    return Gradients(loss: loss, weights: matrices, biases: biases)
  }

  /// One step of gradient descent: `W -= learningRate * gradient of the mean loss`.
  ///
  /// - Parameters: as for `gradients`; `learningRate` positive and finite.
  /// - Returns: the mean loss of the batch, before the step.
  /// - Throws: `DenseError`.
  public mutating func train(
    inputs: Matrix, targets: Matrix, learningRate: Float
  ) throws(DenseError) -> Double {
    guard learningRate.isFinite, learningRate > 0 else {
      throw .invalidLearningRate(found: learningRate)
    }
    let loss = try backward(inputs: inputs, targets: targets)
    let scale = -learningRate / Float(inputs.rows)
    // All gradients are of the weights before the step: deltas are complete by now.
    for index in weights.layers.indices {
      let (below, delta) = (activations[index], deltas[index])
      weights.updateWeights(ofLayer: index + 1) {
        BLAS.accumulate(scale: scale, below, delta, into: &$0)
      }
      ledger.layers[index + 1].updateMultiplyAdds +=
        inputs.rows * weights.layers[index].weights.multiplyAdds
      if weights.layers[index].bias != nil {
        let sums = delta.columnSums
        weights.updateBiases(ofLayer: index + 1) { bias in
          for unit in bias.indices { bias[unit] += scale * sums[unit] }
        }
      }
    }
    return loss
  }

  /// One step of gradient descent along a gradient that is there: `W -= learningRate * gradient`.
  ///
  /// - Throws: `DenseError.invalidLearningRate`.
  /// - Precondition: the gradient is of this network's shape.
  public mutating func descend(
    along gradients: Gradients, learningRate: Float
  ) throws(DenseError) {
    guard learningRate.isFinite, learningRate > 0 else {
      throw .invalidLearningRate(found: learningRate)
    }
    var biases = gradients.biases.makeIterator()
    for index in weights.layers.indices {
      weights.updateWeights(ofLayer: index + 1) {
        $0.add(gradients.weights[index], times: -learningRate)
      }
      guard weights.layers[index].bias != nil, let bias = biases.next() else { continue }
      weights.updateBiases(ofLayer: index + 1) { values in
        for unit in values.indices { values[unit] -= learningRate * bias[unit] }
      }
    }
  }

  /// Forward and backward: fills `deltas`, returns the mean loss.
  private mutating func backward(inputs: Matrix, targets: Matrix) throws(DenseError) -> Double {
    guard targets.rows == inputs.rows else {
      throw .countMismatch(inputs: inputs.rows, targets: targets.rows)
    }
    guard targets.columns == weights.outputs else {
      throw .size(what: "targets", expected: weights.outputs, found: targets.columns)
    }
    if let found = targets.firstNonFinite {
      throw .nonFinite(
        what: "target", example: found.row, index: found.column, value: found.value)
    }
    if let rounding {
      guard rounding.scales.count == depth else {
        throw .size(what: "scales of rounding", expected: depth, found: rounding.scales.count)
      }
    }
    try load(inputs)
    forward(rounding: rounding)
    let batch = inputs.rows
    deltas[depth - 1].update(from: activations[depth])
    let loss = self.loss.differentiate(&deltas[depth - 1], targets: targets)
    // `deltas[i]` is of the outputs of `weights.layers[i]`, `activations[i]` of its inputs.
    for index in stride(from: depth - 1, to: 0, by: -1) {
      let below = index - 1
      let matrix = weights.layers[index].weights.matrix
      if batch == 1 {
        BLAS.gemv(.no, matrix, row: deltas[index], into: &deltas[below])
      } else {
        BLAS.gemm(.no, .yes, alpha: 1, deltas[index], matrix, beta: 0, into: &deltas[below])
      }
      if let rounding {
        deltas[below].add(rounding.activityPenalty, wherePositive: activations[index])
        deltas[below].clearWhereNotPositive(exact[index])
      } else {
        deltas[below].clearWhereNotPositive(activations[index])
      }
      ledger.layers[index + 1].backwardMultiplyAdds +=
        batch * weights.layers[index].weights.multiplyAdds
    }
    return loss / Double(batch)
  }
}

extension BLAS {
  /// `result += scale * below^T delta`: the gradient of a layer's weights.
  fileprivate static func accumulate(
    scale: Float, _ below: Matrix, _ delta: Matrix, into result: inout Matrix
  ) {
    if delta.rows == 1 {
      ger(alpha: scale, row: below, row: delta, into: &result)
    } else {
      gemm(.yes, .no, alpha: scale, below, delta, beta: 1, into: &result)
    }
  }
}
