import Foundation
import Networks
import SpikeKernels
import Testing

@testable import SpikingReLU

/// Grouping changes costs, never answers.
@Suite struct SpikePatternsTests {
  private func options(
    _ steps: Int, _ firing: PredictionOptions.Firing = .refining
  ) throws -> PredictionOptions {
    var options = try PredictionOptions(timeSteps: steps)
    options.firing = firing
    return options
  }

  /// Groups of 1 to 4 units, drawn; `full` ones of 4, as far as there are units.
  private func groups(
    _ units: Int, full: Bool, _ generator: inout SeededGenerator
  ) -> [[Int]] {
    var (left, groups) = (Array(0..<units).shuffled(using: &generator), [[Int]]())
    while !left.isEmpty {
      let size = min(full ? 4 : 1 + Int(generator.next() % 4), left.count)
      groups.append(Array(left.prefix(size)))
      left.removeFirst(size)
    }
    return groups
  }

  /// Of each block, patterns of two groups and more, drawn.
  private func frequent(_ groups: [[Int]], _ generator: inout SeededGenerator) -> [[UInt16]] {
    stride(from: 0, to: groups.count, by: 4).map { first in
      let block = groups[first..<min(first + 4, groups.count)]
      let patterns = (0..<20).map { _ in
        block.enumerated().reduce(UInt16(0)) { pattern, group in
          pattern | UInt16(generator.next() % (1 << UInt64(group.element.count)))
            << UInt16(4 * group.offset)
        }
      }
      return Set(
        patterns.filter { pattern in
          (0..<4).count { pattern >> UInt16(4 * $0) & 0xF != 0 } > 1
        }
      ).sorted()
    }
  }

  @Test(
    "integers: the same bits with and without patterns, for all groups, signs and counts",
    arguments: 0..<60, [PredictionOptions.Firing.refining, .oncePerStep])
  func integers(number: Int, firing: PredictionOptions.Firing) throws {
    var generator = SeededGenerator(seed: UInt64(number))
    let sizes = (0...2 + number % 3).map { _ in 1 + Int(generator.next() % 17) }
    let topology = try Topology(units: sizes)
    let weights = try NetworkWeights(
      topology: topology, initializer: .normal(standardDeviation: 0.7), withBiases: number % 2 == 0,
      generator: &generator)
    // Small quanta: counts far above 1 in the first step.
    let coding = try SpikeCoding(
      topology: topology, inputExponent: [0, 2, 4][number % 3],
      layerScales: sizes.dropFirst().dropLast().map { _ in [1, 5, 0.4][Int(generator.next() % 3)] })
    let drawn = sizes.dropLast().map { groups($0, full: number % 4 < 2, &generator) }
    let patterns = try SpikePatterns(
      groups: drawn,
      frequent: number % 3 == 0 ? [] : drawn.map { frequent($0, &generator) },
      places: drawn.map { _ in 1 + Int(generator.next() % 3) }, topology: topology)
    let input = (0..<sizes[0]).map { _ in Float(generator.nextNormal()) }
    var plain = try IntegerSpikingMLP(
      weights: weights, coding: coding, scale: 1 << 12, options: options(8, firing))
    try plain.present(input)
    for set in InstructionSet.supported {
      var grouped = try IntegerSpikingMLP(
        weights: weights, coding: coding, scale: 1 << 12, patterns: patterns,
        options: options(8, firing), instructionSet: set)
      try plain.present(input)
      try grouped.present(input)
      for step in 1...8 {
        try plain.step()
        try grouped.step()
        let what: Comment = "\(set), step \(step)"
        #expect(grouped.outputSums == plain.outputSums, what)
        for layer in 0..<sizes.count - 1 {
          #expect(grouped.spikes(ofLayer: layer) == plain.spikes(ofLayer: layer), what)
        }
      }
    }
  }

  @Test(
    "Float: the same as its reference by patterns on every set, and near the single rows",
    arguments: [PredictionOptions.Firing.refining, .oncePerStep])
  func floats(firing: PredictionOptions.Firing) throws {
    var generator = SeededGenerator(seed: 4)
    let topology: Topology = [30, 21, 13, 5]
    let weights = try NetworkWeights(
      topology: topology, initializer: .he, withBiases: true, generator: &generator)
    let patterns = SpikePatterns.consecutive(4, topology: topology)
    let input = (0..<30).map { _ in Float(generator.nextUniform()) }
    func output(_ patterns: SpikePatterns?, _ set: InstructionSet) throws -> [Float] {
      var network = try SpikingMLP(
        weights: weights, patterns: patterns, options: options(10, firing), instructionSet: set)
      return try network.predict(input)
    }
    let reference = try output(patterns, .reference)
    let single = try output(nil, .reference)
    // Once a step, a potential that is rounded once more may send one spike more or less in 10 steps.
    let near: Float = firing == .refining ? 0.02 : 0.4
    for (first, second) in zip(reference, single) { #expect(abs(first - second) < near) }
    for set in InstructionSet.supported { #expect(try output(patterns, set) == reference) }
  }

  @Test("slots are taken where they cost no memory; both ways give the same bits")
  func slots() throws {
    var generator = SeededGenerator(seed: 14)
    for (size, takesSlots) in [(4, true), (3, false), (2, false)] {
      // 32 units are two blocks of four groups of 4, or more of smaller ones.
      let topology: Topology = [40, 32, 32, 6]
      let weights = try NetworkWeights(
        topology: topology, initializer: .he, withBiases: true, generator: &generator)
      let patterns = SpikePatterns.consecutive(size, topology: topology)
      #expect((patterns.slots(in: topology) != nil) == takesSlots, "groups of \(size)")
      let input = (0..<40).map { _ in Float(generator.nextNormal()) }
      func network(_ set: InstructionSet) throws -> SpikingMLP {
        var network = try SpikingMLP(
          weights: weights, patterns: patterns, options: options(6), instructionSet: set)
        _ = try network.predict(input)
        return network
      }
      let reference = try network(.reference)
      for set in InstructionSet.supported where set != .reference {
        let found = try network(set)
        #expect(found.layers.dropLast().allSatisfy { ($0.slots != nil) == takesSlots })
        #expect(found.patternBytes == reference.patternBytes, "\(set)")
        #expect(found.ledger == reference.ledger, "\(set)")
        for layer in 0...3 {
          #expect(found.potentials(ofLayer: layer) == reference.potentials(ofLayer: layer))
        }
      }
    }
  }

  @Test("a group costs one row a sign and binary place, whichever of its units fired")
  func rows() throws {
    let weights = Matrix(rows: 4, columns: 1, elements: [1, 2, 4, 8])
    let table = try PatternTable(
      Connection(weights: weights, quantum: 1), groups: [[0, 1], [3, 2]], layer: 1)
    // Of the first group 1, 2, 1 + 2; of the second 8, 4, 8 + 4.
    #expect(table.rows.elements == [1, 2, 3, 8, 4, 12] && table.buildingAdditions == 2)
    func spike(_ unit: Int, _ sign: Int) -> Spike { Spike(unit: unit, sign: sign) }
    var rows = PatternRows()
    let spikes = SpikeTrain([
      spike(0, 1), spike(1, 1), spike(1, 1), spike(1, 1), spike(2, -1), spike(3, 1),
    ])
    rows.take(spikes, by: table.index, using: .reference)
    #expect(rows.count == 2)
    #expect(
      rows.places == [
        SpikeTrain([spike(2, 1), spike(3, 1), spike(4, -1)]), SpikeTrain([spike(1, 1)]),
      ])
    rows.take(SpikeTrain(), by: table.index, using: .reference)
    #expect(rows.count == 0)
  }

  @Test("a frequent pattern of a block costs one row; what is left of the block its groups' rows")
  func frequentRows() throws {
    let weights = Matrix(rows: 6, columns: 1, elements: [1, 2, 4, 8, 16, 32])
    // A block of four groups and one of one: 0, 2 and 4 together, 1 and 3 together.
    let table = try PatternTable(
      Connection(weights: weights, quantum: 1), groups: [[0, 1], [2], [3], [4], [5]],
      frequent: [[0x0102, 0x1011], []], layer: 1)
    #expect(table.rows.elements == [1, 2, 3, 4, 8, 16, 32, 10, 21])
    #expect(table.buildingAdditions == 1 + 2 + 1)
    func rows(_ spikes: [(Int, Int)], _ set: InstructionSet) -> [(Int, Int)] {
      var rows = PatternRows()
      rows.take(
        SpikeTrain(spikes.map { Spike(unit: $0.0, sign: $0.1) }), by: table.index, using: set)
      return (0..<rows.count).flatMap { rows.places[$0] }.map { ($0.unit, $0.sign) }
    }
    func check(_ spikes: [(Int, Int)], _ expected: [(Int, Int)]) {
      for set in InstructionSet.supported {
        let found = rows(spikes, set)
        #expect(
          found.count == expected.count && zip(found, expected).allSatisfy { $0 == $1 },
          "\(set), \(spikes): \(found)")
      }
    }
    check([(0, 1), (2, 1), (4, 1), (5, 1)], [(8, 1), (6, 1)])
    check([(0, -1), (2, -1), (4, -1)], [(8, -1)])
    // + is frequent, - is not; and the other way round.
    check([(0, -1), (1, 1), (3, 1)], [(7, 1), (0, -1)])
    check([(0, 1), (1, -1), (3, -1)], [(7, -1), (0, 1)])
    // One unit more is another pattern.
    check([(0, 1), (1, 1), (2, 1), (4, 1)], [(2, 1), (3, 1), (5, 1)])
    // In the second place.
    check([(1, 1), (1, 1), (3, 1), (3, 1)], [(7, 1)])
  }

  @Test("frequent patterns that are none of their block are refused by name")
  func refusedFrequent() throws {
    func refuse(_ frequent: [[[UInt16]]], _ part: String) {
      do {
        _ = try SpikePatterns(groups: [[[0, 1], [2]]], frequent: frequent, topology: [3, 2])
        Issue.record("accepted: \(frequent)")
      } catch { #expect("\(error)".contains(part), "\(error)") }
    }
    refuse([[[0x11]], [[]]], "of 2 layers for 1")
    refuse([[[0x11], [0x11]]], "of 2 blocks, expected 1")
    refuse([[[0x12, 0x11]]], "do not rise")
    refuse([[[0x11, 0x11]]], "do not rise")
    refuse([[[0x21]]], "units that are not there")
    refuse([[[0x111]]], "units that are not there")
    refuse([[[0x3]]], "of one group")
    let patterns = try SpikePatterns(
      groups: [[[0, 1], [2]]], frequent: [[[0x11, 0x12]]], topology: [3, 2])
    #expect(patterns.rowsOfTables == [3 + 1 + 2] && patterns.groupSizes == [2])
  }

  @Test("blocks of an image, also where its size is odd")
  func blocks() {
    #expect(SpikePatterns.blocks(4, height: 2, width: 3) == [[0, 1, 3, 4], [2, 5]])
    #expect(SpikePatterns.blocks(2, height: 1, width: 3) == [[0, 1], [2]])
    #expect(SpikePatterns.blocks(1, height: 1, width: 2) == [[0], [1]])
  }

  @Test("what is no grouping, and where spikes are not added by patterns, is refused by name")
  func refusals() throws {
    for groups in [[[0, 1]], [[0, 1], [1, 2]], [[0, 1, 3], [2]], [[0, 1, 2], []]] {
      #expect(throws: SpikingError.self) {
        try SpikePatterns(groups: [groups], topology: [3, 2])
      }
    }
    #expect(throws: SpikingError.self) {
      try SpikePatterns(groups: [[[0, 1, 2, 3, 4]]], topology: [5, 2])
    }
    let weights = try NetworkWeights(layers: [Matrix(rows: 3, columns: 2)])
    // The paper's network checks a threshold at every spike: there the order is the algorithm.
    #expect(throws: SpikingError.self) {
      try SpikingMLP(
        weights: weights, patterns: .consecutive(2, topology: [3, 2]),
        options: options(4, .afterEachSpike))
    }
  }

  @Test("binary places with rows of their own: a spike for two costs one row")
  func places() throws {
    let weights = Matrix(rows: 3, columns: 1, elements: [1, 2, 4])
    let table = try PatternTable(
      Connection(weights: weights, quantum: 1), groups: [[0, 1], [2]], places: 2, layer: 1)
    #expect(table.rows.elements == [1, 2, 3, 4, 2, 4, 6, 8] && table.buildingAdditions == 1 + 4)
    func rows(_ counts: [Int], own: Int) -> [Int] {
      var rows = PatternRows()
      let spikes = counts.enumerated().flatMap { unit, count in
        (0..<count.magnitude).map { _ in Spike(unit: unit, sign: count.signum()) }
      }
      // The spikes of a unit need not be side by side.
      rows.take(SpikeTrain(spikes.reversed()), by: table.index, using: .reference)
      return rows.train(ownPlaces: own, by: table.index).map { $0.sign * ($0.unit + 1) }
    }
    // 1 + 2 + 4 of unit 0, 2 of unit 1, -1 of unit 2.
    #expect(rows([7, 2, -1], own: 1) == [1, -4, 3, 3, 1, 1, 1, 1])
    #expect(rows([7, 2, -1], own: 2) == [1, -4, 7, 5, 5])
    #expect(rows([7, 2, -4], own: 3) == [1, 7, 9, -12])
    for places in [[0], [9], [1, 1]] {
      #expect(throws: SpikingError.self) {
        try SpikePatterns(groups: [[[0, 1], [2]]], places: places, topology: [3, 1])
      }
    }
    // Files from before there were any have one.
    let old = Data(#"{"groups":[[[0,1],[2]]],"frequent":[[]]}"#.utf8)
    #expect(try JSONDecoder().decode(SpikePatterns.self, from: old).places == [1])
  }

  @Test("what runs away is told of the same unit with and without patterns, on every set")
  func runaway() throws {
    var generator = SeededGenerator(seed: 9)
    let topology: Topology = [9, 7, 5, 3]
    var weights = try NetworkWeights(topology: topology, initializer: .he, generator: &generator)
    // Unit 3 of layer 1 alone grows beyond what Float holds whole numbers of.
    weights.updateWeights(ofLayer: 1) { matrix in matrix[2, 3] = 1e9 }
    func failure(_ patterns: SpikePatterns?, _ set: InstructionSet) throws -> SpikingError? {
      var network = try SpikingMLP(
        weights: weights, patterns: patterns, options: options(6), instructionSet: set)
      do {
        _ = try network.predict((0..<9).map { _ in 1 })
        return nil
      } catch {
        return error
      }
    }
    let expected = try #require(try failure(nil, .reference))
    guard case .potentialOverflow(layer: 1, unit: 3, step: 1, _) = expected else {
      Issue.record("\(expected)")
      return
    }
    for set in InstructionSet.supported {
      #expect(try failure(.consecutive(3, topology: topology), set) == expected)
    }
  }

  @Test("a stream whose units fire once a step: spikes of both signs, in any order")
  func streams() throws {
    var generator = SeededGenerator(seed: 12)
    let topology: Topology = [9, 7, 5]
    let weights = try NetworkWeights(
      topology: topology, initializer: .he, generator: &generator)
    func network(_ patterns: SpikePatterns?, _ set: InstructionSet) throws -> IntegerSpikingMLP {
      var network = try IntegerSpikingMLP(
        weights: weights, scale: 1 << 12, patterns: patterns, options: options(8, .oncePerStep),
        instructionSet: set)
      network.beginStream()
      return network
    }
    for set in InstructionSet.supported {
      var plain = try network(nil, set)
      var grouped = try network(.consecutive(3, topology: topology), set)
      for step in 0..<20 {
        for _ in 0..<step {
          let spike = Spike(
            unit: Int(generator.next() % 9), sign: generator.next() % 4 == 0 ? -1 : 1)
          try plain.receive(spike)
          try grouped.receive(spike)
        }
        try plain.endStep()
        try grouped.endStep()
        #expect(grouped.outputSums == plain.outputSums, "\(set), step \(step)")
        #expect(grouped.spikes(ofLayer: 1) == plain.spikes(ofLayer: 1))
        #expect(grouped.ledger.layers[0] == plain.ledger.layers[0])
      }
      #expect(grouped.additions < plain.additions)
    }
  }
}
