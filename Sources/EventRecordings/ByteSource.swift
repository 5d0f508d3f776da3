internal import Files

/// A file that is read in order, some kilobytes at a time, with the place of each byte known.
struct ByteSource {
  /// Read at once where records follow each other.
  static let chunk = 1 << 16
  /// The longest text header: that of a DAVIS recording of jAER has 175 kB.
  static let headerLimit = 1 << 20

  private let file: RegularFile
  /// The place of the byte that is read next.
  private(set) var offset = 0
  var path: String { file.path }
  var size: Int { file.size }
  var remaining: Int { size - offset }

  init(path: String) throws(EventFileError) {
    do {
      file = try RegularFile(path: path)
    } catch {
      throw EventFileError(path: path, offset: nil, fault: .input(error))
    }
  }

  func error(_ fault: EventFileError.Fault, at offset: Int) -> EventFileError {
    EventFileError(path: path, offset: offset, fault: fault)
  }

  /// The next bytes, fewer at the end, without moving on.
  func peek(_ count: Int) throws(EventFileError) -> [UInt8] {
    do {
      return try file.read(at: offset, count: min(count, remaining))
    } catch {
      throw EventFileError(path: path, offset: offset, fault: .input(error))
    }
  }

  /// The next bytes, fewer at the end.
  mutating func read(_ count: Int) throws(EventFileError) -> [UInt8] {
    let bytes = try peek(count)
    offset += bytes.count
    return bytes
  }

  /// Moves on, or back.
  mutating func move(to offset: Int) { self.offset = min(max(0, offset), size) }

  /// Whole records of `size` bytes, some thousand at a time; empty at the end of the file.
  ///
  /// - Throws: `.truncated` where the file ends within a record.
  mutating func records(
    of size: Int, _ what: String
  ) throws(EventFileError) -> (bytes: [UInt8], offset: Int) {
    guard remaining == 0 || remaining >= size else {
      throw error(.truncated(what: what, have: remaining, need: size), at: offset)
    }
    let start = offset
    return (try read(min(Self.chunk, remaining) / size * size), start)
  }

  /// Header lines: those from here on that start with a mark, without their ends. What follows the
  /// last of them is read next.
  ///
  /// - Parameter isLast: whether a line is the header's last, whatever follows.
  mutating func headerLines(
    startingWith mark: String, isLast: (String) -> Bool = { _ in false }
  ) throws(EventFileError) -> [(text: String, offset: Int)] {
    let start = offset
    let bytes = try peek(Self.headerLimit)
    var lines: [(text: String, offset: Int)] = []
    var next = 0
    while bytes[next...].starts(with: mark.utf8) {
      guard let end = bytes[next...].firstIndex(of: UInt8(ascii: "\n")) else {
        guard start + bytes.count < size else {
          throw error(
            .truncated(what: "the header", have: bytes.count, need: bytes.count + 1),
            at: start + bytes.count)
        }
        throw error(.headerLimit(limit: Self.headerLimit), at: start)
      }
      var line = bytes[next..<end]
      if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
      let text = String(decoding: line, as: UTF8.self)
      lines.append((text, start + next))
      next = end + 1
      offset = start + next
      if isLast(text) { return lines }
    }
    guard next < bytes.count || start + bytes.count == size else {
      throw error(.headerLimit(limit: Self.headerLimit), at: start)
    }
    return lines
  }
}

extension RandomAccessCollection where Element == UInt8, Index == Int {
  /// An unsigned number of 2, 4 or 8 bytes, the lowest first.
  func littleEndian<Number: FixedWidthInteger>(_ place: Int, as: Number.Type) -> Number {
    var value: Number = 0
    for byte in 0..<(Number.bitWidth / 8) {
      value |= Number(truncatingIfNeeded: self[startIndex + place + byte]) << Number(8 * byte)
    }
    return value
  }

  /// An unsigned number of 2, 4 or 8 bytes, the highest first.
  func bigEndian<Number: FixedWidthInteger>(_ place: Int, as: Number.Type) -> Number {
    littleEndian(place, as: Number.self).byteSwapped
  }
}
