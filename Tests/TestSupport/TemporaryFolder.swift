internal import Foundation

/// A folder of its own for each test, removed with it.
public final class TemporaryFolder {
  /// Where it is.
  public let path: String

  /// A new, empty folder.
  public init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and gives its path.
  public func file(_ bytes: [UInt8], named name: String = "file") throws -> String {
    try Data(bytes).write(to: URL(filePath: path + "/" + name))
    return path + "/" + name
  }
}
