public import Networks

/// What the dense network refuses.
public enum DenseError: Error, Equatable, Sendable {
  /// A batch without examples.
  case emptyBatch
  /// Inputs of another width than the input layer, or targets of another than the last.
  case size(what: String, expected: Int, found: Int)
  /// Another number of targets than of inputs.
  case countMismatch(inputs: Int, targets: Int)
  /// An input or target that is NaN or infinite.
  case nonFinite(what: String, example: Int, index: Int, value: Float)
  /// The learning rate is not positive and finite.
  case invalidLearningRate(found: Float)
}

extension DenseError: CustomStringConvertible {
  /// What is wrong, what was found and what was expected.
  public var description: String {
    switch self {
    case .emptyBatch: "a batch must have at least one example"
    case .size(let what, let expected, let found):
      "\(what) of \(found) values, the network has \(expected) units there"
    case .countMismatch(let inputs, let targets): "\(targets) targets for \(inputs) inputs"
    case .nonFinite(let what, let example, let index, let value):
      "\(what) \(index) of example \(example): found \(value), expected a finite number"
    case .invalidLearningRate(let found):
      "the learning rate must be positive and finite, found \(found)"
    }
  }
}

/// A dense ReLU network on BLAS: the reference that the spiking network is compared with.
///
/// ```
/// a_0 = x;  z_l = W_l^T a_(l-1) + b_l;  a_l = relu(z_l) for l < L;  output = z_L
/// ```
/// The output is the pre-activation of the last layer, on both twins; only a loss rectifies it.
///
/// A value type: copies are independent. One value must not be used from two tasks at a time.
public struct DenseMLP: Sendable {
  /// The weights; training changes them.
  public internal(set) var weights: NetworkWeights
  /// What training minimizes.
  public let loss: Loss
  /// Activations that training rounds, `nil` for none. Prediction is always exact.
  public var rounding: ActivationRounding?
  /// What the network has done: multiply-adds, dense and zero-skipping.
  public internal(set) var ledger: OperationLedger

  /// `a_0 ... a_(L-1)` and `z_L` of the last forward pass, each `[batch x n_l]`.
  var activations: [Matrix]
  /// Activations of hidden layers before they were rounded, where they are.
  var exact: [Matrix] = []
  /// Gradients with respect to `z_1 ... z_L`, `[batch x n_l]`.
  var deltas: [Matrix]

  /// A network of the given weights, with or without biases.
  public init(weights: NetworkWeights, loss: Loss = .softmaxCrossEntropy) {
    self.weights = weights
    self.loss = loss
    ledger = OperationLedger(weights.topology)
    activations = []
    deltas = []
  }

  /// The index of the last layer, L.
  public var depth: Int { weights.layers.count }

  /// Goes on from weights and counts that were there before.
  ///
  /// - Precondition: of the same layer sizes.
  public mutating func restore(weights: NetworkWeights, ledger: OperationLedger) {
    precondition(
      weights.topology == self.weights.topology
        && ledger.layers.map(\.units) == weights.topology.units, "weights of another network")
    self.weights = weights
    self.ledger = ledger
  }

  /// The last layer's pre-activation for one example.
  ///
  /// - Parameter input: `[n_0]`, finite.
  /// - Returns: `[n_L]`.
  /// - Throws: `DenseError` for an input of another length or a value that is not finite.
  /// - Complexity: `sum n_(l-1) * n_l` multiply-adds, by matrix-vector products.
  public mutating func predict(_ input: [Float]) throws(DenseError) -> [Float] {
    try load(input)
    forward()
    return activations[depth].row(0)
  }

  /// The last layer's pre-activations for a batch.
  ///
  /// - Parameter inputs: `[batch x n_0]`, finite.
  /// - Returns: `[batch x n_L]`.
  /// - Throws: `DenseError`.
  /// - Complexity: `batch * sum n_(l-1) * n_l` multiply-adds, by matrix products.
  public mutating func predict(batch inputs: Matrix) throws(DenseError) -> Matrix {
    try load(inputs)
    forward()
    return activations[depth]
  }

  /// The last layer's pre-activation for one example, by rows of nonzero inputs only: the honest
  /// rival of a spiking network on sparse input.
  ///
  /// - Parameters, throws: as for `predict(_:)`. Equal to it up to rounding.
  /// - Complexity: `n_l` multiply-adds for each nonzero activation of layer `l - 1`.
  public mutating func predictSkippingZeros(_ input: [Float]) throws(DenseError) -> [Float] {
    try load(input)
    for (below, layer) in weights.layers.enumerated() {
      let (above, matrix) = (below + 1, layer.weights.matrix)
      activations[above].fillRows(with: layer.bias)
      let nonzero = BLAS.addRows(
        of: matrix, scaledBy: activations[below], to: &activations[above])
      ledger.layers[above].zeroSkippingMultiplyAdds += nonzero * matrix.columns
      if above < depth { activations[above].rectify() }
    }
    ledger.examples += 1
    return activations[depth].row(0)
  }

  /// The activation of a layer for the first example of the last forward pass: `a_l = relu(z_l)`
  /// for l < L, the pre-activation `z_L` for the last.
  ///
  /// - Precondition: a forward pass was made.
  public func activation(ofLayer layer: Int) -> [Float] {
    precondition(!activations.isEmpty, "an activation before the first forward pass")
    return activations[layer].row(0)
  }

  /// The last layer's pre-activations of the last forward pass, training included,
  /// `[batch x n_L]`.
  ///
  /// - Precondition: a forward pass was made.
  public var lastOutputs: Matrix {
    precondition(!activations.isEmpty, "outputs before the first forward pass")
    return activations[depth]
  }

  /// Forgets what was counted.
  public mutating func resetLedger() { ledger.reset() }

  // MARK: Passes

  /// Takes one example as a batch of one.
  mutating func load(_ input: [Float]) throws(DenseError) {
    guard input.count == weights.inputs else {
      throw .size(what: "an input", expected: weights.inputs, found: input.count)
    }
    if let index = input.firstNonFiniteIndex {
      throw .nonFinite(what: "input", example: 0, index: index, value: input[index])
    }
    prepare(batch: 1)
    activations[0].setRow(0, to: input)
  }

  /// Takes a batch.
  mutating func load(_ inputs: Matrix) throws(DenseError) {
    guard inputs.rows > 0 else { throw .emptyBatch }
    guard inputs.columns == weights.inputs else {
      throw .size(what: "inputs", expected: weights.inputs, found: inputs.columns)
    }
    if let found = inputs.firstNonFinite {
      throw .nonFinite(
        what: "input", example: found.row, index: found.column, value: found.value)
    }
    prepare(batch: inputs.rows)
    activations[0] = inputs
  }

  /// Makes buffers for a batch, unless those of the last batch fit.
  private mutating func prepare(batch: Int) {
    // Not `first?`, which allocates where it is not specialized.
    if !activations.isEmpty && activations[0].rows == batch { return }
    let sizes = weights.topology.units
    activations = sizes.map { Matrix(rows: batch, columns: $0) }
    deltas = sizes.dropFirst().map { Matrix(rows: batch, columns: $0) }
  }

  /// Computes activations and the output from the loaded input.
  mutating func forward(rounding: ActivationRounding? = nil) {
    let batch = activations[0].rows
    if let rounding {
      if exact.isEmpty || exact[0].rows != batch {
        exact = weights.topology.units.dropLast().map { Matrix(rows: batch, columns: $0) }
      }
      rounding.round(&activations[0], layer: 0)
    }
    for below in weights.layers.indices {
      let above = below + 1
      let matrix = weights.layers[below].weights.matrix
      if batch == 1 {
        BLAS.gemv(.yes, matrix, row: activations[below], into: &activations[above])
      } else {
        BLAS.gemm(
          .no, .no, alpha: 1, activations[below], matrix, beta: 0, into: &activations[above])
      }
      if let bias = weights.layers[below].bias { activations[above].addToEachRow(bias) }
      if above < depth {
        activations[above].rectify()
        if let rounding {
          exact[above].update(from: activations[above])
          rounding.round(&activations[above], layer: above)
        }
      }
      ledger.layers[above].forwardMultiplyAdds +=
        batch * weights.layers[below].weights.multiplyAdds
    }
    ledger.examples += batch
  }
}
