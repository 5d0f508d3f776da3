import Testing

@testable import Training

@Suite struct ErrorRateTests {
  @Test("Wilson's interval: 2% of 10,000 is known to 0.3 points")
  func errorRate() {
    let rate = ErrorRate(errors: 200, examples: 10_000)
    #expect(rate.percent == 2)
    #expect(abs(rate.interval95[0] - 1.744) < 0.001 && abs(rate.interval95[1] - 2.293) < 0.001)
    #expect(ErrorRate(errors: 0, examples: 10).interval95[0] == 0)
    #expect(abs(ErrorRate(errors: 10, examples: 10).interval95[1] - 100) < 1e-9)
  }
}
