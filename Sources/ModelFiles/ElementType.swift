/// How a file writes a number that becomes a Float.
enum ElementType: String, CaseIterable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"

  var bytes: Int {
    switch self {
    case .f64: 8
    case .f32: 4
    case .f16, .bf16: 2
    }
  }

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
    precondition(data.count % bytes == 0, "\(data.count) bytes of \(rawValue)")
    for start in stride(from: 0, to: data.count, by: bytes) {
      var bits: UInt64 = 0
      for byte in 0..<bytes {
        let place = isBigEndian ? bytes - 1 - byte : byte
        bits |= UInt64(data[start + byte]) << UInt64(8 * place)
      }
      let value =
        switch self {
        case .f64: Double(bitPattern: bits)
        case .f32: Double(Float(bitPattern: UInt32(bits)))
        case .f16: Self.half(UInt16(bits))
        case .bf16: Double(Float(bitPattern: UInt32(bits) << 16))
        }
      elements.append(try Self.float(value, tensor: tensor, index: elements.count))
    }
  }

  /// A number as a Float, rounded.
  ///
  /// - Throws: `nonFiniteWeight`.
  static func float(
    _ value: Double, tensor: String, index: Int
  ) throws(ModelFileError.Fault) -> Float {
    guard Float(value).isFinite else {
      throw .nonFiniteWeight(tensor: tensor, index: index, value: value)
    }
    return Float(value)
  }

  /// A half-precision number: `Float16` is not on every platform.
  private static func half(_ bits: UInt16) -> Double {
    let sign = bits >> 15 == 0 ? 1.0 : -1.0
    let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * (1 + fraction / 1024)
        * Double(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}

/// The bytes of Floats, low byte first.
func littleEndian(_ elements: [Float]) -> [UInt8] {
  var data: [UInt8] = []
  data.reserveCapacity(4 * elements.count)
  for element in elements { data.append(littleEndian: element.bitPattern) }
  return data
}

extension [UInt8] {
  /// Adds the bytes of a word, low byte first.
  mutating func append(littleEndian word: some FixedWidthInteger) {
    for shift in stride(from: 0, to: word.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

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
