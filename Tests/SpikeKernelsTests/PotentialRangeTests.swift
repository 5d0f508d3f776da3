import Networks
import Testing

@testable import SpikeKernels

/// Values that would hang or corrupt the neuron loop end in a typed error, the same on every set.
@Suite struct PotentialRangeTests {
  private func feed(
    _ values: [Float], kind: QuantizerKind, set: InstructionSet, limit: Int = 1 << 26
  ) throws -> SpikeTrain {
    var generator = SeededGenerator(seed: 1)
    let quantizer = Quantizer<Float>(kind: kind, quantum: 1)
    var state = QuantizerState<Float>(units: values.count)
    var scratch = KernelScratch<Float>(units: values.count)
    var train = SpikeTrain()
    try quantizer.feed(
      values, into: &state, train: &train, scratch: &scratch, limit: limit, using: set,
      generator: &generator)
    return train
  }

  @Test(
    "beyond 2^22", arguments: InstructionSet.supported,
    [Float(4_194_305), 16_777_220, 1e9, 3e38, .infinity])
  func overflow(set: InstructionSet, value: Float) {
    for kind in [QuantizerKind.herding, .rectHerding] {
      #expect(throws: KernelError.potentialOverflow(unit: 1, value: Double(value))) {
        try feed([0, value, 5e6], kind: kind, set: set)
      }
      #expect(throws: KernelError.potentialOverflow(unit: 2, value: -Double(value))) {
        try feed([0, 0, -value], kind: kind, set: set)
      }
    }
  }

  @Test("at 2^22 it still ends, with as many spikes", arguments: InstructionSet.supported)
  func largest(set: InstructionSet) throws {
    // A smaller count in debug builds would prove less; 2^16 spikes are enough to see the rule.
    #expect(try feed([65_536.25], kind: .rectHerding, set: set).count == 65_536)
  }

  @Test("NaN is an error, not a silent dead unit", arguments: InstructionSet.supported)
  func notANumber(set: InstructionSet) {
    for kind in [QuantizerKind.herding, .rectHerding] {
      for unit in [0, 1, 20] {
        func isNamed(_ error: any Error) -> Bool {
          guard case KernelError.potentialOverflow(unit, let value)? = error as? KernelError else {
            return false
          }
          return value.isNaN
        }
        var values = [Float](repeating: 0.25, count: 21)
        values[unit] = .nan
        #expect { try feed(values, kind: kind, set: set) } throws: { isNamed($0) }
        let weights = Matrix(rows: 1, columns: 21, elements: values)
        for firesOnce in [false, true] {
          var generator = SeededGenerator(seed: 1)
          var state = QuantizerState<Float>(units: 21)
          var scratch = KernelScratch<Float>(units: 21)
          var train = SpikeTrain()
          #expect {
            try Quantizer<Float>(kind: kind, quantum: 1).feed(
              rowsOf: weights, for: SpikeTrain([Spike(unit: 0, sign: 1)]), firesOnce: firesOnce,
              into: &state, train: &train, scratch: &scratch, using: set, generator: &generator)
          } throws: { isNamed($0) }
        }
      }
    }
  }

  @Test(
    "2^22 is in range: the spikes are what there are too many of",
    arguments: InstructionSet.supported)
  func limit(set: InstructionSet) {
    #expect(throws: KernelError.eventBudgetExceeded(limit: 10)) {
      try feed([4_194_304], kind: .herding, set: set, limit: 10)
    }
  }

  @Test("more spikes than the budget", arguments: InstructionSet.supported)
  func budget(set: InstructionSet) throws {
    #expect(throws: KernelError.eventBudgetExceeded(limit: 100)) {
      try feed([60, 60], kind: .herding, set: set, limit: 100)
    }
    #expect(try feed([50, 50], kind: .herding, set: set, limit: 100).count == 100)
  }

  @Test("many rows at once: growing the train changes nothing", arguments: InstructionSet.supported)
  func growth(set: InstructionSet) throws {
    var generator = SeededGenerator(seed: 1)
    let weights = Matrix(rows: 2, columns: 40) { row, _ in row == 0 ? 3.25 : -2.5 }
    let spikes = SpikeTrain((0..<300).map { Spike(unit: $0 % 2, sign: 1) })
    let quantizer = Quantizer<Float>(kind: .herding, quantum: 1)
    var state = QuantizerState<Float>(units: 40)
    var scratch = KernelScratch<Float>(units: 40)
    var train = SpikeTrain()
    try quantizer.feed(
      rowsOf: weights, for: spikes, into: &state, train: &train, scratch: &scratch, using: set,
      generator: &generator)
    // 150 times (3.25 - 2.5) is 112.5 a unit; the last row takes it there from above: 113.
    #expect(train.reduce(0) { $0 + $1.sign } == 40 * 113)
    #expect(train.count > 10_000)
    #expect((0..<40).allSatisfy { abs(state.potentials[$0]) <= 0.5 })
  }

  @Test("an unknown or unsupported SPIKE_ISA is refused, naming what there is")
  func instructionSets() throws {
    #expect(try InstructionSet.selected(named: nil) == InstructionSet.supported[0])
    #expect(try InstructionSet.selected(named: "reference") == .reference)
    #expect(
      throws: KernelError.unsupportedInstructionSet(
        found: "avx512", available: ["baseline", "reference"])
    ) { try InstructionSet.selected(named: "avx512", from: [.baseline, .reference]) }
    #expect {
      try InstructionSet.selected(named: "avx9")
    } throws: {
      "\($0)".contains("\"avx9\"") && "\($0)".contains("baseline")
    }
  }
}
