import Networks
import Synchronization
import Testing

@testable import SpikeKernels
@testable import SpikingReLU

/// A Float that counts what is done with it. It has no multiplication: that the network runs on it
/// at all proves that the forward pass multiplies nothing.
struct CountingFloat: SpikeScalar, AdditiveArithmetic {
  static let additions = Atomic<Int>(0)
  static let comparisons = Atomic<Int>(0)

  var value: Float

  static var zero: CountingFloat { CountingFloat(value: 0) }
  static var potentialLimit: CountingFloat { CountingFloat(value: Float.potentialLimit) }
  static func + (left: Self, right: Self) -> Self {
    additions.add(1, ordering: .relaxed)
    return Self(value: left.value + right.value)
  }
  static func - (left: Self, right: Self) -> Self {
    // Negating a tag is not an addition of the algorithm.
    if left.value != 0 || left.value.sign == .minus { additions.add(1, ordering: .relaxed) }
    return Self(value: left.value - right.value)
  }
  static func < (left: Self, right: Self) -> Bool { left.value < right.value }

  static func firesPositive(_ potential: Self, quantum: Self) -> Bool {
    comparisons.add(1, ordering: .relaxed)
    return Float.firesPositive(potential.value, quantum: 1)
  }
  static func firesNegative(_ potential: Self, quantum: Self) -> Bool {
    comparisons.add(1, ordering: .relaxed)
    return Float.firesNegative(potential.value, quantum: 1)
  }
  static func randomPotential(quantum: Self, from generator: inout SeededGenerator) -> Self { zero }
  static func randomThreshold(quantum: Self, from generator: inout SeededGenerator) -> Self { zero }
  // No network here leaks.
  static func leaked(_ potential: Self, shift: Int) -> Self { fatalError("no leak") }
  static func leak(_ sums: inout AlignedArray<Self>, shift: Int, times: Int) {}
  static func count(of sum: Self, quantum: Self) -> Int32? {
    Float.count(of: sum.value, quantum: 1)
  }
  static func hasPlaces(_ sum: Self) -> Bool { Float.hasPlaces(sum.value) }
  static func canCount(_ sent: Self) -> Bool { Float.canCount(sent.value) }
  static func canDouble(_ sum: Self) -> Bool { sum.value.isFinite }
  static func exceedsHalf(_ sum: Self, of quantum: Self) -> Bool {
    comparisons.add(1, ordering: .relaxed)
    return Float.exceedsHalf(sum.value, of: 1)
  }
  static func isBelowHalf(_ sum: Self, of quantum: Self) -> Bool {
    comparisons.add(1, ordering: .relaxed)
    return Float.isBelowHalf(sum.value, of: 1)
  }
  static func weight(rounding sum: Double) -> Self? { Self(value: Float(sum)) }
  static func value(of sum: Self) -> Double { Double(sum.value) }
  var asDouble: Double { Double(value) }

  // Additions to sums are counted as all others.
  typealias Sum = CountingFloat
  static var compiledNumberType: CompiledNumberType? { nil }
  static func kernelQuantum(_ quantum: Self) -> Int32 { 1 }
  static func summand(_ weight: Self) -> Self { weight }
  static func bound(of weights: RowMajorMatrix<Self>, quantum: Self) -> Self {
    Self(value: .infinity)
  }
  static func int16Weights(of weights: RowMajorMatrix<Self>) -> Int16Weights? { nil }
  static func rowsPerCheck(bound: Self) -> Int { .max }
  static func updated(_ weight: Self, count: Self, factor: Self) -> Self {
    preconditionFailure("prediction only")
  }
  static func count(sign: Int) -> Self { Self(value: Float(sign)) }
  static func encode(_ values: [Float], quantum: Self) throws(KernelError) -> [Self] {
    values.map(Self.init(value:))
  }
  static func pack(
    _ set: InstructionSet, _ values: [Float], quantum: Self, into active: inout ActiveUnits<Self>
  ) throws(KernelError) {
    active.reserve(values.count)
    for (unit, value) in values.enumerated() where value != 0 {
      active.append(Self(value: value), unit: Int32(unit))
    }
  }
  static func encode(
    _ set: InstructionSet, _ values: [Float], scale: Float, quantum: Self,
    into encoded: inout AlignedArray<Self>
  ) throws(KernelError) -> Int? {
    encoded = AlignedArray(
      repeating: .zero, count: RowMajorMatrix<Self>.stride(columns: values.count))
    for (unit, value) in values.enumerated() { encoded[unit] = Self(value: value * scale) }
    return values.count { $0 != 0 }
  }
  static func potential(_ value: Float, quantum: Self) -> Self { Self(value: value) }
  static func outputs(of sum: Self, quantum: Self) -> Float { sum.value }
  static func readout(sum: Self, steps: Int) -> Self { Self(value: sum.value / Float(steps)) }
  static func readout(sum: Self, halvings: Int) -> Self {
    Self(value: Float.readout(sum: sum.value, halvings: halvings))
  }
  static func readout(count: Int32, steps: Int, quantum: Self) -> Self {
    Self(value: Float(count) / Float(steps))
  }
}

@Suite struct LedgerTests {
  private func ledger(
    _ weights: NetworkWeights, _ input: [Float], timeSteps: Int
  ) throws -> OperationLedger {
    var options = try PredictionOptions(timeSteps: timeSteps)
    options.recording = .activity
    var network = try SpikingMLP(weights: weights, options: options)
    _ = try network.predict(input)
    return network.ledger
  }

  private func full(_ rows: Int, _ columns: Int, _ value: Float = 0.1) throws -> NetworkWeights {
    try NetworkWeights(layers: [Matrix(rows: rows, columns: columns) { _, _ in value }])
  }

  @Test("input [0, 1, -1] into a full 3 x 3 weight: 6 additions, 6 effective ACs")
  func signedFixture() throws {
    let ledger = try ledger(full(3, 3), [0, 1, -1], timeSteps: 1)
    #expect(ledger.additions == 6)
    #expect(ledger.neuroBench.effectiveACs == 6 && ledger.neuroBench.effectiveMACs == 0)
    #expect(ledger.layers[0].positiveSpikes == 1 && ledger.layers[0].negativeSpikes == 1)
    #expect(ledger.snnToolboxOperations == 6)
  }

  @Test("a 3 x 3 weight with zeros: effective 4, dense 9")
  func neuroBenchFixture() throws {
    // Two nonzero inputs, two nonzero weights in the row of each.
    let weights = try NetworkWeights(
      layers: [Matrix(rows: 3, columns: 3, elements: [1, 1, 0, 1, 0, 1, 1, 1, 1])])
    let ledger = try ledger(weights, [1, 1, 0], timeSteps: 1)
    #expect(ledger.neuroBench.effectiveACs == 4 && ledger.neuroBench.dense == 9)
  }

  @Test("a call with an input beyond -1...1 counts wholly as MACs")
  func multiplySpikes() throws {
    let ledger = try ledger(full(3, 3), [1, 2, 0], timeSteps: 1)
    #expect(ledger.neuroBench.effectiveACs == 0 && ledger.neuroBench.effectiveMACs == 6)
    #expect(ledger.additions == 9)
  }

  @Test(
    "every addition and comparison that the network makes is in the ledger, and no other",
    .serialized, arguments: PredictionOptions.Firing.allCases)
  func countedArithmetic(firing: PredictionOptions.Firing) throws {
    let sizes = [9, 7, 5, 3]
    let weights = try SpikingNetworkTests.randomWeights(sizes, gain: 2)
    var options = try PredictionOptions(timeSteps: 12)
    options.firing = firing
    let input = SpikingNetworkTests.randomInput(9, seed: 8).map { $0 - 0.2 }
    var counting = try SpikingNetwork<CountingFloat>(
      connections: weights.matrices.map { matrix in
        Connection(
          weights: matrix.map(CountingFloat.init(value:)), quantum: CountingFloat(value: 1))
      },
      quantum: CountingFloat(value: 1), options: options,
      instructionSet: .reference)
    CountingFloat.additions.store(0, ordering: .relaxed)
    CountingFloat.comparisons.store(0, ordering: .relaxed)
    _ = try counting.predict(input)
    let ledger = counting.ledger
    let spikes = ledger.total(\.positiveSpikes) + ledger.total(\.negativeSpikes)
    #expect(ledger.additions > 0)
    // One subtraction a spike resets the potential; a refining unit of a hidden layer counts what it sent.
    let sent = firing == .refining ? ledger.layers[1...2].reduce(0) { $0 + $1.spikes } : 0
    #expect(
      CountingFloat.additions.load(ordering: .relaxed)
        == ledger.additions + ledger.total(\.encodingAdditions)
        + ledger.total(\.sumAdditions) + spikes + sent)
    #expect(
      CountingFloat.comparisons.load(ordering: .relaxed) == ledger.total(\.forwardComparisons))

    var plain = try SpikingMLP(weights: weights, options: options)
    _ = try plain.predict(input)
    #expect(plain.ledger == ledger)
  }

  @Test("the ledger of a run, recounted from its spikes")
  func recount() throws {
    let sizes = [20, 15, 10, 4]
    let weights = try SpikingNetworkTests.randomWeights(sizes)
    var options = try PredictionOptions(timeSteps: 30)
    options.recording = .activity
    var network = try SpikingMLP(weights: weights, options: options)
    var spikes = [Int](repeating: 0, count: 4)
    var active = spikes
    for example in 0..<3 as Range<UInt64> {
      try network.present(SpikingNetworkTests.randomInput(20, seed: example))
      for _ in 0..<30 {
        try network.step()
        for layer in 0..<4 {
          spikes[layer] += network.spikes(ofLayer: layer).count
          active[layer] += Set(network.spikes(ofLayer: layer).map(\.unit)).count
        }
      }
    }
    #expect(network.ledger.layers.map(\.spikes) == spikes)
    #expect(network.ledger.layers.map(\.activeUnitSteps) == active)
    #expect(network.ledger.additions == spikes[0] * 15 + spikes[1] * 10 + spikes[2] * 4)
    #expect(network.ledger.layers.map(\.unitSteps) == sizes.map { $0 * 90 })
    #expect(network.ledger.examples == 3 && network.ledger.timeSteps == 90)
  }
}
