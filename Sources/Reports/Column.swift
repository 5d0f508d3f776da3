/// A column of a table: what it is called and what it says of a row, for people (terminal and report) and
/// for programs (CSV). Declared once, in `Columns.swift`; where a table is shown, its columns are
/// rendered.
public struct Column<Row> {
  /// The heading for people; lines of it are parted by a newline.
  public let heading: String?
  /// The heading for programs.
  public let key: String?
  fileprivate let text: (Row) -> String
  fileprivate let value: (Row) -> String

  private init(
    _ heading: String?, _ key: String?, _ text: @escaping (Row) -> String,
    _ value: @escaping (Row) -> String
  ) {
    (self.heading, self.key) = (heading, key)
    (self.text, self.value) = (text, value)
  }

  /// A column of texts; `value` is what programs read, where that is another.
  public init(
    _ heading: String?, key: String? = nil, text: @escaping (Row) -> String,
    value: ((Row) -> String)? = nil
  ) {
    self.init(heading, key, text, value ?? text)
  }

  /// A column of whole numbers: with separators for people; `absent` where there is none.
  public init(
    _ heading: String?, key: String? = nil, absent: String = "-", count: @escaping (Row) -> Int?
  ) {
    self.init(
      heading, key, { count($0).map { Format.count($0) } ?? absent },
      { count($0).map { "\($0)" } ?? "" })
  }

  /// A column of numbers: as `format` says for people, with all digits for programs.
  public init(
    _ heading: String?, key: String? = nil, absent: String = "-",
    format: @escaping (Double) -> String = Format.significant, number: @escaping (Row) -> Double?
  ) {
    self.init(
      heading, key, { number($0).map(format) ?? absent }, { number($0).map { "\($0)" } ?? "" })
  }
}

extension Format {
  /// A format of so many digits after the point.
  public static func fixed(_ digits: Int) -> (Double) -> String { { fixed($0, digits) } }

  /// A format of percent, of numbers in percent.
  public static func percent(_ digits: Int) -> (Double) -> String {
    { fixed($0, digits) + "%" }
  }

  /// A format of percent, of shares.
  public static func share(_ digits: Int) -> (Double) -> String {
    { fixed(100 * $0, digits) + "%" }
  }
}

/// A table for programs: a header and its rows.
public struct CSVTable {
  /// The names of the columns.
  public let header: [String]
  /// The cells.
  public let rows: [[String]]

  /// The lines of the file; cells with commas or quotes are quoted (RFC 4180).
  public var text: String {
    ([header] + rows).map { row in
      row.map { cell in
        cell.contains { ",\"\n".contains($0) }
          ? "\""
            + cell.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\"" : cell
      }.joined(separator: ",") + "\n"
    }.joined()
  }

  /// A table of given cells.
  public init(header: [String], rows: [[String]]) {
    self.header = header
    self.rows = rows
  }

  /// The columns that have a key.
  public init<Row>(_ columns: [Column<Row>], _ rows: [Row]) {
    let columns = columns.filter { $0.key != nil }
    header = columns.map { $0.key! }
    self.rows = rows.map { row in columns.map { $0.value(row) } }
  }
}

extension Format {
  /// The headings for people.
  public static func headings<Row>(_ columns: [Column<Row>]) -> [String] {
    columns.compactMap(\.heading)
  }

  /// What the columns with headings say of a row.
  public static func cells<Row>(_ columns: [Column<Row>], _ row: Row) -> [String] {
    columns.filter { $0.heading != nil }.map { $0.text(row) }
  }

  /// A table in the terminal, of the columns that have a heading.
  public static func table<Row>(_ columns: [Column<Row>], _ rows: [Row]) -> [String] {
    table([headings(columns)] + rows.map { cells(columns, $0) })
  }
}

extension HTMLReport.Block {
  /// A table in a report, of the columns that have a heading.
  static func table<Row>(
    title: String, _ columns: [Column<Row>], _ rows: [Row]
  ) -> HTMLReport.Block {
    .table(
      title: title,
      header: Format.headings(columns).map { $0.split(separator: "\n").joined(separator: " ") },
      rows: rows.map { Format.cells(columns, $0) })
  }
}
