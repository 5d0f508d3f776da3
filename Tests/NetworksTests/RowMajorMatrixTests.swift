import Networks
import Testing

@Suite struct RowMajorMatrixTests {
  @Test("rows start 16 elements apart, whatever the width", arguments: [1, 15, 16, 17, 200])
  func padding(columns: Int) {
    let matrix = Matrix(rows: 3, columns: columns) { Float($0 * 1000 + $1 + 1) }
    #expect(matrix.stride % 16 == 0 && matrix.stride - columns < 16)
    unsafe matrix.withUnsafeBufferPointer { elements in
      for row in 0..<3 {
        for column in 0..<matrix.stride {
          let expected = column < columns ? Float(row * 1000 + column + 1) : 0
          let found = unsafe elements[row * matrix.stride + column]
          #expect(found == expected)
        }
      }
    }
  }

  @Test func elementsRowsAndTranspose() {
    let matrix = Matrix(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
    #expect(matrix.elements == [1, 2, 3, 4, 5, 6])
    #expect(matrix.row(1) == [4, 5, 6])
    #expect(matrix.transposed.elements == [1, 4, 2, 5, 3, 6])
    #expect(matrix.selectingRows([1, 0, 1]).elements == [4, 5, 6, 1, 2, 3, 4, 5, 6])
    #expect(matrix.map { Int32($0) }[1, 2] == 6)
  }

  @Test func elementwiseSteps() {
    var matrix = Matrix(rows: 2, columns: 2, elements: [-1, 2, 0, -0.5])
    #expect(matrix.columnSums == [-1, 1.5])
    let gate = matrix
    matrix.addToEachRow([1, 1])
    #expect(matrix.elements == [0, 3, 1, 0.5])
    matrix.clearWhereNotPositive(gate)
    #expect(matrix.elements == [0, 3, 0, 0])
    matrix.setRow(0, to: [-2, 5])
    matrix.rectify()
    #expect(matrix.elements == [0, 5, 0, 0])
    matrix.fillRows(with: [1, 2])
    #expect(matrix.elements == [1, 2, 1, 2])
    matrix[1, 1] = .infinity
    #expect(matrix.firstNonFinite?.row == 1 && matrix.firstNonFinite?.column == 1)
  }

  @Test("the lowest index wins a tie")
  func argmax() {
    #expect([Float(1), 3, 3, 2].argmax == 1)
    #expect([Int32(-5)].argmax == 0)
    #expect([Float(0), -0.0].argmax == 0)
  }
}
