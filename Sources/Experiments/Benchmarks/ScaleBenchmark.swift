public import Cluster
internal import DenseReLU
internal import Measures
internal import ModelFiles
public import Networks
public import SpikeKernels
internal import SpikingReLU
internal import Synchronization
internal import Training

/// How the cost of prediction grows: with spikes, width, depth, T and threads. Random networks, He
/// initialization, random inputs; one thread but for the last sweep.
public struct ScaleBenchmark: Sendable {
  /// One network and input.
  public struct Point: Sendable, Codable {
    /// What is varied.
    public let value: Int
    /// Layer sizes.
    public let topology: Topology
    /// T.
    public let timeSteps: Int
    /// Spikes an example, input included.
    public let spikes: Double
    /// The paper's additions an example.
    public let additions: Double
    /// Wall time of an example, the median.
    public let microseconds: Double
    /// The largest resident memory while it ran, where the system tells.
    public let peakBytes: Int?
  }

  /// One quantity varied.
  public struct Sweep: Sendable, Codable {
    /// What is varied.
    public let name: String
    /// Its values, rising.
    public let points: [Point]
    /// The exponent of time against what is varied.
    public let timeExponent: Double
    /// The exponent of additions against what is varied.
    public let additionsExponent: Double
    /// The exponent of time against spikes.
    public let timeOverSpikesExponent: Double
  }

  /// Examples a second by number of tasks.
  public struct Throughput: Sendable, Codable {
    /// Tasks.
    public let workers: Int
    /// Examples a second.
    public let examplesPerSecond: Double
    /// Over that of one task.
    public let speedup: Double
    /// Whether every output equals that of one task.
    public let isEqual: Bool
  }

  /// What a run gives.
  public struct Result: Sendable, Codable {
    /// Spikes at fixed size, width at fixed spikes a unit, depth, T.
    public let sweeps: [Sweep]
    /// Prediction of a batch by number of tasks.
    public let throughputs: [Throughput]
  }

  /// Which kernels run.
  public let instructionSet: InstructionSet
  /// Seeds weights and inputs.
  public var seed: UInt64 = 1
  /// Seconds that each point is measured for, about.
  public var seconds = 0.1
  /// Active inputs of the sweep over spikes, of 784.
  public var activeInputs = [49, 98, 196, 392, 784]
  /// Widths.
  public var widths = [64, 128, 256, 512, 1024, 2048, 4096, 8192]
  /// Numbers of layers.
  public var depths = [1, 2, 4, 8, 16]
  /// Numbers of steps.
  public var timeSteps = [1, 3, 10, 30, 100, 300, 1000]
  /// Tasks of the last sweep.
  public var workers = [1, 2]

  /// A benchmark of one set.
  public init(instructionSet: InstructionSet) { self.instructionSet = instructionSet }

  /// Measures all sweeps, each on one rank: the points of a sweep are compared with each other, and must be
  /// of one machine. Collective.
  ///
  /// - Parameters:
  ///   - ranks: who measures.
  ///   - progress: told after each point; of other ranks, twice a second.
  /// - Returns: the result; on other ranks than 0, `nil`.
  /// - Throws: `SpikingError`; `ClusterError`; `CancellationError`.
  public func run(
    ranks: any Communicator = SingleProcess(),
    progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
  ) async throws -> Result? {
    let counts = [activeInputs.count, widths.count, depths.count, timeSteps.count]
    let total = counts.reduce(0, +) + workers.count
    let board = Mutex([0, 0, 0, 0])
    // One at a time on each rank: measurements must not disturb each other.
    var sweeps: [Sweep?] = [nil, nil, nil, nil]
    try await TaskFarm(ranks, workers: 1).run(
      [1, 3, 0, 2],
      onReport: { index, state in
        let done = board.withLock { done in
          if let points = state.first { done[index] = points }
          return done.reduce(0, +)
        }
        progress?(done, total)
      },
      onResult: { index, bytes in
        sweeps[index] = try CheckpointFile(bytes: bytes, from: "a sweep")
          .json(Sweep.self, "sweep")
        let done = board.withLock { done in
          done[index] = counts[index]
          return done.reduce(0, +)
        }
        progress?(done, total)
      }
    ) { index, report in
      var file = CheckpointFile()
      try file.setJSON(try sweep(index) { report([$0]) }, "sweep")
      return file.encoded
    }
    guard ranks.isRoot else { return nil }
    var throughputs: [Throughput] = []
    let (network, inputs) = try batch()
    let expected = try await network.predictions(of: inputs, workers: 1)
    for (index, workers) in workers.enumerated() {
      progress?(total - self.workers.count + index, total)
      throughputs.append(
        try await throughput(network, inputs, workers, expected, throughputs.first))
    }
    return Result(sweeps: sweeps.compactMap(\.self), throughputs: throughputs)
  }

  /// One sweep.
  private func sweep(_ index: Int, progress: (Int) -> Void) throws -> Sweep {
    switch index {
    case 0:
      // The weights stay in the second cache: it is spikes that are varied, not memory.
      try sweep(Self.spikes, activeInputs, progress) {
        try point($0, [784, 200, 200, 10], active: $0, timeSteps: 10)
      }
    case 1:
      try sweep("width", widths, progress) {
        try point($0, [$0, $0, 10], active: $0, timeSteps: 10)
      }
    case 2:
      try sweep("depth", depths, progress) {
        try point(
          $0, Topology(units: Array(repeating: 256, count: $0) + [256, 10]), active: 256,
          timeSteps: 10)
      }
    default:
      try sweep(Self.steps, timeSteps, progress) {
        try point($0, [784, 200, 200, 10], active: 150, timeSteps: $0)
      }
    }
  }

  private func sweep(
    _ name: String, _ values: [Int], _ progress: (Int) -> Void, _ point: (Int) throws -> Point
  ) throws -> Sweep {
    var points: [Point] = []
    for value in values {
      try Task.checkCancellation()
      points.append(try point(value))
      progress(points.count)
    }
    // The price of a spike must not be that of a slow moment: the lowest of three turns.
    for _ in 0..<(name == Self.spikes ? 2 : 0) {
      for (index, value) in values.enumerated() {
        let again = try point(value)
        if again.microseconds < points[index].microseconds { points[index] = again }
      }
    }
    func exponent(_ x: (Point) -> Double, _ y: (Point) -> Double) -> Double {
      PowerLawFit(points.map { (x($0), y($0)) })?.exponent ?? .nan
    }
    return Sweep(
      name: name, points: points,
      timeExponent: exponent({ Double($0.value) }, \.microseconds),
      additionsExponent: exponent({ Double($0.value) }, \.additions),
      timeOverSpikesExponent: exponent(\.spikes, \.microseconds))
  }

  static let spikes = "spikes (active inputs of 784)"
  static let steps = "T"

  // MARK: Points

  /// A random network and an input with so many active units, each in [0.1, 1).
  func network(
    _ topology: Topology, active: Int, timeSteps: Int
  ) throws -> (network: SpikingMLP, input: [Float]) {
    let (weights, input) = try self.weights(topology, active: active)
    return (
      try SpikingMLP(
        weights: weights, options: PredictionOptions(timeSteps: timeSteps),
        instructionSet: instructionSet), input
    )
  }

  private func weights(
    _ topology: Topology, active: Int
  ) throws -> (weights: NetworkWeights, input: [Float]) {
    var generator = SeededGenerator(seed: seed)
    let weights = try NetworkWeights(
      topology: topology, initializer: .he, generator: &generator)
    var input = [Float](repeating: 0, count: topology[0].count)
    let units = Array(input.indices).shuffled(using: &generator)
    for unit in units.prefix(active) { input[unit] = Float(0.1 + 0.9 * generator.nextUniform()) }
    return (weights, input)
  }

  /// Predicts one input again and again, for a profiler: 784-200-200-10, 100 inputs active. More
  /// inputs than 784 are silent ones beside the same.
  ///
  /// - Precondition: `inputs >= 784`.
  public func probe(inputs: Int, examples: Int) throws {
    precondition(inputs >= 784, "\(inputs) inputs")
    let (small, input) = try weights([784, 200, 200, 10], active: 100)
    let first = small.matrices[0]
    let widened = Matrix(rows: inputs, columns: 200) { $0 < 784 ? first[$0, $1] : 1 }
    var network = try SpikingMLP(
      weights: NetworkWeights(layers: [widened] + small.matrices.dropFirst()),
      options: PredictionOptions(timeSteps: 10), instructionSet: instructionSet)
    let padded = input + Array(repeating: 0, count: inputs - 784)
    for _ in 0..<examples { _ = try network.predict(padded) }
  }

  private func point(
    _ value: Int, _ topology: Topology, active: Int, timeSteps: Int
  ) throws -> Point {
    var (network, input) = try network(topology, active: active, timeSteps: timeSteps)
    let isReset = PeakMemory.reset()
    _ = try network.predict(input)
    let spikes = network.ledger.total(\.positiveSpikes) + network.ledger.total(\.negativeSpikes)
    let additions = network.ledger.additions
    let clock = ContinuousClock()
    var rounds: [Double] = []
    let start = clock.now
    while rounds.count < 3 || (rounds.count < 10_000 && clock.now - start < .seconds(seconds)) {
      try Task.checkCancellation()
      let begin = clock.now
      _ = try network.predict(input)
      rounds.append((clock.now - begin) / .microseconds(1))
    }
    return Point(
      value: value, topology: topology, timeSteps: timeSteps, spikes: Double(spikes),
      additions: Double(additions), microseconds: rounds.median,
      peakBytes: isReset ? PeakMemory.bytes : nil)
  }

  private func batch() throws -> (SpikingMLP, Matrix) {
    let (network, input) = try network([784, 200, 200, 10], active: 150, timeSteps: 10)
    var generator = SeededGenerator(seed: seed + 1)
    let images = (0..<512).map { _ in input.shuffled(using: &generator) }
    return (
      network, Matrix(rows: images.count, columns: input.count) { images[$0][$1] }
    )
  }

  private func throughput(
    _ network: SpikingMLP, _ inputs: Matrix, _ workers: Int, _ expected: [[Float]],
    _ one: Throughput?
  ) async throws -> Throughput {
    let clock = ContinuousClock()
    var (rounds, isEqual) = ([Double](), true)
    let start = clock.now
    while rounds.count < 3 || clock.now - start < .seconds(5 * seconds) {
      let begin = clock.now
      let found = try await network.predictions(of: inputs, workers: workers)
      rounds.append((clock.now - begin) / .seconds(1))
      isEqual = isEqual && found == expected
    }
    let rate = Double(inputs.rows) / rounds.median
    return Throughput(
      workers: workers, examplesPerSecond: rate, speedup: rate / (one?.examplesPerSecond ?? rate),
      isEqual: isEqual)
  }
}

extension ScaleBenchmark.Result {
  /// The claims: time follows the spikes, memory does not follow T, tasks change nothing.
  public var verdicts: [Verdict] {
    var verdicts: [Verdict] = []
    for sweep in sweeps {
      if sweep.name == ScaleBenchmark.spikes {
        verdicts.append(
          Verdict(
            "time against spikes at fixed size: exponent", kind: .timing,
            value: sweep.timeOverSpikesExponent, bound: .init(atLeast: 0.9, atMost: 1.1)))
      }
      let ten = sweep.points.first { $0.timeSteps == 10 }?.peakBytes
      if sweep.name == ScaleBenchmark.steps, let ten, let most = sweep.points.last?.peakBytes {
        verdicts.append(
          Verdict(
            "peak memory of T = \(sweep.points.last!.timeSteps) over that of T = 10, MB",
            value: Double(most - ten) / 1e6, bound: .init(atMost: 2)))
      }
    }
    verdicts.append(
      Verdict(
        "numbers of tasks whose outputs differ from one task's",
        value: Double(throughputs.count { !$0.isEqual }), bound: .init(atLeast: 0, atMost: 0)))
    if let most = throughputs.last, most.workers > 1 {
      verdicts.append(
        Verdict(
          "examples/s of \(most.workers) tasks over one", kind: .timing, value: most.speedup,
          bound: .init(atLeast: 0.9 * Double(most.workers))))
    }
    return verdicts
  }
}
