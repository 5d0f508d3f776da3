/// The bytes of a file, inflated where it is gzip, or of standard input.
package enum AnyBytes: ByteStream {
  case file(FileBytes)
  case gzip(GzipStream)
  /// Some bytes that were read, and what follows.
  case input(ArraySlice<UInt8>, StandardInput)

  /// Opens a file; what begins with gzip's 1F 8B is inflated, whatever its name.
  package init(path: String) throws(DatasetError) {
    let isGzip = try FileBytes(path: path).read(upTo: 2) == [0x1F, 0x8B]
    self =
      isGzip ? .gzip(try GzipStream(FileBytes(path: path))) : .file(try FileBytes(path: path))
  }

  /// The size of a file that is not compressed.
  package var size: Int? { if case .file(let file) = self { file.size } else { nil } }

  package mutating func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
    switch self {
    case .file(let file): return try file.read(upTo: count)
    case .gzip(var stream):
      defer { self = .gzip(stream) }
      return try stream.read(upTo: count)
    case .input(let first, let input):
      guard first.isEmpty else {
        self = .input(first.dropFirst(count), input)
        return Array(first.prefix(count))
      }
      return try input.read(upTo: count)
    }
  }
}
