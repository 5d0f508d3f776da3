import ArgumentParser
import Experiments
import Testing

@testable import bench

@Suite struct FormatTests {
  @Test func numbers() {
    #expect(Format.count(1_234_567) == "1,234,567" && Format.count(-1000) == "-1,000")
    #expect(Format.count(999) == "999" && Format.count(1234.5) == "1,235")
    #expect(Format.fixed(3.14159, 2) == "3.14" && Format.fixed(-0.004, 2) == "0.00")
    #expect(Format.fixed(2.05, 0) == "2" && Format.fixed(-1.5, 1) == "-1.5")
    #expect(Format.fixed(.infinity, 2) == "inf")
    #expect(Format.significant(12.345) == "12.3" && Format.significant(0.00123456) == "0.00123")
    #expect(Format.significant(4560) == "4,560" && Format.significant(0) == "0")
    #expect(Format.seconds(12.2) == "13 s" && Format.seconds(200) == "3 min 20 s")
  }

  @Test func tables() {
    #expect(
      Format.table([["", "a"], ["longer", "12"], ["x", ""]]) == [
        "           a", "  longer  12", "  x",
      ])
  }

  @Test func progress() {
    #expect(
      Progress.text("counting", 420, 1000, .seconds(42))
        == "counting  42%  58 s left  [########............]  420 of 1,000")
    #expect(
      Progress.text("epoch 1", detail: ", error 5%", 420, 1000, .seconds(42), unit: "images")
        == "epoch 1, error 5%  42%  58 s left  [########............]  420 of 1,000 images  "
        + "10 images/s")
  }

  @Test("a progress line keeps its error and the time left at every width", arguments: 50...140)
  func narrowProgress(columns: Int) {
    // As `train` on MNIST shows it.
    let text = Progress.text(
      "epoch 12", detail: ", running error 12.34%", 25_200, 60_000, .seconds(42), unit: "images",
      columns: columns)
    #expect(text.count < columns)
    #expect(text.hasPrefix("epoch 12, running error 12.34%  42%  58 s left"))
    // Parts are there whole or not at all.
    for part in ["[########............]", "25,200 of 60,000 images", "600 images/s"] {
      #expect(text.contains(part) || !text.contains(part.prefix(3)))
    }
    // Of a detail that is too long, whole words.
    let rows = Progress.text(
      "rows",
      detail: ": baseline (seed 1), epoch 4; fractional (seed 1), epoch 11; smooth (seed 2)",
      420, 1000, .seconds(42), columns: columns)
    #expect(rows.count < columns && rows.contains("  42%  58 s left"))
  }

  @Test("prose is broken between words")
  func wrapped() {
    #expect(Format.wrapped("short") == ["short"])
    #expect(
      Format.wrapped("  one two three four", columns: 12)
        == ["  one two", "    three", "    four"])
    #expect(
      Format.table([["", "of the\nbound", "T"], ["x", "1", "2"]])
        == ["     of the", "      bound  T", "  x       1  2"])
  }

  @Test func verdictLines() {
    #expect(
      ResultOptions.text(Verdict("a", value: 2, bound: .init(atMost: 1)))
        == "  FAILED  a: 2 (must be at most 1)")
    #expect(
      ResultOptions.text(
        Verdict("b", kind: .timing, value: 0.5, bound: .init(atLeast: 0, atMost: 1)))
        == "  holds   b: 0.5000 (must be 0 ... 1) [timing]")
  }

  @Test("an option given twice is refused, in both spellings")
  func repeated() throws {
    try ArgumentChecks.checkRepeated(["--a", "1", "--b=2", "--", "--a"])
    #expect(throws: ValidationError.self) {
      try ArgumentChecks.checkRepeated(["--a", "1", "--a=2"])
    }
  }

  @Test("MNIST's own folder is not taken for Fashion-MNIST")
  func places() {
    let environment = ["SPIKING_DATA": "/data"]
    #expect(
      DatasetOptions.places(for: "mnist", data: nil, environment: environment)
        == ["/data/mnist", "/data"])
    #expect(
      DatasetOptions.places(for: "fashion-mnist", data: nil, environment: environment)
        == ["/data/fashion-mnist", DatasetOptions.debianFashionMNIST])
    #expect(
      DatasetOptions.places(for: "mnist", data: "/mine", environment: environment)
        == ["/mine", "/mine/mnist"])
    #expect(DatasetOptions.places(for: "mnist", data: nil, environment: [:]) == [])
  }
}
