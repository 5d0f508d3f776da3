internal import Files

/// Inputs of a network in a file, one after the other, without labels: images in an IDX file, or rows of numbers.
public struct InputFile {
  /// The longest line of a table, in bytes: numbers of the widest input.
  private static let maximumLine = 1 << 25

  /// Where they come from; `-` is standard input.
  public let path: String
  private let inputs: Int
  private let divisor: Float?
  private let images: IDXArray?
  private var next = 0
  private var line = 0
  private var lines: TextLines?

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: IDX, plain or gzip, or a table: a row an input, numbers with commas, semicolons or white space between,
  ///     a first row of names left out; `-` reads a table from standard input.
  ///   - inputs: numbers of each.
  ///   - divisor: what numbers are divided by; `nil`: pixels of IDX by 255, numbers of a table by 1.
  /// - Throws: `DatasetError`.
  public init(path: String, inputs: Int, divisor: Float? = nil) throws(DatasetError) {
    (self.path, self.inputs, self.divisor) = (path, inputs, divisor)
    guard path != "-" else {
      (images, lines) = (nil, TextLines(nil))
      return
    }
    let bytes = try FileBytes(path: path)
    let start = try bytes.read(upTo: 4)
    guard start.starts(with: [0x1F, 0x8B]) || start == [0, 0, 8, 3] else {
      (images, lines) = (nil, TextLines(try FileBytes(path: path)))
      return
    }
    let images = try IDXArray(contentsOf: path, rank: 3)
    let pixels = images.dimensions[1] * images.dimensions[2]
    guard pixels == inputs else {
      throw .badRow(
        path: path, row: 1,
        reason:
          "images of \(images.dimensions[1]) x \(images.dimensions[2]) pixels, expected \(inputs) inputs"
      )
    }
    (self.images, lines) = (images, nil)
  }

  /// The next input; `nil` at the end.
  ///
  /// - Throws: `DatasetError`, with the row.
  public mutating func read() throws(DatasetError) -> [Float]? {
    if let images {
      guard next < images.dimensions[0] else { return nil }
      let start = next * inputs
      next += 1
      let divisor = divisor ?? 255
      return images.elements[start..<start + inputs].map { Float($0) / divisor }
    }
    while let text = try lines!.next(path: path, longest: Self.maximumLine) {
      line += 1
      let fields = text.split { [0x2C, 0x3B, 0x20, 0x09, 0x0D].contains($0) }
      if fields.isEmpty { continue }
      let numbers = fields.map { Float(String(decoding: $0, as: UTF8.self)) }
      if line == 1, numbers.allSatisfy({ $0 == nil }) { continue }
      guard let place = numbers.firstIndex(where: { !($0?.isFinite ?? false) }) else {
        guard numbers.count == inputs else {
          throw .badRow(
            path: path, row: line, reason: "\(numbers.count) numbers, expected \(inputs)")
        }
        next += 1
        let divisor = divisor ?? 1
        return numbers.map { $0! / divisor }
      }
      throw .badRow(
        path: path, row: line,
        reason:
          "column \(place + 1) is \(String(decoding: fields[place].prefix(40), as: UTF8.self).debugDescription), "
          + "expected a finite number")
    }
    return nil
  }
}

/// Lines of a file, or of standard input, read in parts.
private struct TextLines {
  private var file: FileBytes?
  private let isInput: Bool
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false

  init(_ file: FileBytes?) {
    self.file = file
    isInput = file == nil
  }

  mutating func next(path: String, longest: Int) throws(DatasetError) -> ArraySlice<UInt8>? {
    if isInput { return readLine(strippingNewline: true).map { Array($0.utf8)[...] } }
    while true {
      if let end = buffer[start...].firstIndex(of: 0x0A) {
        defer { start = end + 1 }
        return buffer[start..<end]
      }
      guard !isAtEnd else {
        guard start < buffer.count else { return nil }
        defer { start = buffer.count }
        return buffer[start...]
      }
      guard buffer.count - start <= longest else {
        throw .badRow(path: path, row: 1, reason: "a line of more than \(longest) bytes")
      }
      buffer.removeSubrange(..<start)
      start = 0
      let part = try file!.read(upTo: 1 << 20)
      isAtEnd = part.isEmpty
      buffer += part
    }
  }
}
