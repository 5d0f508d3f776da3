internal import Datasets

/// A table with a row an example: numbers, and a label in one of its columns.
struct LabelledTable {
  let rows: LabelledRows
  let notes: [String]

  /// Names under which labels are found.
  private static let labelNames = [
    "label", "labels", "class", "target", "y", "category", "species", "variety", "digit",
  ]

  /// Reads a table, plain or gzip: commas, semicolons, tabs or blanks between, texts in double quotes where they hold
  /// one, with names of columns in the first row or without.
  ///
  /// Labels are in the column that `label` says; else in the one of a usual name, else in the only one that is no
  /// number, else in the first.
  ///
  /// - Throws: `DatasetError`, with the row.
  init(path: String, options: DataOptions) throws(DatasetError) {
    var lines = TextLines(try AnyBytes(path: path), path: path)
    func failed(_ reason: String) -> DatasetError {
      .badRow(path: path, row: max(lines.line, 1), reason: reason)
    }
    var layout: Layout?
    var header: [String]?
    var values: [Float] = []
    var texts: [String] = []
    var numbers: [Int]? = []
    var fields: [ArraySlice<UInt8>] = []
    while let line = try lines.next() {
      let separator = layout?.separator ?? Self.separator(of: line)
      try Self.split(line, by: separator, into: &fields, failed)
      if fields.isEmpty { continue }
      if layout == nil {
        // A byte order mark of a spreadsheet.
        if lines.line == 1, fields[0].starts(with: [0xEF, 0xBB, 0xBF]) {
          fields[0] = fields[0].dropFirst(3)
        }
        if header == nil, Self.isHeader(fields, options.label) {
          header = fields.map { String(decoding: $0, as: UTF8.self) }
          if let label = options.label, Int(label) == nil, !header!.contains(label) {
            throw failed(
              "no column \(label.debugDescription) among \(header!.count): "
                + header!.prefix(8).joined(separator: ", "))
          }
          continue
        }
        layout = try Layout(fields, header, options.label, separator, failed)
      }
      guard let layout else { continue }
      guard fields.count == layout.columns else {
        throw failed("\(fields.count) columns, expected \(layout.columns)")
      }
      for (column, field) in fields.enumerated() where !layout.skipped.contains(column) {
        if column == layout.label {
          let text = String(decoding: field, as: UTF8.self)
          guard !text.isEmpty else { throw failed("column \(column + 1), the label, is empty") }
          if let number = Self.whole(field), numbers != nil {
            numbers!.append(number)
          } else {
            numbers = nil
          }
          texts.append(text)
          continue
        }
        guard let number = DecimalNumber.parse(field) else {
          throw failed(
            "column \(column + 1) is \(String(decoding: field.prefix(40), as: UTF8.self).debugDescription), "
              + "expected a finite number (the label is column \(layout.label + 1): --label)")
        }
        values.append(number)
      }
      guard values.count <= IDXArray.maximumElements else {
        throw failed("more than \(IDXArray.maximumElements) numbers")
      }
    }
    guard let layout else { throw .badData(path: path, reason: "a table without rows") }
    if numbers == nil,
      let row = texts.firstIndex(where: {
        DecimalNumber.parse(Array($0.utf8)[...]) != nil && Self.whole(Array($0.utf8)[...]) == nil
      })
    {
      throw .badRow(
        path: path, row: row + (header == nil ? 1 : 2),
        reason:
          "label \(texts[row].prefix(40).debugDescription) in column \(layout.label + 1), expected a class: a whole "
          + "number or a name (--label NAME or NUMBER says which column)")
    }
    rows = LabelledRows(
      path: path, columns: layout.columns - layout.skipped.count - 1, values: values,
      labels: numbers.map { .numbers($0) } ?? .texts(texts))
    guard rows.columns > 0 else { throw .badData(path: path, reason: "no column but the labels") }
    notes = layout.notes(header)
  }

  /// Which column is what.
  private struct Layout {
    let separator: UInt8
    let columns: Int
    let label: Int
    let skipped: Set<Int>
    let isAssumed: Bool

    init(
      _ fields: [ArraySlice<UInt8>], _ header: [String]?, _ said: String?, _ separator: UInt8,
      _ failed: (String) -> DatasetError
    ) throws(DatasetError) {
      self.separator = separator
      columns = fields.count
      if let header, header.count != columns {
        throw failed("\(columns) columns, where the first row names \(header.count)")
      }
      // The index that pandas writes has no name.
      skipped = header?.first == "" ? [0] : []
      if let said {
        if let place = header?.firstIndex(of: said) {
          label = place
        } else if let number = Int(said), (1...columns).contains(number) {
          label = number - 1
        } else {
          throw failed("no column \(said.debugDescription): there are \(columns)")
        }
        isAssumed = false
        return
      }
      if let place = header?.firstIndex(where: {
        LabelledTable.labelNames.contains($0.lowercased())
      }) {
        (label, isAssumed) = (place, false)
        return
      }
      let index = skipped
      let texts = fields.indices.filter {
        !index.contains($0) && DecimalNumber.parse(fields[$0]) == nil
      }
      label = texts.count == 1 ? texts[0] : index.count
      isAssumed = true
    }

    func notes(_ header: [String]?) -> [String] {
      (isAssumed
        ? [
          "labels are in column \(label + 1)"
            + (header.map { " (\($0[label]))" } ?? "") + ", as assumed (--label says otherwise)"
        ] : [])
        + (skipped.isEmpty ? [] : ["column 1 has no name: an index, left out"])
    }
  }

  /// Whether these are names of columns: more than one is no number, or one that is said, or usual for labels.
  private static func isHeader(_ fields: [ArraySlice<UInt8>], _ label: String?) -> Bool {
    let texts = fields.filter { DecimalNumber.parse($0) == nil }.map {
      String(decoding: $0, as: UTF8.self)
    }
    if texts.count > 1 { return true }
    guard let text = texts.first else { return false }
    return text == label || labelNames.contains(text.lowercased())
  }

  private static func separator(of line: ArraySlice<UInt8>) -> UInt8 {
    [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].first(where: line.contains)
      ?? UInt8(ascii: " ")
  }

  /// A whole number, `3` or `3.0`.
  private static func whole(_ field: ArraySlice<UInt8>) -> Int? {
    guard let number = DecimalNumber.parse(field), number == number.rounded(),
      number.magnitude <= 0x1p24
    else { return nil }
    return Int(number)
  }

  /// Fields of a line, without white space around them; of blanks, any number is one separator.
  private static func split(
    _ line: ArraySlice<UInt8>, by separator: UInt8, into fields: inout [ArraySlice<UInt8>],
    _ failed: (String) -> DatasetError
  ) throws(DatasetError) {
    fields.removeAll(keepingCapacity: true)
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x0D || ($0 == 0x09 && separator != 0x09) }
    var rest = line
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    rest = rest.drop(while: isSpace)
    if rest.isEmpty { return }
    guard rest.contains(UInt8(ascii: "\"")) else {
      for field in rest.split(separator: separator, omittingEmptySubsequences: separator == 0x20) {
        var field = field.drop(while: isSpace)
        while let last = field.last, isSpace(last) { field.removeLast() }
        fields.append(field)
      }
      return
    }
    // RFC 4180: a quote within quotes is written twice.
    while true {
      rest = rest.drop(while: isSpace)
      if rest.first == UInt8(ascii: "\"") {
        var text: [UInt8] = []
        rest = rest.dropFirst()
        while true {
          guard let byte = rest.popFirst() else {
            throw failed("a quote that does not end in its row")
          }
          if byte != UInt8(ascii: "\"") {
            text.append(byte)
          } else if rest.first == UInt8(ascii: "\"") {
            text.append(byte)
            rest = rest.dropFirst()
          } else {
            break
          }
        }
        fields.append(text[...])
        rest = rest.drop(while: isSpace)
        guard rest.isEmpty || rest.first == separator || separator == 0x20 else {
          throw failed("text after a quote in column \(fields.count)")
        }
      } else {
        let end = rest.firstIndex(of: separator) ?? rest.endIndex
        fields.append(rest[..<end])
        rest = rest[end...]
      }
      guard let next = rest.first else { return }
      if next == separator { rest = rest.dropFirst() }
      if rest.isEmpty {
        if separator != 0x20 { fields.append([]) }
        return
      }
    }
  }
}
