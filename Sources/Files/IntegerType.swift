/// How a file writes whole numbers.
package struct IntegerType: Equatable {
  /// Of a number: 1, 2, 4 or 8.
  package let bytes: Int
  /// Whether there are negative ones, in two's complement.
  package let isSigned: Bool

  /// Unsigned bytes: pixels.
  package static let bytes = IntegerType(bytes: 1, isSigned: false)!

  /// `nil` for another number of bytes.
  package init?(bytes: Int, isSigned: Bool) {
    guard [1, 2, 4, 8].contains(bytes) else { return nil }
    (self.bytes, self.isSigned) = (bytes, isSigned)
  }

  /// Adds the numbers of some bytes, rounded to Float.
  ///
  /// - Precondition: the bytes are a whole number of numbers.
  package func append(_ data: [UInt8], to elements: inout [Float], isBigEndian: Bool) {
    precondition(data.count % bytes == 0, "\(data.count) bytes")
    if self == Self.bytes {
      elements += data.lazy.map(Float.init)
      return
    }
    for start in stride(from: 0, to: data.count, by: bytes) {
      var bits: UInt64 = 0
      for byte in 0..<bytes {
        let place = isBigEndian ? bytes - 1 - byte : byte
        bits |= UInt64(data[start + byte]) << UInt64(8 * place)
      }
      let empty = UInt64(64 - 8 * bytes)
      elements.append(
        isSigned ? Float(Int64(bitPattern: bits << empty) >> Int64(empty)) : Float(bits))
    }
  }
}
