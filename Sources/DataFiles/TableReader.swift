internal import Datasets

/// Rows of a table in text: fields, with what the first row is.
///
/// Separators are told line by line: commas, else semicolons, else tabs, else blanks, of which any number is one. A
/// field in double quotes may hold them (RFC 4180); a byte order mark, and blank lines, are passed over.
///
/// The first row names the columns where it holds no number (`nan` and its kin are missing numbers, no names), where
/// it has the name that is asked for, or where its numbers count the columns: 0, 1, 2, ... as pandas writes names of an
/// array's columns.
struct TableReader {
  private var lines: TextLines
  private let path: String
  private let label: String?
  private let hasHeader: Bool?
  private var isAtStart = true
  /// Names of the columns, where the table has them, once a row was read.
  private(set) var names: [String]?
  /// What was assumed of the first row.
  private(set) var note: String?

  /// - Parameters:
  ///   - label: a name of a column that is asked for; numbers are none.
  ///   - hasHeader: whether the first row names the columns; `nil`: as it looks.
  init(_ source: AnyBytes, path: String, label: String? = nil, hasHeader: Bool? = nil) {
    lines = TextLines(source, path: path)
    (self.path, self.label, self.hasHeader) = (path, label, hasHeader)
  }

  /// The number of the row that was read last, from 1 on.
  var row: Int { max(lines.line, 1) }

  /// Whether a whole row is there, so that the next does not wait.
  var isReady: Bool { lines.isReady }

  /// A fault of the row that was read last.
  func fault(_ reason: String) -> DatasetError { .badRow(path: path, row: row, reason: reason) }

  /// Fields of the next row; `nil` at the end. Names of columns are kept, and not given.
  mutating func next() throws(DatasetError) -> [ArraySlice<UInt8>]? {
    while let line = try lines.next() {
      var fields = try split(line)
      if fields.isEmpty { continue }
      guard isAtStart else { return fields }
      isAtStart = false
      if fields[0].starts(with: [0xEF, 0xBB, 0xBF]) {
        fields = try split(line.drop { $0 != 0xBF }.dropFirst())
        if fields.isEmpty { continue }
      }
      guard isHeader(fields) else { return fields }
      names = fields.map { String(decoding: $0, as: UTF8.self) }
    }
    return nil
  }

  private mutating func isHeader(_ fields: [ArraySlice<UInt8>]) -> Bool {
    if let hasHeader { return hasHeader }
    let texts = fields.map { String(decoding: $0, as: UTF8.self) }
    if let label, Int(label) == nil, texts.contains(label) { return true }
    // The index that pandas writes has no name.
    let named = texts.first == "" ? texts.dropFirst() : texts[...]
    guard !named.isEmpty else { return false }
    if named.allSatisfy({ DecimalNumber.parse(Array($0.utf8)[...]) == nil && !Self.isMissing($0) })
    {
      // Of a single column the first text is a name, and so is one of two or more.
      return true
    }
    if named.contains(where: { LabelColumn.names.contains($0.lowercased()) }) { return true }
    guard Self.counts(named) else { return false }
    note =
      "row 1 counts the columns and is taken for their names, as pandas writes them (--no-header says otherwise)"
    return true
  }

  private static func isMissing(_ text: String) -> Bool {
    ["", "nan", "na", "n/a", "null", "none", "inf", "-inf", "infinity", "-infinity", "?"].contains(
      text.lowercased())
  }

  /// 0, 1, 2, ... or 1, 2, 3, ..., at least three, with at most one text among them.
  private static func counts(_ names: ArraySlice<String>) -> Bool {
    let numbers = names.compactMap { Int($0) }
    guard numbers.count >= 3, numbers.count >= names.count - 1, let first = numbers.first,
      first == 0 || first == 1
    else { return false }
    return numbers.enumerated().allSatisfy { $0.offset + first == $0.element }
  }

  // MARK: Fields

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D
  }

  /// Fields of a line, without white space around them.
  private mutating func split(_ line: ArraySlice<UInt8>) throws(DatasetError) -> [ArraySlice<UInt8>]
  {
    let text = Self.trimmed(line)
    if text.isEmpty { return [] }
    let separator =
      [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].first(where: text.contains)
      ?? UInt8(ascii: " ")
    guard text.contains(UInt8(ascii: "\"")) else {
      return text.split(separator: separator, omittingEmptySubsequences: separator == 0x20).map(
        Self.trimmed)
    }
    // The separator of a line with quotes is the one of the lines before, or the first outside of them.
    return try quoted(text, by: Self.separatorOutsideQuotes(text))
  }

  private static func separatorOutsideQuotes(_ text: ArraySlice<UInt8>) -> UInt8 {
    var isQuoted = false
    var found: Set<UInt8> = []
    for byte in text {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() } else if !isQuoted { found.insert(byte) }
    }
    return [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].first(where: found.contains)
      ?? UInt8(ascii: " ")
  }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text.drop(while: isSpace)
    while let last = text.last, isSpace(last) { text.removeLast() }
    return text
  }

  /// A quote within quotes is written twice.
  private func quoted(
    _ text: ArraySlice<UInt8>, by separator: UInt8
  ) throws(DatasetError) -> [ArraySlice<UInt8>] {
    let quote = UInt8(ascii: "\"")
    var fields: [ArraySlice<UInt8>] = []
    var rest = text
    while true {
      rest = rest.drop { $0 != separator && Self.isSpace($0) }
      if rest.first == quote {
        var field: [UInt8] = []
        rest = rest.dropFirst()
        while true {
          guard let byte = rest.popFirst() else {
            throw fault("a quote that does not end in its row")
          }
          if byte == quote, rest.first != quote { break }
          if byte == quote { rest = rest.dropFirst() }
          field.append(byte)
        }
        fields.append(field[...])
        rest = rest.drop { $0 != separator && Self.isSpace($0) }
        guard rest.isEmpty || rest.first == separator || separator == 0x20 else {
          throw fault("text after a quote in column \(fields.count)")
        }
      } else {
        let end = rest.firstIndex(of: separator) ?? rest.endIndex
        fields.append(Self.trimmed(rest[..<end]))
        rest = rest[end...]
      }
      if rest.isEmpty { return fields }
      if rest.first == separator { rest = rest.dropFirst() }
      if separator == 0x20 {
        rest = rest.drop(while: Self.isSpace)
        if rest.isEmpty { return fields }
      } else if rest.isEmpty {
        return fields + [[]]
      }
    }
  }
}

/// Which column of a table holds the labels.
enum LabelColumn {
  /// Names under which labels are found, the surest first. `y` is a coordinate where there is another.
  static let names = [
    "label", "labels", "target", "class", "category", "species", "variety", "digit", "y",
  ]

  /// The column of a usual name.
  ///
  /// - Returns: `nil` where there is none.
  /// - Throws: the names, where two of them stand in the table.
  static func find(_ header: [String]) throws(Several) -> Int? {
    let places = header.indices.filter { names.contains(header[$0].lowercased()) }
    let sure = places.filter { header[$0].lowercased() != "y" }
    if sure.count > 1 { throw Several(names: sure.map { header[$0] }) }
    return sure.first ?? (places.count == 1 ? places[0] : nil)
  }

  struct Several: Error { let names: [String] }
}
