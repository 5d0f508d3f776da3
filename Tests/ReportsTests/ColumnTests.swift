import SpikingReLU
import Testing
import Training

@testable import Experiments
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

  @Test(
    "the table of a comparison: its file, and 80 columns of the terminal with the widest values")
  func comparison() {
    let point = Comparison.Convergence.Point(
      timeSteps: 100_000, meanError: 0.000123, maximumError: 0.00123, meanBound: 0.1,
      scaledMeanError: 12_345, argmaxAgreement: 1, testErrorPercent: 100,
      testErrorInterval95: [0, 1], outputShareOfBound: 0.123, countShareOfBound: 1,
      layerMeanErrors: [])
    for firing in PredictionOptions.Firing.allCases {
      let columns = Comparison.Result.pointColumns(denseErrorPercent: 100, firing: firing)
      #expect(
        CSVTable(columns, [point]).header == [
          "timeSteps", "meanError", "maximumError", "meanBound", "argmaxAgreement",
          "testErrorPercent",
        ])
      for line in Format.table(columns, [point]) { #expect(line.count <= 80, "\(line)") }
    }
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
