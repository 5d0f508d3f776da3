public import Datasets

/// An image from a file, as its file has it.
public struct DecodedImage: Sendable, Equatable {
  /// Rows of pixels.
  public let height: Int
  /// Pixels of a row.
  public let width: Int
  /// 1: grey, 3: red, green, blue.
  public let channels: Int
  /// Numbers from 0 to 1, a row after the other, all channels of a pixel side by side.
  public let values: [Float]

  /// An image.
  ///
  /// - Precondition: as many values as the sizes say.
  public init(height: Int, width: Int, channels: Int, values: [Float]) {
    precondition(values.count == height * width * channels, "\(values.count) values")
    (self.height, self.width, self.channels, self.values) = (height, width, channels, values)
  }

  /// Whether red, green and blue are equal everywhere: a grey image in a coloured file.
  public var isGrey: Bool {
    guard channels == 3 else { return true }
    return stride(from: 0, to: values.count, by: 3).allSatisfy { (place: Int) -> Bool in
      values[place] == values[place + 1] && values[place] == values[place + 2]
    }
  }

  /// One number a pixel: the first channel of an image whose channels are equal, else the luma of ITU-R BT.601,
  /// `0.299 R + 0.587 G + 0.114 B`, as Pillow's `convert("L")` has before it rounds.
  public var grey: [Float] {
    guard channels == 3 else { return values }
    let isGrey = isGrey
    return stride(from: 0, to: values.count, by: 3).map { (place: Int) -> Float in
      if isGrey { return values[place] }
      let red: Float = 0.299 * values[place]
      let green: Float = 0.587 * values[place + 1]
      return red + green + 0.114 * values[place + 2]
    }
  }

  /// Three numbers a pixel; those of a grey image are equal.
  ///
  /// - Parameter order: whether colours follow each other plane by plane, or pixel by pixel.
  public func coloured(_ order: Dataset.ChannelOrder) -> [Float] {
    let pixels = height * width
    return (0..<3 * pixels).map { index in
      let (pixel, channel) =
        order == .first ? (index % pixels, index / pixels) : (index / 3, index % 3)
      return values[channels == 1 ? pixel : 3 * pixel + channel]
    }
  }
}

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
    case nil: throw .badImage(path: path, reason: unread(bytes))
    }
  }

  /// A word for what is not read.
  private static func unread(_ bytes: [UInt8]) -> String {
    let kinds: [(bytes: [UInt8], place: Int, name: String)] = [
      (Array("GIF8".utf8), 0, "GIF"), (Array("BM".utf8), 0, "BMP"),
      (Array("WEBP".utf8), 8, "WebP"), ([0x49, 0x49, 0x2A, 0], 0, "TIFF"),
      ([0x4D, 0x4D, 0, 0x2A], 0, "TIFF"), (Array("P7".utf8), 0, "PAM"),
      (Array("P1".utf8), 0, "a PBM bitmap"), (Array("P4".utf8), 0, "a PBM bitmap"),
      (Array("ftyp".utf8), 4, "HEIF or AVIF"),
    ]
    let kind = kinds.first { bytes.dropFirst($0.place).starts(with: $0.bytes) }?.name
    let found =
      kind ?? (bytes.isEmpty ? "an empty file" : "no image that is known")
    return "\(found), expected PNG, JPEG, PGM or PPM"
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
