internal import Networks
internal import SpikeKernels

// Columns of weight matrices: what error spikes read and change.

extension RowMajorMatrix where Element: LearningScalar {
  /// Replaces `values` by `s * W[:, column]`.
  ///
  /// - Complexity: `rows` reads, a cache line each.
  @specialized(where Element == Float)
  @specialized(where Element == Int32)
  func readColumn(_ column: Int, sign: Int, into values: inout [Element]) {
    precondition(column >= 0 && column < columns, "column \(column) of \(columns)")
    values.removeAll(keepingCapacity: true)
    unsafe withUnsafeBufferPointer { elements in
      for row in 0..<rows {
        let weight = unsafe elements[row * stride + column]
        values.append(sign > 0 ? weight : .zero - weight)
      }
    }
  }

  /// `W[i, column] -= c[i] * factor` for the listed inputs i with `c[i] > 0`.
  ///
  /// - Returns: how many weights changed.
  /// - Complexity: one read and write for each listed input.
  @specialized(where Element == Float)
  @specialized(where Element == Int32)
  mutating func updateColumn(
    _ column: Int, inputs: [Int], counts: [Element], factor: Element
  ) -> Int {
    precondition(column >= 0 && column < columns, "column \(column) of \(columns)")
    precondition(counts.count == rows, "\(counts.count) counts for \(rows) inputs")
    let stride = stride
    return unsafe withUnsafeMutableBufferPointer { elements in
      var changed = 0
      for input in inputs {
        let count = counts[input]
        guard count > .zero else { continue }
        changed += 1
        let place = input * stride + column
        unsafe elements[place] = Element.updated(
          unsafe elements[place], count: count, factor: factor)
      }
      return changed
    }
  }
}
