import Foundation
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Measures

/// The theorem of refining, on random networks: the error halves with each step, and never passes its bound.
@Suite struct RefiningBoundTests {
  /// Quanta of each unit, that are no powers of two, or of the paper's.
  private func coding(
    _ weights: NetworkWeights, _ generator: inout SeededGenerator
  ) throws -> SpikeCoding {
    try SpikeCoding(
      inputExponent: Int(generator.next() % 5) - 2,
      hiddenScales: weights.hidden.map { count in
        (0..<count).map { _ in [0.25, 0.7, 1, 1.4, 2][Int(generator.next() % 5)] }
      })
  }

  private func options(_ steps: Int) throws -> PredictionOptions {
    var options = try PredictionOptions(timeSteps: steps)
    options.firing = .refining
    options.recording = .counts
    return options
  }

  @Test(
    "after every step, counts and outputs are within the bound, by single rows and by patterns",
    arguments: 0..<200)
  func bound(number: Int) throws {
    var generator = SeededGenerator(seed: UInt64(number))
    let random = try RandomNetwork(using: &generator)
    let coding = try coding(random.weights, &generator)
    let steps = 12
    let bound = try RigorousBound(weights: random.weights, coding: coding, firing: .refining)
    let example = bound.example(random.input)
    var network = try SpikingMLP(
      weights: random.weights, coding: coding,
      patterns: number % 3 == 0
        ? nil : .consecutive(2 + number % 3, topology: random.weights.topology),
      options: options(steps))
    var feeds = Array(repeating: 0, count: network.depth)
    try network.present(random.input)
    for step in 1...steps {
      try network.step()
      for layer in 0..<network.depth { feeds[layer] += network.spikes(ofLayer: layer).count }
      let limits = bound.evaluate(example, steps: step, feeds: feeds)
      let time = bound.time(ofSteps: step)
      for (unit, output) in network.output.enumerated() {
        let error = abs(Double(output) - example.preActivations[network.depth - 1][unit]) * time
        #expect(error <= limits.outputSums[unit], "step \(step), output \(unit)")
      }
      for layer in 0..<network.depth {
        let ideal =
          layer == 0
          ? random.input.map { Double($0) * Double(coding.inputScale) }
          : example.preActivations[layer - 1].map { max(0, $0) }
        for (unit, count) in network.spikeCounts(ofLayer: layer).enumerated() {
          #expect(
            abs(Double(count) - ideal[unit] * time) <= limits.counts[layer][unit],
            "step \(step), layer \(layer), unit \(unit)")
        }
      }
    }
  }

  @Test("rounding only widens the bound, and more feeds widen it more")
  func rounding() throws {
    let weights = try NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [1])])
    let bound = try RigorousBound(weights: weights, coding: .unit(of: weights), firing: .refining)
    let example = bound.example([-0.7])
    let widths = [0, 1000, 100_000, 100_000_000].map {
      bound.evaluate(example, steps: 3, feeds: [$0]).outputSums[0]
    }
    #expect(widths[0] == 0.5 && zip(widths, widths.dropFirst()).allSatisfy { $0 < $1 })
    #expect(widths[3] == .infinity)
  }

  @Test("the bound of exact arithmetic halves with each step")
  func halves() throws {
    var generator = SeededGenerator(seed: 9)
    let weights = try NetworkWeights(
      topology: [9, 7, 4], initializer: .he, generator: &generator)
    let bound = try RigorousBound(weights: weights, coding: .unit(of: weights), firing: .refining)
    let example = bound.example((0..<9).map { Float($0) / 9 })
    let limits = (1...8).map { step in
      bound.evaluate(example, steps: step, feeds: [0, 0]).outputSums.map {
        $0 / bound.time(ofSteps: step)
      }
    }
    for (now, next) in zip(limits, limits.dropFirst()) {
      for (first, second) in zip(now, next) { #expect(abs(second / first - 0.5) < 1e-12) }
    }
    // E_0 = 1/2, F_1 = |W_1|^T E_0, F_2 = |W_2|^T (F_1 + 1/2).
    let inner = (0..<7).map { unit in
      (0..<9).reduce(0.0) { $0 + 0.5 * Double(abs(weights.matrices[0][$1, unit])) }
    }
    for unit in 0..<4 {
      let expected = (0..<7).reduce(0.0) {
        $0 + (inner[$1] + 0.5) * Double(abs(weights.matrices[1][$1, unit]))
      }
      #expect(abs(limits[0][unit] - expected) < 1e-9)
    }
  }

  @Test("integers are exact to the last place: equal to sums in whole numbers")
  func integers() throws {
    // Of weights that are multiples of 1/64, after as many steps as there are places every residue is 0.
    var generator = SeededGenerator(seed: 3)
    func sixtyFourths(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(rows: rows, columns: columns) { _, _ in
        Float(Int(generator.next() % 65) - 32) / 64
      }
    }
    let weights = try NetworkWeights(layers: [sixtyFourths(10, 8), sixtyFourths(8, 5)])
    var network = try IntegerSpikingMLP(
      weights: weights, scale: 1 << 14, options: options(16))
    let input = (0..<10).map { _ in Float(Int(generator.next() % 257) - 128) / 256 }
    try network.present(input)
    for _ in 0..<16 { try network.step() }
    let bound = try RigorousBound(weights: weights, coding: .unit(of: weights), firing: .refining)
    let dense = bound.example(input).preActivations[1]
    // Inputs have 8 binary places and hidden sums 14: step 15 has sent all of them.
    for (unit, sum) in network.outputSums.enumerated() {
      let output = Double(sum) * 0x1p-29
      #expect(output == dense[unit])
    }
  }

  @Test("what a refining network cannot do is refused by name")
  func refusals() throws {
    var generator = SeededGenerator(seed: 1)
    let weights = try NetworkWeights(
      topology: [4, 3, 2], initializer: .he, generator: &generator)
    func refused(_ change: (inout PredictionOptions) -> Void, coding: SpikeCoding? = nil) throws {
      var options = try options(5)
      change(&options)
      #expect(throws: SpikingError.self) {
        try SpikingMLP(weights: weights, coding: coding, options: options)
      }
    }
    try refused { $0.readout = .counts }
    try refused { $0.layerQuantizer = .noResetRectHerding }
    try refused(
      { _ in },
      coding: SpikeCoding(
        topology: [4, 3, 2], layerScales: [1], inputPhases: [0.25, 0, 0, 0]))
    var long = try PredictionOptions(timeSteps: PredictionOptions.maximumRefiningSteps + 1)
    long.firing = .refining
    #expect(throws: SpikingError.refiningSteps(found: 21)) {
      try SpikingMLP(weights: weights, options: long)
    }
    var network = try SpikingMLP(weights: weights, options: options(5))
    network.beginStream()
    #expect(throws: SpikingError.self) { try network.receive(Spike(unit: 0, sign: 1)) }
    #expect(throws: SpikingError.self) { try SpikeStream(network: network) }
    // Counts are kept in quanta of the step: one that would not fit is an error.
    let wide = try NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [1])])
    var counting = try SpikingMLP(weights: wide, options: options(20))
    #expect(throws: SpikingError.self) { try counting.predict([4000]) }
    #expect(throws: SpikingError.self) { try counting.predict([-1e9]) }
    #expect(try abs(counting.predict([40])[0] - 40) < 1e-4)
    // A potential that has no places for half a quantum is an error, not a wrong answer.
    var huge = try SpikingMLP(weights: weights, options: options(20))
    #expect(throws: SpikingError.self) { try huge.predict([1e7, 1e7, 1e7, 1e7]) }
  }

  @Test("an exit: the margin falls with each step")
  func exit() throws {
    var generator = SeededGenerator(seed: 5)
    let weights = try NetworkWeights(
      topology: [9, 7, 4], initializer: .he, generator: &generator)
    var network = try SpikingMLP(weights: weights, options: options(10))
    let input = (0..<9).map { Float($0) / 9 }
    try network.present(input)
    var leads: [Float] = []
    for _ in 0..<10 {
      try network.step()
      let sorted = network.output.sorted()
      leads.append(sorted[3] - sorted[2])
    }
    for ratio in [Float(0.5), 0.75, 1] {
      let margin = leads[4] * 0.999 / Float(pow(Double(ratio), 4))
      let expected = leads.indices.first {
        leads[$0] >= margin * Float(pow(Double(ratio), Double($0)))
      }
      let answer = try network.predict(input, until: ExitRule(margin: margin, ratio: ratio))
      #expect(answer.timeSteps == (expected ?? 9) + 1)
    }
  }
}
