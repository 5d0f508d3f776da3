/// Numbers and tables for people.
enum Format {
  /// 1,234,567
  static func count(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return value < 0 ? "-" + text : text
  }

  /// The nearest whole number, with separators.
  static func count(_ value: Double) -> String {
    value.magnitude < 1e15 ? count(Int(value.rounded())) : "\(value)"
  }

  /// So many digits after the point, whatever the locale.
  static func fixed(_ value: Double, _ digits: Int) -> String {
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
  static func significant(_ value: Double) -> String {
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

  /// 12 s, 3 min 20 s
  static func seconds(_ value: Double) -> String {
    let whole = Int((value - 1e-6).rounded(.up))
    return whole < 100 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }

  /// Columns as wide as their widest cell, two spaces apart; the first to the left, others right.
  static func table(_ rows: [[String]]) -> [String] {
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
