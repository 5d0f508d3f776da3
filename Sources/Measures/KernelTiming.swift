internal import DenseReLU
internal import Networks
package import SpikeKernels
internal import SpikingReLU

/// One kernel on one instruction set.
public struct KernelTime: Sendable, Codable {
  /// Which kernel, and on what.
  public let name: String
  /// Which set.
  public let instructionSet: String
  /// Time of one spike: a weight row or column, or a spike that is made or counted.
  public let nanosecondsPerSpike: Double
  /// 10^9 bytes of weights a second, where weights are read.
  public let gigabytesPerSecond: Double?
}

/// Where an event-driven layer product is as fast as a dense one.
public struct KernelCrossover: Sendable, Codable {
  /// Inputs, and outputs.
  public let width: Int
  /// A dense matrix-vector product on BLAS, of the matrix or its transpose, whichever is faster.
  public let denseMicroseconds: Double
  /// One more active input.
  public let nanosecondsPerSpike: Double
  /// The share of active inputs at which both take the same time; below it events are faster.
  public let share: Double
}

/// Times kernels. Here, where code is optimized: a call of a kernel takes less time than a call in code that is not.
package struct KernelTiming: Sendable {
  /// Seconds that each figure is measured for, about.
  package var seconds: Double

  package init(seconds: Double) { self.seconds = seconds }

  /// Median seconds of `body` over rounds that fill the time of a figure, at least five.
  package func time(_ body: () throws -> Void) throws -> Double {
    try withoutActuallyEscaping(body) { try times([$0])[0].median }
  }

  /// Seconds of each body in each round; see `PairedTiming`. The first round warms up.
  package func times(_ bodies: [() throws -> Void]) throws -> [[Double]] {
    try PairedTiming(
      seconds: seconds * Double(bodies.count), warmUpRounds: 1, rounds: 5...2000
    ).run(bodies)
  }

  /// The kernel whose bandwidth is held against that of L2.
  package static let silentRows = "feed rows, none fires (784 x 200)"

  /// Each kernel of a set, on a layer of the paper's size and random spikes.
  package func kernels(_ set: InstructionSet) throws -> [KernelTime] {
    let (inputs, units, count) = (784, 200, 400)
    var generator = SeededGenerator(seed: 5)
    let spikes = SpikeTrain(
      (0..<count).map { _ in Spike(unit: Int(generator.next() % UInt64(inputs)), sign: 1) })
    let normal = Matrix(rows: inputs, columns: units) { _, _ in Float(generator.nextNormal()) }
    // So small that nothing fires; so large that about one unit a row does.
    let (silent, firing) = (normal.map { $0 * 1e-4 }, normal.map { 0.05 * $0 + 0.004 })
    let quantizer = Quantizer<Float>(kind: .rectHerding, quantum: 1)
    var state = QuantizerState<Float>(units: units)
    var scratch = KernelScratch<Float>(units: inputs)
    var train = SpikeTrain()
    var figures: [KernelTime] = []
    func add(_ name: String, _ spikes: Int, bytes: Int?, _ body: () throws -> Void) throws {
      let seconds = try time(body)
      figures.append(
        KernelTime(
          name: name, instructionSet: set.rawValue,
          nanosecondsPerSpike: seconds / Double(spikes) * 1e9,
          gigabytesPerSecond: bytes.map { Double($0) / seconds / 1e9 }))
    }
    func feed(_ weights: Matrix, firesOnce: Bool = true) throws {
      quantizer.reset(&state, generator: &generator)
      train.removeAll()
      try quantizer.feed(
        rowsOf: weights, for: spikes, firesOnce: firesOnce, into: &state, train: &train,
        scratch: &scratch, using: set, generator: &generator)
    }
    let rowBytes = count * normal.stride * 4
    try add(Self.silentRows, count, bytes: rowBytes) { try feed(silent) }
    try feed(firing)
    let rate = Double(train.count) / Double(count)
    let busyRows = "feed rows, \((10 * rate).rounded() / 10) fire a row"
    try add(busyRows, count, bytes: rowBytes) { try feed(firing) }
    // Weights beyond 1, as some networks have: a unit may fire twice for a row.
    try add("the same, none fires, weights beyond 1", count, bytes: rowBytes) {
      try feed(silent, firesOnce: false)
    }
    try add("the same, some fire, weights beyond 1", count, bytes: rowBytes) {
      try feed(firing, firesOnce: false)
    }

    // As S is at T = 10 and eta = 0.01.
    let integers = silent.map { Int32($0 * 10_000) }
    let int16 = Int16Weights(integers)
    let integerQuantizer = Quantizer<Int32>(kind: .rectHerding, quantum: 10_000)
    var integerState = QuantizerState<Int32>(units: units)
    var integerScratch = KernelScratch<Int32>(units: inputs)
    var noSums = AlignedArray<Int64>(repeating: 0, count: 0)
    for (name, int16, bytes) in [
      ("feed rows, integers, none fires", nil, rowBytes),
      ("the same in 16 bits", int16, count * normal.columns * 2),
    ] {
      try add(name, count, bytes: bytes) {
        integerQuantizer.reset(&integerState, generator: &generator)
        train.removeAll()
        try integerQuantizer.feed(
          rowsOf: integers, int16: int16, for: spikes, firesOnce: true, into: &integerState,
          sums: &noSums, train: &train, scratch: &integerScratch, using: set,
          generator: &generator)
      }
    }

    let table = KernelTable<Float>(set)
    var sums = AlignedArray<Float>(repeating: 0, count: normal.stride)
    try add("add rows", count, bytes: rowBytes) {
      table.addRows(of: silent, for: spikes, range: spikes.indices, to: &sums)
    }

    // A fifth of the pixels are not 0, in 255 levels.
    let image = (0..<inputs).map { _ in
      Float((max(0, 5 * generator.nextUniform() - 4) * 255).rounded()) / 255
    }
    let encoder = Quantizer<Float>(kind: .herding, quantum: 1)
    var pixels = QuantizerState<Float>(units: inputs)
    var (active, ends) = (ActiveUnits<Float>(), [Int](repeating: 0, count: 10))
    func encode() throws {
      encoder.reset(&pixels, generator: &generator)
      train.removeAll()
      table.pack(image, into: &active)
      try encoder.feed(
        active, ends: &ends, into: &pixels, train: &train, scratch: &scratch, using: set,
        generator: &generator)
    }
    try encode()
    try add("encode an image, T = 10 (784)", train.count, bytes: nil) { try encode() }

    // The first step of units that fire once a step, the input's change of exponent with it.
    var scaled = AlignedArray<Float>(repeating: 0, count: 0)
    func encodeStep() throws {
      pixels = QuantizerState(units: inputs)
      train.removeAll()
      _ = try Float.encode(set, image, scale: 1, quantum: 1, into: &scaled)
      try encoder.fireStep(
        adding: scaled, into: &pixels, train: &train, scratch: &scratch, using: set)
    }
    try encodeStep()
    try add("encode an image, one step at once (784)", train.count, bytes: nil) {
      try encodeStep()
    }

    var counts = AlignedArray<Float>(
      repeating: 0, count: Matrix.stride(columns: inputs))
    try add("count spikes", count, bytes: nil) { table.count(spikes, into: &counts) }
    // As learning keeps it: columns of the weights are rows of their transpose.
    let transposed = normal.transposed
    var column = [Float](repeating: 0, count: inputs)
    let columns = (0..<64).map { ($0 * 37) % units }
    try add("read a column (784)", columns.count, bytes: columns.count * inputs * 4) {
      for index in columns {
        table.readRow(index, of: transposed, sign: 1, into: &column)
      }
    }
    var learned = normal
    var positive = ActiveUnits<Float>()
    table.packPositive(counts, into: &positive)
    try add(
      "update a column (784, \(100 * positive.count / inputs)% active)", columns.count,
      bytes: columns.count * positive.count * 4
    ) {
      for index in columns {
        _ = table.updateColumn(index, of: &learned, by: positive, factor: 1e-12, bound: 1)
      }
    }
    return figures
  }

  /// The crossover of one width.
  package func crossover(_ width: Int, _ instructionSet: InstructionSet) throws -> KernelCrossover {
    var generator = SeededGenerator(seed: UInt64(width))
    let weights = Matrix(rows: width, columns: width) { _, _ in Float(generator.nextNormal()) }
    let input = Matrix(rows: 1, columns: width) { _, _ in Float(generator.nextNormal()) }
    var output = Matrix(rows: 1, columns: width)
    var sums = AlignedArray<Float>(repeating: 0, count: weights.stride)
    let units = Array(0..<width).shuffled(using: &generator)
    func train(_ count: Int) -> SpikeTrain {
      SpikeTrain(units.prefix(count).map { Spike(unit: $0, sign: 1) })
    }
    let (few, many) = (train(width / 16), train(width / 2))
    let table = KernelTable<Float>(instructionSet)
    let repeats = max(1, 65_536 / (width * width))
    var seconds = try times([
      { for _ in 0..<repeats { BLAS.gemv(.no, weights, row: input, into: &output) } },
      { for _ in 0..<repeats { BLAS.gemv(.yes, weights, row: input, into: &output) } },
      {
        for _ in 0..<repeats {
          table.addRows(of: weights, for: few, range: few.indices, to: &sums)
        }
      },
      {
        for _ in 0..<repeats {
          table.addRows(of: weights, for: many, range: many.indices, to: &sums)
        }
      },
    ]).map { $0.median / Double(repeats) }
    // The rival is the faster of the two ways to store the matrix.
    seconds = [min(seconds[0], seconds[1])] + seconds[2...]
    let spike = (seconds[2] - seconds[1]) / Double(many.count - few.count)
    let fixed = seconds[1] - Double(few.count) * spike
    return KernelCrossover(
      width: width, denseMicroseconds: seconds[0] * 1e6, nanosecondsPerSpike: spike * 1e9,
      share: max(0, seconds[0] - fixed) / spike / Double(width))
  }
}
