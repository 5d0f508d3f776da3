import Networks
import SpikeKernels
import SpikingReLU
import Synchronization
import Testing

@testable import Datasets
@testable import Experiments

@Suite struct GradientAgreementTests {
  @Test("updates approach the dense gradient as T grows, fractional ones about half of it")
  func approaches() throws {
    var agreement = GradientAgreement(instructionSet: try InstructionSet.selected())
    agreement.topology = [8, 10, 4]
    agreement.examples = 64
    agreement.steps = [1, 100]
    let result = try agreement.run()
    let (first, last) = (result.points[0], result.points[1])
    #expect(last.sgd.cosine > 0.95 && last.sgd.cosine > first.sgd.cosine)
    #expect(abs(last.sgd.gain - 1) < 0.1)
    #expect(abs(last.gainRatio - 101.0 / 200) < 0.05)
    // At T = 1 there is nothing to be early for, but for several error spikes within the step.
    #expect(abs(first.gainRatio - 1) < 0.05)
  }
}
