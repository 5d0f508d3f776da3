// Products and scalings in Double, rounded to Float once: what makes one layer of several affine maps.

extension RowMajorMatrix where Element == Float {
  /// The most multiply-adds of a product that is formed: some ten seconds.
  package static var mostMultiplyAdds: Int { 1 << 33 }

  /// Each element times the factor of its row and that of its column.
  ///
  /// - Parameter order: of each row, which row of the result it is; a permutation. `nil` for the same.
  package func scaled(rows: [Double]?, columns: [Double]?, order: [Int]? = nil) -> Matrix {
    var result = Matrix(rows: self.rows, columns: self.columns)
    for row in 0..<self.rows {
      let (target, factor) = (order?[row] ?? row, rows?[row] ?? 1)
      for column in 0..<self.columns {
        result[target, column] = Float(factor * Double(self[row, column]) * (columns?[column] ?? 1))
      }
    }
    return result
  }

  /// The columns in another order: the new column i is the old one of `order[i]`.
  package func selectingColumns(_ order: [Int]) -> Matrix {
    var result = Matrix(rows: rows, columns: order.count)
    for row in 0..<rows {
      for (column, old) in order.enumerated() { result[row, column] = self[row, old] }
    }
    return result
  }

  /// `A diag(f) B`, sums in Double.
  ///
  /// - Complexity: O(`rows * columns * other.columns`).
  package func product(scaledBy factors: [Double]?, _ other: Matrix) -> Matrix {
    var result = Matrix(rows: rows, columns: other.columns)
    for row in 0..<rows {
      let values = (0..<columns).map { Double(self[row, $0]) * (factors?[$0] ?? 1) }
      for (column, sum) in other.sums(of: values).enumerated() { result[row, column] = Float(sum) }
    }
    return result
  }

  /// `v A`, sums in Double.
  package func sums(of values: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for (row, value) in values.enumerated() where value != 0 {
      for column in 0..<columns { sums[column] += value * Double(self[row, column]) }
    }
    return sums
  }
}
