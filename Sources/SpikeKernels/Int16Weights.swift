public import Networks

/// Integer weights of a layer in 16 bits: half of the bytes a spike.
public struct Int16Weights: Sendable {
  /// Rows padded with zeros to whole vectors of 32.
  let elements: AlignedArray<Int16>
  /// The largest magnitude.
  let largest: Int32

  /// The same weights, or `nil` where one does not fit.
  ///
  /// - Complexity: one pass over the matrix.
  public init?(_ weights: RowMajorMatrix<Int32>) {
    largest = weights.largestMagnitude
    guard largest <= Int32(Int16.max) else { return nil }
    let stride = Self.stride(weights.stride)
    var elements = AlignedArray<Int16>(repeating: 0, count: weights.rows * stride)
    for row in 0..<weights.rows {
      for column in 0..<weights.columns {
        elements[row * stride + column] = Int16(weights[row, column])
      }
    }
    self.elements = elements
  }
}
