internal import Datasets

/// A table with a row an example: numbers, and a label in one of its columns.
struct LabelledTable {
  /// Its examples.
  let rows: LabelledRows
  /// What was assumed.
  let notes: [String]
  private let layout: Layout

  /// Reads a table, plain or gzip.
  ///
  /// Labels are in the column that `options.label` says; else in the one of a usual name, else in the only one that is
  /// no number, else in the first.
  ///
  /// - Parameter other: the training part of the same data: columns are found by its names, where it has them.
  /// - Throws: `DatasetError`, with the row.
  init(
    path: String, options: DataOptions, like other: LabelledTable? = nil
  ) throws(DatasetError) {
    var reader = TableReader(
      try AnyBytes(path: path), path: path, label: options.label, hasHeader: options.hasHeader)
    var layout: Layout?
    var values: [Float] = []
    var texts: [String] = []
    var numbers: [Int]? = []
    var places: [Int] = []
    while let fields = try reader.next() {
      if layout == nil {
        if let other {
          layout = try other.layout.found(in: reader, fields.count)
        } else {
          layout = try Layout(fields, reader, options.label)
        }
      }
      let layout = layout!
      guard fields.count == layout.columns else {
        throw reader.fault("\(fields.count) columns, expected \(layout.columns)")
      }
      let label = fields[layout.label]
      guard !label.isEmpty else {
        throw reader.fault("column \(layout.label + 1), the label, is empty")
      }
      if let number = Self.whole(label) { numbers?.append(number) } else { numbers = nil }
      texts.append(String(decoding: label, as: UTF8.self))
      places.append(reader.row)
      for column in layout.features {
        guard let number = DecimalNumber.parse(fields[column]) else {
          let shown = String(decoding: fields[column].prefix(40), as: UTF8.self)
          throw reader.fault(
            "column \(column + 1) is \(shown.debugDescription), expected a finite number (the label is column "
              + "\(layout.label + 1): --label)")
        }
        values.append(number)
      }
      guard values.count <= IDXArray.maximumElements else {
        throw reader.fault("more than \(IDXArray.maximumElements) numbers")
      }
    }
    guard let layout else { throw .badData(path: path, reason: "a table without rows") }
    guard !layout.features.isEmpty else {
      throw .badData(path: path, reason: "no column but the labels")
    }
    if numbers == nil, let row = texts.firstIndex(where: Self.isNoClass) {
      throw .badRow(
        path: path, row: places[row],
        reason:
          "label \(texts[row].prefix(40).debugDescription) in column \(layout.label + 1), expected a class: a "
          + "whole number up to \(LabelNames.maximumClasses - 1), or a name (--label NAME or NUMBER says which column)"
      )
    }
    rows = LabelledRows(
      path: path, columns: layout.features.count, values: values,
      labels: numbers.map { .numbers($0) } ?? .texts(texts))
    self.layout = layout
    notes = (reader.note.map { [$0] } ?? []) + (other == nil ? layout.notes : [])
  }

  /// Which column is what.
  private struct Layout {
    let columns: Int
    let label: Int
    /// Columns of numbers, in the order of an example.
    let features: [Int]
    /// Names of all columns, where the table has them.
    let names: [String]?
    /// What was assumed.
    let notes: [String]

    init(
      _ fields: [ArraySlice<UInt8>], _ reader: TableReader, _ said: String?
    ) throws(DatasetError) {
      columns = fields.count
      names = reader.names
      if let names, names.count != columns {
        throw reader.fault("\(columns) columns, where the first row names \(names.count)")
      }
      // The index that pandas writes has no name.
      let index = names?.first == "" ? 0 : nil
      var notes = index == nil ? [] : ["column 1 has no name: an index, left out"]
      if let said {
        label = try Self.said(said, names, columns, reader)
      } else if let place = try Self.usual(names, reader) {
        label = place
        if names![place].lowercased() == "y" {
          notes.append(
            "labels are in the column \(names![place]), as assumed (--label says otherwise)")
        }
      } else {
        let texts = fields.indices.filter { $0 != index && DecimalNumber.parse(fields[$0]) == nil }
        label = texts.count == 1 ? texts[0] : index == nil ? 0 : 1
        let name = label
        notes.append(
          "labels are in column \(label + 1)\(names.map { " (\($0[name]))" } ?? ""), as assumed (--label says "
            + "otherwise)")
      }
      let place = label
      guard place < columns else { throw reader.fault("no column but the index") }
      features = (0..<columns).filter { $0 != place && $0 != index }
      self.notes = notes
    }

    private init(columns: Int, label: Int, features: [Int], names: [String]?) {
      (self.columns, self.label, self.features) = (columns, label, features)
      (self.names, notes) = (names, [])
    }

    private static func said(
      _ said: String, _ names: [String]?, _ columns: Int, _ reader: TableReader
    ) throws(DatasetError) -> Int {
      if let place = names?.firstIndex(of: said) { return place }
      guard let number = Int(said), (1...columns).contains(number) else {
        let shown = names.map { ": " + $0.prefix(8).joined(separator: ", ") } ?? ", without names"
        throw reader.fault("no column \(said.debugDescription) among \(columns)\(shown)")
      }
      return number - 1
    }

    private static func usual(
      _ names: [String]?, _ reader: TableReader
    ) throws(DatasetError) -> Int? {
      guard let names else { return nil }
      do { return try LabelColumn.find(names) } catch {
        throw reader.fault(
          "columns \(error.names.joined(separator: " and ")) may each be the labels: say which, --label "
            + "\(error.names[0])")
      }
    }

    /// The same columns in another table of the data, by their names.
    func found(
      in reader: TableReader, _ columns: Int
    ) throws(DatasetError) -> Layout {
      guard let names else {
        guard reader.names == nil else {
          throw reader.fault("it names its columns, and the training table does not")
        }
        guard columns == self.columns else {
          throw reader.fault("\(columns) columns, where the training table has \(self.columns)")
        }
        return Layout(columns: columns, label: label, features: features, names: nil)
      }
      guard let own = reader.names else {
        throw reader.fault("its columns have no names, and those of the training table do")
      }
      guard own.count == columns else {
        throw reader.fault("\(columns) columns, where the first row names \(own.count)")
      }
      if own == names {
        return Layout(columns: columns, label: label, features: features, names: own)
      }
      func place(_ column: Int) throws(DatasetError) -> Int {
        let places = own.indices.filter { own[$0] == names[column] }
        guard places.count == 1 else {
          throw reader.fault(
            (places.isEmpty ? "no column " : "two columns ") + names[column].debugDescription
              + ", which the training table has"
              + (column == self.label
                ? " for its labels: without labels nothing can be "
                  + "tested; give the training table alone" : ""))
        }
        return places[0]
      }
      let label = try place(self.label)
      var order: [Int] = []
      for feature in features { order.append(try place(feature)) }
      let used = Set(order + [label])
      let others = own.indices.filter { !used.contains($0) && own[$0] != "" }
      guard others.isEmpty else {
        throw reader.fault(
          "column \(own[others[0]].debugDescription), which the training table does not have")
      }
      return Layout(columns: columns, label: label, features: order, names: own)
    }
  }

  /// A whole number, `3` or `3.0`, small enough for a class.
  private static func whole(_ field: ArraySlice<UInt8>) -> Int? {
    guard let number = DecimalNumber.parse(field), number == number.rounded(),
      number.magnitude < Float(LabelNames.maximumClasses)
    else { return nil }
    return Int(number)
  }

  /// A number that is no class: beside names it is a wrong column rather than a name.
  private static func isNoClass(_ text: String) -> Bool {
    let bytes = Array(text.utf8)[...]
    return DecimalNumber.parse(bytes) != nil && whole(bytes) == nil
  }
}
