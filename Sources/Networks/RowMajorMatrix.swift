/// A dense matrix, stored row by row.
///
/// `matrix[row, column]` is element `row * stride + column` of the storage. Rows are padded with
/// zeros to `stride`, the next multiple of 16 elements, so that each starts on a 64-byte boundary;
/// the padding takes part in nothing that a user sees.
public struct RowMajorMatrix<Element>: Sendable
where Element: BitwiseCopyable & Sendable & AdditiveArithmetic {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The distance between the starts of neighbouring rows, in elements: `columns` rounded up to 16.
  public let stride: Int
  /// The elements, row after row, `rows * stride` of them. The padding is zero.
  @usableFromInline var storage: AlignedArray<Element>

  /// A matrix of zeros.
  ///
  /// - Precondition: `rows >= 0`, `columns >= 0` and their product, padded, fits in `Int`.
  /// - Complexity: O(`rows * stride`).
  @inlinable
  public init(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0, "a matrix of \(rows) x \(columns): negative size")
    self.rows = rows
    self.columns = columns
    stride = Self.stride(columns: columns)
    let (count, overflow) = rows.multipliedReportingOverflow(by: stride)
    precondition(!overflow, "a matrix of \(rows) x \(columns) does not fit in memory")
    storage = AlignedArray(repeating: .zero, count: count)
  }

  /// A matrix of the given elements, row after row without padding.
  ///
  /// - Precondition: `elements.count == rows * columns`.
  @inlinable
  public init(rows: Int, columns: Int, elements: [Element]) {
    self.init(rows: rows, columns: columns, elements: elements[...])
  }

  /// A matrix of elements that stand among others, row after row without padding.
  ///
  /// - Precondition: `elements.count == rows * columns`.
  @inlinable
  public init(rows: Int, columns: Int, elements: ArraySlice<Element>) {
    precondition(
      elements.count == rows * columns,
      "\(elements.count) elements for a matrix of \(rows) x \(columns)")
    self.init(rows: rows, columns: columns)
    let stride = stride
    unsafe elements.withUnsafeBufferPointer { source in
      unsafe storage.withUnsafeMutableBufferPointer { target in
        // An empty matrix has no addresses.
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for row in 0..<rows {
          unsafe (to + row * stride).update(from: from + row * columns, count: columns)
        }
      }
    }
  }

  /// A matrix whose element at (row, column) is `element(row, column)`, made in row-major order.
  @inlinable
  public init<Failure: Error>(
    rows: Int, columns: Int, element: (_ row: Int, _ column: Int) throws(Failure) -> Element
  ) throws(Failure) {
    self.init(rows: rows, columns: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        storage[row * stride + column] = try element(row, column)
      }
    }
  }

  /// `columns` rounded up to the padding that every row has.
  @inlinable
  public static func stride(columns: Int) -> Int { (columns + 15) / 16 * 16 }

  /// The element at (`row`, `column`).
  ///
  /// - Precondition: `0 <= row < rows` and `0 <= column < columns`.
  @inlinable
  public subscript(row: Int, column: Int) -> Element {
    get {
      precondition(contains(row, column), "a position is outside the matrix")
      return storage[row * stride + column]
    }
    set {
      precondition(contains(row, column), "a position is outside the matrix")
      storage[row * stride + column] = newValue
    }
  }

  @inlinable
  func contains(_ row: Int, _ column: Int) -> Bool {
    row >= 0 && row < rows && column >= 0 && column < columns
  }

  /// A copy of row `index`: `columns` elements.
  @specialized(where Element == Float)
  @inlinable
  public func row(_ index: Int) -> [Element] {
    precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
    return unsafe storage.withUnsafeBufferPointer {
      unsafe Array($0[index * stride..<index * stride + columns])
    }
  }

  /// All elements, row after row, without padding.
  @inlinable public var elements: [Element] {
    var result: [Element] = []
    appendElements(to: &result)
    return result
  }

  /// Appends all elements, row after row, without padding.
  @inlinable
  public func appendElements(to array: inout [Element]) {
    array.reserveCapacity(array.count + rows * columns)
    unsafe storage.withUnsafeBufferPointer { elements in
      for row in 0..<rows {
        unsafe array.append(
          contentsOf: UnsafeBufferPointer(rebasing: elements[row * stride..<row * stride + columns])
        )
      }
    }
  }

  /// The matrix with rows and columns exchanged.
  @inlinable public var transposed: RowMajorMatrix {
    var result = RowMajorMatrix(rows: columns, columns: rows)
    let (from, to) = (stride, result.stride)
    unsafe storage.withUnsafeBufferPointer { source in
      unsafe result.storage.withUnsafeMutableBufferPointer { target in
        // Tiles, so that what is read and what is written stays in the cache.
        for top in Swift.stride(from: 0, to: rows, by: 16) {
          for left in Swift.stride(from: 0, to: columns, by: 16) {
            for row in top..<min(top + 16, rows) {
              for column in left..<min(left + 16, columns) {
                unsafe target[column * to + row] = source[row * from + column]
              }
            }
          }
        }
      }
    }
    return result
  }

  /// The rows whose indices are given, in that order.
  @inlinable
  public func selectingRows(_ indices: some Collection<Int>) -> RowMajorMatrix {
    var result = RowMajorMatrix(rows: indices.count, columns: columns)
    for (target, source) in indices.enumerated() {
      precondition(source >= 0 && source < rows, "row \(source) of \(rows)")
      unsafe result.storage.withUnsafeMutableBufferPointer { to in
        unsafe storage.withUnsafeBufferPointer { from in
          for column in 0..<columns {
            unsafe to[target * stride + column] = unsafe from[source * stride + column]
          }
        }
      }
    }
    return result
  }

  /// A matrix of the same shape whose elements are `transform` of these.
  @inlinable
  public func map<Other, Failure: Error>(
    _ transform: (Element) throws(Failure) -> Other
  ) throws(Failure) -> RowMajorMatrix<Other> {
    try RowMajorMatrix<Other>(rows: rows, columns: columns) { (row, column) throws(Failure) in
      try transform(self[row, column])
    }
  }

  /// Calls `body` with the padded storage, `rows * stride` elements, read-only.
  @inlinable @unsafe
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe storage.withUnsafeBufferPointer(body)
  }

  /// Calls `body` with the padded storage, `rows * stride` elements, which must leave the padding
  /// zero.
  @inlinable @unsafe
  public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe storage.withUnsafeMutableBufferPointer(body)
  }
}

extension RowMajorMatrix: Equatable where Element: Equatable {
  /// Whether both have the same shape and equal elements.
  public static func == (left: RowMajorMatrix, right: RowMajorMatrix) -> Bool {
    left.rows == right.rows && left.columns == right.columns && left.storage == right.storage
  }
}

/// A dense matrix of `Float`, the number type of both twins.
public typealias Matrix = RowMajorMatrix<Float>

extension RowMajorMatrix where Element == Float {
  /// The position and value of the first element, in row-major order, that is not finite.
  ///
  /// - Complexity: one pass over the matrix.
  public var firstNonFinite: (row: Int, column: Int, value: Float)? {
    // The padding is zero.
    let found = unsafe storage.withUnsafeBufferPointer { unsafe $0.firstNonFiniteIndex }
    return found.map { ($0 / stride, $0 % stride, self[$0 / stride, $0 % stride]) }
  }

  /// The largest magnitude of an element, 0 for an empty matrix; NaN when one is NaN.
  ///
  /// - Complexity: one pass over the matrix.
  public var largestMagnitude: Float {
    unsafe storage.withUnsafeBufferPointer { elements in
      // Magnitudes order like their bits, those of NaN above all others: a pass made of vectors.
      var largest: UInt32 = 0
      for index in elements.indices {
        largest = max(largest, unsafe elements[index].bitPattern & 0x7FFF_FFFF)
      }
      return Float(bitPattern: largest)
    }
  }
}

extension RowMajorMatrix where Element == Int32 {
  /// The largest magnitude of an element, 0 for an empty matrix.
  ///
  /// - Complexity: one pass over the matrix.
  public var largestMagnitude: Int32 {
    unsafe storage.withUnsafeBufferPointer { elements in
      var largest: UInt32 = 0
      for index in elements.indices { largest = max(largest, unsafe elements[index].magnitude) }
      return Int32(clamping: largest)
    }
  }
}

extension [Float] {
  /// The index of the first element that is NaN or infinite.
  ///
  /// - Complexity: one pass, several elements at a time.
  public var firstNonFiniteIndex: Int? {
    unsafe withUnsafeBufferPointer { unsafe $0.firstNonFiniteIndex }
  }
}

extension UnsafeBufferPointer<Float> {
  fileprivate var firstNonFiniteIndex: Int? {
    // No early exit, so that the pass is made of vectors: magnitudes order like their bits, and
    // those that are not finite are the largest.
    var largest: UInt32 = 0
    for index in indices {
      largest = Swift.max(largest, unsafe self[index].bitPattern & 0x7FFF_FFFF)
    }
    guard largest >= Float.infinity.bitPattern else { return nil }
    return indices.first { unsafe !self[$0].isFinite }
  }
}
