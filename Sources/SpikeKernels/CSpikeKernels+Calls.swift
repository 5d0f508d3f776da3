internal import CSpikeKernels
public import Networks

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

// The only Swift that calls the compiled kernels.

extension FeedOutcome {
  fileprivate init(_ outcome: csk_outcome) {
    switch outcome.status {
    case CSK_FULL: status = .full(needed: outcome.needed)
    case CSK_OUT_OF_RANGE: status = .outOfRange
    default: status = .done
    }
    rowsDone = outcome.rows_done
    fell = outcome.fell != 0
  }
}

enum CompiledKernels {
  /// The sets of this build, best first.
  private static var all: [UnsafePointer<csk_kernels>] {
    var count = 0
    let table = unsafe csk_all(&count)!
    return unsafe (0..<count).map { unsafe table[$0]! }
  }

  static var supportedNames: [String] {
    unsafe all.filter { unsafe csk_is_supported($0) != 0 }.map {
      unsafe String(cString: $0.pointee.name)
    }
  }

  static func environmentValue(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// The kernels of a compiled set, looked up once.
  fileprivate static func table(_ set: InstructionSet) -> UnsafePointer<csk_kernels> {
    switch set {
    case .avx512: unsafe avx512!
    case .avx2: unsafe avx2!
    case .baseline: unsafe baseline!
    case .reference: preconditionFailure("the reference has no compiled kernels")
    }
  }

  /// The kernels of a set; those of the baseline for the reference, where neither has a say in spikes.
  fileprivate static func tableOrBaseline(_ set: InstructionSet) -> UnsafePointer<csk_kernels> {
    unsafe table(set == .reference ? .baseline : set)
  }

  private nonisolated(unsafe) static let avx512 = unsafe named("avx512")
  private nonisolated(unsafe) static let avx2 = unsafe named("avx2")
  private nonisolated(unsafe) static let baseline = unsafe named("baseline")

  private static func named(_ name: String) -> UnsafePointer<csk_kernels>? {
    unsafe all.first { unsafe String(cString: $0.pointee.name) == name }
  }
}

extension KernelScratch {
  /// Calls `body` with the scratch memory as C sees it.
  fileprivate mutating func withC<Result>(_ body: (csk_scratch) -> Result) -> Result {
    unsafe firings.withUnsafeMutableBufferPointer { firings in
      unsafe snapshot.withUnsafeMutableBufferPointer { snapshot in
        unsafe body(
          csk_scratch(
            firings: firings.baseAddress, capacity: capacity, snapshot: snapshot.baseAddress))
      }
    }
  }
}

extension SpikeTrain {
  /// Calls `body` with the free room after the last spike, and counts what it wrote there.
  fileprivate mutating func appending(
    _ body: (UnsafeMutablePointer<Int32>?, Int) -> csk_outcome
  ) -> FeedOutcome {
    let used = count
    let outcome = unsafe codes.withUnsafeMutableBufferPointer { codes in
      unsafe body(codes.baseAddress.map { unsafe $0 + used }, codes.count - used)
    }
    self.used += outcome.written
    return FeedOutcome(outcome)
  }
}

extension SpikeTrain {
  /// What `feedSteps` wants room for beyond one spike for each unit and step.
  static var roomAfterSteps: Int { Int(CSK_STEPS_SLACK) }

  /// The number of spikes of sign -1, from place `start` on.
  public func negativeCount(from start: Int = 0, using set: InstructionSet) -> Int {
    precondition(start >= 0 && start <= count, "from spike \(start) of \(count)")
    let kernels = unsafe CompiledKernels.tableOrBaseline(set)
    return unsafe codes.withUnsafeBufferPointer { codes in
      unsafe kernels.pointee.count_negative(
        codes.baseAddress.map { unsafe $0 + start }, count - start)
    }
  }
}

/// Checks, before C reads it, that every spike has a weight row.
private func checkUnits(
  _ set: InstructionSet, _ spikes: SpikeTrain, range: Range<Int>, rows: Int
) {
  precondition(range.upperBound <= spikes.count, "spikes \(range) of \(spikes.count)")
  let kernels = unsafe CompiledKernels.tableOrBaseline(set)
  let highest = unsafe spikes.codes.withUnsafeBufferPointer { codes in
    unsafe kernels.pointee.highest_unit(
      codes.baseAddress.map { unsafe $0 + range.lowerBound }, range.count)
  }
  precondition(Int(highest) < rows, "a spike of unit \(highest) into a layer of \(rows) inputs")
}

extension ActiveInput where Scalar == Float {
  /// Takes the values that are not 0.
  mutating func pack(_ set: InstructionSet, _ values: [Float]) {
    let kernels = unsafe CompiledKernels.tableOrBaseline(set)
    // Room for the last places that are written before it is known that there are fewer.
    reserve(values.count + 8)
    count = unsafe values.withUnsafeBufferPointer { values in
      unsafe self.values.withUnsafeMutableBufferPointer { packed in
        unsafe units.withUnsafeMutableBufferPointer { units in
          unsafe kernels.pointee.pack_nonzero(
            values.baseAddress, values.count, packed.baseAddress, units.baseAddress)
        }
      }
    }
  }
}

/// What the calls of both number types share.
extension SpikeScalar {
  @inline(__always)
  fileprivate static func count(
    _ set: InstructionSet, _ spikes: SpikeTrain, into counts: inout AlignedArray<Self>,
    with kernel: (UnsafeMutablePointer<Self>?, UnsafePointer<Int32>?, Int) -> Void
  ) {
    checkUnits(set, spikes, range: 0..<spikes.count, rows: counts.count)
    unsafe counts.withUnsafeMutableBufferPointer { counts in
      unsafe spikes.codes.withUnsafeBufferPointer { codes in
        unsafe kernel(counts.baseAddress, codes.baseAddress, spikes.count)
      }
    }
  }

  @inline(__always)
  fileprivate static func readColumn(
    _ column: Int, of weights: RowMajorMatrix<Self>, sign: Int, into values: inout [Self],
    with kernel: (UnsafePointer<Self>?, Int, Int, Int, Int32, UnsafeMutablePointer<Self>?) -> Void
  ) {
    precondition(column >= 0 && column < weights.columns, "column \(column)")
    precondition(values.count == weights.rows, "\(values.count) values for \(weights.rows) rows")
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe weights.withUnsafeBufferPointer { rows in
        unsafe kernel(
          rows.baseAddress, weights.stride, weights.rows, column, sign > 0 ? 1 : -1,
          values.baseAddress)
      }
    }
  }

  @inline(__always)
  fileprivate static func updateColumn(
    _ column: Int, of weights: inout RowMajorMatrix<Self>, counts: AlignedArray<Self>,
    factor: Self, bound: Self,
    with kernel: (UnsafeMutablePointer<Self>?, Int, UnsafePointer<Self>?, Int, Int, Self, Self) ->
      csk_update
  ) -> ColumnUpdate {
    precondition(column >= 0 && column < weights.columns, "column \(column)")
    precondition(
      counts.count == RowMajorMatrix<Self>.stride(columns: weights.rows),
      "\(counts.count) padded counts for \(weights.rows) inputs")
    let (rows, stride) = (weights.rows, weights.stride)
    let update = unsafe weights.withUnsafeMutableBufferPointer { elements in
      unsafe counts.withUnsafeBufferPointer { counts in
        unsafe kernel(elements.baseAddress, stride, counts.baseAddress, rows, column, factor, bound)
      }
    }
    return ColumnUpdate(changed: update.changed, exceedsBound: update.exceeds != 0)
  }
}

extension Float: SpikeScalar {
  /// Sums are kept in `Float`, as the authors' program does.
  public typealias Sum = Float

  /// See `SpikeScalar`.
  public static func feedRows(
    _ set: InstructionSet, of weights: Matrix, for spikes: SpikeTrain, range: Range<Int>,
    isSigned: Bool, firesOnce: Bool, worth: Float, potentials: inout AlignedArray<Float>,
    sums: inout AlignedArray<Float>, train: inout SpikeTrain, scratch: inout KernelScratch<Float>
  ) -> FeedOutcome {
    checkUnits(set, spikes, range: range, rows: weights.rows)
    precondition(potentials.count == weights.stride, "potentials of another layer")
    precondition(sums.count == weights.stride || sums.count == 0, "sums of another layer")
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          unsafe sums.withUnsafeMutableBufferPointer { sums in
            unsafe weights.withUnsafeBufferPointer { rows in
              unsafe spikes.codes.withUnsafeBufferPointer { codes in
                unsafe kernels.pointee.feed_rows_float(
                  potentials.baseAddress, sums.isEmpty ? nil : sums.baseAddress, rows.baseAddress,
                  weights.stride, codes.baseAddress.map { unsafe $0 + range.lowerBound },
                  range.count, isSigned ? 1 : 0, firesOnce ? 1 : 0, out, room, scratch)
              }
            }
          }
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func feedVector(
    _ set: InstructionSet, _ values: [Float], isSigned: Bool, worth: Float,
    potentials: inout AlignedArray<Float>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Float>
  ) -> FeedOutcome {
    precondition(values.count <= potentials.count, "more values than units")
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          unsafe values.withUnsafeBufferPointer { values in
            unsafe kernels.pointee.feed_vector_float(
              potentials.baseAddress, values.baseAddress, values.count, isSigned ? 1 : 0, out,
              room, scratch)
          }
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func feedSteps(
    _ set: InstructionSet, _ input: ActiveInput<Float>, worth: Float, ends: inout [Int],
    potentials: inout AlignedArray<Float>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Float>
  ) -> FeedOutcome {
    precondition(input.count <= potentials.count, "more values than units")
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          unsafe input.withUnsafeBufferPointers { values, units in
            unsafe ends.withUnsafeMutableBufferPointer { ends in
              unsafe kernels.pointee.feed_steps_float(
                potentials.baseAddress, values.baseAddress, units.baseAddress, input.count,
                ends.count, out, room, ends.baseAddress, scratch)
            }
          }
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func addRows(
    _ set: InstructionSet, of weights: Matrix, for spikes: SpikeTrain, range: Range<Int>,
    to sums: inout AlignedArray<Float>
  ) {
    guard set != .reference else {
      return ReferenceKernels.addRows(of: weights, for: spikes, range: range, to: &sums)
    }
    checkUnits(set, spikes, range: range, rows: weights.rows)
    precondition(sums.count == weights.stride, "sums of another layer")
    let kernels = unsafe CompiledKernels.table(set)
    unsafe sums.withUnsafeMutableBufferPointer { sums in
      unsafe weights.withUnsafeBufferPointer { rows in
        unsafe spikes.codes.withUnsafeBufferPointer { codes in
          unsafe kernels.pointee.add_rows_float(
            sums.baseAddress, rows.baseAddress, weights.stride,
            codes.baseAddress.map { unsafe $0 + range.lowerBound }, range.count)
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func count(
    _ set: InstructionSet, _ spikes: SpikeTrain, into counts: inout AlignedArray<Float>
  ) {
    guard set != .reference else { return ReferenceKernels.count(spikes, into: &counts) }
    let kernels = unsafe CompiledKernels.table(set)
    unsafe count(set, spikes, into: &counts, with: kernels.pointee.count_float)
  }

  /// See `SpikeScalar`.
  public static func readColumn(
    _ set: InstructionSet, _ column: Int, of weights: RowMajorMatrix<Float>, sign: Int,
    into values: inout [Float]
  ) {
    guard set != .reference else {
      return ReferenceKernels.readColumn(column, of: weights, sign: sign, into: &values)
    }
    let kernels = unsafe CompiledKernels.table(set)
    unsafe readColumn(
      column, of: weights, sign: sign, into: &values, with: kernels.pointee.read_column_float)
  }

  /// See `SpikeScalar`.
  public static func updateColumn(
    _ set: InstructionSet, _ column: Int, of weights: inout RowMajorMatrix<Float>,
    counts: AlignedArray<Float>, factor: Float, bound: Float
  ) -> ColumnUpdate {
    guard set != .reference else {
      return ReferenceKernels.updateColumn(
        column, of: &weights, counts: counts, factor: factor, bound: bound)
    }
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe updateColumn(
      column, of: &weights, counts: counts, factor: factor, bound: bound,
      with: kernels.pointee.update_column_float)
  }
}

extension Int32: SpikeScalar {
  /// Sums are kept in 64 bits: no run within the spike budget overflows them.
  public typealias Sum = Int64

  /// See `SpikeScalar`.
  public static func feedRows(
    _ set: InstructionSet, of weights: RowMajorMatrix<Int32>, for spikes: SpikeTrain,
    range: Range<Int>, isSigned: Bool, firesOnce: Bool, worth: Int32,
    potentials: inout AlignedArray<Int32>, sums: inout AlignedArray<Int64>,
    train: inout SpikeTrain, scratch: inout KernelScratch<Int32>
  ) -> FeedOutcome {
    checkUnits(set, spikes, range: range, rows: weights.rows)
    precondition(potentials.count == weights.stride, "potentials of another layer")
    let kernels = unsafe CompiledKernels.table(set)
    let outcome = unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          unsafe weights.withUnsafeBufferPointer { rows in
            unsafe spikes.codes.withUnsafeBufferPointer { codes in
              unsafe kernels.pointee.feed_rows_int32(
                potentials.baseAddress, rows.baseAddress, weights.stride,
                codes.baseAddress.map { unsafe $0 + range.lowerBound }, range.count,
                isSigned ? 1 : 0, firesOnce ? 1 : 0, worth, out, room, scratch)
            }
          }
        }
      }
    }
    if sums.count > 0 {
      let fed = range.lowerBound..<(range.lowerBound + outcome.rowsDone)
      addRows(set, of: weights, for: spikes, range: fed, to: &sums)
    }
    return outcome
  }

  /// See `SpikeScalar`.
  public static func feedVector(
    _ set: InstructionSet, _ values: [Int32], isSigned: Bool, worth: Int32,
    potentials: inout AlignedArray<Int32>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Int32>
  ) -> FeedOutcome {
    precondition(values.count <= potentials.count, "more values than units")
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          unsafe values.withUnsafeBufferPointer { values in
            unsafe kernels.pointee.feed_vector_int32(
              potentials.baseAddress, values.baseAddress, values.count, isSigned ? 1 : 0, worth,
              out, room, scratch)
          }
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func feedSteps(
    _ set: InstructionSet, _ input: ActiveInput<Int32>, worth: Int32, ends: inout [Int],
    potentials: inout AlignedArray<Int32>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Int32>
  ) -> FeedOutcome {
    precondition(input.count <= potentials.count, "more values than units")
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          unsafe input.withUnsafeBufferPointers { values, units in
            unsafe ends.withUnsafeMutableBufferPointer { ends in
              unsafe kernels.pointee.feed_steps_int32(
                potentials.baseAddress, values.baseAddress, units.baseAddress, input.count,
                ends.count, worth, out, room, ends.baseAddress, scratch)
            }
          }
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func addRows(
    _ set: InstructionSet, of weights: RowMajorMatrix<Int32>, for spikes: SpikeTrain,
    range: Range<Int>,
    to sums: inout AlignedArray<Int64>
  ) {
    guard set != .reference else {
      return ReferenceKernels.addRows(of: weights, for: spikes, range: range, to: &sums)
    }
    checkUnits(set, spikes, range: range, rows: weights.rows)
    precondition(sums.count >= weights.columns, "sums of another layer")
    let kernels = unsafe CompiledKernels.table(set)
    unsafe sums.withUnsafeMutableBufferPointer { sums in
      unsafe weights.withUnsafeBufferPointer { rows in
        unsafe spikes.codes.withUnsafeBufferPointer { codes in
          unsafe kernels.pointee.add_rows_int32(
            sums.baseAddress, rows.baseAddress, weights.stride, weights.columns,
            codes.baseAddress.map { unsafe $0 + range.lowerBound }, range.count)
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func count(
    _ set: InstructionSet, _ spikes: SpikeTrain, into counts: inout AlignedArray<Int32>
  ) {
    guard set != .reference else { return ReferenceKernels.count(spikes, into: &counts) }
    let kernels = unsafe CompiledKernels.table(set)
    unsafe count(set, spikes, into: &counts, with: kernels.pointee.count_int32)
  }

  /// See `SpikeScalar`.
  public static func readColumn(
    _ set: InstructionSet, _ column: Int, of weights: RowMajorMatrix<Int32>, sign: Int,
    into values: inout [Int32]
  ) {
    guard set != .reference else {
      return ReferenceKernels.readColumn(column, of: weights, sign: sign, into: &values)
    }
    let kernels = unsafe CompiledKernels.table(set)
    unsafe readColumn(
      column, of: weights, sign: sign, into: &values, with: kernels.pointee.read_column_int32)
  }

  /// See `SpikeScalar`.
  public static func updateColumn(
    _ set: InstructionSet, _ column: Int, of weights: inout RowMajorMatrix<Int32>,
    counts: AlignedArray<Int32>, factor: Int32, bound: Int32
  ) -> ColumnUpdate {
    guard set != .reference else {
      return ReferenceKernels.updateColumn(
        column, of: &weights, counts: counts, factor: factor, bound: bound)
    }
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe updateColumn(
      column, of: &weights, counts: counts, factor: factor, bound: bound,
      with: kernels.pointee.update_column_int32)
  }
}

extension AlignedArray<Float> {
  /// The sum of the first `count` elements, in an order of the set's own: what a machine's read
  /// bandwidth is measured with.
  ///
  /// - Precondition: `count` elements are there, and the set is a compiled one.
  public func sum(first count: Int, using set: InstructionSet) -> Float {
    precondition(count >= 0 && count <= self.count, "\(count) of \(self.count) elements")
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe withUnsafeBufferPointer { values in
      unsafe kernels.pointee.sum_float(values.baseAddress, count)
    }
  }
}
