internal import CFlatBuffers

// The only Swift that calls the FlatBuffers library.

/// AEDAT 4's tables. Nothing is copied: places in the buffer are given out.
enum FlatBuffers {
  struct Header {
    let compression: Int32
    /// The place of the table of packets in the file; -1 for none.
    let table: Int64
    /// The bytes that describe streams.
    let info: Range<Int>
  }

  /// The header of a file; `nil` where it is damaged.
  static func header(_ bytes: [UInt8]) -> Header? {
    var header = cfb_header()
    let isWhole = unsafe bytes.withUnsafeBufferPointer {
      unsafe cfb_read_header($0.baseAddress, $0.count, &header)
    }
    guard isWhole else { return nil }
    return Header(
      compression: header.compression, table: header.table,
      info: header.info..<(header.info + header.info_length))
  }

  /// Where the events of a packet stand, 16 bytes each; `nil` where it is damaged.
  static func events(_ bytes: [UInt8]) -> Range<Int>? {
    var start = 0
    var count = 0
    let isWhole = unsafe bytes.withUnsafeBufferPointer {
      unsafe cfb_find_events($0.baseAddress, $0.count, &start, &count)
    }
    return isWhole ? start..<(start + 16 * count) : nil
  }
}
