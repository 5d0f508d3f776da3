import Networks
import SpikeKernels
import Testing

@testable import SpikingReLU

/// Changes sent, what the rounding network says of each frame alone.
@Suite struct SigmaDeltaTests {
  private static let topology: Topology = [20, 30, 10, 4]

  private func weights(biased: Bool) throws -> NetworkWeights {
    var generator = SeededGenerator(seed: 11)
    let weights = try NetworkWeights(
      topology: Self.topology, initializer: .he, generator: &generator)
    return try NetworkWeights(
      layers: weights.matrices,
      biases: biased
        ? Self.topology.units.dropFirst().map { (0..<$0).map { Float($0) / 50 - 0.2 } } : nil)
  }

  private let coding = try! SpikeCoding(
    topology: Self.topology, inputExponent: 2, layerScales: [3, 5])

  /// Frames that change little from one to the next.
  private var frames: [[Float]] {
    var generator = SeededGenerator(seed: 3)
    var frame = (0..<20).map { _ in Float(generator.nextUniform()) }
    return (0..<200).map { _ in
      for _ in 0..<3 {
        let unit = Int(generator.nextUniform() * 20)
        frame[unit] = Float(generator.nextUniform() * 2 - 0.5)
      }
      return frame
    }
  }

  @Test("integers: every count and every output, bit for bit", arguments: [false, true])
  func integers(biased: Bool) throws {
    for set in InstructionSet.supported {
      var network = try IntegerSigmaDeltaMLP(
        weights: weights(biased: biased), coding: coding, scale: 10_001, instructionSet: set)
      var fewer = 0
      for frame in frames {
        let before = network.ledger.additions
        let output = try network.process(frame)
        let alone = try network.rounded(frame)
        #expect(output == alone.output)
        for layer in 0..<3 {
          #expect(network.counts(ofLayer: layer) == alone.network.counts(ofLayer: layer))
        }
        if network.ledger.additions - before < alone.network.ledger.additions { fewer += 1 }
      }
      // Frames that change little cost less than frames alone.
      #expect(fewer > 150)
      #expect(network.ledger.examples == 200)
    }
  }

  @Test("by patterns: the same bits in integers for fewer additions, the same on all sets in Float")
  func patterns() throws {
    let patterns = SpikePatterns.consecutive(4, topology: Self.topology)
    var floats: [[Float]] = []
    for set in InstructionSet.supported {
      var plain = try IntegerSigmaDeltaMLP(
        weights: weights(biased: true), coding: coding, scale: 10_001, instructionSet: set)
      var grouped = try IntegerSigmaDeltaMLP(
        weights: weights(biased: true), coding: coding, patterns: patterns, scale: 10_001,
        instructionSet: set)
      var float = try SigmaDeltaMLP(
        weights: weights(biased: true), coding: coding, patterns: patterns, instructionSet: set)
      var outputs: [Float] = []
      for frame in frames {
        #expect(try grouped.process(frame) == plain.process(frame))
        outputs += try float.process(frame)
      }
      #expect(grouped.ledger.additions < plain.ledger.additions)
      floats.append(outputs)
    }
    for outputs in floats.dropFirst() { #expect(outputs == floats[0]) }
  }

  @Test(
    "Float: sums within the bound of rounding, counts but at thresholds", arguments: [false, true])
  func floats(biased: Bool) throws {
    var network = try SigmaDeltaMLP(weights: weights(biased: biased), coding: coding)
    var differences = 0
    for frame in frames {
      let output = try network.process(frame)
      let alone = try network.rounded(frame)
      let counts = (0..<3).map { network.counts(ofLayer: $0) }
      if counts != (0..<3).map({ alone.network.counts(ofLayer: $0) }) {
        differences += 1
        continue
      }
      // A eps M: the additions to a unit so far, and no sum here is beyond 32.
      let additions = Float(network.ledger.layers[3].forwardAdditions / 4 + 1)
      for (one, other) in zip(output, alone.output) {
        #expect(abs(one - other) <= additions * 0x1p-24 * 32)
      }
    }
    #expect(differences <= 2)
  }

  @Test("with finer scales the output tends to the dense network's")
  func limit() throws {
    let weights = try weights(biased: true)
    let frame = frames[0]
    var dense = frame
    for (index, layer) in weights.matrices.enumerated() {
      dense = (0..<layer.columns).map { column in
        let sum = (0..<layer.rows).reduce(weights.biases![index][column]) {
          $0 + dense[$1] * layer[$1, column]
        }
        return index < 2 ? max(0, sum) : sum
      }
    }
    var errors: [Float] = []
    for exponent in [2, 6, 10] {
      let fine = try SpikeCoding(
        topology: Self.topology, inputExponent: exponent,
        layerScales: [Float(1 << exponent), Float(1 << exponent)])
      var network = try SigmaDeltaMLP(weights: weights, coding: fine)
      let output = try network.process(frame)
      errors.append(zip(output, dense).map { abs($0 - $1) }.max()!)
    }
    #expect(errors[1] < errors[0] / 4 && errors[2] < errors[1] / 4, "\(errors)")
  }

  @Test("a frame twice costs nothing the second time; work is |s| * fan-out")
  func work() throws {
    var network = try SigmaDeltaMLP(
      weights: NetworkWeights(layers: [
        Matrix(rows: 2, columns: 3, elements: [1, 0, 0, 0, 2, 0]),
        Matrix(rows: 3, columns: 2, elements: [1, 0, 0, 1, 1, 1]),
      ]), coding: SpikeCoding(topology: [2, 3, 2], layerScales: [1]))
    // Two spikes and one into 3 units; the hidden units become 2, 2 and 0: four spikes into 2.
    #expect(try network.process([2, 1]) == [2, 2])
    #expect(network.ledger.additions == 3 * 3 + 4 * 2)
    #expect(try network.process([2, 1]) == [2, 2])
    #expect(network.ledger.additions == 3 * 3 + 4 * 2)
    // One spike less: -1, and the hidden unit follows.
    #expect(try network.process([1, 1]) == [1, 2])
    #expect(network.ledger.additions == 4 * 3 + 5 * 2)
    #expect(network.ledger.layers[0].negativeSpikes == 1)
    // Ties are toward 0, as a threshold is strict; negative inputs count, too.
    #expect(try network.process([0.5, -0.5]) == [0, 0])
    #expect(network.counts(ofLayer: 0) == [0, 0])
    _ = try network.process([0.51, -1.6])
    #expect(network.counts(ofLayer: 0) == [1, -2])
  }

  @Test("what is refused")
  func refusals() throws {
    var network = try SigmaDeltaMLP(weights: weights(biased: false), coding: coding)
    #expect(throws: SpikingError.inputSize(expected: 20, found: 1)) { try network.process([1]) }
    var frame = [Float](repeating: 0, count: 20)
    frame[3] = .infinity
    #expect(throws: SpikingError.nonFiniteInput(index: 3, value: .infinity)) {
      try network.process(frame)
    }
    frame[3] = 1e9
    #expect(throws: SpikingError.potentialOverflow(layer: 0, unit: 3, step: 1, value: 4e9)) {
      try network.process(frame)
    }
    let phased = try SpikeCoding(
      topology: Self.topology, layerScales: [1, 1],
      inputPhases: Array(repeating: 0.25, count: 20))
    #expect(throws: SpikingError.self) {
      try SigmaDeltaMLP(weights: weights(biased: false), coding: phased)
    }
    var exploding = try SigmaDeltaMLP(
      weights: NetworkWeights(layers: [
        Matrix(rows: 1, columns: 1, elements: [3e6]), Matrix(rows: 1, columns: 1, elements: [1]),
      ]), coding: SpikeCoding(topology: [1, 1, 1], layerScales: [1]))
    #expect(throws: SpikingError.potentialOverflow(layer: 1, unit: 0, step: 1, value: 3e6)) {
      try exploding.process([1])
    }
  }
}
