/// What can be wrong with a dataset on disk. Every case names the file.
public enum DatasetError: Error, Equatable, Sendable {
  /// There is nothing at this path.
  case missing(path: String)
  /// The folder holds no file of one of the names looked for.
  case missingFile(folder: String, names: [String])
  /// The path is a directory, a pipe or a device.
  case notARegularFile(path: String)
  /// The path is empty or holds a NUL.
  case invalidPath(path: String)
  /// The system refused to open or read.
  case io(path: String, operation: String, reason: String)
  /// The start of the file is text of some kind (a web page, JSON): not a dataset.
  case notADataset(path: String, looksLike: String, firstBytes: [UInt8])
  /// The file ends within its header.
  case truncatedHeader(path: String, have: Int, need: Int)
  /// The magic number is not that of an IDX file.
  case badMagic(path: String, found: UInt32, expected: UInt32, hint: String?)
  /// The element type is none that IDX has.
  case unknownElementType(path: String, code: UInt8)
  /// An IDX file of another element type than unsigned bytes.
  case wrongElementType(path: String, found: String, wanted: String)
  /// The number of dimensions is not 1...4.
  case badRank(path: String, found: Int)
  /// The dimensions are those of another kind of file: labels where images belong, or the reverse.
  case wrongKind(path: String, foundRank: Int, expectedRank: Int)
  /// The product of the dimensions is beyond the limit.
  case sizeOverflow(path: String, dimensions: [Int])
  /// The file ends before the data that its header promises.
  case truncatedData(path: String, have: Int, need: Int)
  /// The file goes on after the data that its header promises.
  case trailingData(path: String, bytes: Int, atLeast: Bool)
  /// No images, or images of no pixels.
  case emptyDataset(path: String, dimensions: [Int])
  /// Images and labels differ in number.
  case countMismatch(images: Int, labels: Int, path: String)
  /// A label outside the classes.
  case labelOutOfRange(path: String, index: Int, value: Int, classes: Int)
  /// Images of the training and the test part differ in size.
  case shapeMismatch(path: String, found: [Int], expected: [Int])
  /// A row of a table, or an image, is not what the network takes.
  case badRow(path: String, row: Int, reason: String)
  /// A file where a folder is expected.
  case notAFolder(path: String)
  /// The folder holds several datasets, and none is named.
  case severalDatasets(folder: String, names: [String])
  /// An image that cannot be decoded, or not as the network needs it.
  case badImage(path: String, reason: String)
  /// Data of another form than a dataset has.
  case badData(path: String, reason: String)
  /// The gzip stream ends too early.
  case gzipTruncated(path: String, offset: Int)
  /// The deflate data is damaged.
  case gzipCorrupt(path: String, offset: Int, reason: String)
  /// The checksum of the data is not the stored one.
  case gzipChecksum(path: String, found: UInt32, expected: UInt32)
  /// The length of the data is not the stored one.
  case gzipLength(path: String, found: UInt32, expected: UInt32)
  /// A gzip header with a compression method other than deflate.
  case gzipMethod(path: String, found: UInt8)
  /// A gzip header with reserved flags.
  case gzipReservedFlags(path: String, found: UInt8)
  /// What the gzip holds is gzip again.
  case compressedTwice(path: String)
}

extension DatasetError: CustomStringConvertible {
  /// The file, the place, what was found and what was expected.
  public var description: String {
    func hex(_ value: UInt32) -> String {
      let digits = String(value, radix: 16, uppercase: true)
      return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
    func shape(_ dimensions: [Int]) -> String {
      dimensions.map(String.init).joined(separator: " x ")
    }
    switch self {
    case .missing(let path): return "\(path): no such file or folder"
    case .missingFile(let folder, let names):
      return "\(folder): expected one of the files " + names.joined(separator: ", ")
    case .notARegularFile(let path): return "\(path): not a regular file"
    case .invalidPath(let path): return "\(path.debugDescription): not a usable path"
    case .io(let path, let operation, let reason): return "\(path): cannot \(operation): \(reason)"
    case .notADataset(let path, let looksLike, let firstBytes):
      let shown = firstBytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }
      return "\(path): not an IDX file but \(looksLike); first bytes "
        + shown.joined(separator: " ")
    case .truncatedHeader(let path, let have, let need):
      return "\(path): the header ends at byte \(have), expected \(need) bytes"
    case .badMagic(let path, let found, let expected, let hint):
      return "\(path), offset 0: magic number \(hex(found)), expected \(hex(expected))"
        + (hint.map { "; \($0)" } ?? "")
    case .unknownElementType(let path, let code):
      return "\(path), offset 2: element type \(hex(UInt32(code))) is none that IDX has"
    case .wrongElementType(let path, let found, let wanted):
      return "\(path), offset 2: elements of type \(found), expected \(wanted)"
    case .badRank(let path, let found):
      return "\(path), offset 3: \(found) dimensions, expected 1...4"
    case .wrongKind(let path, let found, let expected):
      return "\(path), offset 3: \(found) dimensions, expected \(expected); "
        + (expected == 3 ? "are these labels, not images?" : "are these images, not labels?")
    case .sizeOverflow(let path, let dimensions):
      return "\(path), offset 4: dimensions \(shape(dimensions)) are more than "
        + "\(IDXArray.maximumElements) elements"
    case .truncatedData(let path, let have, let need):
      return "\(path): the file ends after \(have) bytes of data, its header promises \(need)"
    case .trailingData(let path, let bytes, let atLeast):
      return "\(path): \(atLeast ? "at least " : "")\(bytes) bytes after the data that its header "
        + "promises"
    case .emptyDataset(let path, let dimensions):
      return "\(path): an empty dataset, dimensions \(shape(dimensions))"
    case .countMismatch(let images, let labels, let path):
      return "\(path): \(labels) labels for \(images) images"
    case .labelOutOfRange(let path, let index, let value, let classes):
      return "\(path), label \(index): found \(value), expected 0...\(classes - 1)"
    case .shapeMismatch(let path, let found, let expected):
      return "\(path): images of \(shape(found)), expected \(shape(expected))"
    case .badRow(let path, let row, let reason): return "\(path), row \(row): \(reason)"
    case .notAFolder(let path): return "\(path): not a folder"
    case .severalDatasets(let folder, let names):
      return "\(folder): several datasets: \(names.joined(separator: ", ")); say which: --dataset "
        + "\(names.first ?? "NAME") --data \(folder)"
    case .badImage(let path, let reason), .badData(let path, let reason):
      return "\(path): \(reason)"
    case .gzipTruncated(let path, let offset):
      return "\(path), offset \(offset): the gzip stream ends before its end marker"
    case .gzipCorrupt(let path, let offset, let reason):
      return "\(path), near offset \(offset): damaged gzip data: \(reason)"
    case .gzipChecksum(let path, let found, let expected):
      return "\(path): gzip CRC-32 of the data is \(hex(found)), expected \(hex(expected))"
    case .gzipLength(let path, let found, let expected):
      return "\(path): gzip length of the data is \(found), expected \(expected)"
    case .gzipMethod(let path, let found):
      return "\(path): gzip method \(found), expected 8 (deflate)"
    case .gzipReservedFlags(let path, let found):
      return "\(path): gzip header with reserved flags \(hex(UInt32(found)))"
    case .compressedTwice(let path):
      return "\(path): compressed twice: the gzip holds gzip again (magic 1F 8B)"
    }
  }

  /// Whether the cause is that something is not there, rather than wrong.
  public var isMissingInput: Bool {
    switch self {
    case .missing, .missingFile: true
    default: false
    }
  }

  /// Whether the cause is the system, rather than the data.
  public var isInputOutput: Bool {
    if case .io = self { true } else { false }
  }
}
