extension [Float] {
  /// The elements of an array whose first index changes fastest, in the order in which the last does.
  package func rowMajor(fromColumnMajor shape: [Int]) -> [Float] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropFirst() { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    var index = [Int](repeating: 0, count: shape.count)
    var (result, source) = ([Float](), 0)
    result.reserveCapacity(count)
    for _ in indices {
      result.append(self[source])
      for axis in shape.indices.reversed() {
        index[axis] += 1
        source += strides[axis]
        if index[axis] < shape[axis] { break }
        source -= index[axis] * strides[axis]
        index[axis] = 0
      }
    }
    return result
  }
}
