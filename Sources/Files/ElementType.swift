/// How a file writes a number that becomes a Float.
package enum ElementType: String, CaseIterable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"

  package var bytes: Int {
    switch self {
    case .f64: 8
    case .f32: 4
    case .f16, .bf16: 2
    }
  }

  /// A number that is NaN, infinite or too large for a Float.
  package struct NonFinite: Error, Equatable {
    /// Its position.
    package let index: Int
    /// The number.
    package let value: Double
  }

  /// Adds the numbers of some bytes, rounded to Float.
  ///
  /// - Precondition: the bytes are a whole number of numbers.
  /// - Throws: `NonFinite`; its index counts what was there before.
  package func append(
    _ data: [UInt8], to elements: inout [Float], isBigEndian: Bool
  ) throws(NonFinite) {
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
      elements.append(try Self.float(value, index: elements.count))
    }
  }

  /// Numbers rounded to Float.
  ///
  /// - Throws: `NonFinite`.
  package static func floats(_ values: [Double]) throws(NonFinite) -> [Float] {
    var elements: [Float] = []
    elements.reserveCapacity(values.count)
    for value in values { elements.append(try float(value, index: elements.count)) }
    return elements
  }

  private static func float(_ value: Double, index: Int) throws(NonFinite) -> Float {
    guard Float(value).isFinite else { throw NonFinite(index: index, value: value) }
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
