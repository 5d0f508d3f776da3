/// JSON as strict as RFC 8259, for headers from strangers: names twice are a fault, nesting has a
/// limit, numbers stay text.
package indirect enum HeaderJSON {
  /// A named value of an object.
  package struct Member {
    package let name: String
    package let value: HeaderJSON
  }

  case object([Member])
  case array([HeaderJSON])
  case string(String)
  case number(String)
  case bool(Bool)
  case null

  /// The deepest nesting that is read: a safetensors header needs 3.
  package static let maximumDepth = 8

  /// Parses UTF-8 text, white space around it allowed.
  ///
  /// - Throws: `HeaderJSONFault`.
  package static func parse(_ bytes: [UInt8]) throws(HeaderJSONFault) -> HeaderJSON {
    try checkUTF8(bytes)
    var parser = Parser(bytes: bytes)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.next == bytes.count else { throw parser.fault("the end") }
    return value
  }

  private static func checkUTF8(_ bytes: [UInt8]) throws(HeaderJSONFault) {
    guard String(validating: bytes, as: UTF8.self) == nil else { return }
    // The longest valid beginning, found by halves.
    var (valid, invalid) = (0, bytes.count)
    while invalid - valid > 1 {
      let middle = (valid + invalid) / 2
      if isValidPrefix(bytes[..<middle]) { valid = middle } else { invalid = middle }
    }
    throw .notUTF8(offset: valid)
  }

  /// Whether `bytes` are UTF-8, but for a character cut off at the end.
  private static func isValidPrefix(_ bytes: ArraySlice<UInt8>) -> Bool {
    (0..<4).contains { String(validating: bytes.dropLast($0), as: UTF8.self) != nil }
  }
}

/// What is wrong with a header's text.
package enum HeaderJSONFault: Error, Equatable {
  /// A byte of the header is no UTF-8.
  case notUTF8(offset: Int)
  /// At a byte of the header something else was expected.
  case notJSON(offset: Int, expected: String)
  /// An object has a name twice.
  case duplicateName(String)
}

private struct Parser {
  let bytes: [UInt8]
  var next = 0

  private var byte: UInt8? { next < bytes.count ? bytes[next] : nil }

  func fault(_ expected: String) -> HeaderJSONFault {
    .notJSON(offset: next, expected: expected)
  }

  mutating func skipSpace() {
    while let byte, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { next += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    guard byte == character.asciiValue else { return false }
    next += 1
    return true
  }

  private mutating func require(_ character: Character) throws(HeaderJSONFault) {
    guard take(character) else { throw fault("'\(character)'") }
  }

  mutating func value(depth: Int) throws(HeaderJSONFault) -> HeaderJSON {
    guard depth <= HeaderJSON.maximumDepth else {
      throw fault("at most \(HeaderJSON.maximumDepth) levels of nesting")
    }
    skipSpace()
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(
    _ text: String, _ value: HeaderJSON
  ) throws(HeaderJSONFault) -> HeaderJSON {
    guard bytes[next...].starts(with: text.utf8) else { throw fault("a value") }
    next += text.utf8.count
    return value
  }

  private mutating func object(depth: Int) throws(HeaderJSONFault) -> HeaderJSON {
    try require("{")
    var members: [HeaderJSON.Member] = []
    var names: Set<String> = []
    skipSpace()
    if take("}") { return .object([]) }
    repeat {
      skipSpace()
      let name = try string()
      guard names.insert(name).inserted else { throw .duplicateName(name) }
      skipSpace()
      try require(":")
      members.append(.init(name: name, value: try value(depth: depth + 1)))
      skipSpace()
    } while take(",")
    try require("}")
    return .object(members)
  }

  private mutating func array(depth: Int) throws(HeaderJSONFault) -> HeaderJSON {
    try require("[")
    var elements: [HeaderJSON] = []
    skipSpace()
    if take("]") { return .array([]) }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while take(",")
    try require("]")
    return .array(elements)
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  private mutating func number() throws(HeaderJSONFault) -> HeaderJSON {
    let start = next
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    return .number(String(decoding: bytes[start..<next], as: UTF8.self))
  }

  private mutating func digits() throws(HeaderJSONFault) {
    let start = next
    while let byte, (0x30...0x39).contains(byte) { next += 1 }
    guard next > start else { throw fault("a value") }
  }

  private mutating func string() throws(HeaderJSONFault) -> String {
    guard take("\"") else { throw fault("'\"'") }
    var text: [UInt8] = []
    while let byte, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw fault("no control character in a string") }
      next += 1
      if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
    }
    guard take("\"") else { throw fault("'\"' at the end of a string") }
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func escape(into text: inout [UInt8]) throws(HeaderJSONFault) {
    let plain: [Character: UInt8] = [
      "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
    ]
    guard let byte else { throw fault("an escape") }
    if let value = plain[Character(UnicodeScalar(byte))] {
      next += 1
      text.append(value)
      return
    }
    guard take("u") else { throw fault("an escape") }
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code) {
      guard take("\\"), take("u") else { throw fault("the second half of a surrogate pair") }
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low) else {
        throw fault("the second half of a surrogate pair")
      }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = UnicodeScalar(code) else { throw fault("a character, not half of one") }
    text += Array(String(Character(scalar)).utf8)
  }

  private mutating func hexadecimal() throws(HeaderJSONFault) -> UInt32 {
    guard next + 4 <= bytes.count,
      bytes[next..<next + 4].allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: bytes[next..<next + 4], as: UTF8.self), radix: 16)
    else { throw fault("four hexadecimal digits") }
    next += 4
    return value
  }
}
