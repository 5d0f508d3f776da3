internal import Files

/// The safetensors format: an 8-byte length, a JSON header, tensors one after the other.
///
/// Read as strictly as the format's own library, and stricter: names twice, holes and overlaps are
/// refused, and nothing of the size of a claim is allocated before the claim is checked against the
/// size of the file. Nothing in a file is executed, and no name in it is used as a path.
///
/// Format: https://github.com/huggingface/safetensors
public enum Safetensors {
  /// The longest header that is read, in bytes.
  public static let maximumHeaderBytes = 1 << 22
  /// The most tensors that are read.
  public static let maximumTensors = 4096
  /// The longest name of a tensor that is read, in bytes.
  public static let maximumNameBytes = 1024

  /// What a file holds.
  public struct Contents: Sendable {
    /// In the order of their data.
    public let tensors: [NamedTensor]
    /// Of types that do not become Float: only that they are there.
    let others: [TensorNetwork.Other]
    /// `__metadata__`.
    public let metadata: [String: String]
  }

  /// Reads a file.
  ///
  /// - Throws: `InputError` when it cannot be read, `ModelFileError` when it is refused.
  public static func read(path: String) throws -> Contents {
    try ModelFileError.naming(path) {
      let contents = try read(RegularFile(path: path))
      guard let other = contents.others.first else { return contents }
      throw ModelFileError.Fault.unsupportedDType(tensor: other.name, found: other.type)
    }
  }

  static func read(_ file: RegularFile) throws -> Contents {
    typealias Fault = ModelFileError.Fault
    let prefix = try file.read(upTo: 8)
    let length = try SafetensorsHeader.length(prefix, fileSize: file.size)
    let bytes = try file.read(upTo: length)
    guard bytes.count == length else {
      throw Fault.headerPastEnd(end: 8 + length, size: 8 + bytes.count)
    }
    let header = try SafetensorsHeader(bytes, dataSize: file.size - 8 - length, keepsOthers: true)
    var (tensors, others, checksum) = ([NamedTensor](), [TensorNetwork.Other](), UInt32(0))
    for entry in header.entries {
      var end = entry.begin
      guard let type = ElementType(rawValue: entry.type) else {
        // In parts: what it claims is not allocated at once.
        while end < entry.end {
          let data = try file.read(upTo: min(entry.end - end, 1 << 20))
          guard !data.isEmpty else {
            throw Fault.pastEnd(tensor: entry.name, end: entry.end, size: end)
          }
          end += data.count
          checksum = CRC32.update(checksum, with: data)
        }
        others.append(TensorNetwork.Other(name: entry.name, shape: entry.shape, type: entry.type))
        continue
      }
      let elements = try type.elements(count: entry.bytes / type.bytes, tensor: entry.name) {
        let data = try file.read(upTo: $0)
        end += data.count
        guard data.count == $0 else {
          throw Fault.pastEnd(tensor: entry.name, end: entry.end, size: end)
        }
        checksum = CRC32.update(checksum, with: data)
        return data
      }
      tensors.append(
        NamedTensor(
          name: entry.name, shape: entry.shape, fileType: entry.type, elements: elements))
    }
    if let stored = header.metadata[checksumName] {
      guard let expected = UInt32(stored, radix: 16), expected == checksum else {
        throw Fault.checksum(found: checksum, expected: UInt32(stored, radix: 16) ?? 0)
      }
    }
    return Contents(tensors: tensors, others: others, metadata: header.metadata)
  }

  /// The metadata that holds the CRC-32 of the data, in hexadecimal.
  static let checksumName = "data_crc32"

  /// The bytes of a file of F32 tensors, with a checksum of the data in its metadata.
  ///
  /// - Complexity: one copy of the elements.
  public static func encode(_ tensors: [NamedTensor], metadata: [String: String] = [:]) -> [UInt8] {
    var data: [UInt8] = []
    data.reserveCapacity(4 * tensors.reduce(0) { $0 + $1.elements.count })
    var entries: [String] = []
    for tensor in tensors {
      let begin = data.count
      data += littleEndian(tensor.elements)
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(begin),\(data.count)]}")
    }
    var metadata = metadata
    metadata[checksumName] = String(CRC32.update(0, with: data), radix: 16)
    let described = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0)):\(quoted($1))" }
    let header = Array(
      "{\"__metadata__\":{\(described.joined(separator: ","))},\(entries.joined(separator: ","))}"
        .utf8)
    return SafetensorsHeader.framed(header) + data
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
