import CAllocationCounter
import Networks
import Testing

@testable import SpikingReLU

@Suite struct AllocationTests {
  /// Debug builds allocate for closures that release builds inline: what must not be is growth with
  /// spikes or steps.
  @Test(
    "memory is asked for by the example, not by the spike or the step",
    .enabled(if: csk_allocations_of_thread() >= 0, "allocations are not counted in this build"))
  func examples() throws {
    func allocations(timeSteps: Int, gain: Float) throws -> Int {
      var generator = SeededGenerator(seed: 5)
      let weights = try NetworkWeights(
        topology: [40, 30, 10], initializer: .he, generator: &generator)
      var network = try SpikingMLP(
        weights: weights, options: PredictionOptions(timeSteps: timeSteps))
      let input = (0..<40).map { _ in gain * Float(generator.nextUniform()) }
      for _ in 0..<2 { _ = try network.predict(input) }
      let before = csk_allocations_of_thread()
      for _ in 0..<10 { _ = try network.predict(input) }
      return csk_allocations_of_thread() - before
    }
    let few = try allocations(timeSteps: 4, gain: 0.2)
    let many = try allocations(timeSteps: 16, gain: 1)
    #expect(many <= few)
  }
}
