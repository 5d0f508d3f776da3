public import Files

/// What can be wrong with an event recording: which file, where, what was found and expected.
public struct EventFileError: Error, Equatable, Sendable {
  /// The file, as given.
  public let path: String
  /// The byte at which it is wrong; `nil` where the file could not be read at all.
  public let offset: Int?
  /// What is wrong.
  public let fault: Fault

  /// What is wrong.
  public enum Fault: Equatable, Sendable {
    /// The file cannot be opened, read or written.
    case input(InputError)
    /// The first bytes and the name are those of no format that is read.
    case unknownFormat(firstBytes: [UInt8])
    /// A version, a compression or a kind of a known format that is not read.
    case unsupported(found: String, expected: String)
    /// A text header without end.
    case headerLimit(limit: Int)
    /// Something in a header.
    case header(found: String, expected: String)
    /// The file ends within an event, a packet or a header.
    case truncated(what: String, have: Int, need: Int)
    /// A field of a packet.
    case packet(field: String, found: Int, expected: String)
    /// Packed or structured data that is damaged.
    case corrupt(what: String, reason: String)
    /// A packet that unpacks to more than is accepted.
    case outputLimit(limit: Int)
    /// An event beyond the sensor's last column or row.
    case outsideSensor(x: Int, y: Int, sensor: SensorSize)
    /// An event before the one that came before it.
    case backwards(time: Int64, after: Int64)
    /// A time that is negative, or beyond 2^62 us.
    case time(found: Int64)
    /// A field of a line of text.
    case line(number: Int, found: String, expected: String)
    /// An event that the format cannot hold.
    case cannotWrite(event: Int, found: String, expected: String)
  }
}

extension EventFileError: CustomStringConvertible {
  /// The file, the place, what was found and what was expected.
  public var description: String {
    if case .input(let error) = fault { return error.description }
    return path + (offset.map { ", offset \($0)" } ?? "") + ": " + fault.description
  }

  /// Whether the cause is that something is not there, rather than wrong.
  public var isMissingInput: Bool {
    if case .input(.missing) = fault { true } else { false }
  }

  /// Whether the cause is the system, rather than the data.
  public var isInputOutput: Bool {
    if case .input(.io) = fault { true } else { false }
  }
}

extension EventFileError.Fault: CustomStringConvertible {
  /// What was found and what was expected.
  public var description: String {
    switch self {
    case .input(let error): error.description
    case .unknownFormat(let firstBytes):
      "no event recording that is read here; first bytes "
        + firstBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        + "; expected " + EventFormat.allCases.map(\.title).joined(separator: ", ")
    case .unsupported(let found, let expected), .header(let found, let expected):
      "found \(found), expected \(expected)"
    case .headerLimit(let limit): "the header goes on beyond \(limit) bytes"
    case .truncated(let what, let have, let need):
      "the file ends within \(what): \(have) bytes of \(need)"
    case .packet(let field, let found, let expected):
      "\(field) of a packet is \(found), expected \(expected)"
    case .corrupt(let what, let reason): "damaged \(what): \(reason)"
    case .outputLimit(let limit): "a packet unpacks to more than \(limit) bytes"
    case .outsideSensor(let x, let y, let sensor):
      "an event at (\(x), \(y)), outside the sensor of \(sensor)"
    case .backwards(let time, let after): "time runs backwards: \(time) us after \(after) us"
    case .time(let found): "a time of \(found) us, expected 0...\(EventSink.latestTime)"
    case .line(let number, let found, let expected):
      "line \(number): found \(found), expected \(expected)"
    case .cannotWrite(let event, let found, let expected):
      "event \(event) has \(found), which the format cannot hold: expected \(expected)"
    }
  }
}
