package import Datasets

/// Grey and coloured images of Netpbm, one after the other: P2 and P3 in digits, P5 and P6 in bytes.
///
/// Source: Netpbm, *PGM Format Specification*, https://netpbm.sourceforge.net/doc/pgm.html.
package struct NetpbmReader<Source: ByteStream> {
  private var source: Source
  private let path: String
  private var buffer: [UInt8] = []
  private var place = 0
  private var images = 0

  package init(_ source: Source, path: String) {
    (self.source, self.path) = (source, path)
  }

  /// Whether no byte but white space is left.
  package mutating func isAtEnd() throws(DatasetError) -> Bool {
    while let byte = try peek() {
      guard Self.isSpace(byte) else { return false }
      place += 1
    }
    return true
  }

  /// The next image; `nil` at the end.
  ///
  /// - Throws: `DatasetError.badImage`.
  package mutating func next() throws(DatasetError) -> DecodedImage? {
    guard try !isAtEnd() else { return nil }
    let magic = try [take(), take()]
    guard magic[0] == UInt8(ascii: "P"), [0x32, 0x33, 0x35, 0x36].contains(magic[1]) else {
      throw fault("expected P2, P3, P5 or P6 of a grey or coloured image")
    }
    let isColoured = magic[1] == 0x33 || magic[1] == 0x36
    let isBinary = magic[1] >= 0x35
    let (width, height) = (try number(most: 1 << 20), try number(most: 1 << 20))
    let largest = try number(most: 65_535)
    let channels = isColoured ? 3 : 1
    guard width > 0, height > 0, largest > 0 else { throw fault("a size or a maximum of 0") }
    guard width * height * channels <= ImageFile.maximumValues else {
      throw fault(
        "\(width) x \(height) pixels are more numbers than a network can take: "
          + "\(ImageFile.maximumValues)")
    }
    // One white space ends the header.
    if isBinary {
      guard Self.isSpace(try take()) else { throw fault("expected white space after the maximum") }
    }
    var values: [Float] = []
    for _ in 0..<width * height * channels {
      var value = 0
      if isBinary {
        value = Int(try take())
        if largest > 255 { value = value << 8 | Int(try take()) }
      } else {
        value = try number(most: 65_535)
      }
      guard value <= largest else {
        throw fault("a pixel of \(value), where the maximum is \(largest)")
      }
      values.append(Float(value) / Float(largest))
    }
    images += 1
    return DecodedImage(height: height, width: width, channels: channels, values: values)
  }

  private func fault(_ reason: String) -> DatasetError {
    .badImage(path: path, reason: "Netpbm image \(images + 1): \(reason)")
  }

  private mutating func peek() throws(DatasetError) -> UInt8? {
    if place == buffer.count {
      buffer = try source.read(upTo: 1 << 16)
      place = 0
    }
    return place < buffer.count ? buffer[place] : nil
  }

  private mutating func take() throws(DatasetError) -> UInt8 {
    guard let byte = try peek() else { throw fault("it is cut off") }
    place += 1
    return byte
  }

  /// A number in digits, after white space and comments; what follows it stays.
  private mutating func number(most: Int) throws(DatasetError) -> Int {
    while let byte = try peek(), Self.isSpace(byte) || byte == UInt8(ascii: "#") {
      if byte == UInt8(ascii: "#") {
        while let next = try peek(), next != 0x0A { place += 1 }
      } else {
        place += 1
      }
    }
    var (value, digits) = (0, 0)
    while let byte = try peek(), (0x30...0x39).contains(byte) {
      value = value * 10 + Int(byte) - 0x30
      digits += 1
      guard value <= most else { throw fault("a number beyond \(most)") }
      place += 1
    }
    guard digits > 0 else {
      throw fault(try peek() == nil ? "it is cut off" : "expected a number in digits")
    }
    return value
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}

extension NetpbmReader where Source == BytesInMemory {
  /// `P2`, `P3`, `P5` or `P6`, white space, and a number or a comment: a table may have a column P2.
  static func isStart(_ bytes: some Collection<UInt8>) -> Bool {
    let start = Array(bytes.prefix(64))
    guard start.count > 3, start[0] == UInt8(ascii: "P"),
      [0x32, 0x33, 0x35, 0x36].contains(start[1]),
      isSpace(start[2]) || start[2] == UInt8(ascii: "#"),
      let next = start[2...].first(where: { !isSpace($0) })
    else { return false }
    return (0x30...0x39).contains(next) || next == UInt8(ascii: "#")
  }
}
