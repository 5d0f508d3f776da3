internal import Files

/// The state of a run in a file: arrays by name, and what else there is to say as text. Whole, or
/// refused.
///
/// A safetensors file of F32, I32, F64 and U8 tensors. One checksum covers every byte of it: no prefix
/// and no flipped bit passes.
public struct CheckpointFile: Sendable, Equatable {
  /// Numbers, kept bit for bit.
  public enum Values: Sendable, Equatable {
    /// `F32`.
    case floats([Float])
    /// `I32`.
    case integers([Int32])
    /// `F64`.
    case doubles([Double])
    /// `U8`.
    case bytes([UInt8])

    /// How many there are.
    public var count: Int {
      switch self {
      case .floats(let values): values.count
      case .integers(let values): values.count
      case .doubles(let values): values.count
      case .bytes(let values): values.count
      }
    }
  }

  /// The arrays, by name.
  public var arrays: [String: Values] = [:]

  /// An empty checkpoint.
  public init() {}

  private static let types = ["F32": 4, "I32": 4, "F64": 8, "U8": 1]
  private static let checksumName = "checkpoint_crc32"
  /// What stands in the place of the checksum while it is computed.
  private static let blank = "--------"
  private static let formatName = "format"
  private static let format = "DeepSpikingNetworks checkpoint 1"

  /// The bytes of the file; equal checkpoints are equal bytes.
  public var encoded: [UInt8] {
    var (data, entries) = ([UInt8](), [String]())
    // Sorted, and wide elements first, so that each lies on a multiple of its size.
    let sorted = arrays.sorted {
      (Self.types[$1.value.type]!, $0.key) < (Self.types[$0.value.type]!, $1.key)
    }
    for (name, values) in sorted {
      let begin = data.count
      values.append(to: &data)
      entries.append(
        "\(Safetensors.quoted(name)):{\"dtype\":\"\(values.type)\",\"shape\":[\(values.count)],"
          + "\"data_offsets\":[\(begin),\(data.count)]}")
    }
    let metadata =
      "{\"__metadata__\":{\"\(Self.formatName)\":\"\(Self.format)\","
      + "\"\(Self.checksumName)\":\"\(Self.blank)\"}"
    let header = Array((([metadata] + entries).joined(separator: ",") + "}").utf8)
    var file = SafetensorsHeader.framed(header) + data
    let place = 8 + metadata.utf8.count - 2 - Self.blank.utf8.count
    let checksum = Self.text(CRC32.update(0, with: file))
    file.replaceSubrange(place..<place + Self.blank.utf8.count, with: checksum.utf8)
    return file
  }

  private static func text(_ checksum: UInt32) -> String {
    let digits = String(checksum, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Reads a checkpoint.
  ///
  /// - Throws: `InputError` when it cannot be read, `ModelFileError` when a byte is not as it was
  ///   written.
  public init(path: String) throws {
    self = try ModelFileError.naming(path) {
      let file = try RegularFile(path: path)
      guard file.size <= Self.maximumBytes else {
        throw ModelFileError.Fault.fileTooLarge(found: file.size, limit: Self.maximumBytes)
      }
      return try CheckpointFile(try file.read(at: 0, count: file.size))
    }
  }

  /// The largest file that is read: 8 GiB, twice what weights, last whole weights and sums in F64 of the
  /// largest network take.
  static let maximumBytes = 1 << 33

  /// A checkpoint in memory, as it came from another process.
  ///
  /// - Parameter origin: where from, for errors.
  /// - Throws: `ModelFileError` when a byte is not as it was sent.
  public init(bytes: [UInt8], from origin: String) throws {
    self = try ModelFileError.naming(origin) { try CheckpointFile(bytes) }
  }

  init(_ bytes: [UInt8]) throws(ModelFileError.Fault) {
    let start = try 8 + SafetensorsHeader.length(Array(bytes.prefix(8)), fileSize: bytes.count)
    let header = try SafetensorsHeader(
      Array(bytes[8..<start]), dataSize: bytes.count - start, types: Self.types)
    guard header.metadata[Self.formatName] == Self.format else {
      throw .modelMismatch(["no checkpoint: expected the format \(Self.format.debugDescription)"])
    }
    let stored = header.metadata[Self.checksumName] ?? ""
    guard stored.utf8.count == 8, let place = Self.checksumPlace(bytes[8..<start]) else {
      throw .checksum(found: 0, expected: 0)
    }
    var blanked = bytes
    blanked.replaceSubrange(place..<place + 8, with: Self.blank.utf8)
    let found = CRC32.update(0, with: blanked)
    // The text, not the number: an upper-case digit is a flipped bit.
    guard bytes[place..<place + 8].elementsEqual(Self.text(found).utf8) else {
      throw .checksum(found: found, expected: UInt32(stored, radix: 16) ?? 0)
    }
    for entry in header.entries {
      arrays[entry.name] = Values(
        type: entry.type, Array(bytes[start + entry.begin..<start + entry.end]))
    }
  }

  private static func checksumPlace(_ header: ArraySlice<UInt8>) -> Int? {
    let name = Array("\"\(checksumName)\":\"".utf8)
    var place = header.startIndex
    while place + name.count + 8 <= header.endIndex {
      if header[place..<place + name.count].elementsEqual(name) { return place + name.count }
      place += 1
    }
    return nil
  }
}

extension CheckpointFile.Values {
  fileprivate var type: String {
    switch self {
    case .floats: "F32"
    case .integers: "I32"
    case .doubles: "F64"
    case .bytes: "U8"
    }
  }

  fileprivate func append(to data: inout [UInt8]) {
    switch self {
    case .floats(let values): data.append(littleEndian: values)
    case .integers(let values): data.append(littleEndian: values)
    case .doubles(let values): data.append(littleEndian: values)
    case .bytes(let values): data += values
    }
  }

  fileprivate init(type: String, _ data: [UInt8]) {
    self =
      switch type {
      case "F32": .floats(data.littleEndianFloats)
      case "I32": .integers(data.littleEndianIntegers)
      case "F64": .doubles(data.littleEndianDoubles)
      default: .bytes(data)
      }
  }
}
