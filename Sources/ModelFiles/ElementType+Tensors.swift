internal import Files

extension ElementType {
  /// How much is read at a time: what is refused has not taken the memory of what it claims twice.
  private static let chunk = 1 << 20

  /// The numbers as Float, read in parts.
  ///
  /// - Parameters:
  ///   - count: how many there are.
  ///   - isBigEndian: whether the high byte comes first.
  ///   - tensor: whose they are, for the message.
  ///   - read: gives exactly so many bytes, the next ones, or throws.
  /// - Throws: `nonFiniteWeight` for one that is NaN, infinite or too large for a Float; what `read` throws.
  func elements(
    count: Int, isBigEndian: Bool = false, tensor: String, read: (_ bytes: Int) throws -> [UInt8]
  ) throws -> [Float] {
    var elements: [Float] = []
    elements.reserveCapacity(count)
    while elements.count < count {
      let part = min(count - elements.count, Self.chunk / bytes)
      let data = try read(part * bytes)
      try append(data, to: &elements, isBigEndian: isBigEndian, tensor: tensor)
    }
    return elements
  }

  /// The numbers of some bytes as Float.
  ///
  /// - Throws: as above.
  func elements(
    of data: [UInt8], isBigEndian: Bool = false, tensor: String
  ) throws(ModelFileError.Fault) -> [Float] {
    var elements: [Float] = []
    elements.reserveCapacity(data.count / bytes)
    try append(data, to: &elements, isBigEndian: isBigEndian, tensor: tensor)
    return elements
  }

  private func append(
    _ data: [UInt8], to elements: inout [Float], isBigEndian: Bool, tensor: String
  ) throws(ModelFileError.Fault) {
    do {
      try append(data, to: &elements, isBigEndian: isBigEndian)
    } catch {
      throw .nonFiniteWeight(tensor: tensor, index: error.index, value: error.value)
    }
  }

  /// Numbers as Floats, rounded.
  ///
  /// - Throws: `nonFiniteWeight`.
  static func floats(
    _ values: [Double], tensor: String
  ) throws(ModelFileError.Fault) -> [Float] {
    do { return try floats(values) } catch {
      throw .nonFiniteWeight(tensor: tensor, index: error.index, value: error.value)
    }
  }
}

/// The bytes of Floats, low byte first.
func littleEndian(_ elements: [Float]) -> [UInt8] {
  var data: [UInt8] = []
  data.append(littleEndian: elements)
  return data
}

extension [UInt8] {
  /// The bytes as people read them: `3c 21`.
  var hexadecimal: String {
    map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}

/// The number of elements of a shape from a file.
///
/// - Throws: `badShape` for more than 8 dimensions or one beyond 2^31, `sizeOverflow` for a product
///   that does not fit, in elements of 8 bytes.
func elementCount(
  of shape: [Int], tensor: String
) throws(ModelFileError.Fault) -> Int {
  guard shape.count <= 8, shape.allSatisfy({ (0...1 << 31).contains($0) }) else {
    throw .badShape(tensor: tensor)
  }
  var count = 1
  for size in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, product <= Int.max / 8 else { throw .sizeOverflow(tensor: tensor) }
    count = product
  }
  return count
}
