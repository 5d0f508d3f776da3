public import Datasets
internal import ModelFiles

/// Labels in a file of their own, to count errors against.
public enum LabelFile {
  /// Reads labels as classes of a network: IDX, plain or gzip, an npy file, or a text with one a line, with a name of the
  /// column before them or without.
  ///
  /// - Parameters:
  ///   - classes: how many there are.
  ///   - names: their names, where they have some.
  /// - Throws: `DatasetError`, with the row, for a label that is no class.
  public static func read(
    path: String, classes: Int, names: [String]? = nil
  ) throws(DatasetError) -> [Int] {
    var labels: [Int] = []
    func add(_ text: String, _ row: Int) throws(DatasetError) {
      if let place = names?.firstIndex(of: text) { return labels.append(place) }
      let bytes = Array(text.utf8)[...]
      guard let number = DecimalNumber.parse(bytes), number == number.rounded(), number >= 0,
        number < Float(classes)
      else {
        let shown = text.prefix(40).debugDescription
        throw .badRow(
          path: path, row: row,
          reason: "label \(shown), expected a class: 0...\(classes - 1)"
            + (names == nil ? "" : ", or a name of one"))
      }
      labels.append(Int(number))
    }
    switch try DataFileKind(path: path) {
    case .idx:
      for (row, label) in try IDXArray(contentsOf: path, rank: 1).elements.enumerated() {
        try add("\(label)", row + 1)
      }
    case .array:
      for array in try Dataset.arrays(path).arrays {
        let texts = array.texts ?? array.elements.map { "\($0)" }
        for (row, text) in texts.enumerated() { try add(text, row + 1) }
      }
    default:
      var lines = TextLines(try AnyBytes(path: path), path: path)
      while let line = try lines.next() {
        let text = Self.bare(line, isFirst: lines.line == 1)
        let isName = lines.line == 1 && LabelColumn.names.contains(text.lowercased())
        if !text.isEmpty, !isName || names?.contains(text) == true { try add(text, lines.line) }
      }
    }
    return labels
  }

  /// A line without white space and quotes around it, and without a byte order mark.
  private static func bare(_ line: ArraySlice<UInt8>, isFirst: Bool) -> String {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0D].contains($0) }
    var text = isFirst && line.starts(with: mark) ? line.dropFirst(3) : line
    text = text.drop(while: isSpace)
    while let last = text.last, isSpace(last) { text.removeLast() }
    let quote = UInt8(ascii: "\"")
    if text.count >= 2, text.first == quote, text.last == quote {
      text = text.dropFirst().dropLast()
    }
    return String(decoding: text, as: UTF8.self)
  }
}
