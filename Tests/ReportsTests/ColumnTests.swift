import Experiments
import Testing
import Training

@testable import Reports

/// A column is declared once: what people see and what programs read come from it.
@Suite struct ColumnTests {
  private struct Row {
    let name: String
    let count: Int?
    let share: Double
  }

  private let columns: [Column<Row>] = [
    Column("", key: "name", text: \.name), Column("a\ncount", key: "count", count: \.count),
    Column("share", format: Format.share(1), number: \.share),
    Column(nil, key: "share", number: \.share),
  ]
  private let rows = [
    Row(name: "x, y", count: 1234, share: 0.5), Row(name: "z", count: nil, share: 0.123456),
  ]

  @Test("people see headings and rounded numbers")
  func terminal() {
    #expect(
      Format.table(columns, rows) == [
        "            a", "        count  share", "  x, y  1,234  50.0%", "  z         -  12.3%",
      ])
  }

  @Test("programs read keys and all digits; what is missing is empty")
  func csv() {
    #expect(CSVTable(columns, rows).text == "name,count,share\n\"x, y\",1234,0.5\nz,,0.123456\n")
    #expect(CSVTable(header: ["a"], rows: [["say \"b\""]]).text == "a\n\"say \"\"b\"\"\"\n")
  }

  @Test("a report has what people see")
  func report() {
    let block = HTMLReport.Block.table(title: "t", columns, rows)
    guard case .table(_, let header, let cells) = block else { return #expect(Bool(false)) }
    #expect(header == ["", "a count", "share"] && cells[1] == ["z", "-", "12.3%"])
  }

  @Test("the curve's file is as it was")
  func learningCurve() {
    #expect(
      CSVTable(EpochReport.columns, []).text
        == "epoch,learning_rate,examples,running_error_percent,train_error_percent,"
        + "test_error_percent,images_per_second,forward_spikes,backward_spikes,forward_additions,"
        + "backward_additions,update_operations,dense_multiply_adds\n")
  }
}
