import CSpikeKernels
import Foundation
import Networks
import Testing

@testable import SpikeKernels

/// Compiled kernels touch no memory but their own, however it lies: each buffer ends at most a few
/// elements before a page that faults when it is touched, and starts at an address that no vector
/// is aligned to.
@Suite struct KernelMemoryTests {
  /// Elements between the end of each buffer and the page that faults; 0 is aligned to a vector
  /// where the length is.
  static let gaps = [0, 1, 3, 7]
  static let widths = [1, 15, 16, 17, 64, 200, 257, 2000]

  /// Memory for some elements before a page that cannot be touched.
  @unsafe final class Guarded<Element: BitwiseCopyable> {
    let buffer: UnsafeMutableBufferPointer<Element>
    private let base: UnsafeMutableRawPointer
    private let size: Int

    init(_ elements: some Collection<Element>, gap: Int) {
      let page = Int(sysconf(Int32(_SC_PAGESIZE)))
      let bytes = (elements.count + gap) * MemoryLayout<Element>.stride
      let pages = (bytes + page - 1) / page
      let whole = (pages + 1) * page
      unsafe size = whole
      unsafe base = mmap(nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
      unsafe precondition(base != MAP_FAILED && mprotect(base + pages * page, page, PROT_NONE) == 0)
      let start = unsafe (base + pages * page - bytes)
        .bindMemory(to: Element.self, capacity: elements.count)
      unsafe buffer = UnsafeMutableBufferPointer(start: start, count: elements.count)
      _ = unsafe buffer.initialize(fromContentsOf: elements)
    }

    deinit { unsafe munmap(base, size) }

    var elements: [Element] { unsafe Array(buffer) }
  }

  private static func kernels(_ body: (csk_set) throws -> Void) rethrows {
    var count = 0
    let all = unsafe csk_sets(&count)!
    for index in 0..<count where unsafe all[index]!.pointee.is_supported() != 0 {
      try unsafe body(all[index]!.pointee)
    }
  }

  @Test("feeding rows and adding rows", arguments: widths, [QuantizerKind.herding, .rectHerding])
  func rows(width: Int, kind: QuantizerKind) throws {
    var generator = SeededGenerator(seed: UInt64(width))
    let weights = Matrix(rows: 6, columns: width) { _, _ in
      min(max(0.4 * Float(generator.nextNormal()), -1), 1)
    }
    // The promise that no unit fires twice is for spikes of sign +.
    let mixed = KernelEqualityTests.randomSpikes(80, units: 6, from: &generator)
    let spikes = kind.isSigned ? mixed : SpikeTrain(mixed.map { Spike(unit: $0.unit, sign: 1) })
    var state = QuantizerState<Float>(units: width)
    var scratch = KernelScratch<Float>(units: width)
    var train = SpikeTrain()
    try Quantizer<Float>(kind: kind, quantum: 1).feed(
      rowsOf: weights, for: spikes, into: &state, train: &train, scratch: &scratch,
      using: .reference, generator: &generator)
    var sums = AlignedArray<Float>(repeating: 0, count: weights.stride)
    ReferenceKernels.addRows(of: weights, for: spikes, range: spikes.indices, to: &sums)
    let padded = unsafe weights.withUnsafeBufferPointer { unsafe Array($0) }
    let zeros = [Float](repeating: 0, count: weights.stride)
    for gap in Self.gaps {
      unsafe Self.kernels { kernels in
        // Room for one row at a time, and for many.
        for rows in [1, 64] {
          let phi = unsafe Guarded(zeros, gap: gap)
          let matrix = unsafe Guarded(padded, gap: gap)
          let codes = unsafe Guarded(spikes.codes[..<spikes.count], gap: gap)
          let out = unsafe Guarded([Int32](repeating: 0, count: train.count), gap: gap)
          let snapshot = unsafe Guarded(zeros + zeros, gap: gap)
          let firings = unsafe Guarded(
            [csk_firing](repeating: csk_firing(), count: 2 * rows * weights.stride), gap: 0)
          let fused = unsafe Guarded(zeros, gap: gap)
          let outcome = unsafe kernels.float32.feed_rows(
            phi.buffer.baseAddress, fused.buffer.baseAddress, matrix.buffer.baseAddress,
            csk_int16_weights(), weights.stride, codes.buffer.baseAddress, spikes.count,
            kind.isSigned ? 1 : 0, kind.isSigned ? 0 : 1, 1, out.buffer.baseAddress, train.count,
            csk_scratch(
              firings: firings.buffer.baseAddress, capacity: rows * weights.stride,
              snapshot: snapshot.buffer.baseAddress))
          #expect(outcome.status == CSK_DONE && outcome.written == train.count)
          unsafe #expect(out.elements == Array(train.codes[..<train.count]), "gap \(gap)")
          unsafe #expect(phi.elements == (0..<weights.stride).map { state.potentials[$0] })

          unsafe #expect(fused.elements == (0..<weights.stride).map { sums[$0] })

          let total = unsafe Guarded(zeros, gap: gap)
          unsafe kernels.float32.add_rows(
            total.buffer.baseAddress, matrix.buffer.baseAddress, weights.stride,
            codes.buffer.baseAddress, spikes.count)
          unsafe #expect(total.elements == (0..<weights.stride).map { sums[$0] })
          unsafe #expect(matrix.elements == padded, "weights are only read")
        }
      }
    }
  }

  @Test("feeding vectors", arguments: widths)
  func vectors(width: Int) throws {
    var generator = SeededGenerator(seed: UInt64(width))
    let values = (0..<width).map { _ in 2 * Float(generator.nextNormal()) }
    var state = QuantizerState<Float>(units: width)
    var scratch = KernelScratch<Float>(units: width)
    var train = SpikeTrain()
    try Quantizer<Float>(kind: .herding, quantum: 1).feed(
      values, into: &state, train: &train, scratch: &scratch, using: .reference,
      generator: &generator)
    let stride = Matrix.stride(columns: width)
    for gap in Self.gaps {
      unsafe Self.kernels { kernels in
        let phi = unsafe Guarded([Float](repeating: 0, count: width), gap: gap)
        let input = unsafe Guarded(values, gap: gap)
        let out = unsafe Guarded([Int32](repeating: 0, count: train.count), gap: gap)
        let snapshot = unsafe Guarded([Float](repeating: 0, count: stride), gap: gap)
        let firings = unsafe Guarded(
          [csk_firing](repeating: csk_firing(), count: 2 * stride), gap: 0)
        let outcome = unsafe kernels.float32.feed_vector(
          phi.buffer.baseAddress, input.buffer.baseAddress, width, 1, 1,
          out.buffer.baseAddress, train.count,
          csk_scratch(
            firings: firings.buffer.baseAddress, capacity: stride,
            snapshot: snapshot.buffer.baseAddress))
        #expect(outcome.status == CSK_DONE)
        unsafe #expect(out.elements == Array(train.codes[..<train.count]), "gap \(gap)")
        unsafe #expect(phi.elements == (0..<width).map { state.potentials[$0] })
      }
    }
  }

  @Test("feeding one input for several steps", arguments: widths)
  func steps(width: Int) throws {
    var generator = SeededGenerator(seed: UInt64(width))
    let values = (0..<width).map { _ in (2 * Float(generator.nextUniform()) - 1) }
    let units = (0..<Int32(width)).map { 3 * $0 }
    var state = QuantizerState<Float>(units: width)
    var (scratch, train) = (KernelScratch<Float>(units: width), SpikeTrain())
    let steps = 5
    for _ in 0..<steps {
      try Quantizer<Float>(kind: .herding, quantum: 1).feed(
        values, into: &state, train: &train, scratch: &scratch, using: .reference,
        generator: &generator)
    }
    train.renumber(from: 0, by: units)
    let stride = Matrix.stride(columns: width)
    for gap in Self.gaps {
      unsafe Self.kernels { kernels in
        let phi = unsafe Guarded([Float](repeating: 0, count: width), gap: gap)
        let input = unsafe Guarded(values, gap: gap)
        let names = unsafe Guarded(units, gap: gap)
        let room = steps * width + Int(CSK_STEPS_SLACK)
        let out = unsafe Guarded([Int32](repeating: 0, count: room), gap: gap)
        let ends = unsafe Guarded([Int](repeating: 0, count: steps), gap: 0)
        let firings = unsafe Guarded(
          [csk_firing](repeating: csk_firing(), count: 2 * stride), gap: 0)
        let outcome = unsafe kernels.float32.feed_steps(
          phi.buffer.baseAddress, input.buffer.baseAddress, names.buffer.baseAddress, width,
          steps, 1, out.buffer.baseAddress, room, ends.buffer.baseAddress,
          csk_scratch(firings: firings.buffer.baseAddress, capacity: stride, snapshot: nil))
        guard width <= 128 else {
          // As many values as units: more than there are groups. Nothing is done.
          #expect(outcome.status == CSK_OUT_OF_RANGE && outcome.written == 0)
          unsafe #expect(phi.elements == [Float](repeating: 0, count: width))
          return
        }
        #expect(outcome.status == CSK_DONE && outcome.written == train.count)
        unsafe #expect(ends.elements.last == train.count)
        unsafe #expect(Array(out.elements[..<train.count]) == Array(train.codes[..<train.count]))
        unsafe #expect(phi.elements == (0..<width).map { state.potentials[$0] })
      }
    }
  }

  @Test("columns, counts and sums", arguments: widths)
  func columns(rows: Int) {
    var generator = SeededGenerator(seed: UInt64(rows))
    let weights = Matrix(rows: rows, columns: 19) { _, _ in Float(generator.nextNormal()) }
    let spikes = KernelEqualityTests.randomSpikes(2 * rows, units: rows, from: &generator)
    let padded = unsafe weights.withUnsafeBufferPointer { unsafe Array($0) }
    var counts = AlignedArray<Float>(repeating: 0, count: Matrix.stride(columns: rows))
    ReferenceKernels.count(spikes, into: &counts)
    var active = ActiveUnits<Float>()
    KernelTable<Float>(.reference).packPositive(counts, into: &active)
    var changed = weights
    let exceeds = ReferenceKernels.updateColumn(
      18, of: &changed, by: active, factor: 0.3, bound: 1)
    let column = (0..<rows).map { 0 - weights[$0, 18] }
    for gap in Self.gaps {
      unsafe Self.kernels { kernels in
        let matrix = unsafe Guarded(padded, gap: gap)
        let codes = unsafe Guarded(spikes.codes[..<spikes.count], gap: gap)
        let tally = unsafe Guarded([Float](repeating: 0, count: counts.count), gap: gap)
        unsafe kernels.float32.count(
          tally.buffer.baseAddress, codes.buffer.baseAddress, spikes.count)
        unsafe #expect(tally.elements == (0..<counts.count).map { counts[$0] })
        let room = counts.count + Int(CSK_PACK_SLACK)
        let packed = unsafe Guarded([Float](repeating: 0, count: room), gap: gap)
        let units = unsafe Guarded([Int32](repeating: 0, count: room), gap: gap)
        let found = unsafe kernels.float32.pack(
          tally.buffer.baseAddress, counts.count, 1, packed.buffer.baseAddress,
          units.buffer.baseAddress)
        unsafe #expect(Array(units.elements[..<found]) == Array(active.units[..<active.count]))
        unsafe #expect(Array(packed.elements[..<found]) == Array(active.values[..<active.count]))
        let values = unsafe Guarded([Float](repeating: 0, count: rows), gap: gap)
        // The column from its first element on: the last one ends the memory.
        let last = unsafe matrix.buffer.baseAddress.map { unsafe $0 + 18 }
        unsafe kernels.float32.read_line(
          last, weights.stride, rows, -1, values.buffer.baseAddress)
        unsafe #expect(values.elements == column)
        let line = unsafe Guarded(column, gap: gap)
        unsafe kernels.float32.read_line(
          line.buffer.baseAddress, 1, rows, -1, values.buffer.baseAddress)
        unsafe #expect(values.elements == column.map { 0 - $0 })
        let beyond = unsafe kernels.float32.update_line(
          last, weights.stride, packed.buffer.baseAddress, units.buffer.baseAddress, found, 0.3, 1)
        #expect((beyond != 0) == exceeds)
        unsafe #expect(
          matrix.elements == changed.withUnsafeBufferPointer { unsafe Array($0) }, "gap \(gap)")
        let whole = unsafe Guarded([Float](repeating: 1, count: rows), gap: gap)
        unsafe #expect(kernels.sum_float(whole.buffer.baseAddress, rows) == Float(rows))
      }
    }
  }
}
