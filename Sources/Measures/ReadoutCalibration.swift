package import Datasets
internal import DenseReLU
package import Networks

/// Fits the last layer to what it will read: spike counts after T steps, in place of activations.
///
/// Ridge regression of the dense network's outputs Z on the counts of the last hidden layer, as
/// activations, A = counts / (T k), on calibration images:
/// ```
/// W_L = (A^T A + r I)^-1 A^T Z,    r = strength * trace(A^T A) / n
/// ```
/// The dense twin keeps its own W_L.
package struct ReadoutCalibration: Sendable {
  /// The strength of the regularization.
  package var strength: Float = 1e-3

  package init() {}

  /// The network with a fitted last layer.
  ///
  /// - Parameters:
  ///   - counts: net spikes of the last hidden layer's units after `timeSteps` steps, example after example.
  ///   - scales: k of these units.
  /// - Throws: `DenseError`, `NetworkError`, `CancellationError`.
  /// - Precondition: the network has a hidden layer.
  package func refit(
    _ weights: NetworkWeights, counts: [Int32], scales: [Float], timeSteps: Int,
    on calibration: LabelledImages
  ) throws -> NetworkWeights {
    let last = weights.layers.count - 1
    let units = weights.layers[last].weights.inputs.count
    var activations = Matrix(rows: calibration.count, columns: units)
    var outputs = Matrix(rows: calibration.count, columns: weights.outputs)
    // On rank 0: the dense outputs are of one machine's BLAS.
    var dense = DenseMLP(weights: weights)
    for index in 0..<calibration.count {
      try Task.checkCancellation()
      activations.setRow(
        index,
        to: (0..<units).map {
          Float(counts[index * units + $0]) / (Float(timeSteps) * scales[$0])
        })
      let output = try dense.predict(calibration.images.row(index))
      // Biases stay as they are: the weights are fitted to the rest.
      outputs.setRow(
        index, to: weights.layers[last].bias.map { zip(output, $0).map { $0 - $1 } } ?? output)
    }
    var gram = Matrix(rows: units, columns: units)
    BLAS.gemm(.yes, .no, alpha: 1, activations, activations, beta: 0, into: &gram)
    let trace = (0..<units).reduce(Float(0)) { $0 + gram[$1, $1] }
    let ridge = max(strength * trace / Float(units), .leastNormalMagnitude)
    for unit in 0..<units { gram[unit, unit] += ridge }
    var solution = Matrix(rows: units, columns: weights.outputs)
    BLAS.gemm(.yes, .no, alpha: 1, activations, outputs, beta: 0, into: &solution)
    try LAPACK.solve(positiveDefinite: &gram, &solution)
    var fitted = weights
    fitted.updateWeights(ofLayer: last + 1) { $0 = solution }
    return try fitted.replacingParameters(fitted.parameters.map(\.elements))
  }
}
