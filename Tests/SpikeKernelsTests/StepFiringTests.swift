import CSpikeKernels
import Networks
import Testing

@testable import SpikeKernels

/// Units that fire once a step: the compiled kernels equal the plain Swift reference, bit for bit, and
/// counts follow the running maximum over steps.
@Suite struct StepFiringTests {
  struct Run<Scalar: SpikeScalar>: Equatable {
    var trains: [SpikeTrain] = []
    var state: QuantizerState<Scalar>
    var error: KernelError?
  }

  /// Some steps of rows and values, until an error.
  private static func run<Scalar: SpikeScalar>(
    width: Int, kind: QuantizerKind, quantum: Scalar, set: InstructionSet, limit: Int = .max,
    number: (inout SeededGenerator) -> Scalar
  ) -> Run<Scalar> {
    var generator = SeededGenerator(seed: UInt64(width))
    let weights = RowMajorMatrix<Scalar>(rows: 9, columns: width) { _, _ in number(&generator) }
    let quantizer = Quantizer(kind: kind, quantum: quantum)
    var run = Run(state: QuantizerState<Scalar>(units: width))
    var scratch = KernelScratch<Scalar>(units: width)
    for step in 0..<6 {
      let spikes = KernelEqualityTests.randomSpikes(step * step, units: 9, from: &generator)
      var values = AlignedArray<Scalar>(repeating: .zero, count: weights.stride)
      for unit in 0..<width { values[unit] = number(&generator) }
      var train = SpikeTrain()
      do {
        try quantizer.addRows(of: weights, for: spikes, rowsPerCheck: 4, to: &run.state, using: set)
        try quantizer.fireStep(
          adding: step % 2 == 0 ? values : nil, into: &run.state, train: &train,
          scratch: &scratch, limit: limit, using: set)
      } catch {
        run.error = error
        return run
      }
      run.trains.append(train)
    }
    return run
  }

  @Test("every set, Float", arguments: KernelEqualityTests.widths)
  func floats(width: Int) {
    for kind in [QuantizerKind.herding, .rectHerding] {
      // No spike for most, several for some, very many.
      for scale: Float in [0.05, 0.6, 40] {
        let run = { (set: InstructionSet) in
          Self.run(width: width, kind: kind, quantum: Float(1), set: set) {
            scale * Float($0.nextNormal())
          }
        }
        let expected = run(.reference)
        #expect(expected.error == nil && expected.trains.count == 6)
        for set in KernelEqualityTests.compiled { #expect(run(set) == expected, "\(set) \(scale)") }
      }
    }
  }

  @Test("every set, Int32: odd and even scales", arguments: KernelEqualityTests.widths)
  func integers(width: Int) {
    for kind in [QuantizerKind.herding, .rectHerding] {
      for (quantum, spread) in [(Int32(7), 3.0), (20, 40), (833, 90), (1, 2)] {
        let run = { (set: InstructionSet) in
          Self.run(width: width, kind: kind, quantum: quantum, set: set) {
            Int32($0.nextNormal() * spread)
          }
        }
        let expected = run(.reference)
        #expect(expected.error == nil)
        for set in KernelEqualityTests.compiled {
          #expect(run(set) == expected, "\(set) \(quantum)")
        }
      }
    }
  }

  @Test("a potential out of range, and too many spikes, are the same error on every set")
  func errors() {
    for width in [5, 64, 200] {
      for kind in [QuantizerKind.herding, .rectHerding] {
        for large: Float in [3e6, 1e30, .infinity] {
          let run = { (set: InstructionSet, limit: Int) in
            Self.run(width: width, kind: kind, quantum: Float(1), set: set, limit: limit) {
              let draw = Float($0.nextNormal())
              return draw > 2 ? large : draw
            }
          }
          // What a state is after an error is not specified; 3 million spikes are many for a debug build.
          for limit in large < 4e6 ? [20] : [20, .max] {
            let expected = run(.reference, limit)
            for set in KernelEqualityTests.compiled {
              let found = run(set, limit)
              #expect(found.error == expected.error && found.trains == expected.trains)
            }
          }
          #expect(run(.reference, 20).error != nil)
          if large > 4e6, width == 200 { #expect(run(.reference, .max).error != nil) }
        }
      }
    }
  }

  @Test("NaN is out of range on every set, by its unit")
  func notANumber() {
    for width in [5, 64, 200] {
      for kind in [QuantizerKind.herding, .rectHerding] {
        for set in InstructionSet.supported {
          var values = AlignedArray<Float>(
            repeating: 0, count: RowMajorMatrix<Float>.stride(columns: width))
          values[width - 2] = .nan
          var (state, train) = (QuantizerState<Float>(units: width), SpikeTrain())
          var scratch = KernelScratch<Float>(units: width)
          #expect {
            try Quantizer(kind: kind, quantum: Float(1)).fireStep(
              adding: values, into: &state, train: &train, scratch: &scratch, limit: 9, using: set)
          } throws: { error in
            guard case .potentialOverflow(let unit, let value)? = error as? KernelError else {
              return false
            }
            return unit == width - 2 && value.isNaN
          }
        }
      }
    }
  }

  @Test("counts: a signed unit rounds its sum, a rectified one the highest sum after a step")
  func laws() throws {
    var generator = SeededGenerator(seed: 3)
    for set in InstructionSet.supported {
      for kind in [QuantizerKind.herding, .rectHerding] {
        let quantizer = Quantizer<Float>(kind: kind, quantum: 1)
        var state = QuantizerState<Float>(units: 70)
        var scratch = KernelScratch<Float>(units: 70)
        var counts = [Int](repeating: 0, count: 70)
        var sums = [Float](repeating: 0, count: 70)
        var highest = [Float](repeating: 0, count: 70)
        for _ in 0..<30 {
          // Two rows a step, of which the first alone would fire more: dyadic, so that sums are exact.
          let rows = Matrix(rows: 2, columns: 70) { row, _ in
            (row == 0 ? 1 : -0.75) + Float(Int(generator.next() % 33)) / 16 - 1
          }
          let both = SpikeTrain([Spike(unit: 0, sign: 1), Spike(unit: 1, sign: 1)])
          var train = SpikeTrain()
          try quantizer.addRows(of: rows, for: both, to: &state, using: set)
          try quantizer.fireStep(into: &state, train: &train, scratch: &scratch, using: set)
          #expect(train.map(\.unit) == train.map(\.unit).sorted(), "units in order")
          for spike in train { counts[spike.unit] += spike.sign }
          for unit in 0..<70 {
            sums[unit] += rows[0, unit] + rows[1, unit]
            highest[unit] = max(highest[unit], sums[unit])
            if kind.isSigned {
              #expect(abs(Float(counts[unit]) - sums[unit]) <= 0.5)
            } else {
              #expect(Float(counts[unit]) == max(0, (highest[unit] - 0.5).rounded(.up)))
            }
          }
        }
      }
    }
  }

  @Test("kernels touch no memory but their own", arguments: KernelMemoryTests.widths)
  func memory(width: Int) throws {
    var generator = SeededGenerator(seed: UInt64(width))
    let stride = Matrix.stride(columns: width)
    var values = [Float](repeating: 0, count: stride)
    for unit in 0..<width { values[unit] = Float(generator.nextNormal()) }
    var count = 0
    let all = unsafe csk_sets(&count)!
    for index in 0..<count where unsafe all[index]!.pointee.is_supported() != 0 {
      let kernels = unsafe all[index]!.pointee
      for gap in KernelMemoryTests.gaps {
        for (scale, room) in [(Float(0.9), stride + 16), (0.9, width / 3), (8, 16 * stride)] {
          let input = unsafe KernelMemoryTests.Guarded(values.map { $0 * scale }, gap: gap)
          let zeros = [Float](repeating: 0, count: stride)
          let phi = unsafe KernelMemoryTests.Guarded(zeros, gap: gap)
          let snapshot = unsafe KernelMemoryTests.Guarded(zeros, gap: gap)
          let out = unsafe KernelMemoryTests.Guarded([Int32](repeating: 0, count: room), gap: gap)
          let outcome = unsafe kernels.float32.fire_step(
            phi.buffer.baseAddress, input.buffer.baseAddress, stride, 1, 1, out.buffer.baseAddress,
            room, csk_scratch(firings: nil, capacity: 0, snapshot: snapshot.buffer.baseAddress))
          if outcome.status == CSK_FULL {
            unsafe #expect(phi.elements == zeros, "nothing was done")
            #expect(outcome.needed > room)
          } else {
            #expect(outcome.status == CSK_DONE && outcome.written <= room)
            let counts = unsafe out.elements[..<outcome.written].reduce(into: zeros) {
              $0[Int($1 >= 0 ? $1 : ~$1)] += $1 >= 0 ? 1 : -1
            }
            for unit in 0..<stride {
              unsafe #expect(counts[unit] + phi.buffer[unit] == input.buffer[unit])
            }
          }

          let raw = unsafe KernelMemoryTests.Guarded(values[..<width], gap: gap)
          let scaled = unsafe KernelMemoryTests.Guarded(zeros[..<width], gap: gap)
          var nonzero = 0
          let isFinite = unsafe kernels.scale_float(
            raw.buffer.baseAddress, width, 0.5, scaled.buffer.baseAddress, &nonzero)
          #expect(isFinite == 1 && nonzero == values.count { $0 != 0 })
          unsafe #expect(scaled.elements == values[..<width].map { $0 / 2 })
          for wrong in [Float.nan, .infinity, -.infinity] {
            unsafe raw.buffer[width / 2] = wrong
            let isFinite = unsafe kernels.scale_float(
              raw.buffer.baseAddress, width, 0.5, scaled.buffer.baseAddress, &nonzero)
            #expect(isFinite == 0)
          }
        }
      }
    }
  }
}
