import Networks
import Testing

@Suite struct NetworkWeightsTests {
  private func matrix(_ rows: Int, _ columns: Int, _ value: Float = 1) -> Matrix {
    Matrix(rows: rows, columns: columns) { _, _ in value }
  }

  @Test func sizes() throws {
    let weights = try NetworkWeights(
      layers: [matrix(4, 3), matrix(3, 2)], biases: [[0, 0, 0], [1, 1]])
    #expect(weights.topology == [4, 3, 2])
    #expect(weights.inputs == 4 && weights.outputs == 2 && weights.parameterCount == 18)
  }

  @Test("each fault of weights has its error")
  func faults() {
    #expect(throws: NetworkError.tooFewLayers(found: 1)) { try NetworkWeights(layers: []) }
    #expect(
      throws: NetworkError.layersDoNotChain(layer: 2, expectedInputs: 3, foundInputs: 5)
    ) { try NetworkWeights(layers: [matrix(4, 3), matrix(5, 2)]) }
    #expect(throws: NetworkError.biasCount(expected: 1, found: 2)) {
      try NetworkWeights(layers: [matrix(2, 2)], biases: [[0, 0], [0]])
    }
    #expect(throws: NetworkError.biasShape(layer: 1, expected: 2, found: 3)) {
      try NetworkWeights(layers: [matrix(2, 2)], biases: [[0, 0, 0]])
    }
    #expect(
      throws: NetworkError.nonFiniteWeight(
        tensor: "weights of layer 2", index: [0, 0], value: .infinity)
    ) { try NetworkWeights(layers: [matrix(2, 2), matrix(2, 1, .infinity)]) }
    #expect {
      try NetworkWeights(layers: [matrix(2, 2)], biases: [[0, .nan]])
    } throws: {
      "\($0)" == "biases of layer 1, index [1]: found nan, expected a finite number"
    }
  }

  @Test("denormal weights are accepted")
  func denormals() throws {
    _ = try NetworkWeights(layers: [matrix(2, 2, .leastNonzeroMagnitude)])
  }

  @Test func updatesInPlace() throws {
    var weights = try NetworkWeights(layers: [matrix(2, 2)], biases: [[0, 0]])
    weights.updateWeights(ofLayer: 1) { $0[1, 0] = 5 }
    weights.updateBiases(ofLayer: 1) { $0[1] = 2 }
    #expect(weights.matrices[0][1, 0] == 5 && weights.biases == [[0, 2]])
  }
}
