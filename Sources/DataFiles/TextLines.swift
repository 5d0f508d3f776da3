internal import Datasets

/// Lines of some bytes, read in parts.
struct TextLines {
  /// The longest line, in bytes: numbers of the widest input.
  static var maximumLine: Int { 1 << 25 }

  private var source: AnyBytes
  private let path: String
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  /// The number of the line that was read last, from 1 on.
  private(set) var line = 0

  init(_ source: AnyBytes, path: String) { (self.source, self.path) = (source, path) }

  /// Whether a whole line is there, so that the next does not wait.
  var isReady: Bool { buffer[start...].contains(0x0A) }

  /// The next line without its line feed; `nil` at the end.
  mutating func next() throws(DatasetError) -> ArraySlice<UInt8>? {
    var looked = start
    while true {
      if let end = buffer[looked...].firstIndex(of: 0x0A) {
        defer { start = end + 1 }
        line += 1
        return buffer[start..<end]
      }
      guard !isAtEnd else {
        guard start < buffer.count else { return nil }
        defer { start = buffer.count }
        line += 1
        return buffer[start...]
      }
      guard buffer.count - start <= Self.maximumLine else {
        throw .badRow(
          path: path, row: line + 1, reason: "a line of more than \(Self.maximumLine) bytes")
      }
      buffer.removeSubrange(..<start)
      start = 0
      looked = buffer.count
      let part = try source.read(upTo: 1 << 20)
      isAtEnd = part.isEmpty
      buffer += part
    }
  }
}

/// Numbers in digits.
enum DecimalNumber {
  /// A finite number, with white space around it or none; `nil` for anything else.
  static func parse(_ text: ArraySlice<UInt8>) -> Float? {
    // Most are whole and short: those of tables of pixels.
    if let first = text.first, text.count <= 7, (0x30...0x39).contains(first) {
      var value = 0
      for byte in text {
        guard (0x30...0x39).contains(byte) else { return general(text) }
        value = value * 10 + Int(byte) - 0x30
      }
      return Float(value)
    }
    return general(text)
  }

  private static func general(_ text: ArraySlice<UInt8>) -> Float? {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    let bare = text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    // Decimal alone: Swift would read 0x10 and nan, too.
    let isDecimal = bare.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
    guard isDecimal, let number = Float(String(decoding: bare, as: UTF8.self)), number.isFinite
    else { return nil }
    return number
  }
}
