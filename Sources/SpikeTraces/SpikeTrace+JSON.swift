internal import Files
public import Foundation
internal import SpikeKernels

/// A trace that was refused.
public struct SpikeTraceError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file, or the name of the trace.
  public let path: String
  /// What is wrong, where, what was found and what was expected.
  public let reason: String
  /// The file and the reason.
  public var description: String { "\(path): \(reason)" }
}

extension SpikeTrace {
  /// The largest file that is read.
  public static let maximumFileSize = 1 << 30

  /// Reads a trace and checks that its parts fit together.
  ///
  /// - Throws: `InputError`; `SpikeTraceError` with the place of the first fault.
  public init(contentsOf path: String) throws {
    let file = try RegularFile(path: path)
    guard file.size <= Self.maximumFileSize else {
      throw SpikeTraceError(
        path: path, reason: "\(file.size) bytes, expected at most \(Self.maximumFileSize)")
    }
    let bytes = Data(try file.read(upTo: file.size))
    do {
      self = try JSONDecoder().decode(SpikeTrace.self, from: bytes)
    } catch let error as DecodingError {
      throw SpikeTraceError(path: path, reason: Self.reason(error))
    }
    try validate(path: path)
  }

  /// The JSON form: one line a key, numbers in their shortest exact decimals.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data = try encoder.encode(self)
    data.append(UInt8(ascii: "\n"))
    return data
  }

  private static func reason(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String {
      let text = path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
      return text.isEmpty ? "" : String(text.drop { $0 == "." }) + ": "
    }
    func cause(_ context: DecodingError.Context) -> String {
      let detail = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey]
      return context.debugDescription + (detail.map { " \($0)" } ?? "")
    }
    return switch error {
    case .keyNotFound(let key, let context):
      "\(place(context.codingPath))\(key.stringValue.debugDescription) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      place(context.codingPath) + cause(context)
    @unknown default: "\(error)"
    }
  }
}
