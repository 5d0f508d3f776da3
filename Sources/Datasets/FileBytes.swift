package import Files

/// Bytes that arrive in order.
package protocol ByteStream {
  /// Reads up to `count` bytes, fewer only at the end; 0 bytes mean the end.
  mutating func read(upTo count: Int) throws(DatasetError) -> [UInt8]
}

/// A regular file whose faults are those of a dataset.
package struct FileBytes: ByteStream {
  private let file: RegularFile

  /// The path, as given.
  package var path: String { file.path }
  /// The size when it was opened, in bytes.
  package var size: Int { file.size }

  /// Opens a regular file.
  ///
  /// - Throws: `DatasetError` when it is missing, is not a regular file or cannot be opened.
  package init(path: String) throws(DatasetError) {
    do { file = try RegularFile(path: path) } catch { throw DatasetError(error) }
  }

  package func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
    do { return try file.read(upTo: count) } catch { throw DatasetError(error) }
  }
}

extension DatasetError {
  package init(_ error: InputError) {
    self =
      switch error {
      case .missing(let path): .missing(path: path)
      case .notARegularFile(let path), .link(let path): .notARegularFile(path: path)
      case .invalidPath(let path): .invalidPath(path: path)
      case .io(let path, let operation, let reason):
        .io(path: path, operation: operation, reason: reason)
      }
  }
}
