import Foundation
import Networks
import Testing

@testable import SpikeKernels
@testable import SpikingReLU

/// An example that ends early is answered as it stood then.
@Suite struct ExitRuleTests {
  @Test(
    "the rule's step is the first whose margin is reached", arguments: [0, 0.3, 1, 5] as [Float])
  func exits(margin: Float) throws {
    let weights = try SpikingNetworkTests.randomWeights([30, 20, 5], seed: 9)
    for firing in PredictionOptions.Firing.allCases {
      for readout in PredictionOptions.Readout.allCases
      where firing != .refining || readout == .potentials {
        var options = try PredictionOptions(timeSteps: 15)
        options.firing = firing
        options.readout = readout
        var network = try SpikingMLP(weights: weights, options: options)
        var steps = Set<Int>()
        for seed in 1...20 as ClosedRange<UInt64> {
          let input = SpikingNetworkTests.randomInput(30, seed: seed)
          try network.present(input)
          var expected: EarlyAnswer?
          for step in 1...15 {
            try network.step()
            let output = network.output.sorted()
            let factor =
              firing == .refining
              ? Float(pow(1 / Double(ExitRule.usualRatio), Double(step - 1)))
              : Float(step).squareRoot()
            let lead = (output[4] - output[3]) * factor
            #expect(abs(network.standing.margin - lead) <= 1e-4 * max(1, lead))
            #expect(network.standing.label == network.output.argmax)
            if expected == nil, step >= 2, network.standing.margin >= margin || step == 15 {
              expected = network.standing
            }
          }
          let answer = try network.predict(
            input, until: ExitRule(margin: margin, earliest: 2))
          #expect(answer == expected)
          steps.insert(answer.timeSteps)
        }
        if margin == 0 { #expect(steps == [2]) }
        if margin == 0.3, firing != .refining { #expect(steps.count > 2) }
      }
    }
  }

  @Test("a margin that nothing reaches takes all steps, and a network of one class leads for ever")
  func extremes() throws {
    var network = try SpikingMLP(
      weights: SpikingNetworkTests.randomWeights([4, 3, 2]),
      options: PredictionOptions(timeSteps: 7))
    let input: [Float] = [0.2, 0.4, 0.6, 0.8]
    let output = try network.predict(input)
    #expect(try network.predict(input, until: .never).timeSteps == 7)
    #expect(network.output == output)
    #expect(try network.predict(input, until: ExitRule(margin: 1e30)).timeSteps == 7)
    var single = try SpikingMLP(
      weights: SpikingNetworkTests.randomWeights([4, 3, 1]),
      options: PredictionOptions(timeSteps: 7))
    let answer = try single.predict(input, until: ExitRule(margin: 2))
    #expect(answer == EarlyAnswer(label: 0, timeSteps: 1, margin: .infinity))
    for (margin, earliest) in [(-1, 1), (1, 0)] as [(Float, Int)] {
      #expect(
        throws: SpikingError.invalidExitRule(
          margin: margin, earliest: earliest, ratio: ExitRule.usualRatio)
      ) {
        try ExitRule(margin: margin, earliest: earliest)
      }
    }
    #expect(throws: SpikingError.self) { try ExitRule(margin: .nan) }
  }
}
