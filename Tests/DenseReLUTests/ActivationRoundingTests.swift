import Networks
import Testing

@testable import DenseReLU

/// Training with rounded activations: what is rounded, and what the gradients are then.
@Suite struct ActivationRoundingTests {
  @Test("rounding: whole numbers of pulses, ties toward zero, of the rows that were asked for")
  func rounding() {
    var matrix = Matrix(
      rows: 2, columns: 6, elements: [0.25, 0.2, -0.25, 0.3, 0.75, 5, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3])
    matrix.round(rows: 0..<1, pulses: 2)
    // 2 a is 0.5, 0.4, -0.5, 0.6, 1.5, 10.
    #expect(matrix.row(0) == [0, 0, 0, 0.5, 0.5, 5])
    #expect(matrix.row(1) == [0.3, 0.3, 0.3, 0.3, 0.3, 0.3])
    matrix.round(rows: 1..<2, pulses: 1, phases: [0.25, -0.25, 0.1, 0, 0.4, 0.3])
    #expect(matrix.row(1) == [1, 0, 0, 0, 1, 1])
    var large = Matrix(rows: 1, columns: 4, elements: [3e9, -3e9, 3_000_000.25, 5_000_000.5])
    large.round(rows: 0..<1, pulses: 1)
    #expect(large.row(0) == [3e9, -3e9, 3_000_000, 5_000_000])
  }

  @Test("parts of a batch")
  func parts() {
    let rounding = ActivationRounding(scales: [1, 1], shares: [0.4, 0.3])
    let parts = rounding.parts(batch: 32)
    #expect(parts.map(\.rows) == [0..<12, 12..<21])
    #expect(parts.map(\.steps) == [1, 2])
  }

  @Test("a step is that of the rounded network, its derivative that of the exact one")
  func step() throws {
    // One hidden unit: z = w x, a = round(z), output v a.
    func weights() throws -> NetworkWeights {
      try NetworkWeights(layers: [
        Matrix(rows: 1, columns: 2, elements: [0.7, 0.3]),
        Matrix(rows: 2, columns: 1, elements: [2, 3]),
      ])
    }
    var network = DenseMLP(weights: try weights(), loss: .halfSquaredError)
    network.rounding = ActivationRounding(
      scales: [1, 1], shares: [1], activityPenalty: 0.5)
    _ = try network.train(
      inputs: Matrix(rows: 2, columns: 1, elements: [1, 1]),
      targets: Matrix(rows: 2, columns: 1, elements: [1, 1]), learningRate: 0.1)
    // x = 1 rounds to 1; z = 0.7, 0.3; a = 1, 0; output 2, error 1.
    // dv = a = 1, 0; dz = v + penalty where a > 0, where z > 0: 2.5, 3. Each the mean of two alike.
    #expect(abs(network.weights.matrices[1][0, 0] - 1.9) < 1e-6)
    #expect(network.weights.matrices[1][1, 0] == 3)
    #expect(abs(network.weights.matrices[0][0, 0] - 0.45) < 1e-6)
    #expect(abs(network.weights.matrices[0][0, 1] - 0) < 1e-6)
    // Prediction is exact.
    var exact = DenseMLP(weights: try weights())
    exact.rounding = network.rounding
    #expect(try exact.predict([1]) == [2 * 0.7 + 3 * 0.3])

    exact.rounding = ActivationRounding(scales: [1])
    #expect(throws: DenseError.size(what: "scales of rounding", expected: 2, found: 1)) {
      try exact.train(
        inputs: Matrix(rows: 1, columns: 1, elements: [1]),
        targets: Matrix(rows: 1, columns: 1, elements: [1]), learningRate: 0.1)
    }
  }

  @Test("a positive definite system, and one that is not")
  func solve() throws {
    var a = Matrix(rows: 2, columns: 2, elements: [4, 1, 1, 3])
    var b = Matrix(rows: 2, columns: 1, elements: [1, 2])
    try LAPACK.solve(positiveDefinite: &a, &b)
    #expect(abs(b[0, 0] - 1 / 11) < 1e-6 && abs(b[1, 0] - 7 / 11) < 1e-6)
    var singular = Matrix(rows: 2, columns: 2, elements: [1, 1, 1, 1])
    singular[1, 1] = 0
    #expect(throws: LAPACK.Failure(routine: "LAPACKE_sposv", info: 2)) {
      try LAPACK.solve(positiveDefinite: &singular, &b)
    }
    // LAPACKE looks for NaN, and names the argument.
    #expect(throws: LAPACK.Failure(routine: "LAPACKE_sgeqrf", info: -4)) {
      _ = try LAPACK.qr(Matrix(rows: 2, columns: 1, elements: [.nan, 1]))
    }
  }
}
