internal import CZstd

// The only Swift that calls Zstandard.

extension Unpacker {
  /// What a frame of Zstandard holds.
  static func zstandard(_ packed: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
    guard let context = unsafe ZSTD_createDCtx() else { throw .corrupt("no memory") }
    defer { _ = unsafe ZSTD_freeDCtx(context) }
    // The window is part of the memory that a stranger's frame can ask for.
    unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23)
    return try all(of: packed, limit: limit) { packed, next, output, filled throws(Failure) in
      var consumed = 0
      var written = 0
      let status = unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe packed.withUnsafeBufferPointer { packed in
          var from = unsafe ZSTD_inBuffer(src: packed.baseAddress, size: packed.count, pos: next)
          var into = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: filled)
          let status = unsafe ZSTD_decompressStream(context, &into, &from)
          consumed = unsafe from.pos - next
          written = unsafe into.pos - filled
          return status
        }
      }
      guard ZSTD_isError(status) == 0 else {
        throw unsafe .corrupt("Zstandard: " + String(cString: ZSTD_getErrorName(status)))
      }
      return Step(consumed: consumed, written: written, isAtEnd: status == 0)
    }
  }
}
