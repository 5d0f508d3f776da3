import Networks
import Testing

@testable import SpikeKernels
@testable import SpikingReLU

@Suite struct PrecisionTests {
  @Test("after 100,000 steps the Float sums are still right to 1e-3")
  func longRun() throws {
    let weights = try SpikingNetworkTests.randomWeights([3, 4, 2], seed: 6)
    let input: [Float] = [0.7, 0.2, 0.9]
    var network = try SpikingMLP(
      weights: weights, options: PredictionOptions(timeSteps: 100_000))
    var activation = input.map(Double.init)
    for (index, layer) in weights.matrices.enumerated() {
      let z = (0..<layer.columns).map { column in
        (0..<layer.rows).reduce(0.0) { $0 + activation[$1] * Double(layer[$1, column]) }
      }
      activation = index == 0 ? z.map { max(0, $0) } : z
    }
    for (found, expected) in zip(try network.predict(input), activation) {
      #expect(abs(Double(found) - expected) <= 1e-3 * max(1, abs(expected)))
    }
  }
}
