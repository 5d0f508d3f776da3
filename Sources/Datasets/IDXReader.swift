/// An IDX file as it is read: its header, then its elements in parts, so that memory is that of a part.
package struct IDXReader {
  /// The dimensions, 1 to 4 of them.
  package let dimensions: [Int]
  /// Elements that are not read yet.
  package private(set) var left: Int
  /// Whether the file's size agrees with its header: of gzip that is seen at the end.
  package let isCounted: Bool
  private let path: String
  private let need: Int
  private var bytes: AnyBytes

  /// Reads the header.
  ///
  /// - Parameters:
  ///   - path: a regular file, plain or gzip.
  ///   - rank: the wanted number of dimensions: 3 for images, 1 for labels.
  /// - Throws: `DatasetError` for anything that does not begin as one whole IDX file of that rank.
  package init(path: String, rank: Int) throws(DatasetError) {
    self.path = path
    bytes = try AnyBytes(path: path)
    let magic = try bytes.read(upTo: 4)
    if magic.starts(with: [0x1F, 0x8B]) { throw .compressedTwice(path: path) }
    if let kind = magic.first.flatMap(Self.kindOfText) {
      throw .notADataset(
        path: path, looksLike: kind, firstBytes: magic + (try bytes.read(upTo: 12)))
    }
    guard magic.count == 4 else { throw .truncatedHeader(path: path, have: magic.count, need: 4) }
    try Self.checkMagic(magic, path: path, rank: rank)
    let sizes = try bytes.read(upTo: 4 * rank)
    guard sizes.count == 4 * rank else {
      throw .truncatedHeader(path: path, have: 4 + sizes.count, need: 4 + 4 * rank)
    }
    let dimensions = (0..<rank).map { dimension in
      sizes[4 * dimension..<4 * dimension + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    var need = 1
    for dimension in dimensions {
      let (product, overflow) = need.multipliedReportingOverflow(by: dimension)
      guard !overflow, product <= IDXArray.maximumElements else {
        throw .sizeOverflow(path: path, dimensions: dimensions)
      }
      need = product
    }
    if let size = bytes.size {
      let have = size - 4 - 4 * rank
      guard have >= need else { throw .truncatedData(path: path, have: have, need: need) }
      guard have == need else {
        throw .trailingData(path: path, bytes: have - need, atLeast: false)
      }
    }
    (self.dimensions, self.need, left, isCounted) = (dimensions, need, need, bytes.size != nil)
  }

  /// The next elements, `count` of them, or those that are left.
  ///
  /// - Throws: `DatasetError.truncatedData`, and faults of gzip.
  package mutating func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
    let wanted = min(count, left)
    var elements: [UInt8] = []
    while elements.count < wanted {
      let part = try bytes.read(upTo: wanted - elements.count)
      guard !part.isEmpty else {
        throw .truncatedData(path: path, have: need - left + elements.count, need: need)
      }
      elements += part
    }
    left -= wanted
    return elements
  }

  /// Checks that nothing follows; also makes gzip check its trailer.
  package mutating func finish() throws(DatasetError) {
    guard try bytes.read(upTo: 1).isEmpty else {
      throw .trailingData(path: path, bytes: 1, atLeast: true)
    }
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
