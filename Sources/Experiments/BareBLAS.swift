internal import DenseReLU
internal import Networks

/// The BLAS calls of a dense network and nothing else: no activation, no loss, no check. What a
/// dense pass cannot be faster than on this BLAS.
struct BareBLAS {
  private var weights: [Matrix]
  private var activations: [Matrix]
  private var deltas: [Matrix]
  private let batch: Int

  /// Calls for a network of the given weights, on random activations and errors.
  init(weights: NetworkWeights, batch: Int) {
    var generator = SeededGenerator(seed: 7)
    func random(_ columns: Int) -> Matrix {
      Matrix(rows: batch, columns: columns) { _, _ in Float(generator.nextNormal()) }
    }
    self.weights = weights.layers
    self.batch = batch
    activations = weights.layerSizes.map(random)
    deltas = weights.layerSizes.map(random)
  }

  /// `a_l = W_l^T a_(l-1)` for each layer.
  mutating func forward() {
    for layer in 1..<activations.count {
      if batch == 1 {
        BLAS.gemv(
          .yes, weights[layer - 1], row: activations[layer - 1], into: &activations[layer])
      } else {
        BLAS.gemm(
          .no, .no, alpha: 1, activations[layer - 1], weights[layer - 1], beta: 0,
          into: &activations[layer])
      }
    }
  }

  /// The products of one step of gradient descent: forward, `delta_(l-1) = W_l delta_l` for l >= 2,
  /// `W_l += scale * a_(l-1)^T delta_l`. The scale is so small that nothing grows.
  mutating func step() {
    forward()
    for layer in stride(from: activations.count - 1, to: 1, by: -1) {
      if batch == 1 {
        BLAS.gemv(.no, weights[layer - 1], row: deltas[layer], into: &deltas[layer - 1])
      } else {
        BLAS.gemm(
          .no, .yes, alpha: 1, deltas[layer], weights[layer - 1], beta: 0,
          into: &deltas[layer - 1])
      }
    }
    for layer in 1..<activations.count {
      if batch == 1 {
        BLAS.ger(
          alpha: 1e-12, row: activations[layer - 1], row: deltas[layer],
          into: &weights[layer - 1])
      } else {
        BLAS.gemm(
          .yes, .no, alpha: 1e-12, activations[layer - 1], deltas[layer], beta: 1,
          into: &weights[layer - 1])
      }
    }
  }
}
