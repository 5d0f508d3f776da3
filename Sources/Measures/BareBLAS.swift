internal import DenseReLU
package import Networks

/// The BLAS calls of a dense network and nothing else: no activation, no loss, no check. What a
/// dense pass cannot be faster than on this BLAS.
package struct BareBLAS {
  private var weights: [Matrix]
  private var activations: [Matrix]
  private var deltas: [Matrix]
  private let batch: Int

  /// Calls for a network of the given weights, on random activations and errors.
  package init(weights: NetworkWeights, batch: Int) {
    var generator = SeededGenerator(seed: 7)
    func random(_ columns: Int) -> Matrix {
      Matrix(rows: batch, columns: columns) { _, _ in Float(generator.nextNormal()) }
    }
    self.weights = weights.matrices
    self.batch = batch
    activations = weights.topology.units.map(random)
    deltas = weights.topology.units.map(random)
  }

  /// `a_l = W_l^T a_(l-1)` for each layer.
  package mutating func forward() {
    for index in weights.indices {
      if batch == 1 {
        BLAS.gemv(.yes, weights[index], row: activations[index], into: &activations[index + 1])
      } else {
        BLAS.gemm(
          .no, .no, alpha: 1, activations[index], weights[index], beta: 0,
          into: &activations[index + 1])
      }
    }
  }

  /// The products of one step of gradient descent: forward, `delta_(l-1) = W_l delta_l` for l >= 2,
  /// `W_l += scale * a_(l-1)^T delta_l`. The scale is so small that nothing grows.
  package mutating func step() {
    forward()
    for index in weights.indices.dropFirst().reversed() {
      if batch == 1 {
        BLAS.gemv(.no, weights[index], row: deltas[index + 1], into: &deltas[index])
      } else {
        BLAS.gemm(
          .no, .yes, alpha: 1, deltas[index + 1], weights[index], beta: 0, into: &deltas[index])
      }
    }
    for index in weights.indices {
      if batch == 1 {
        BLAS.ger(
          alpha: 1e-12, row: activations[index], row: deltas[index + 1], into: &weights[index])
      } else {
        BLAS.gemm(
          .yes, .no, alpha: 1e-12, activations[index], deltas[index + 1], beta: 1,
          into: &weights[index])
      }
    }
  }
}
