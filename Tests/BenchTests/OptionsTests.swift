import ArgumentParser
import Experiments
import Testing

@testable import bench

@Suite struct OptionsTests {
  @Test func verdictLines() {
    #expect(
      ResultOptions.text(Verdict("a", value: 2, bound: .init(atMost: 1)))
        == "  FAILED  a: 2 (must be at most 1)")
    #expect(
      ResultOptions.text(
        Verdict("b", kind: .timing, value: 0.5, bound: .init(atLeast: 0, atMost: 1)))
        == "  holds   b: 0.5000 (must be 0 ... 1) [timing]")
  }

  @Test("bytes with and without a unit, percent; what is none of it is refused")
  func values() throws {
    #expect(try Bounded.bytes("1500000") == 1_500_000)
    #expect(try Bounded.bytes("800K") == 800 << 10)
    #expect(try Bounded.bytes("1.5M") == 3 << 19)
    #expect(try Bounded.bytes("2G") == 2 << 30)
    for text in ["", "K", "0", "-1M", "nan", "inf", "1T", "3 M", "1e30", "2000000G"] {
      #expect(throws: ValidationError.self, "\(text)") { try Bounded.bytes(text) }
    }
    #expect(try Bounded.percent("99.9") == 99.9)
    for text in ["0", "-1", "100.1", "nan", "all"] {
      #expect(throws: ValidationError.self, "\(text)") { try Bounded.percent(text) }
    }
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
      DataFileOptions.places(for: "mnist", data: nil, environment: environment)
        == ["/data/mnist", "/data"])
    #expect(
      DataFileOptions.places(for: "fashion-mnist", data: nil, environment: environment)
        == ["/data/fashion-mnist", DataFileOptions.debianFashionMNIST])
    #expect(
      DataFileOptions.places(for: "mnist", data: "/mine", environment: environment)
        == ["/mine", "/mine/mnist"])
    #expect(DataFileOptions.places(for: "mnist", data: nil, environment: [:]) == [])
  }
}
