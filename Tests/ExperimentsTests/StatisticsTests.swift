import DenseReLU
import Files
import Foundation
import Networks
import SpikeKernels
import Synchronization
import Testing

@testable import Datasets
@testable import Experiments
@testable import Training

@Suite struct StatisticsTests {
  @Test("a power law is found again")
  func powerLaw() throws {
    let fit = try #require(PowerLawFit([1, 2, 5, 10].map { (x: $0, y: 3 / $0) }))
    #expect(abs(fit.exponent + 1) < 1e-12 && abs(fit.factor - 3) < 1e-12)
    #expect(PowerLawFit([(1, 1), (1, 2)]) == nil && PowerLawFit([(1, 0), (2, 0)]) == nil)
  }

  @Test("Wilson's interval: 2% of 10,000 is known to 0.3 points")
  func errorRate() {
    let rate = ErrorRate(errors: 200, examples: 10_000)
    #expect(rate.percent == 2)
    #expect(abs(rate.interval95[0] - 1.744) < 0.001 && abs(rate.interval95[1] - 2.293) < 0.001)
    #expect(ErrorRate(errors: 0, examples: 10).interval95[0] == 0)
    #expect(abs(ErrorRate(errors: 10, examples: 10).interval95[1] - 100) < 1e-9)
  }

  @Test func verdicts() {
    #expect(Verdict("", value: 1, bound: .init(atLeast: 1, atMost: 1)).holds)
    #expect(!Verdict("", value: 0.9, bound: .init(atLeast: 1)).holds)
    #expect(!Verdict("", value: 1.1, bound: .init(atMost: 1)).holds)
    #expect(!Verdict("", value: .nan, bound: .init()).holds)
    #expect(!Verdict("", value: .infinity, bound: .init(atLeast: 0)).holds)
  }

  @Test("Horowitz's figures: 4.6 / 0.9 and 3.2 / 0.1")
  func energy() {
    #expect(abs(EnergyModel.Arithmetic.fp32.multiplyAdd - 4.6) < 1e-12)
    #expect(abs(EnergyModel.Arithmetic.int32.multiplyAdd - 3.2) < 1e-12)
    #expect(EnergyModel.weightRead(weights: 2048) == 5)
    #expect(EnergyModel.weightRead(weights: 8192) == 10)
    #expect(EnergyModel.weightRead(weights: 8193) == 50)
    #expect(
      EnergyModel.energy(additions: 10, multiplyAdds: 0, arithmetic: .fp32, weightRead: 0) == 9)
  }
}
