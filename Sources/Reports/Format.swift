/// Numbers and tables for people.
public enum Format {
  /// 1,234,567
  public static func count(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return value < 0 ? "-" + text : text
  }

  /// The nearest whole number, with separators.
  public static func count(_ value: Double) -> String {
    value.magnitude < 1e15 ? count(Int(value.rounded())) : "\(value)"
  }

  /// So many digits after the point, whatever the locale.
  public static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let whole = Int(scaled / scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let fraction = String(Int(scaled) - whole * Int(scale))
    return sign + "\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// Three significant digits: 12.3, 0.00123, 4,560.
  public static func significant(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    var digits = 2
    var size = value.magnitude
    while size >= 10, digits > 0 {
      size /= 10
      digits -= 1
    }
    if value.magnitude >= 1000 { return count(value) }
    while size < 1, digits < 12 {
      size *= 10
      digits += 1
    }
    return fixed(value, digits)
  }

  /// Bytes in thousands or millions.
  public static func bytes(_ value: Int) -> String {
    value < 1_000_000
      ? fixed(Double(value) / 1e3, 1) + " kB" : fixed(Double(value) / 1e6, 2) + " MB"
  }

  /// 12 s, 3 min 20 s
  public static func seconds(_ value: Double) -> String {
    let whole = Int((value - 1e-6).rounded(.up))
    return whole < 100 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }

  /// A line of prose, broken between words so that it fits so many columns; what follows the first break is
  /// indented as the line is, and by so much more.
  public static func wrapped(_ line: String, columns: Int = 80, hanging: Int = 2) -> [String] {
    guard line.count > columns else { return [line] }
    let margin = line.prefix { $0 == " " }
    let indent = String(margin) + String(repeating: " ", count: hanging)
    var lines: [String] = []
    var current = String(margin)
    for word in line.dropFirst(margin.count).split(separator: " ", omittingEmptySubsequences: false)
    {
      let isFirst = current.allSatisfy { $0 == " " }
      if !isFirst, current.count + 1 + word.count > columns {
        lines.append(current)
        current = indent + String(word)
      } else {
        current += (isFirst ? "" : " ") + word
      }
    }
    return lines + [current]
  }

  /// Columns as wide as their widest cell, two spaces apart; the first to the left, others right. Cells of
  /// the first row may have several lines.
  public static func table(_ table: [[String]]) -> [String] {
    let headers = (table.first ?? []).map { $0.split(separator: "\n").map(String.init) }
    let depth = headers.map(\.count).max() ?? 0
    let rows =
      (0..<max(depth, 1)).map { line in
        // At the bottom: a header of one line stands on its column.
        headers.map { line + $0.count < depth ? "" : $0.isEmpty ? "" : $0[line + $0.count - depth] }
      } + table.dropFirst()
    guard let columns = rows.map(\.count).max() else { return [] }
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max()!
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      let line = "  " + cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
