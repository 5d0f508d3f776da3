package import Datasets
internal import DenseReLU
internal import Foundation
package import Networks

/// How likely each answer is wrong, by the dense network's own outputs: `1 - softmax(z / temperature)`,
/// at the temperature that makes the labels of some images most likely.
///
/// Source: C. Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017 (temperature scaling).
package struct ExpectedErrors: Sendable {
  /// `[images x classes]`: the probability that an answer is wrong.
  package let costs: Matrix
  /// The temperature, in units of the outputs.
  package let temperature: Double

  package init(_ weights: NetworkWeights, _ data: LabelledImages) throws {
    var network = DenseMLP(weights: weights)
    var outputs: [[Double]] = []
    for index in 0..<data.count {
      try Task.checkCancellation()
      outputs.append(try network.predict(data.images.row(index)).map(Double.init))
    }
    func probabilities(_ z: [Double], _ temperature: Double) -> [Double] {
      let highest = z.max()!
      let powers = z.map { exp(($0 - highest) / temperature) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum }
    }
    // Factors of 2^(1/4) over what outputs of any training may be.
    var best = (temperature: 1.0, loss: Double.infinity)
    for step in -32...32 {
      let temperature = pow(2, Double(step) / 4)
      let loss = zip(outputs, data.labels).reduce(0) {
        $0 - log(max(probabilities($1.0, temperature)[$1.1], 1e-300))
      }
      if loss < best.loss { best = (temperature, loss) }
    }
    temperature = best.temperature
    var costs = Matrix(rows: data.count, columns: data.classes)
    for (image, z) in outputs.enumerated() {
      costs.setRow(image, to: probabilities(z, best.temperature).map { Float(1 - $0) })
    }
    self.costs = costs
  }
}
