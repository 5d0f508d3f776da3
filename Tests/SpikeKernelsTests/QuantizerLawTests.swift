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
