/// What can be wrong with a zip archive. Offsets are bytes from the start of the file.
public enum ZipFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// Fewer bytes than the smallest archive, or no end record in the last 22.
  case noEndRecord(size: Int)
  /// Something comes after the end record: a comment, or another archive.
  case dataAfterEnd(offset: Int, bytes: Int)
  /// A field says something else than what is there.
  case structure(offset: Int, field: String, found: UInt64, expected: UInt64)
  /// A record does not begin where it should, or is cut off.
  case noRecord(offset: Int, expected: String)
  /// Two members share bytes.
  case overlap(String, String)
  /// Bytes of no member.
  case hole(offset: Int)
  /// Something that NumPy does not write.
  case unsupported(member: String, feature: String)
  /// More members than the limit.
  case memberLimit(found: Int, limit: Int)
  /// The members claim to be larger than anything of the size of this file may be.
  case outputLimit(claimed: Int, limit: Int)
  /// A member's data does not inflate to what it claims to be.
  case corrupt(member: String, reason: String)
  /// The CRC-32 of a member differs.
  case checksum(member: String)

  /// What was found, where, and what was expected.
  public var description: String {
    switch self {
    case .noEndRecord(let size):
      "not a whole zip archive: no end record in the last 22 of \(size) bytes"
    case .dataAfterEnd(let offset, let bytes):
      "\(bytes) bytes after the zip archive's end record at byte \(offset)"
    case .structure(let offset, let field, let found, let expected):
      "zip structure, byte \(offset): \(field) is \(found), expected \(expected)"
    case .noRecord(let offset, let expected):
      "zip structure, byte \(offset): expected \(expected)"
    case .overlap(let first, let second): "members \(shown(first)) and \(shown(second)) overlap"
    case .hole(let offset): "bytes of no member from byte \(offset)"
    case .unsupported(let member, let feature): "member \(shown(member)): \(feature) is not read"
    case .memberLimit(let found, let limit): "\(found) members, more than the limit of \(limit)"
    case .outputLimit(let claimed, let limit):
      "the members claim \(claimed) bytes, more than the limit of \(limit)"
    case .corrupt(let member, let reason): "member \(shown(member)): its data is damaged: \(reason)"
    case .checksum(let member): "member \(shown(member)): its CRC-32 differs"
    }
  }
}

/// A name from a file, escaped, and cut when it is long.
func shown(_ name: String) -> String { String(name.prefix(100)).debugDescription }
