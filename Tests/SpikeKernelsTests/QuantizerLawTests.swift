import Networks
import Testing

@testable import SpikeKernels

/// The exact laws of docs/Algorithm.md, section 1, on dyadic values, where Float arithmetic is real
/// arithmetic.
@Suite struct QuantizerLawTests {
  /// Feeds values to one unit each and gives the net count and the sum after every feed.
  private func counts(
    _ kind: QuantizerKind, _ values: [[Float]], set: InstructionSet
  ) throws -> [[(count: Int, sum: Float)]] {
    var generator = SeededGenerator(seed: 1)
    let units = values[0].count
    let quantizer = Quantizer<Float>(kind: kind, quantum: 1)
    var state = QuantizerState<Float>(units: units)
    var scratch = KernelScratch<Float>(units: units)
    var net = [Int](repeating: 0, count: units)
    var sums = [Float](repeating: 0, count: units)
    return try values.map { feed in
      var train = SpikeTrain()
      try quantizer.feed(
        feed, into: &state, train: &train, scratch: &scratch, using: set, generator: &generator)
      for spike in train { net[spike.unit] += spike.sign }
      for unit in 0..<units { sums[unit] += feed[unit] }
      return zip(net, sums).map { ($0, $1) }
    }
  }

  private func dyadicValues(seed: UInt64, units: Int, feeds: Int) -> [[Float]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<feeds).map { _ in
      (0..<units).map { _ in Float(Int(generator.nextNormal() * 24)) / 16 }
    }
  }

  @Test("herding: the net count is the sum, rounded", arguments: InstructionSet.supported)
  func herding(set: InstructionSet) throws {
    for seed in 0..<20 as Range<UInt64> {
      let values = dyadicValues(seed: seed, units: 37, feeds: 40)
      for row in try counts(.herding, values, set: set) {
        for unit in row { #expect(abs(unit.sum - Float(unit.count)) <= 0.5) }
      }
    }
  }

  @Test(
    "rect-herding: the count is the running maximum of the rounded sum",
    arguments: InstructionSet.supported)
  func rectified(set: InstructionSet) throws {
    for seed in 0..<20 as Range<UInt64> {
      let values = dyadicValues(seed: seed, units: 37, feeds: 40)
      var highest = [Float](repeating: -.infinity, count: 37)
      for row in try counts(.rectHerding, values, set: set) {
        for (index, unit) in row.enumerated() {
          highest[index] = max(highest[index], unit.sum)
          #expect(unit.count == max(0, Int((highest[index] - 0.5).rounded(.up))))
        }
      }
    }
  }

  @Test("thresholds are strict: exactly 1/2 does not fire, the next Float does")
  func strictThreshold() throws {
    for set in InstructionSet.supported {
      let below = try counts(
        .herding, [[0.5, -0.5, Float(0.5).nextUp, -Float(0.5).nextUp, 1.5, -1.5]], set: set)
      #expect(below[0].map(\.count) == [0, 0, 1, -1, 1, -1])
    }
  }

  @Test("integers: 2 phi > S fires, 2 phi <= -S fires, for odd and even S")
  func integerThresholds() throws {
    var generator = SeededGenerator(seed: 1)
    for set in InstructionSet.supported {
      for (quantum, values, expected) in [
        (Int32(10), [Int32(5), 6, -5, -4, 15, -15], [0, 1, -1, 0, 1, -2]),
        (Int32(7), [3, 4, -3, -4, 11, -11], [0, 1, 0, -1, 2, -2]),
      ] {
        let quantizer = Quantizer<Int32>(kind: .herding, quantum: quantum)
        var state = QuantizerState<Int32>(units: 6)
        var scratch = KernelScratch<Int32>(units: 6)
        var train = SpikeTrain()
        try quantizer.feed(
          values, into: &state, train: &train, scratch: &scratch, using: set,
          generator: &generator)
        let net = (0..<6).map { unit in
          train.reduce(0) { $0 + ($1.unit == unit ? $1.sign : 0) }
        }
        #expect(net == expected, "\(set), S = \(quantum)")
      }
    }
  }

  @Test("spikes of one feed: decreasing potential, interleaved, ties by lower unit")
  func order() throws {
    var generator = SeededGenerator(seed: 1)
    for set in InstructionSet.supported {
      let quantizer = Quantizer<Float>(kind: .herding, quantum: 1)
      var state = QuantizerState<Float>(units: 5)
      var scratch = KernelScratch<Float>(units: 5)
      var train = SpikeTrain()
      try quantizer.feed(
        [1, 2.25, -2.75, 1, -1.25], into: &state, train: &train, scratch: &scratch, using: set,
        generator: &generator)
      // Tags: 2.75 (2-), 2.25 (1), 1.75 (2-), 1.25 (1), 1.25 (4-), 1 (0), 1 (3), 0.75 (2-), 0.25 no
      #expect(train.map { $0.sign * ($0.unit + 1) } == [-3, 2, -3, 2, -5, 1, 4, -3], "\(set)")
    }
  }

  @Test("-0.0 and 0 pixels send nothing")
  func zeros() throws {
    for set in InstructionSet.supported {
      #expect(try counts(.herding, [[0, -0.0]], set: set)[0].map(\.count) == [0, 0])
    }
  }
}

/// Random quantizers: repeatable, and right on average.
@Suite struct RandomQuantizerTests {
  @Test("random reset draws potentials from (-1/2, 1/2), none of them spiking")
  func randomReset() {
    var generator = SeededGenerator(seed: 2)
    let quantizer = Quantizer<Float>(kind: .randomResetHerding, quantum: 1)
    var state = QuantizerState<Float>(units: 4000)
    quantizer.reset(&state, generator: &generator)
    let potentials = (0..<4000).map { state.potentials[$0] }
    #expect(potentials.allSatisfy { abs($0) <= 0.5 })
    #expect(abs(potentials.reduce(0, +) / 4000) < 0.025)
    #expect(Set(potentials).count > 3900)
  }

  @Test("kinds that keep potentials keep them, others start at 0")
  func resets() {
    var generator = SeededGenerator(seed: 2)
    for kind in QuantizerKind.allCases {
      var state = QuantizerState<Float>(units: 3)
      state.potentials.fill(with: 0.25)
      Quantizer<Float>(kind: kind, quantum: 1).reset(&state, generator: &generator)
      switch kind {
      case .noResetHerding, .noResetRectHerding: #expect(state.potentials[1] == 0.25)
      case .randomResetHerding: #expect(state.potentials[1] != 0.25)
      default: #expect(state.potentials[1] == 0)
      }
      #expect(state.thresholds.count == (kind.threshold == .exponential ? 3 : 0))
    }
  }

  @Test("Poisson: fires by the stated rule, with a threshold redrawn from Exp(1)")
  func poissonRule() throws {
    for kind in [QuantizerKind.poisson, .poissonZero] {
      var generator = SeededGenerator(seed: 5)
      let quantizer = Quantizer<Float>(kind: kind, quantum: 1)
      var state = QuantizerState<Float>(units: 1)
      var scratch = KernelScratch<Float>(units: 1)
      quantizer.reset(&state, generator: &generator)
      var (potential, threshold) = (Float(0), state.thresholds[0])
      var replica = generator
      var (spikes, expected): ([Int], [Int]) = ([], [])
      for step in 0..<500 {
        var train = SpikeTrain()
        let input: Float = step % 7 < 4 ? 0.6 : -0.4
        try quantizer.feed(
          [input], into: &state, train: &train, scratch: &scratch,
          using: InstructionSet.supported[0], generator: &generator)
        spikes += train.map(\.sign)
        potential += input
        var tags: [(Float, Int)] = []
        while potential > threshold || potential <= -threshold {
          let sign = potential > threshold ? 1 : -1
          tags.append((abs(potential), sign))
          potential = kind == .poissonZero ? 0 : potential - Float(sign)
          threshold = Float(replica.nextExponential())
        }
        expected += tags.sorted { $0.0 > $1.0 }.map(\.1)
      }
      #expect(spikes == expected && spikes.count > 50, "\(kind)")
    }
  }

  @Test("Poisson: the net count follows the input on average")
  func poissonRate() throws {
    var generator = SeededGenerator(seed: 6)
    let quantizer = Quantizer<Float>(kind: .poisson, quantum: 1)
    var state = QuantizerState<Float>(units: 50)
    var scratch = KernelScratch<Float>(units: 50)
    quantizer.reset(&state, generator: &generator)
    var train = SpikeTrain()
    for _ in 0..<200 {
      try quantizer.feed(
        Array(repeating: 0.3, count: 50), into: &state, train: &train, scratch: &scratch,
        using: .reference, generator: &generator)
    }
    let net = train.reduce(0) { $0 + $1.sign }
    #expect(abs(Double(net) - 3000) < 150)
  }
}

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
