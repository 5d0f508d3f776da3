internal import CLZ4

// The only Swift that calls LZ4.

extension Unpacker {
  /// What a frame of LZ4 holds.
  static func lz4(_ packed: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
    var context: OpaquePointer?
    guard unsafe LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0
    else { throw .corrupt("no memory") }
    defer { _ = unsafe LZ4F_freeDecompressionContext(context) }
    return try all(of: packed, limit: limit) { packed, next, output, filled throws(Failure) in
      var consumed = packed.count - next
      var written = output.count - filled
      let status = unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe packed.withUnsafeBufferPointer { packed in
          unsafe LZ4F_decompress(
            context, output.baseAddress! + filled, &written, packed.baseAddress! + next, &consumed,
            nil)
        }
      }
      guard LZ4F_isError(status) == 0 else {
        throw unsafe .corrupt("LZ4: " + String(cString: LZ4F_getErrorName(status)))
      }
      return Step(consumed: consumed, written: written, isAtEnd: status == 0)
    }
  }
}
