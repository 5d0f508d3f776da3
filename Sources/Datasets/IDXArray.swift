/// An IDX file of unsigned bytes, plain or gzip: the format of MNIST and its kin.
///
/// Layout (Y. LeCun, http://yann.lecun.com/exdb/mnist): two zero bytes, the element type (0x08,
/// unsigned byte), the number of dimensions, each dimension as a big-endian UInt32, then the
/// elements, last dimension fastest.
///
/// A file that starts with gzip's 1F 8B is inflated, whatever its name.
public struct IDXArray: Sendable, Equatable {
  /// The most elements that are accepted, 2^31.
  public static let maximumElements = 1 << 31

  /// The dimensions, 1 to 4 of them; images have (count, rows, columns).
  public let dimensions: [Int]
  /// The elements, row-major.
  public let elements: [UInt8]
  /// Where it was read from.
  public let path: String

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: a regular file.
  ///   - rank: the wanted number of dimensions: 3 for images, 1 for labels.
  /// - Throws: `DatasetError` for anything that is not exactly one whole IDX file of that rank.
  ///   Nothing is allocated on the word of a header: plain files are compared with their size
  ///   first, gzip data grows as it arrives.
  public init(contentsOf path: String, rank: Int) throws(DatasetError) {
    let probe = try FileBytes(path: path)
    if try probe.read(upTo: 2) == [0x1F, 0x8B] {
      var stream = try GzipStream(FileBytes(path: path))
      try self.init(&stream, path: path, rank: rank, size: nil)
    } else {
      var file = try FileBytes(path: path)
      try self.init(&file, path: path, rank: rank, size: file.size)
    }
  }

  private init(
    _ stream: inout some ByteStream, path: String, rank: Int, size: Int?
  ) throws(DatasetError) {
    let magic = try stream.read(upTo: 4)
    if magic.starts(with: [0x1F, 0x8B]) { throw .compressedTwice(path: path) }
    let shown = magic.first.flatMap(Self.kindOfText) == nil ? [] : try stream.read(upTo: 12)
    if let kind = magic.first.flatMap(Self.kindOfText) {
      throw .notADataset(path: path, looksLike: kind, firstBytes: magic + shown)
    }
    guard magic.count == 4 else { throw .truncatedHeader(path: path, have: magic.count, need: 4) }
    try Self.checkMagic(magic, path: path, rank: rank)
    let sizes = try stream.read(upTo: 4 * rank)
    guard sizes.count == 4 * rank else {
      throw .truncatedHeader(path: path, have: 4 + sizes.count, need: 4 + 4 * rank)
    }
    let dimensions = (0..<rank).map { dimension in
      sizes[4 * dimension..<4 * dimension + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    var need = 1
    for dimension in dimensions {
      let (product, overflow) = need.multipliedReportingOverflow(by: dimension)
      guard !overflow, product <= Self.maximumElements else {
        throw .sizeOverflow(path: path, dimensions: dimensions)
      }
      need = product
    }
    let header = 4 + 4 * rank
    if let size {
      guard size - header >= need else {
        throw .truncatedData(path: path, have: size - header, need: need)
      }
      guard size - header == need else {
        throw .trailingData(path: path, bytes: size - header - need, atLeast: false)
      }
    }
    var elements: [UInt8] = []
    if size != nil { elements.reserveCapacity(need) }
    while elements.count < need {
      let bytes = try stream.read(upTo: min(need - elements.count, 1 << 20))
      guard !bytes.isEmpty else {
        throw .truncatedData(path: path, have: elements.count, need: need)
      }
      elements += bytes
    }
    // Also makes a gzip stream check its trailer.
    guard try stream.read(upTo: 1).isEmpty else {
      throw .trailingData(path: path, bytes: 1, atLeast: true)
    }
    self.dimensions = dimensions
    self.elements = elements
    self.path = path
  }

  private static func kindOfText(_ first: UInt8) -> String? {
    switch first {
    case UInt8(ascii: "<"): "HTML or XML; a mirror may have sent a web page"
    case UInt8(ascii: "{"), UInt8(ascii: "["): "JSON"
    default: nil
    }
  }

  private static func checkMagic(
    _ magic: [UInt8], path: String, rank: Int
  ) throws(DatasetError) {
    let found = magic.reduce(0) { $0 << 8 | UInt32($1) }
    let expected = 0x0800 | UInt32(rank)
    guard magic[0] == 0, magic[1] == 0 else {
      throw .badMagic(
        path: path, found: found, expected: expected,
        hint: found.byteSwapped == expected ? "the header is byte-swapped" : nil)
    }
    switch magic[2] {
    case 0x08: break
    case 0x09: throw .wrongElementType(path: path, found: "Int8", wanted: "UInt8")
    case 0x0B: throw .wrongElementType(path: path, found: "Int16", wanted: "UInt8")
    case 0x0C: throw .wrongElementType(path: path, found: "Int32", wanted: "UInt8")
    case 0x0D: throw .wrongElementType(path: path, found: "Float", wanted: "UInt8")
    case 0x0E: throw .wrongElementType(path: path, found: "Double", wanted: "UInt8")
    default: throw .unknownElementType(path: path, code: magic[2])
    }
    guard 1...4 ~= Int(magic[3]) else { throw .badRank(path: path, found: Int(magic[3])) }
    guard Int(magic[3]) == rank else {
      throw .wrongKind(path: path, foundRank: Int(magic[3]), expectedRank: rank)
    }
  }
}
