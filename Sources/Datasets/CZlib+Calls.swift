internal import CZlib

// The only Swift that inflates with zlib; its checksum is called in `Files`.

/// A raw deflate stream in progress.
@safe final class Inflater {
  struct Step {
    let consumed: Int
    let output: [UInt8]
    let isAtEnd: Bool
  }

  private let path: String
  /// On the heap: zlib keeps a pointer to it.
  private let stream: UnsafeMutablePointer<z_stream>

  init(path: String) throws(DatasetError) {
    self.path = path
    unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // -15: no header of zlib's own; the largest window.
    guard unsafe csw_inflate_init(stream, -15) == Z_OK else {
      unsafe stream.deallocate()
      throw .io(path: path, operation: "inflate", reason: "out of memory")
    }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Starts a new stream.
  func reset() throws(DatasetError) {
    guard unsafe inflateReset(stream) == Z_OK else {
      throw .io(path: path, operation: "inflate", reason: "cannot reset the stream")
    }
  }

  /// Inflates some of `input` into at most `count` bytes.
  func inflate(
    _ input: ArraySlice<UInt8>, upTo count: Int, offset: Int
  ) throws(DatasetError) -> Step {
    var status = Z_OK
    var consumed = 0
    let output = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe input.withUnsafeBufferPointer { input in
        // zlib does not write through `next_in`; its type predates const.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.pointee.avail_in = uInt(input.count)
        unsafe stream.pointee.next_out = buffer.baseAddress
        unsafe stream.pointee.avail_out = uInt(count)
        status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
        consumed = unsafe input.count - Int(stream.pointee.avail_in)
        filled = unsafe count - Int(stream.pointee.avail_out)
        unsafe stream.pointee.next_in = nil
        unsafe stream.pointee.next_out = nil
      }
    }
    // Z_BUF_ERROR: no progress without more input or output, which the caller brings.
    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
      let reason = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
      throw .gzipCorrupt(
        path: path, offset: offset + consumed, reason: reason ?? "zlib status \(status)")
    }
    return Step(consumed: consumed, output: output, isAtEnd: status == Z_STREAM_END)
  }
}
