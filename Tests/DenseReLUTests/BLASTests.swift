import Networks
import Testing

@testable import DenseReLU

@Suite struct BLASTests {
  @Test("orthogonal weights have orthonormal columns, or rows", arguments: [(30, 12), (12, 30)])
  func orthogonal(shape: (inputs: Int, outputs: Int)) throws {
    var generator = SeededGenerator(seed: 1)
    let drawn = try WeightInitializer.orthogonal(gain: 2).draw(
      inputs: shape.inputs, outputs: shape.outputs, from: &generator)
    #expect(drawn.rows == shape.inputs && drawn.columns == shape.outputs)
    let tall = shape.inputs > shape.outputs ? drawn : drawn.transposed
    for first in 0..<tall.columns {
      for second in 0..<tall.columns {
        let product = (0..<tall.rows).reduce(Float(0)) { $0 + tall[$1, first] * tall[$1, second] }
        #expect(abs(product - (first == second ? 4 : 0)) < 1e-4)
      }
    }
  }

  @Test("the number of threads can be set")
  func threads() {
    let before = BLAS.threads
    BLAS.threads = 1
    #expect(BLAS.threads == 1)
    BLAS.threads = before
    #expect(!BLAS.configuration.isEmpty && !BLAS.coreName.isEmpty)
  }

  @Test("BLAS leaves denormal numbers as they are")
  func denormals() {
    let small = Float.leastNormalMagnitude / 4
    var c = Matrix(rows: 1, columns: 1)
    BLAS.gemm(
      .no, .no, alpha: 1, Matrix(rows: 1, columns: 2, elements: [1, 1]),
      Matrix(rows: 2, columns: 1, elements: [1, 1]), beta: 0, into: &c)
    // With flush-to-zero set by the library, this sum of denormals would be 0.
    #expect(small * c[0, 0] == 2 * small && small * c[0, 0] != 0)
  }

  @Test("products of both transposes equal plain loops")
  func products() {
    var generator = SeededGenerator(seed: 3)
    func matrix(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(rows: rows, columns: columns) { _, _ in Float(Int(generator.nextNormal() * 8)) }
    }
    for (transposeA, transposeB) in [(false, false), (true, false), (false, true)] {
      let a = transposeA ? matrix(6, 5) : matrix(5, 6)
      let b = transposeB ? matrix(7, 6) : matrix(6, 7)
      var c = matrix(5, 7)
      let before = c
      BLAS.gemm(transposeA ? .yes : .no, transposeB ? .yes : .no, alpha: 2, a, b, beta: 1, into: &c)
      let (left, right) = (transposeA ? a.transposed : a, transposeB ? b.transposed : b)
      for row in 0..<5 {
        for column in 0..<7 {
          let sum = (0..<6).reduce(Float(0)) { $0 + left[row, $1] * right[$1, column] }
          #expect(c[row, column] == before[row, column] + 2 * sum)
        }
      }
    }
  }
}
