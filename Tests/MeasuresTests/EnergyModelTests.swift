import Testing

@testable import Measures

@Suite struct EnergyModelTests {
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
