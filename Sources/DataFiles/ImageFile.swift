public import Datasets

/// Reads images: PNG, JPEG, and the PGM and PPM of Netpbm, told by their first bytes.
public enum ImageFile {
  /// The most numbers of an image: the widest input of a network.
  package static let maximumValues = 1 << 20
  /// The largest file that is read: an image of so many numbers, uncompressed, with room for texts and profiles.
  package static let maximumBytes = 1 << 26

  /// Kinds that are read.
  enum Kind {
    case png, jpeg, netpbm

    init?(start: some Collection<UInt8>) {
      if start.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
        self = .png
      } else if start.starts(with: [0xFF, 0xD8, 0xFF]) {
        self = .jpeg
      } else if NetpbmReader.isStart(start) {
        self = .netpbm
      } else {
        return nil
      }
    }
  }

  /// Whether bytes are the start of an image that is read.
  public static func isImage(start: [UInt8]) -> Bool { Kind(start: start) != nil }

  /// Reads an image.
  ///
  /// - Throws: `DatasetError`: `.badImage` with the decoder's words, images of more than 2^20 numbers, transparent
  ///   pixels, other kinds of files by their names.
  /// - Complexity: memory for the file and the image, both limited.
  public static func read(path: String) throws(DatasetError) -> DecodedImage {
    let file = try FileBytes(path: path)
    guard file.size <= maximumBytes else {
      throw .badImage(path: path, reason: "\(file.size) bytes, expected at most \(maximumBytes)")
    }
    return try decode(file.read(upTo: file.size), path: path)
  }

  /// Decodes an image in memory.
  ///
  /// - Throws: as `read`.
  public static func decode(_ bytes: [UInt8], path: String) throws(DatasetError) -> DecodedImage {
    switch Kind(start: bytes.prefix(8)) {
    case .png: return try PNGImage.decode(bytes, path: path)
    case .jpeg: return try JPEGImage.decode(bytes, path: path)
    case .netpbm:
      var reader = NetpbmReader(BytesInMemory(bytes), path: path)
      guard let image = try reader.next() else {
        throw .badImage(path: path, reason: "no image in it")
      }
      guard try reader.isAtEnd() else {
        throw .badImage(path: path, reason: "several images in one file")
      }
      return image
    case nil:
      let kind =
        bytes.isEmpty
        ? "an empty file"
        : otherKind(start: Array(bytes.prefix(512))) ?? "no image that is known"
      throw .badImage(path: path, reason: "\(kind), expected PNG, JPEG, PGM or PPM")
    }
  }

  /// The name of a kind of image that is not read.
  static func otherKind(start: [UInt8]) -> String? {
    let kinds: [(bytes: [UInt8], place: Int, name: String)] = [
      (Array("GIF8".utf8), 0, "GIF"), (Array("WEBP".utf8), 8, "WebP"),
      ([0x49, 0x49, 0x2A, 0], 0, "TIFF"), ([0x4D, 0x4D, 0, 0x2A], 0, "TIFF"),
      (Array("P7\n".utf8), 0, "PAM"), (Array("P1\n".utf8), 0, "a PBM bitmap"),
      (Array("P4\n".utf8), 0, "a PBM bitmap"), (Array("ftyp".utf8), 4, "HEIF or AVIF"),
    ]
    // A table may begin with BMI.
    if start.starts(with: Array("BM".utf8)), start.contains(0) { return "BMP" }
    return kinds.first { start.dropFirst($0.place).starts(with: $0.bytes) }?.name
  }

  /// An image of bytes, or of numbers of two bytes, high byte first, once alpha is gone.
  ///
  /// - Throws: `.badImage` for a pixel that is not opaque: what is behind it is not known.
  static func image(
    _ pixels: [UInt8], height: Int, width: Int, channels: Int, bytes: Int, path: String
  ) throws(DatasetError) -> DecodedImage {
    let largest: UInt32 = bytes == 1 ? 255 : 65_535
    let colours = channels == 2 ? 1 : channels == 4 ? 3 : channels
    var values: [Float] = []
    values.reserveCapacity(height * width * colours)
    var place = 0
    for pixel in 0..<height * width {
      for channel in 0..<channels {
        var number = UInt32(pixels[place])
        if bytes == 2 { number = number << 8 | UInt32(pixels[place + 1]) }
        place += bytes
        if channel < colours {
          values.append(Float(number) / Float(largest))
        } else if number != largest {
          throw .badImage(
            path: path,
            reason:
              "pixel \(pixel % width), \(pixel / width) is transparent, and what is behind it is not known: "
              + "save it without an alpha channel")
        }
      }
    }
    return DecodedImage(height: height, width: width, channels: colours, values: values)
  }
}

/// Bytes that are there already.
struct BytesInMemory: ByteStream {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  mutating func read(upTo count: Int) -> [UInt8] {
    let part = Array(bytes.prefix(count))
    bytes = bytes.dropFirst(count)
    return part
  }
}
