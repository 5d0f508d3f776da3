internal import DenseReLU
internal import Networks

/// BLAS libraries have given wrong results when several threads called them at once. Cheap to ask.
enum BLASSelfTest {
  /// Makes 20 products in each of 4 tasks at once, and the same ones in turn.
  ///
  /// - Returns: how many differ in any bit. Takes some milliseconds.
  static func differingProducts() async -> Int {
    let expected = (0..<20).map { product(seed: UInt64($0)) }
    return await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          (0..<20).count { product(seed: UInt64($0)) != expected[$0] }
        }
      }
      return await group.reduce(0, +)
    }
  }

  private static func product(seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    func random(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(rows: rows, columns: columns) { _, _ in Float(generator.nextUniform()) }
    }
    let (a, b) = (random(40, 50), random(50, 30))
    var c = Matrix(rows: 40, columns: 30)
    BLAS.gemm(.no, .no, alpha: 1, a, b, beta: 0, into: &c)
    return c
  }
}
