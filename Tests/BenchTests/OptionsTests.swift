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
