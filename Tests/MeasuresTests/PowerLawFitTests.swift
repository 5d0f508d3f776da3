import Testing

@testable import Measures

@Suite struct PowerLawFitTests {
  @Test("a power law is found again")
  func powerLaw() throws {
    let fit = try #require(PowerLawFit([1, 2, 5, 10].map { (x: $0, y: 3 / $0) }))
    #expect(abs(fit.exponent + 1) < 1e-12 && abs(fit.factor - 3) < 1e-12)
    #expect(PowerLawFit([(1, 1), (1, 2)]) == nil && PowerLawFit([(1, 0), (2, 0)]) == nil)
  }
}
