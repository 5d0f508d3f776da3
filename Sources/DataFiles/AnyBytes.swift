internal import Datasets

/// The bytes of a file, inflated where it is gzip, or of standard input.
enum AnyBytes: ByteStream {
  case file(FileBytes)
  case gzip(GzipStream)
  /// Some bytes that were read, and what follows.
  case input(ArraySlice<UInt8>, StandardInput)

  init(path: String) throws(DatasetError) {
    let isGzip = try FileBytes(path: path).read(upTo: 2) == [0x1F, 0x8B]
    self =
      isGzip ? .gzip(try GzipStream(FileBytes(path: path))) : .file(try FileBytes(path: path))
  }

  mutating func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
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
