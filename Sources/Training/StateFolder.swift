internal import Files
internal import Foundation
internal import ModelFiles
public import Networks

/// A folder that keeps finished rows, so that a run can be stopped and goes on where it was.
public final class StateFolder: Sendable {
  /// A folder that holds figures of other settings.
  public struct Mismatch: Error, Equatable, Sendable, CustomStringConvertible {
    /// The folder.
    public let path: String
    /// Each setting that differs, with what the folder has and what was asked for.
    public let differences: [String]
    /// What is wrong.
    public var description: String {
      "\(path): holds rows of other settings: " + differences.joined(separator: "; ")
    }
  }

  /// A file in the folder that is not what was written there.
  public struct Damaged: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What is wrong.
    public var description: String { "\(path): cannot be read; remove it" }
  }

  private let path: String
  private let lock: FolderLock

  /// Opens a folder for a run, and makes it where it is missing.
  ///
  /// - Parameter settings: what the rows depend on, all together; encodes as a JSON object.
  /// - Throws: `FolderLocked` when another run works there, `Mismatch` when it holds rows of other
  ///   settings, `OutputError` when it cannot be written.
  public init(path: String, settings: some Encodable) throws {
    self.path = path
    lock = try FolderLock(path: path)
    let file = path + "/settings.json"
    guard FileManager.default.fileExists(atPath: file) else {
      try Self.write(settings, to: file)
      return
    }
    let found = Self.fields(try Self.data(file))
    guard let found, let wanted = Self.fields(try JSONEncoder().encode(settings)) else {
      throw Damaged(path: file)
    }
    // Field by field, so that settings of another version are told apart by name, too.
    let differences = Set(found.keys).union(wanted.keys).sorted().filter {
      found[$0] != wanted[$0]
    }.map { "\($0) is \(found[$0] ?? "unknown") there, \(wanted[$0] ?? "unknown") here" }
    guard differences.isEmpty else { throw Mismatch(path: path, differences: differences) }
  }

  /// The fields of a JSON object, each in words.
  private static func fields(_ json: Data) -> [String: String]? {
    let object = try? JSONSerialization.jsonObject(with: json)
    return (object as? [String: Any])?.mapValues { value in
      (value as? [Any]).map { "[" + $0.map { "\($0)" }.joined(separator: ", ") + "]" }
        ?? "\(value)"
    }
  }

  /// A finished row, if it is there.
  ///
  /// - Parameter isOf: whether what was read is of this row.
  /// - Throws: `Damaged`.
  public func row<Row: Decodable>(
    _ name: String, as type: Row.Type = Row.self, isOf: (Row) -> Bool
  ) throws -> Row? {
    let file = path + "/" + name + ".json"
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    guard let row = try? JSONDecoder().decode(Row.self, from: Self.data(file)), isOf(row) else {
      throw Damaged(path: file)
    }
    return row
  }

  /// Keeps a finished row: its weights first, where it has any, then its figures, each whole or not at all.
  public func keep(_ row: some Encodable, _ name: String, weights: NetworkWeights? = nil) throws {
    try weights?.write(safetensors: path + "/" + name + ".safetensors")
    try Self.write(row, to: path + "/" + name + ".json")
  }

  private static func data(_ file: String) throws -> Data {
    let file = try RegularFile(path: file)
    // A curve of 10,000 epochs has 8 MB.
    return Data(try file.read(upTo: min(file.size, 1 << 26)))
  }

  private static func write(_ value: some Encodable, to file: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile(forJSON: file).commit(Array(encoder.encode(value)))
  }
}
