internal import Files

/// The data of a gzip file, inflated as it is asked for, so that a small file that claims or holds
/// much takes no more memory than is read from it.
///
/// Format: RFC 1952. zlib inflates; the header and trailer are read here, so that each fault has
/// its own error. Several members follow each other as one; zero bytes after the last are allowed.
package struct GzipStream: ByteStream {
  private enum Phase { case header, data, atEnd }

  private var file: FileBytes
  private let path: String
  private var pending: [UInt8] = []
  /// The position of the next pending byte, in `pending` and in the file.
  private var next = 0
  private var offset = 0
  private var phase = Phase.header
  private var members = 0
  private var inflater: Inflater
  private var checksum: UInt32 = 0
  private var length: UInt32 = 0

  private static let chunk = 65_536

  package init(_ file: FileBytes) throws(DatasetError) {
    self.file = file
    path = file.path
    inflater = try Inflater(path: path)
  }

  package mutating func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
    var output: [UInt8] = []
    while output.count < count, phase != .atEnd {
      if phase == .header {
        try readHeader()
        continue
      }
      if next == pending.count { try refill() }
      guard next < pending.count else { throw .gzipTruncated(path: path, offset: offset) }
      let step = try inflater.inflate(
        pending[next...], upTo: min(count - output.count, Self.chunk), offset: offset)
      next += step.consumed
      offset += step.consumed
      checksum = CRC32.update(checksum, with: step.output)
      length &+= UInt32(step.output.count)
      output += step.output
      if step.isAtEnd { try readTrailer() }
    }
    return output
  }

  private mutating func refill() throws(DatasetError) {
    pending = try file.read(upTo: Self.chunk)
    next = 0
  }

  private mutating func byte() throws(DatasetError) -> UInt8 {
    if next == pending.count { try refill() }
    guard next < pending.count else { throw .gzipTruncated(path: path, offset: offset) }
    defer {
      next += 1
      offset += 1
    }
    return pending[next]
  }

  private mutating func littleEndian(_ bytes: Int) throws(DatasetError) -> UInt32 {
    var value: UInt32 = 0
    for position in 0..<bytes { value |= UInt32(try byte()) << (8 * UInt32(position)) }
    return value
  }

  /// Reads the header of a member, or finds the end of the file.
  private mutating func readHeader() throws(DatasetError) {
    if members > 0 {
      var zeros = 0
      while true {
        if next == pending.count { try refill() }
        guard next < pending.count else {
          phase = .atEnd
          return
        }
        guard pending[next] == 0 else { break }
        _ = try byte()
        zeros += 1
      }
      guard zeros == 0, pending[next] == 0x1F else {
        throw .trailingData(path: path, bytes: file.size - offset, atLeast: false)
      }
    }
    let start = offset
    let magic: [UInt8] = [try byte(), try byte()]
    guard magic == [0x1F, 0x8B] else {
      throw .trailingData(path: path, bytes: file.size - start, atLeast: false)
    }
    let method = try byte()
    guard method == 8 else { throw .gzipMethod(path: path, found: method) }
    let flags = try byte()
    guard flags & 0xE0 == 0 else { throw .gzipReservedFlags(path: path, found: flags) }
    for _ in 0..<6 { _ = try byte() }  // time, extra flags, system
    if flags & 0x04 != 0 {  // FEXTRA
      for _ in 0..<(try littleEndian(2)) { _ = try byte() }
    }
    if flags & 0x08 != 0 { while try byte() != 0 {} }  // FNAME
    if flags & 0x10 != 0 { while try byte() != 0 {} }  // FCOMMENT
    if flags & 0x02 != 0 { _ = try littleEndian(2) }  // FHCRC
    try inflater.reset()
    checksum = 0
    length = 0
    phase = .data
  }

  private mutating func readTrailer() throws(DatasetError) {
    let expectedChecksum = try littleEndian(4)
    guard expectedChecksum == checksum else {
      throw .gzipChecksum(path: path, found: checksum, expected: expectedChecksum)
    }
    let expectedLength = try littleEndian(4)
    guard expectedLength == length else {
      throw .gzipLength(path: path, found: length, expected: expectedLength)
    }
    members += 1
    phase = .header
  }
}
