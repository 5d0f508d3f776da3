// Element-wise steps of a dense network, on whole matrices. The padding stays zero.

extension RowMajorMatrix where Element == Float {
  /// Replaces every negative element by 0: `relu`.
  public mutating func rectify() {
    unsafe withUnsafeMutableBufferPointer { elements in
      for index in elements.indices {
        unsafe elements[index] = unsafe elements[index] > 0 ? elements[index] : 0
      }
    }
  }

  /// Sets to 0 the elements whose counterpart in `other` is not positive: the derivative of ReLU.
  ///
  /// - Precondition: `other` has the same shape.
  public mutating func clearWhereNotPositive(_ other: Matrix) {
    precondition(rows == other.rows && columns == other.columns, "matrices of other shapes")
    unsafe withUnsafeMutableBufferPointer { elements in
      unsafe other.withUnsafeBufferPointer { other in
        for index in elements.indices {
          // A mask, not a choice: which units are active is not to be predicted.
          let mask: UInt32 = unsafe other[index] > 0 ? .max : 0
          unsafe elements[index] = unsafe Float(bitPattern: elements[index].bitPattern & mask)
        }
      }
    }
  }

  /// Replaces the elements of some rows by the nearest ones that whole numbers of pulses say:
  /// `round(pulses * a + phase) / pulses`, ties toward zero.
  ///
  /// - Parameters:
  ///   - pulses: for an element of 1; positive.
  ///   - phases: one a column, or none for 0.
  public mutating func round(rows: Range<Int>, pulses: Float, phases: [Float] = []) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= self.rows, "rows \(rows)")
    precondition(phases.isEmpty || phases.count == columns, "\(phases.count) phases")
    let (stride, columns) = (stride, columns)
    unsafe withUnsafeMutableBufferPointer { elements in
      for row in rows {
        for column in 0..<columns {
          let index = row * stride + column
          let value = unsafe pulses * elements[index] + (phases.isEmpty ? 0 : phases[column])
          // Adding and taking away 3 * 2^22 rounds numbers below 2^22 to whole ones, ties to even;
          // this is made toward zero. It takes no call of the C library, and vectors.
          let magnitude = value.magnitude
          let whole =
            magnitude < 0x1p22
            ? (magnitude + 0x1.8p23) - 0x1.8p23 : magnitude.rounded(.toNearestOrEven)
          let nearest = whole - magnitude == 0.5 ? whole - 1 : whole
          unsafe elements[index] = (value < 0 ? -nearest : nearest) / pulses
        }
      }
    }
  }

  /// Adds `factor * other`.
  ///
  /// - Precondition: `other` has the same shape.
  public mutating func add(_ other: Matrix, times factor: Float) {
    precondition(rows == other.rows && columns == other.columns, "matrices of other shapes")
    unsafe withUnsafeMutableBufferPointer { elements in
      unsafe other.withUnsafeBufferPointer { other in
        for index in elements.indices { unsafe elements[index] += factor * other[index] }
      }
    }
  }

  /// Adds `value` to the elements whose counterpart in `other` is positive.
  ///
  /// - Precondition: `other` has the same shape.
  public mutating func add(_ value: Float, wherePositive other: Matrix) {
    precondition(rows == other.rows && columns == other.columns, "matrices of other shapes")
    unsafe withUnsafeMutableBufferPointer { elements in
      unsafe other.withUnsafeBufferPointer { other in
        for index in elements.indices {
          unsafe elements[index] += other[index] > 0 ? value : 0
        }
      }
    }
  }

  /// Takes the elements of `other`, in the memory that is there.
  ///
  /// - Precondition: `other` has the same shape.
  public mutating func update(from other: Matrix) {
    precondition(rows == other.rows && columns == other.columns, "matrices of other shapes")
    unsafe withUnsafeMutableBufferPointer { elements in
      unsafe other.withUnsafeBufferPointer { other in
        _ = unsafe elements.update(from: other)
      }
    }
  }

  /// Adds `values` to each row.
  ///
  /// - Precondition: `values.count == columns`.
  public mutating func addToEachRow(_ values: [Float]) {
    precondition(values.count == columns, "\(values.count) values for \(columns) columns")
    for row in 0..<rows {
      for column in 0..<columns { self[row, column] += values[column] }
    }
  }

  /// Sets each row to `values`, or to zeros.
  ///
  /// - Precondition: `values` is `nil` or has `columns` elements.
  public mutating func fillRows(with values: [Float]?) {
    for row in 0..<rows {
      setRow(row, to: values ?? Array(repeating: 0, count: columns))
    }
  }

  /// Sets one row.
  ///
  /// - Precondition: `values.count == columns`.
  public mutating func setRow(_ row: Int, to values: [Float]) {
    precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
    precondition(values.count == columns, "\(values.count) values for \(columns) columns")
    let first = row * stride
    unsafe withUnsafeMutableBufferPointer { elements in
      unsafe values.withUnsafeBufferPointer { values in
        for column in values.indices {
          unsafe elements[first + column] = unsafe values[column]
        }
      }
    }
  }

  /// The sum of each column, row after row: `[columns]`.
  public var columnSums: [Float] {
    var sums = [Float](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns { sums[column] += self[row, column] }
    }
    return sums
  }
}
