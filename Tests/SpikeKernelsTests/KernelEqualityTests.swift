import Networks
import Testing

@testable import SpikeKernels

/// Every compiled kernel equals the plain Swift reference: same spikes, same order, same bits.
@Suite struct KernelEqualityTests {
  static let compiled = InstructionSet.supported.filter { $0 != .reference }
  /// All remainders of the vector widths, one block of columns and several.
  static let widths = Array(1...67) + [96, 104, 105, 200, 256, 257, 300, 513, 1000, 2000]

  /// What a run of feeds leaves behind, as bits.
  struct Trace: Equatable {
    var potentials: [UInt32] = []
    var spikes: [Int32] = []
    var error: KernelError?
  }

  @Test("feeding rows, Float", arguments: widths)
  func floatRows(width: Int) {
    for signed in [false, true] {
      for scale: Float in [0.02, 0.4, 3] {
        let trace = { (set: InstructionSet) in
          Self.feedRows(
            width: width, kind: signed ? .herding : .rectHerding, quantum: Float(1), set: set,
            bits: \.bitPattern
          ) { Float($0.nextNormal()) * scale }
        }
        let expected = trace(.reference)
        for set in Self.compiled {
          #expect(trace(set) == expected, "\(set), signed \(signed), scale \(scale)")
        }
      }
    }
  }

  @Test("feeding rows, Int32: odd and even scales", arguments: widths)
  func integerRows(width: Int) {
    for (quantum, spread) in [(Int32(7), 3.0), (20, 4), (2000, 700), (833, 3000), (1, 2)] {
      for signed in [false, true] {
        let trace = { (set: InstructionSet) in
          Self.feedRows(
            width: width, kind: signed ? .herding : .rectHerding, quantum: quantum, set: set,
            bits: { UInt32(bitPattern: $0) }
          ) { Int32($0.nextNormal() * spread) }
        }
        let expected = trace(.reference)
        for set in Self.compiled {
          #expect(trace(set) == expected, "\(set), signed \(signed), quantum \(quantum)")
        }
      }
    }
  }

  @Test("feeding vectors", arguments: [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 65, 784])
  func vectors(width: Int) {
    for signed in [false, true] {
      for scale: Float in [0.3, 2, 40] {
        let trace = { (set: InstructionSet) in
          var generator = SeededGenerator(seed: UInt64(width))
          let quantizer = Quantizer<Float>(kind: signed ? .herding : .rectHerding, quantum: 1)
          var state = QuantizerState<Float>(units: width)
          var scratch = KernelScratch<Float>(units: width)
          var train = SpikeTrain()
          for _ in 0..<12 {
            // Few distinct values: many ties.
            let values = (0..<width).map { _ in
              scale * Float(Int(generator.nextNormal() * 4)) / 4
            }
            try quantizer.feed(
              values, into: &state, train: &train, scratch: &scratch, using: set,
              generator: &generator)
          }
          return (train, state)
        }
        let expected = try! trace(.reference)
        for set in Self.compiled {
          let found = try! trace(set)
          #expect(found.0 == expected.0 && found.1 == expected.1, "\(set), \(signed), \(scale)")
        }
      }
    }
  }

  @Test(
    "rectified units that fire at most once a row: few, many and very many of them",
    arguments: Array(1...67) + [96, 200, 208, 240, 256, 257, 512, 513])
  func firesOnce(width: Int) throws {
    try firesOnce(width: width, quantum: 1 as Float) { $0 }
    // An odd scale, and one at which nothing is left of most weights; scales at which potentials are
    // 16 bits wide for runs of 16, 8 and 4 rows, and one at which they never are.
    let scales: [Int32] = [999, 2, 2000, 4000, 9000]
    for scale in width < 65 ? [scales[width % 5]] : scales {
      try firesOnce(width: width, quantum: scale) { Int32($0 * Float(scale)) }
    }
    #expect(Float.bound(of: Matrix(rows: 1, columns: 2, elements: [0.5, -1.001]), quantum: 1) > 1)
    let beyond = RowMajorMatrix<Int32>(rows: 1, columns: 2, elements: [5, -1001])
    #expect(Int32.bound(of: beyond, quantum: 1000) == 2002)
  }

  private func firesOnce<Scalar: SpikeScalar>(
    width: Int, quantum: Scalar, scaled: (Float) -> Scalar
  ) throws {
    for (mean, spread): (Float, Float) in [
      (0, 0.01), (0, 0.15), (0.01, 0.1), (0.05, 0.2), (0.3, 0.2), (1, 0),
      // Some sink far, far below what 16 bits hold, and some come back.
      (-0.2, 0.5),
    ] {
      var generator = SeededGenerator(seed: UInt64(width))
      let weights = RowMajorMatrix(rows: 15, columns: width) { _, _ in
        scaled(min(max(mean + spread * Float(generator.nextNormal()), -1), 1))
      }
      #expect(Scalar.bound(of: weights, quantum: quantum) == quantum)
      // More rows than a chunk; a run of rows that ends in its middle; spikes of sign - among them.
      let trains = [150, 3, 64, 8, 1].map { count in
        SpikeTrain(
          (0..<count).map { _ in
            Spike(
              unit: Int(generator.next() % 15),
              sign: count == 64 && generator.next() & 7 == 0 ? -1 : 1)
          })
      }
      let trace = { (set: InstructionSet, promised: Bool, int16: Bool) in
        var generator = SeededGenerator(seed: 0)
        var state = QuantizerState<Scalar>(units: width)
        var scratch = KernelScratch<Scalar>(units: width)
        var train = SpikeTrain()
        var sums = AlignedArray<Scalar.Sum>(repeating: .zero, count: weights.stride)
        for spikes in trains {
          try Quantizer<Scalar>(kind: .rectHerding, quantum: quantum).feed(
            rowsOf: weights, int16: int16 ? Scalar.int16Weights(of: weights) : nil, for: spikes,
            firesOnce: promised, into: &state, sums: &sums, train: &train, scratch: &scratch,
            using: set, generator: &generator)
        }
        return (train, state, sums)
      }
      let expected = try trace(.reference, true, false)
      for set in Self.compiled {
        for (promised, int16) in [(true, true), (true, false), (false, false)] {
          let found = try trace(set, promised, int16)
          #expect(
            found.0 == expected.0 && found.1 == expected.1
              && (0..<width).allSatisfy { found.2[$0] == expected.2[$0] },
            "\(set), \(mean), \(spread), quantum \(quantum), promised \(promised), int16 \(int16)")
        }
      }
    }
  }

  @Test("the order of spikes, whatever their potentials: spread, crowded in one bucket, all equal")
  func order() throws {
    let units = 400
    let inputs: [[Float]] = [
      (0..<units).map { 0.6 + Float($0 * 37 % units) / 1000 },
      // Rising, so that each is to be moved before all others; one far away makes the range wide.
      (0..<units).map { $0 == 0 ? 1.4 : 0.6 + Float($0) * 1e-6 },
      (0..<units).map { $0 < 30 ? 0.6 + Float($0) * 1e-6 : 0.6 + Float($0 % 7) / 10 },
      Array(repeating: 1, count: units),
      (0..<units).map { ($0 % 3 == 0 ? -1 : 1) * (0.55 + Float($0 * 91 % units) / 500) },
    ]
    for values in inputs {
      let trace = { (set: InstructionSet) in
        var generator = SeededGenerator(seed: 0)
        var state = QuantizerState<Float>(units: units)
        var scratch = KernelScratch<Float>(units: units)
        var train = SpikeTrain()
        try Quantizer<Float>(kind: .herding, quantum: 1).feed(
          values, into: &state, train: &train, scratch: &scratch, using: set,
          generator: &generator)
        return (train, state)
      }
      let expected = try trace(.reference)
      #expect(expected.0.count == units)
      for set in Self.compiled {
        let found = try trace(set)
        #expect(found.0 == expected.0 && found.1 == expected.1, "\(set)")
      }
    }
  }

  @Test(
    "several steps of one input at once: few values and many, ties, values no kernel takes",
    arguments: [1, 16, 33, 200, 784])
  func steps(units: Int) throws {
    try steps(units: units, quantum: 1 as Float) { $0 }
    for scale: Int32 in [1000, 999, 2, 1 << 24] {
      try steps(units: units, quantum: scale) {
        Int32($0 * Float(scale))
      }
    }
  }

  private func steps<Scalar: SpikeScalar>(
    units: Int, quantum: Scalar, scaled: (Float) -> Scalar
  ) throws {
    var generator = SeededGenerator(seed: UInt64(units))
    let names: [(Float) -> Float] = [
      { ($0 * 40).rounded() / 40 },  // few values: groups of several units
      { $0 },  // as many values as units
      { ($0 * 4).rounded() / 4 },  // values whose potentials meet: ties between groups
      { $0 < 0 ? 1 : $0 },  // many at the end of the range
      { 0.9 * ($0 < 0 ? -0.5 : 0.5) },  // x and -x fire with one tag
      { $0 == 0 ? 0 : ($0 * 8).rounded() / 5 },  // beyond the quantum
      { max(0, ($0 * 127).rounded() / 127) },  // pixels
    ]
    for (kind, form) in names.enumerated() {
      let values = (0..<units).map { _ in
        scaled(form(2 * Float(generator.nextUniform()) - 1))
      }
      let trace = { (set: InstructionSet) in
        var generator = SeededGenerator(seed: 0)
        var (input, state) = (ActiveUnits<Scalar>(), QuantizerState<Scalar>(units: units))
        input.reserve(units)
        for (index, value) in values.enumerated() {
          input.append(value, unit: Int32(truncatingIfNeeded: 3 * index))
        }
        var (scratch, train) = (KernelScratch<Scalar>(units: units), SpikeTrain())
        var allEnds: [Int] = []
        for steps in [1, 16, 7] {
          var ends = [Int](repeating: 0, count: steps)
          try Quantizer(kind: .herding, quantum: quantum).feed(
            input, ends: &ends, into: &state, train: &train, scratch: &scratch, using: set,
            generator: &generator)
          allEnds += ends
        }
        return (train, allEnds, state)
      }
      let expected = try trace(.reference)
      for set in Self.compiled {
        let found = try trace(set)
        #expect(
          found.0 == expected.0 && found.1 == expected.1 && found.2 == expected.2,
          "\(set), values \(kind), quantum \(quantum)")
      }
    }
  }

  @Test("every rule that there is: rows, vectors and steps", arguments: QuantizerKind.allCases)
  func allKinds(kind: QuantizerKind) throws {
    try allKinds(kind, quantum: 1 as Float) { $0 }
    try allKinds(kind, quantum: 999 as Int32) { Int32($0 * 999) }
  }

  private func allKinds<Scalar: SpikeScalar>(
    _ kind: QuantizerKind, quantum: Scalar, scaled: (Float) -> Scalar
  ) throws {
    var generator = SeededGenerator(seed: 21)
    let weights = RowMajorMatrix(rows: 9, columns: 45) { _, _ in
      scaled(0.5 * Float(generator.nextNormal()))
    }
    let spikes = Self.randomSpikes(120, units: 9, from: &generator)
    let values = (0..<45).map { _ in scaled(1.5 * Float(generator.nextNormal())) }
    let trace = { (set: InstructionSet) in
      // The same random numbers for all: thresholds are drawn in the order of spikes.
      var generator = SeededGenerator(seed: 3)
      let quantizer = Quantizer<Scalar>(kind: kind, quantum: quantum)
      var (state, train) = (QuantizerState<Scalar>(units: 45), SpikeTrain())
      var scratch = KernelScratch<Scalar>(units: 45)
      var sums = AlignedArray<Scalar.Sum>(repeating: .zero, count: weights.stride)
      quantizer.reset(&state, generator: &generator)
      try quantizer.feed(
        rowsOf: weights, int16: Scalar.int16Weights(of: weights), for: spikes, into: &state,
        sums: &sums, train: &train, scratch: &scratch, using: set, generator: &generator)
      try quantizer.feed(
        values, into: &state, train: &train, scratch: &scratch, using: set,
        generator: &generator)
      if !kind.threshold.isRandom {
        try quantizer.addRows(of: weights, for: spikes, to: &state, using: set)
        try quantizer.fireStep(into: &state, train: &train, scratch: &scratch, using: set)
      }
      return (train, state, sums)
    }
    let expected = try trace(.reference)
    #expect(expected.0.count > 20)
    for set in Self.compiled {
      let found = try trace(set)
      #expect(
        found.0 == expected.0 && found.1 == expected.1 && found.2 == expected.2,
        "\(set), \(kind), quantum \(quantum)")
    }
  }

  @Test("rows with one firing, with several, and with very many, in one feed")
  func manyFiringsInARow() throws {
    for width in [40, 200, 300] {
      let weights = Matrix(rows: 4, columns: width) { row, column in
        switch row {
        case 0: column == 5 ? 0.7 : 0.001
        case 1: column % 50 == 0 ? 0.6 + Float(column) / 1000 : -0.01
        case 2: 0.51 + Float(column * 7 % width) / 1000
        default: column % 20 == 3 ? 2.3 : 0.01
        }
      }
      for units in [[0, 1, 0, 1, 1], [0, 2, 1, 0], [1, 0, 3, 1, 0, 2, 2], [2]] {
        let trace = { (set: InstructionSet) in
          var generator = SeededGenerator(seed: 0)
          var state = QuantizerState<Float>(units: width)
          var scratch = KernelScratch<Float>(units: width)
          var train = SpikeTrain()
          try Quantizer<Float>(kind: .rectHerding, quantum: 1).feed(
            rowsOf: weights, for: SpikeTrain(units.map { Spike(unit: $0, sign: 1) }),
            into: &state, train: &train, scratch: &scratch, using: set, generator: &generator)
          return (train, state)
        }
        let expected = try trace(.reference)
        for set in Self.compiled {
          let found = try trace(set)
          #expect(found.0 == expected.0 && found.1 == expected.1, "\(set), \(width), \(units)")
        }
      }
    }
  }

  @Test("sums of rows and tallies", arguments: [1, 5, 16, 17, 200, 2000])
  func sums(width: Int) {
    var generator = SeededGenerator(seed: 9)
    let weights = Matrix(rows: 20, columns: width) { _, _ in Float(generator.nextNormal()) }
    let integers = weights.map { Int32($0 * 1000) }
    let spikes = Self.randomSpikes(200, units: 20, from: &generator)
    var expected = AlignedArray<Float>(repeating: 0, count: weights.stride)
    var expectedIntegers = AlignedArray<Int64>(repeating: 0, count: weights.stride)
    var expectedCounts = AlignedArray<Int32>(repeating: 0, count: 20)
    ReferenceKernels.addRows(of: weights, for: spikes, range: spikes.indices, to: &expected)
    ReferenceKernels.addRows(
      of: integers, for: spikes, range: spikes.indices, to: &expectedIntegers)
    ReferenceKernels.count(spikes, into: &expectedCounts)
    for set in Self.compiled {
      var sums = AlignedArray<Float>(repeating: 0, count: weights.stride)
      KernelTable<Float>(set).addRows(of: weights, for: spikes, range: spikes.indices, to: &sums)
      var integerSums = AlignedArray<Int64>(repeating: 0, count: weights.stride)
      KernelTable<Int32>(set).addRows(
        of: integers, for: spikes, range: spikes.indices, to: &integerSums)
      var counts = AlignedArray<Int32>(repeating: 0, count: 20)
      KernelTable<Int32>(set).count(spikes, into: &counts)
      #expect(sums == expected && integerSums == expectedIntegers && counts == expectedCounts)
    }
  }

  @Test("sums of memory, at every remainder")
  func memorySums() {
    var values = AlignedArray<Float>(repeating: 0, count: 300)
    for index in 0..<300 { values[index] = Float(index + 1) }
    for set in Self.compiled {
      for count in 0...300 {
        // Small whole numbers: exact in any order.
        #expect(KernelTable<Float>(set).sum(values, first: count) == Float(count * (count + 1) / 2))
      }
    }
  }

  @Test("reading and updating columns, with counts of every sign", arguments: [1, 5, 16, 17, 200])
  func columns(rows: Int) {
    var generator = SeededGenerator(seed: 11)
    let weights = Matrix(rows: rows, columns: 19) { _, _ in Float(generator.nextNormal()) }
    let spikes = Self.randomSpikes(3 * rows, units: rows, from: &generator)
    Self.checkColumns(weights, spikes, factor: 0.37, bounds: [0.5, 100])
    // Large enough for updates beyond the range.
    Self.checkColumns(
      weights.map { Int32($0 * 2e8) }, spikes, factor: 1_500_000_000,
      bounds: [1000, Int32.potentialLimit])
  }

  private static func checkColumns<Scalar: SpikeScalar>(
    _ weights: RowMajorMatrix<Scalar>, _ spikes: SpikeTrain, factor: Scalar,
    bounds: [Scalar]
  ) {
    let padded = RowMajorMatrix<Scalar>.stride(columns: weights.rows)
    func run(_ set: InstructionSet) -> ColumnRun<Scalar> {
      var counts = AlignedArray<Scalar>(repeating: .zero, count: padded)
      KernelTable<Scalar>(set).count(spikes, into: &counts)
      var active = ActiveUnits<Scalar>()
      KernelTable<Scalar>(set).packPositive(counts, into: &active)
      var run = ColumnRun(weights: weights, transposed: weights.transposed)
      run.active = (0..<active.count).map(active.unit)
      for column in [0, 7, 18] {
        for bound in bounds {
          run.exceeded.append(
            KernelTable<Scalar>(set).updateColumn(
              column, of: &run.weights, by: active, factor: factor, bound: bound))
          KernelTable<Scalar>(set).updateRow(
            column, of: &run.transposed, by: active, factor: factor)
        }
        for sign in [1, -1] {
          var values = Array(repeating: Scalar.zero, count: weights.rows)
          KernelTable<Scalar>(set).readRow(column, of: run.transposed, sign: sign, into: &values)
          run.read.append(values)
        }
      }
      // The transpose follows the weights, bit for bit.
      #expect(run.transposed == run.weights.transposed, "\(set)")
      return run
    }
    let expected = run(.reference)
    #expect(
      expected.active.allSatisfy { unit in
        spikes.reduce(0) { $0 + ($1.unit == unit ? $1.sign : 0) } > 0
      })
    if weights.rows > 1 { #expect(Set(expected.exceeded) == [true, false]) }
    for set in compiled { #expect(run(set) == expected, "\(set)") }
  }

  /// Random rows fed in several calls, with the error they end in, if any.
  private static func feedRows<Scalar: SpikeScalar>(
    width: Int, kind: QuantizerKind, quantum: Scalar, set: InstructionSet,
    bits: (Scalar) -> UInt32, weight: (inout SeededGenerator) -> Scalar
  ) -> Trace {
    var generator = SeededGenerator(seed: UInt64(width))
    let weights = RowMajorMatrix<Scalar>(rows: 12, columns: width) { _, _ in weight(&generator) }
    let quantizer = Quantizer(kind: kind, quantum: quantum)
    var state = QuantizerState<Scalar>(units: width)
    var scratch = KernelScratch<Scalar>(units: width)
    var trace = Trace()
    for call in 0..<4 {
      var train = SpikeTrain()
      // More rows than a chunk in one of the calls.
      let spikes = randomSpikes(
        call == 2 && width < 300 ? 150 : 9, units: 12, from: &generator)
      do {
        try quantizer.feed(
          rowsOf: weights, for: spikes, into: &state, train: &train, scratch: &scratch,
          using: set, generator: &generator)
      } catch {
        trace.error = error
      }
      trace.spikes += train.codes[..<train.count]
    }
    trace.potentials = (0..<width).map { bits(state.potentials[$0]) }
    return trace
  }

  static func randomSpikes(
    _ count: Int, units: Int, from generator: inout SeededGenerator
  ) -> SpikeTrain {
    SpikeTrain(
      (0..<count).map { _ in
        Spike(
          unit: Int(generator.next() % UInt64(units)), sign: generator.next() & 3 == 0 ? -1 : 1)
      })
  }
}

/// What reading and updating columns leaves behind.
private struct ColumnRun<Scalar: SpikeScalar>: Equatable {
  var weights, transposed: RowMajorMatrix<Scalar>
  var active: [Int] = []
  var read: [[Scalar]] = []
  var exceeded: [Bool] = []
}
