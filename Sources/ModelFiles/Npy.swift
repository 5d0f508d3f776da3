internal import Files

/// NumPy's format of one array: a magic string, a header that is a dictionary in Python's words, data.
///
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
enum Npy {
  /// The longest header that is read, as NumPy's own limit.
  static let maximumHeaderBytes = 10_000

  /// An array: numbers that become Float, or only that there is one.
  enum Contents {
    case tensor(NamedTensor)
    case other(TensorNetwork.Other)
  }

  /// An array whose header was read: its data is next.
  fileprivate struct Opened {
    let header: NpyHeader
    let count: Int
    /// Bytes of its data.
    let bytes: Int
  }

  /// Reads the header.
  ///
  /// - Parameters:
  ///   - size: of the whole, in bytes.
  ///   - read: gives so many bytes, the next ones; fewer only at the end.
  /// - Throws: `ModelFileError.Fault.npy`, `.badShape`, `.sizeOverflow`; what `read` throws.
  fileprivate static func open(
    name: String, size: Int, read: (_ bytes: Int) throws -> [UInt8]
  ) throws -> Opened {
    func fault(_ fault: NpyFault) -> ModelFileError.Fault { .npy(array: name, fault) }
    let prefix = try read(10)
    guard prefix.count == 10, prefix.starts(with: magic) else {
      throw fault(.magic(start: Array(prefix.prefix(6))))
    }
    let (major, minor) = (prefix[6], prefix[7])
    guard (1...3).contains(major), minor == 0 else { throw fault(.version(major, minor)) }
    var lengthBytes = Array(prefix[8...])
    if major > 1 { lengthBytes += try read(2) }
    let headerStart = 8 + (major == 1 ? 2 : 4)
    guard lengthBytes.count == headerStart - 8 else {
      throw fault(.truncated(need: headerStart, have: 8 + lengthBytes.count))
    }
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= maximumHeaderBytes else {
      throw fault(.headerTooLarge(found: length, limit: maximumHeaderBytes))
    }
    let start = headerStart + length
    guard size >= start else { throw fault(.truncated(need: start, have: size)) }
    let header: NpyHeader
    do {
      header = try NpyHeader(try read(length)[...])
    } catch let error as NpyFault {
      throw fault(error)
    }
    let count = try elementCount(of: header.shape, tensor: name)
    let (need, overflow) = count.multipliedReportingOverflow(by: header.bytes)
    guard !overflow else { throw ModelFileError.Fault.sizeOverflow(tensor: name) }
    guard size - start >= need else { throw fault(.truncated(need: start + need, have: size)) }
    guard size - start == need else { throw fault(.trailing(bytes: size - start - need)) }
    return Opened(header: header, count: count, bytes: need)
  }

  /// Reads an array of Floats, halves or doubles, in C or Fortran order, of either byte order; of whole numbers and
  /// texts only the header.
  ///
  /// - Throws: as `open`; `.nonFiniteWeight`.
  static func decode(
    name: String, size: Int, read: (_ bytes: Int) throws -> [UInt8]
  ) throws -> Contents {
    let opened = try open(name: name, size: size, read: read)
    let (header, count) = (opened.header, opened.count)
    guard let type = header.type else {
      var left = opened.bytes
      while left > 0 {
        let data = try read(min(left, 1 << 20))
        guard !data.isEmpty else {
          throw ModelFileError.Fault.npy(array: name, .truncated(need: size, have: size - left))
        }
        left -= data.count
      }
      return .other(TensorNetwork.Other(name: name, shape: header.shape, type: header.descr))
    }
    let elements = try type.elements(
      count: count, isBigEndian: header.isBigEndian, tensor: name, read: read)
    return .tensor(
      NamedTensor(
        name: name, shape: header.shape, fileType: type.rawValue,
        elements: header.rowMajor(elements)))
  }

  /// Reads an array of any numbers, or of texts: data, not weights.
  ///
  /// - Throws: as `decode`; what is neither is refused.
  static func data(
    name: String, size: Int, read: (_ bytes: Int) throws -> [UInt8]
  ) throws -> NumPyArray {
    let opened = try open(name: name, size: size, read: read)
    let header = opened.header
    var (elements, texts) = ([Float](), [String]?.none)
    func parts(of bytes: Int, _ body: (_ data: [UInt8]) -> Void) throws {
      let most = max(1, (1 << 20) / bytes) * bytes
      var left = opened.bytes
      while left > 0 {
        let data = try read(min(left, most))
        guard data.count == min(left, most) else {
          throw ModelFileError.Fault.npy(
            array: name, .truncated(need: size, have: size - left + data.count))
        }
        left -= data.count
        body(data)
      }
    }
    if let type = header.type {
      elements = try type.elements(
        count: opened.count, isBigEndian: header.isBigEndian, tensor: name, read: read)
    } else if let type = header.integer {
      elements.reserveCapacity(opened.count)
      try parts(of: type.bytes) {
        type.append($0, to: &elements, isBigEndian: header.isBigEndian)
      }
    } else if header.isText, header.bytes > 0, header.shape.count == 1 || !header.isFortranOrder {
      var all: [String] = []
      try parts(of: header.bytes) { data in
        for start in stride(from: 0, to: data.count, by: header.bytes) {
          all.append(header.text(data[start..<start + header.bytes]))
        }
      }
      texts = all
    } else {
      throw ModelFileError.Fault.npy(array: name, .noNumbers(header.descr))
    }
    return NumPyArray(
      name: name, shape: header.shape, isBytes: header.descr.dropFirst() == "u1",
      elements: header.rowMajor(elements), texts: texts)
  }

  /// The bytes of an array of Floats in C order, as NumPy 1.0 wrote them.
  static func encode(_ tensor: NamedTensor) -> [UInt8] {
    let shape = tensor.shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape)), }"
    // Data begins on a multiple of 64 bytes.
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = header.utf8.count
    return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8)
      + littleEndian(tensor.elements)
  }

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
}

/// What can be wrong with an array in NumPy's format.
public enum NpyFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// It does not start with NumPy's magic string.
  case magic(start: [UInt8])
  /// A version of the format other than 1.0, 2.0 and 3.0.
  case version(UInt8, UInt8)
  /// A header longer than the limit.
  case headerTooLarge(found: Int, limit: Int)
  /// The header is no dictionary of the three keys; the offset is in the header.
  case header(offset: Int, expected: String)
  /// Python objects, which only code could read.
  case objectArray
  /// A type that is no Float, half or double.
  case unsupportedType(String)
  /// A type that is no number at all.
  case noNumbers(String)
  /// The array is cut off.
  case truncated(need: Int, have: Int)
  /// Bytes after the array.
  case trailing(bytes: Int)

  /// What was found, where, and what was expected.
  public var description: String {
    switch self {
    case .magic(let start):
      "no array of NumPy: it starts with "
        + start.hexadecimal
    case .version(let major, let minor):
      "format version \(major).\(minor), expected 1.0, 2.0 or 3.0"
    case .headerTooLarge(let found, let limit):
      "a header of \(found) bytes, more than the limit of \(limit)"
    case .header(let offset, let expected): "header byte \(offset): expected \(expected)"
    case .objectArray:
      "an array of Python objects: reading it would execute code, which is never done"
    case .unsupportedType(let type):
      "element type \(shown(type)); weights must be f4, f8 or f2, of either byte order"
    case .noNumbers(let type): "element type \(shown(type)), expected numbers"
    case .truncated(let need, let have): "\(have) bytes, expected \(need)"
    case .trailing(let bytes): "\(bytes) bytes after the array"
    }
  }
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (10, 20), }`: these three keys in any order, and
/// nothing else of Python.
private struct NpyHeader {
  /// `nil` for whole numbers and texts.
  let type: ElementType?
  /// As the file has it: byte order, kind, bytes.
  let descr: String
  /// Of an element.
  let bytes: Int
  let isBigEndian: Bool
  let isFortranOrder: Bool
  let shape: [Int]

  init(_ bytes: ArraySlice<UInt8>) throws(NpyFault) {
    var parser = Parser(bytes: Array(bytes))
    var (descr, order, shape): (String?, Bool?, [Int]?)
    try parser.require("{")
    while !parser.take("}") {
      let start = parser.next
      switch try parser.string() {
      case "descr" where descr == nil:
        try parser.require(":")
        descr = try parser.string()
      case "fortran_order" where order == nil:
        try parser.require(":")
        order = try parser.boolean()
      case "shape" where shape == nil:
        try parser.require(":")
        shape = try parser.tuple()
      default: throw .header(offset: start, expected: "descr, fortran_order and shape, once each")
      }
      if !parser.take(",") {
        try parser.require("}")
        break
      }
    }
    guard let descr, let order, let shape else {
      throw .header(offset: parser.next, expected: "descr, fortran_order and shape, once each")
    }
    parser.skipSpace()
    guard parser.next == parser.bytes.count else {
      throw .header(offset: parser.next, expected: "the end")
    }
    if descr.hasSuffix("O") { throw .objectArray }
    let types: [String: ElementType] = ["f2": .f16, "f4": .f32, "f8": .f64]
    (isBigEndian, isFortranOrder, self.descr) = (descr.hasPrefix(">"), order, descr)
    if descr.count == 3, "<>".contains(descr.first!), let type = types[String(descr.dropFirst())] {
      (self.type, self.bytes) = (type, type.bytes)
    } else if let bytes = Self.bytes(ofOther: descr) {
      (type, self.bytes) = (nil, bytes)
    } else {
      throw .unsupportedType(descr)
    }
    self.shape = shape
  }

  /// Elements with the last dimension fastest.
  func rowMajor(_ elements: [Float]) -> [Float] {
    isFortranOrder ? elements.rowMajor(fromColumnMajor: shape) : elements
  }

  /// Whole numbers and truth values; `nil` for other types.
  var integer: IntegerType? {
    guard let kind = descr.dropFirst().first, "biu".contains(kind), descr.count == 3 else {
      return nil
    }
    return IntegerType(bytes: bytes, isSigned: kind == "i")
  }

  /// Whether its elements are texts: bytes, or UTF-32.
  var isText: Bool { descr.dropFirst().first.map { "SU".contains($0) } ?? false }

  /// The text of an element, without the zeros that fill it.
  func text(_ data: ArraySlice<UInt8>) -> String {
    guard descr.dropFirst().first == "U" else {
      return String(decoding: data.prefix { $0 != 0 }, as: UTF8.self)
    }
    let bytes = Array(data)
    let scalars = stride(from: 0, to: bytes.count, by: 4).map { start in
      (0..<4).reduce(UInt32(0)) { word, byte in
        word << 8 | UInt32(bytes[start + (isBigEndian ? byte : 3 - byte)])
      }
    }.prefix { $0 != 0 }
    return String(
      String.UnicodeScalarView(scalars.map { Unicode.Scalar($0) ?? "\u{FFFD}" }))
  }

  /// The bytes of an element that is no weight: truth values, whole numbers, texts; `nil` for what is not known.
  private static func bytes(ofOther descr: String) -> Int? {
    let kind = descr.dropFirst().first
    guard let order = descr.first, "<>|=".contains(order), let size = Int(descr.dropFirst(2)),
      (0...1 << 16).contains(size)
    else { return nil }
    switch kind {
    case "b", "i", "u", "S", "V", "c": return size
    case "U": return 4 * size
    default: return nil
    }
  }

  private struct Parser {
    let bytes: [UInt8]
    var next = 0

    mutating func skipSpace() {
      while next < bytes.count, bytes[next] == 0x20 || bytes[next] == 0x0A { next += 1 }
    }

    mutating func take(_ text: String) -> Bool {
      skipSpace()
      guard bytes[next...].starts(with: text.utf8) else { return false }
      next += text.utf8.count
      return true
    }

    mutating func require(_ text: String) throws(NpyFault) {
      guard take(text) else { throw .header(offset: next, expected: "'\(text)'") }
    }

    /// Without escapes: no name or type has one.
    mutating func string() throws(NpyFault) -> String {
      skipSpace()
      let start = next
      guard next < bytes.count, bytes[next] == 0x27 || bytes[next] == 0x22,
        let end = bytes[(next + 1)...].firstIndex(of: bytes[next]),
        let text = String(validating: bytes[next + 1..<end], as: UTF8.self), !text.contains("\\")
      else { throw .header(offset: start, expected: "a string") }
      next = end + 1
      return text
    }

    mutating func boolean() throws(NpyFault) -> Bool {
      if take("True") { return true }
      if take("False") { return false }
      throw .header(offset: next, expected: "True or False")
    }

    /// `()`, `(3,)`, `(3, 4)`, `(3, 4,)`.
    mutating func tuple() throws(NpyFault) -> [Int] {
      try require("(")
      var numbers: [Int] = []
      while !take(")") {
        skipSpace()
        let start = next
        while next < bytes.count, (0x30...0x39).contains(bytes[next]) { next += 1 }
        guard let number = Int(String(decoding: bytes[start..<next], as: UTF8.self)),
          numbers.count < 32
        else { throw .header(offset: start, expected: "at most 32 whole numbers from 0 on") }
        numbers.append(number)
        if !take(",") {
          // `(3)` is a number in Python, no tuple.
          guard numbers.count > 1 else { throw .header(offset: next, expected: "','") }
          try require(")")
          break
        }
      }
      return numbers
    }
  }
}
