import Datasets
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Measures

/// The theorem of `RigorousBound`, on random networks and inputs of both signs.
@Suite struct RigorousBoundTests {
  @Test("no spike count and no output leaves its bound, at any step")
  func holds() throws {
    var generator = SeededGenerator(seed: 20)
    var largest = 0.0
    var steps = 0
    for _ in 0..<400 {
      let random = try RandomNetwork(using: &generator)
      let bound = RigorousBound(weights: random.weights)
      let example = bound.example(random.input)
      var options = try PredictionOptions(timeSteps: 40)
      options.recording = .counts
      var network = try SpikingMLP(weights: random.weights, options: options)
      var feeds = random.weights.matrices.map { _ in 0 }
      try network.present(random.input)
      for step in 1...40 {
        // Large weights in a deep network: what was checked until here counts.
        guard (try? network.step()) != nil else { break }
        for layer in feeds.indices { feeds[layer] += network.spikes(ofLayer: layer).count }
        let limits = bound.evaluate(example, steps: step, feeds: feeds)
        for layer in 0...network.depth {
          let exact =
            layer == 0
            ? random.input.map(Double.init)
            : example.preActivations[layer - 1].map { max(0, $0) }
          for (unit, count) in network.spikeCounts(ofLayer: layer).enumerated() {
            let share =
              abs(Double(count) - Double(step) * exact[unit]) / limits.counts[layer][unit]
            #expect(share <= 1, "layer \(layer), unit \(unit), step \(step)")
            largest = max(largest, share)
          }
        }
        for (unit, output) in network.output.enumerated() {
          let error = abs(Double(output) - example.preActivations[network.depth - 1][unit])
          #expect(Double(step) * error <= limits.outputSums[unit], "output \(unit), step \(step)")
        }
      }
      steps += network.stepsTaken
    }
    #expect(steps > 370 * 40)
    // The bound is not idle: some unit comes close to it.
    #expect(largest > 0.9)
  }

  @Test("worked by hand: one input of 0.3, weights 2 and -1")
  func byHand() throws {
    let weights = try NetworkWeights(
      layers: [
        Matrix(rows: 1, columns: 2, elements: [2, -1]),
        Matrix(rows: 2, columns: 1, elements: [1, 0.5]),
      ])
    let bound = RigorousBound(weights: weights)
    let example = bound.example([0.25])
    #expect(example.preActivations == [[0.5, -0.25], [0.5]])
    let limits = bound.evaluate(example, steps: 10, feeds: [0, 0])
    // D_0 = 0.75; B_1 = [1.5, 0.75]; D_1 = [2.5, 1.25]; B_2 = 2.5 + 0.625.
    #expect(limits.counts == [[0.5], [2, 1.25], [3.625]])
    #expect(limits.outputSums == [3.125])
  }

  @Test("worked by hand, once a step: an input of 0.3, weights 2 and -1, with and without a phase")
  func onceAStep() throws {
    let weights = try NetworkWeights(layers: [
      Matrix(rows: 1, columns: 1, elements: [2]), Matrix(rows: 1, columns: 1, elements: [-1]),
    ])
    // E_0 = 1/2; B_1 = 2 E_0 = 1, E_1 = 3/2; B_2 = E_1. A phase of 1/4 makes E_0 = 3/4.
    for (phase, input, hidden, output) in [(0, 0.5, 1.5, 1.5), (0.25, 0.75, 2, 2)]
      as [(Float, Double, Double, Double)]
    {
      let coding = try SpikeCoding(
        topology: [1, 1, 1], layerScales: [1], inputPhases: [phase])
      let bound = try RigorousBound(weights: weights, coding: coding, firing: .oncePerStep)
      let found = bound.evaluate(bound.example([0.3]), steps: 7, feeds: [0, 0])
      #expect(found.counts[0] == [input])
      #expect(found.counts[1] == [hidden])
      #expect(found.outputSums == [output])
    }
  }

  @Test("rounding only widens the bound, and more feeds widen it more")
  func rounding() throws {
    let weights = try NetworkWeights(layers: [Matrix(rows: 1, columns: 1, elements: [1])])
    let bound = RigorousBound(weights: weights)
    let example = bound.example([-0.7])
    let widths = [0, 1000, 100_000, 100_000_000].map {
      bound.evaluate(example, steps: 1000, feeds: [$0]).outputSums[0]
    }
    #expect(widths == widths.sorted() && widths[0] < widths[1] && widths[3] == .infinity)
  }
}
