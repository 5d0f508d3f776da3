internal import Files

extension ModelFileError.Fault {
  init(_ fault: HeaderJSONFault) {
    self =
      switch fault {
      case .notUTF8(let offset): .headerNotUTF8(offset: offset)
      case .notJSON(let offset, let expected): .headerNotJSON(offset: offset, expected: expected)
      case .duplicateName(let name): .duplicateName(name)
      }
  }
}

/// The checked header of a safetensors file.
struct SafetensorsHeader {
  struct Entry {
    let name: String
    /// As the file names it.
    let type: String
    let shape: [Int]
    /// Where its data begins and ends, from the end of the header.
    let begin: Int
    let end: Int

    var bytes: Int { end - begin }
  }

  /// The types that become Float.
  static let weightTypes = Dictionary(
    uniqueKeysWithValues: ElementType.allCases.map { ($0.rawValue, $0.bytes) })

  /// The types of the format that are no weights, and their bits.
  private static let otherTypes: [String: Int] = [
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
    "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8,
  ]

  /// In the order of their data, which they fill without holes or overlaps.
  let entries: [Entry]
  let metadata: [String: String]

  /// The length of a header, checked.
  ///
  /// - Parameter prefix: the file's first 8 bytes, or as many as there are.
  static func length(
    _ prefix: [UInt8], fileSize: Int
  ) throws(ModelFileError.Fault) -> Int {
    guard prefix.count == 8 else { throw .headerTooSmall(found: prefix.count) }
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length >= 2 else { throw .headerTooSmall(found: 8 + Int(length)) }
    guard length <= UInt64(Safetensors.maximumHeaderBytes) else {
      throw .headerTooLarge(found: length, limit: Safetensors.maximumHeaderBytes)
    }
    guard 8 + Int(length) <= fileSize else {
      throw .headerPastEnd(end: 8 + Int(length), size: fileSize)
    }
    return Int(length)
  }

  /// A header as it stands in a file: its length first, and spaces behind it, so that data starts on a
  /// multiple of 8 bytes as the reference writes it.
  static func framed(_ header: [UInt8]) -> [UInt8] {
    let padded = header + [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var framed: [UInt8] = []
    framed.append(littleEndian: UInt64(padded.count))
    return framed + padded
  }

  /// - Parameters:
  ///   - types: those that are taken, with the bytes of an element.
  ///   - keepsOthers: whether tensors of other types of the format are entries, too.
  init(
    _ bytes: [UInt8], dataSize: Int, types: [String: Int] = Self.weightTypes,
    keepsOthers: Bool = false
  ) throws(ModelFileError.Fault) {
    let parsed: HeaderJSON
    do { parsed = try HeaderJSON.parse(bytes) } catch { throw ModelFileError.Fault(error) }
    guard case .object(let members) = parsed else { throw .headerNotObject }
    guard members.count <= Safetensors.maximumTensors else {
      throw .tooManyTensors(limit: Safetensors.maximumTensors)
    }
    var (entries, metadata) = ([Entry](), [String: String]())
    for member in members {
      if member.name == "__metadata__" {
        metadata = try Self.metadata(member.value)
      } else {
        entries.append(try Self.entry(member.name, member.value, types, keepsOthers: keepsOthers))
      }
    }
    // By begin, then by end: empty tensors come before the one that starts where they are.
    entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var (end, previous) = (0, "")
    for entry in entries {
      guard entry.begin <= end else { throw .hole(offset: end) }
      guard entry.begin == end else { throw .overlap(previous, entry.name) }
      guard entry.end <= dataSize else {
        throw .pastEnd(tensor: entry.name, end: entry.end, size: dataSize)
      }
      (end, previous) = (entry.end, entry.name)
    }
    guard end == dataSize else { throw .trailingData(bytes: dataSize - end) }
    self.entries = entries
    self.metadata = metadata
  }

  private static func metadata(
    _ value: HeaderJSON
  ) throws(ModelFileError.Fault) -> [String: String] {
    // MLX writes it where there is nothing to say.
    if case .null = value { return [:] }
    guard case .object(let members) = value else { throw .metadataNotString("__metadata__") }
    var metadata: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value else { throw .metadataNotString(member.name) }
      metadata[member.name] = text
    }
    return metadata
  }

  private static func entry(
    _ name: String, _ value: HeaderJSON, _ types: [String: Int], keepsOthers: Bool
  ) throws(ModelFileError.Fault) -> Entry {
    guard name.utf8.count <= Safetensors.maximumNameBytes else {
      throw .nameTooLong(limit: Safetensors.maximumNameBytes)
    }
    guard case .object(let members) = value else {
      throw .badField(tensor: name, field: "", expected: "an object")
    }
    for member in members where !["dtype", "shape", "data_offsets"].contains(member.name) {
      throw .badField(
        tensor: name, field: member.name, expected: "dtype, shape and data_offsets only")
    }
    func field(_ wanted: String) -> HeaderJSON? { members.first { $0.name == wanted }?.value }
    guard case .string(let dtype)? = field("dtype") else {
      throw .badField(tensor: name, field: "dtype", expected: "a string")
    }
    guard case .array(let sizes)? = field("shape") else {
      throw .badField(tensor: name, field: "shape", expected: "an array")
    }
    guard case .array(let offsets)? = field("data_offsets"), offsets.count == 2,
      let begin = wholeNumber(offsets[0]), let end = wholeNumber(offsets[1]), begin <= end
    else { throw .invalidOffset(tensor: name) }
    guard let bits = types[dtype].map({ 8 * $0 }) ?? (keepsOthers ? otherTypes[dtype] : nil) else {
      throw otherTypes[dtype] != nil
        ? .unsupportedDType(tensor: name, found: dtype) : .unknownDType(tensor: name, found: dtype)
    }
    let shape = sizes.compactMap(wholeNumber)
    guard shape.count == sizes.count else { throw .badShape(tensor: name) }
    let (need, overflow) = try elementCount(of: shape, tensor: name).multipliedReportingOverflow(
      by: bits)
    guard !overflow else { throw .sizeOverflow(tensor: name) }
    guard (need + 7) / 8 == end - begin else {
      throw .sizeMismatch(tensor: name, need: (need + 7) / 8, have: end - begin)
    }
    return Entry(name: name, type: dtype, shape: shape, begin: begin, end: end)
  }

  /// A number without sign, fraction or exponent that fits in `Int`.
  private static func wholeNumber(_ value: HeaderJSON) -> Int? {
    guard case .number(let text) = value, text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return Int(text)
  }
}
