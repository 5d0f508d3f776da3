import Datasets
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Measures

@Suite struct QuantizedDenseTests {
  @Test("activations are whole quanta; operations by weights, and by bit planes of patterns")
  func operations() throws {
    // 3 inputs, 2 hidden units, 2 outputs.
    let weights = try NetworkWeights(layers: [
      Matrix(rows: 3, columns: 2, elements: [1, 0, 0, 1, 1, -4]),
      Matrix(rows: 2, columns: 2, elements: [1, 0, 0, 1]),
    ])
    let data = LabelledImages(
      images: Matrix(rows: 1, columns: 3, elements: [0.76, 0.4, 0.1]), labels: [0], classes: 2)
    func run(_ halvings: Int) throws -> QuantizedDense.Outcome {
      try QuantizedDense(
        weights, SpikeCoding(topology: [3, 2, 2], layerScales: [1]), halvings: halvings,
        patterns: .consecutive(2, topology: [3, 2, 2]), instructionSet: .selected()
      ).run(data)
    }
    // Quanta of 1/4: inputs of 3, 2 and 0 quanta (a tie goes to 0), hidden units of 3 and 2.
    let found = try run(2)
    #expect(found.largest == [3, 3] && found.bits == 2 && !found.isSigned)
    #expect(found.multiplyAdds == (2 + 2) * 2)
    // Planes of 3 and 2: unit 0 alone, then both; a row each and a doubling, in both layers.
    #expect(found.tableAdditions == 2 * (2 + 1) * 2)
    #expect(found.labels == [0])
    // Quanta of 1: one input, one hidden unit, one plane.
    let coarse = try run(0)
    #expect(coarse.largest == [1, 1] && coarse.multiplyAdds == 4 && coarse.tableAdditions == 4)
  }
}
