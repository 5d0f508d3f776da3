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
    var reader = try IDXReader(path: path, rank: rank)
    var elements: [UInt8] = []
    if reader.isCounted { elements.reserveCapacity(reader.left) }
    while reader.left > 0 { elements += try reader.read(upTo: 1 << 20) }
    try reader.finish()
    dimensions = reader.dimensions
    self.elements = elements
    self.path = path
  }
}
