import Testing

@testable import Reports

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
}
