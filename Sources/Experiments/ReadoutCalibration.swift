internal import Datasets
internal import DenseReLU
internal import Networks
internal import SpikeKernels
internal import SpikingReLU

/// Fits the last layer to what it will read: spike counts after T steps, in place of activations.
///
/// Ridge regression of the dense network's outputs Z on the counts of the last hidden layer, as
/// activations, A = counts / (T k), on calibration images:
/// ```
/// W_L = (A^T A + r I)^-1 A^T Z,    r = strength * trace(A^T A) / n
/// ```
/// The dense twin keeps its own W_L.
struct ReadoutCalibration: Sendable {
  /// The strength of the regularization.
  var strength: Float = 1e-3

  private struct Worker: Sendable {
    var network: SpikingMLP
    var dense: DenseMLP
  }

  private struct Row: Sendable {
    let activations: [Float]
    let outputs: [Float]
  }

  func refit(
    _ weights: NetworkWeights, coding: SpikeCoding, firing: PredictionOptions.Firing,
    timeSteps: Int, calibration: LabelledImages, instructionSet: InstructionSet, workers: Int = 1
  ) async throws -> NetworkWeights {
    let last = weights.layers.count - 1
    guard last > 0 else { return weights }
    var options = try PredictionOptions(timeSteps: timeSteps)
    options.firing = firing
    options.recording = .counts
    let network = try SpikingMLP(
      weights: weights, coding: coding, options: options, instructionSet: instructionSet)
    let units = weights.layerSizes[last]
    let scales = coding.hiddenScales[last - 1]
    let (rows, _) = try await mapExamples(
      count: calibration.count, workers: workers, progress: nil,
      makeState: { Worker(network: network, dense: DenseMLP(weights: weights)) },
      body: { worker, index in
        let image = calibration.images.row(index)
        _ = try worker.network.predict(image, until: .never, stream: UInt64(index))
        let counts = worker.network.spikeCounts(ofLayer: last)
        return Row(
          activations: counts.indices.map {
            Float(counts[$0]) / (Float(timeSteps) * scales[$0])
          }, outputs: try worker.dense.predict(image))
      })
    var activations = Matrix(rows: calibration.count, columns: units)
    var outputs = Matrix(rows: calibration.count, columns: weights.outputs)
    for (index, row) in rows.enumerated() {
      activations.setRow(index, to: row.activations)
      // Biases stay as they are: the weights are fitted to the rest.
      outputs.setRow(
        index, to: weights.biases.map { zip(row.outputs, $0[last]).map { $0 - $1 } } ?? row.outputs)
    }
    var gram = Matrix(rows: units, columns: units)
    BLAS.gemm(.yes, .no, alpha: 1, activations, activations, beta: 0, into: &gram)
    let trace = (0..<units).reduce(Float(0)) { $0 + gram[$1, $1] }
    let ridge = max(strength * trace / Float(units), .leastNormalMagnitude)
    for unit in 0..<units { gram[unit, unit] += ridge }
    var solution = Matrix(rows: units, columns: weights.outputs)
    BLAS.gemm(.yes, .no, alpha: 1, activations, outputs, beta: 0, into: &solution)
    try LAPACK.solve(positiveDefinite: &gram, &solution)
    return try NetworkWeights(
      layers: Array(weights.layers.dropLast()) + [solution], biases: weights.biases)
  }
}
