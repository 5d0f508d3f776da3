import Networks
import Testing

@testable import SpikeKernels

/// Kernels of refining units give the bits, spikes and counts of the reference, and its errors.
@Suite struct RefiningKernelTests {
  private static let compiled = InstructionSet.supported.filter { $0 != .reference }

  private struct Outcome<Sum: Equatable & BitwiseCopyable & Sendable>: Equatable {
    var potentials: [Sum]
    var sent: [Sum]
    var spikes: SpikeTrain
    var counts: [Int]
  }

  /// Three steps of random units: doubled, a change added, sent.
  private func run<Scalar: SpikeScalar>(
    _ set: InstructionSet, _: Scalar.Type, units: Int, isRectified: Bool, quantum: Scalar,
    change: (Int) -> Scalar.Sum
  ) throws -> Outcome<Scalar.Sum> {
    let stride = RowMajorMatrix<Float>.stride(columns: units)
    var potentials = AlignedArray<Scalar.Sum>(repeating: .zero, count: stride)
    var sent = AlignedArray<Scalar.Sum>(repeating: .zero, count: isRectified ? stride : 0)
    var train = SpikeTrain()
    var counts: [Int] = []
    let table = KernelTable<Scalar>(set)
    for step in 0..<3 {
      counts.append(table.double(&potentials, &sent, units: units))
      for unit in 0..<units { potentials[unit] += change(step * units + unit) }
      counts.append(
        try table.refine(
          &potentials, sent: &sent, units: units, quantum: quantum, train: &train, limit: 1 << 20))
    }
    return Outcome(
      potentials: (0..<stride).map { potentials[$0] },
      sent: (0..<sent.count).map { sent[$0] }, spikes: train, counts: counts)
  }

  @Test(
    "Float: every set is the reference, for ties, zeros and counts of hundreds",
    arguments: [1, 15, 16, 17, 200, 784], [false, true])
  func floats(units: Int, isRectified: Bool) throws {
    var generator = SeededGenerator(seed: UInt64(units))
    let changes = (0..<3 * units).map { _ -> Float in
      switch generator.next() % 8 {
      case 0: 0
      case 1: 0.5
      case 2: -0.5
      case 3: Float(generator.nextNormal() * 300)
      default: Float(generator.nextNormal())
      }
    }
    let expected = try run(
      .reference, Float.self, units: units, isRectified: isRectified, quantum: 1
    ) { changes[$0] }
    #expect(units < 16 || expected.spikes.count > units)
    for set in Self.compiled {
      let found = try run(set, Float.self, units: units, isRectified: isRectified, quantum: 1) {
        changes[$0]
      }
      #expect(found == expected, "\(set)")
    }
  }

  @Test(
    "integers: the same, of odd and even scales", arguments: [1, 17, 200], [1000, 1001] as [Int32])
  func integers(units: Int, scale: Int32) throws {
    for isRectified in [false, true] {
      var generator = SeededGenerator(seed: UInt64(units))
      let changes = (0..<3 * units).map { index -> Int64 in
        index % 5 == 0 ? Int64(scale / 2) : Int64(generator.nextNormal() * 3 * Double(scale))
      }
      let expected = try run(
        .reference, Int32.self, units: units, isRectified: isRectified, quantum: scale
      ) { changes[$0] }
      for set in Self.compiled {
        let found = try run(
          set, Int32.self, units: units, isRectified: isRectified, quantum: scale
        ) { changes[$0] }
        #expect(found == expected, "\(set)")
      }
    }
  }

  @Test("a potential without places, NaN and too many spikes are the reference's errors")
  func faults() throws {
    for set in InstructionSet.supported {
      let table = KernelTable<Float>(set)
      func refine(_ values: [Float], sent counts: [Float] = [], limit: Int) throws(KernelError) {
        var potentials = AlignedArray<Float>(repeating: 0, count: 16)
        for (unit, value) in values.enumerated() { potentials[unit] = value }
        var sent = AlignedArray<Float>(repeating: 0, count: counts.isEmpty ? 0 : 16)
        for (unit, value) in counts.enumerated() { sent[unit] = value }
        var train = SpikeTrain()
        _ = try table.refine(
          &potentials, sent: &sent, units: values.count, quantum: 1, train: &train, limit: limit)
      }
      #expect(throws: KernelError.potentialOverflow(unit: 1, value: 5e6)) {
        try refine([0, 5e6], limit: 1 << 24)
      }
      // What may send - must have places below, too; a rectified unit that has sent nothing may sink.
      #expect(throws: KernelError.potentialOverflow(unit: 0, value: -1e9)) {
        try refine([-1e9], limit: 1 << 24)
      }
      #expect(throws: KernelError.potentialOverflow(unit: 1, value: -1e9)) {
        try refine([0, -1e9], sent: [0, 3], limit: 1 << 24)
      }
      try refine([0, -1e9], sent: [3, 0], limit: 0)
      #expect(throws: KernelError.potentialOverflow(unit: 0, value: 5e6)) {
        try refine([0], sent: [5e6], limit: 1 << 24)
      }
      #expect(throws: KernelError.self) { try refine([.nan], limit: 100) }
      #expect(throws: KernelError.self) { try refine([-.infinity], limit: 100) }
      #expect(throws: KernelError.eventBudgetExceeded(limit: 100)) {
        try refine([60, -60], limit: 100)
      }
      #expect(throws: KernelError.eventBudgetExceeded(limit: 3)) {
        try refine([1, 1, 1, 1], limit: 3)
      }
      try refine([100], limit: 100)
    }
  }
}
