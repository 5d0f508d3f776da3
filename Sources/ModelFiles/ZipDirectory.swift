internal import Files

/// The members of a zip archive, from its directory, checked against the whole file: members fill it
/// without holes or overlaps, and their own headers say the same.
///
/// Stricter than zip readers are: encryption, comments and other compressions are refused. Nothing is inflated here.
///
/// Format: PKWARE, APPNOTE.TXT 6.3.10.
struct ZipDirectory {
  struct Member {
    let name: String
    let isDeflated: Bool
    let crc: UInt64
    let storedSize: Int
    let size: Int
    /// Where its local header begins, and where its data ends.
    let start: Int
    let end: Int
  }

  /// In the order of the directory: its index is that of libzip.
  let members: [Member]

  /// The most members that are read.
  static let maximumMembers = 4096

  /// What all members together may inflate to: weights hardly shrink, bombs do.
  static func outputLimit(fileSize: Int, ratio: Int = 20) -> Int {
    max(64 << 20, ratio * fileSize)
  }

  /// - Parameter ratio: how many times as much as the file its members may be: data of many zeros shrink more than
  ///   weights.
  init(_ file: RegularFile, ratio: Int = 20) throws {
    let size = file.size
    guard size >= 22 else { throw ZipFault.noEndRecord(size: size) }
    let end = Record(try file.read(at: size - 22, count: 22), offset: size - 22)
    guard end.has(0x0605_4B50) else { throw try Self.faultOfEnd(file) }
    let count = Int(end.number(10, 2))
    try end.expect("this disk", 4, 2, 0)
    try end.expect("the disk of the directory", 6, 2, 0)
    try end.expect("members on this disk", 8, 2, UInt64(count))
    try end.expect("the length of a comment", 20, 2, 0)
    guard count <= Self.maximumMembers else {
      throw ZipFault.memberLimit(found: count, limit: Self.maximumMembers)
    }
    let (bytes, start) = (Int(end.number(12, 4)), Int(end.number(16, 4)))
    guard start <= size - 22 else {
      throw ZipFault.structure(
        offset: size - 6, field: "the directory's offset", found: UInt64(start),
        expected: UInt64(size - 22 - min(bytes, size - 22)))
    }
    try end.expect("the directory's size", 12, 4, UInt64(size - 22 - start))
    let directory = try file.read(at: start, count: bytes)
    var (members, names, next, claimed) = ([Member](), Set<String>(), 0, 0)
    for _ in 0..<count {
      let record = Record(directory[next...], offset: start + next)
      let member = try Self.member(record, directoryStart: start, file)
      guard names.insert(member.name).inserted else {
        throw ModelFileError.Fault.duplicateName(member.name)
      }
      claimed += member.size
      members.append(member)
      next += 46 + Int(record.number(28, 2)) + Int(record.number(30, 2))
    }
    guard next == bytes else {
      throw ZipFault.noRecord(offset: start + next, expected: "the end of the directory")
    }
    let limit = Self.outputLimit(fileSize: size, ratio: ratio)
    guard claimed <= limit else { throw ZipFault.outputLimit(claimed: claimed, limit: limit) }
    try Self.checkTiling(members, end: start)
    self.members = members
  }

  /// Whether an end record lies elsewhere, for the message.
  private static func faultOfEnd(_ file: RegularFile) throws -> ZipFault {
    let length = min(file.size, 65_557)
    let tail = try file.read(at: file.size - length, count: length)
    let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
    for place in stride(from: length - 23, through: 0, by: -1)
    where tail[place..<place + 4].elementsEqual(signature) {
      return .dataAfterEnd(offset: file.size - length + place, bytes: length - place - 22)
    }
    return .noEndRecord(size: file.size)
  }

  private static func member(
    _ record: Record, directoryStart: Int, _ file: RegularFile
  ) throws -> Member {
    guard record.has(0x0201_4B50), record.bytes.count >= 46 else {
      throw ZipFault.noRecord(offset: record.offset, expected: "a member of the directory")
    }
    let nameLength = Int(record.number(28, 2))
    guard record.bytes.count >= 46 + nameLength + Int(record.number(30, 2)) else {
      throw ZipFault.noRecord(offset: record.offset + 46, expected: "a name of \(nameLength) bytes")
    }
    let name = try self.name(record.slice(46, nameLength), offset: record.offset + 46)
    try record.expect("the length of a comment", 32, 2, 0)
    try record.expect("the disk of the member", 34, 2, 0)
    let (flags, method) = (record.number(8, 2), record.number(10, 2))
    func refuse(_ feature: String) -> ZipFault { .unsupported(member: name, feature: feature) }
    if flags & 0x2041 != 0 { throw refuse("encryption") }
    // What is left: sizes behind the data, how hard deflate tried, and that names are UTF-8.
    guard flags & ~0x080E == 0 else { throw refuse("flag word 0x\(String(flags, radix: 16))") }
    let methods: [UInt64: String] = [12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz"]
    guard method == 0 || method == 8 else {
      throw refuse("compression \(methods[method] ?? "method \(method)")")
    }
    let (stored, size) = (Int(record.number(20, 4)), Int(record.number(24, 4)))
    guard stored != 0xFFFF_FFFF, size != 0xFFFF_FFFF else { throw refuse("zip64 in the directory") }
    let start = Int(record.number(42, 4))
    guard start < directoryStart else {
      throw ZipFault.structure(
        offset: record.offset + 42, field: "the offset of \(shown(name))", found: UInt64(start),
        expected: UInt64(directoryStart))
    }
    let data = try localDataStart(
      of: record, name: name, nameLength: nameLength, start: start, before: directoryStart, file)
    guard data + stored <= directoryStart else {
      throw ZipFault.structure(
        offset: record.offset + 20, field: "the stored size of \(shown(name))",
        found: UInt64(stored), expected: UInt64(max(0, directoryStart - data)))
    }
    if method == 0 { try record.expect("the size of \(shown(name))", 24, 4, UInt64(stored)) }
    let descriptor =
      flags & 0x8 == 0
      ? 0 : try descriptorLength(of: record, at: data + stored, before: directoryStart, file)
    let end = data + stored + descriptor
    return Member(
      name: name, isDeflated: method == 8, crc: record.number(16, 4), storedSize: stored,
      size: size, start: start, end: end)
  }

  private static func name(_ bytes: ArraySlice<UInt8>, offset: Int) throws -> String {
    guard bytes.count <= Safetensors.maximumNameBytes else {
      throw ModelFileError.Fault.nameTooLong(limit: Safetensors.maximumNameBytes)
    }
    guard let name = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw ZipFault.noRecord(offset: offset, expected: "a name in UTF-8, without NUL")
    }
    return name
  }

  /// Checks a member's own header against the directory; returns where its data begins.
  private static func localDataStart(
    of entry: Record, name: String, nameLength: Int, start: Int, before limit: Int,
    _ file: RegularFile
  ) throws -> Int {
    let header = Record(try file.read(at: start, count: min(30, limit - start)), offset: start)
    guard header.bytes.count == 30, header.has(0x0403_4B50) else {
      throw ZipFault.noRecord(offset: start, expected: "the header of \(shown(name))")
    }
    try header.expect("flags", 6, 2, entry.number(8, 2))
    try header.expect("the method", 8, 2, entry.number(10, 2))
    // Written to a stream that cannot go back, they come behind the data.
    let isStreamed = entry.number(8, 2) & 0x8 != 0
    if !isStreamed { try header.expect("the CRC-32", 14, 4, entry.number(16, 4)) }
    try header.expect("the length of the name", 26, 2, UInt64(nameLength))
    let extraLength = Int(header.number(28, 2))
    let data = start + 30 + nameLength + extraLength
    guard data <= limit else {
      throw ZipFault.noRecord(offset: start + 30, expected: "the whole header of \(shown(name))")
    }
    let rest = Record(try file.read(at: start + 30, count: data - start - 30), offset: start + 30)
    guard rest.bytes.prefix(nameLength).elementsEqual(entry.slice(46, nameLength)) else {
      throw ZipFault.noRecord(offset: start + 30, expected: "the name \(shown(name))")
    }
    let sizes = [(18, entry.number(20, 4)), (22, entry.number(24, 4))]
    var hasSizes = false
    var place = nameLength
    while place < nameLength + extraLength {
      guard place + 4 <= nameLength + extraLength else {
        throw ZipFault.noRecord(offset: start + 30 + place, expected: "an extra field")
      }
      let (kind, length) = (rest.number(place, 2), Int(rest.number(place + 2, 2)))
      guard place + 4 + length <= nameLength + extraLength else {
        throw ZipFault.noRecord(
          offset: start + 30 + place, expected: "\(length) bytes of an extra field")
      }
      // NumPy always has a zip64 field of both sizes, the fields of 32 bits being all ones.
      if kind == 1, !isStreamed {
        try rest.expect("the length of the zip64 field", place + 2, 2, 16)
        for (place, _) in sizes { try header.expect("a size", place, 4, 0xFFFF_FFFF) }
        try rest.expect("the size", place + 4, 8, sizes[1].1)
        try rest.expect("the stored size", place + 12, 8, sizes[0].1)
        hasSizes = true
      }
      place += 4 + length
    }
    if !hasSizes, !isStreamed {
      for (place, expected) in sizes { try header.expect("a size", place, 4, expected) }
    }
    return data
  }

  /// The length of what follows a member's data that was streamed: CRC-32 and sizes, of 4 or 8 bytes each, with a
  /// signature or without.
  private static func descriptorLength(
    of entry: Record, at place: Int, before limit: Int, _ file: RegularFile
  ) throws -> Int {
    let bytes = Record(try file.read(at: place, count: min(24, limit - place)), offset: place)
    let (crc, stored, size) = (entry.number(16, 4), entry.number(20, 4), entry.number(24, 4))
    let start = bytes.has(0x0807_4B50) ? 4 : 0
    for width in [8, 4] {
      let length = start + 4 + 2 * width
      guard bytes.bytes.count >= length, bytes.number(start, 4) == crc,
        bytes.number(start + 4, width) == stored, bytes.number(start + 4 + width, width) == size
      else { continue }
      return length
    }
    throw ZipFault.noRecord(offset: place, expected: "the CRC-32 and sizes of a streamed member")
  }

  /// Members lie one after the other from the start of the file to the directory.
  private static func checkTiling(_ members: [Member], end: Int) throws {
    var (next, previous) = (0, "")
    for member in members.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      guard member.start <= next else { throw ZipFault.hole(offset: next) }
      guard member.start == next else { throw ZipFault.overlap(previous, member.name) }
      (next, previous) = (member.end, member.name)
    }
    guard next == end else { throw ZipFault.hole(offset: next) }
  }
}

/// Some bytes of a file, and where they were.
private struct Record {
  let bytes: ArraySlice<UInt8>
  let offset: Int

  init(_ bytes: some Collection<UInt8>, offset: Int) {
    self.bytes = Array(bytes)[...]
    self.offset = offset
  }

  func slice(_ start: Int, _ count: Int) -> ArraySlice<UInt8> { bytes[start..<start + count] }

  /// A little-endian number of at most 8 bytes.
  func number(_ start: Int, _ count: Int) -> UInt64 {
    slice(start, count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  func has(_ signature: UInt64) -> Bool { bytes.count >= 4 && number(0, 4) == signature }

  func expect(
    _ field: String, _ start: Int?, _ count: Int, _ expected: UInt64, found: UInt64? = nil
  ) throws {
    let found = found ?? number(start ?? 0, count)
    guard found == expected else {
      throw ZipFault.structure(
        offset: offset + (start ?? 0), field: field, found: found, expected: expected)
    }
  }
}
