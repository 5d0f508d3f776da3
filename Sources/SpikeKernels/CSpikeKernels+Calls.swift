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
    underflowed = outcome.underflowed != 0
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

  static func narrowStride(_ stride: Int) -> Int { csk_narrow_stride(stride) }

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

/// Calls `body` with 16-bit weights as C sees them.
private func withC<Result>(_ narrow: NarrowWeights?, _ body: (csk_narrow) -> Result) -> Result {
  guard let narrow else { return unsafe body(csk_narrow(weights: nil, largest: 0)) }
  return unsafe narrow.elements.withUnsafeBufferPointer { elements in
    unsafe body(csk_narrow(weights: elements.baseAddress, largest: narrow.largest))
  }
}

/// Checks, before anything is read by it, that every spike has a weight row.
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
  fileprivate static func pack(
    _ values: UnsafePointer<Self>?, _ count: Int, onlyPositive: Bool,
    into active: inout ActiveUnits<Self>,
    with kernel: (
      UnsafePointer<Self>?, Int, Int32, UnsafeMutablePointer<Self>?, UnsafeMutablePointer<Int32>?
    ) -> Int
  ) {
    active.reserve(count + Int(CSK_PACK_SLACK))
    active.count = unsafe active.values.withUnsafeMutableBufferPointer { packed in
      unsafe active.units.withUnsafeMutableBufferPointer { units in
        unsafe kernel(values, count, onlyPositive ? 1 : 0, packed.baseAddress, units.baseAddress)
      }
    }
  }

  /// `values = sign * line`, elements of the matrix from `start` on, `stride` apart.
  @inline(__always)
  fileprivate static func read(
    _ weights: RowMajorMatrix<Self>, from start: Int, stride: Int, sign: Int,
    into values: inout [Self],
    with kernel: (UnsafePointer<Self>?, Int, Int, Int32, UnsafeMutablePointer<Self>?) -> Void
  ) {
    let count = values.count
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe weights.withUnsafeBufferPointer { elements in
        unsafe kernel(
          elements.baseAddress.map { unsafe $0 + start }, stride, count, sign > 0 ? 1 : -1,
          values.baseAddress)
      }
    }
  }

  /// `line -= counts * factor` at the active units, elements from `start` on, `stride` apart.
  @inline(__always)
  fileprivate static func update(
    _ weights: inout RowMajorMatrix<Self>, from start: Int, stride: Int, count: Int,
    by active: ActiveUnits<Self>, factor: Self, bound: Self,
    with kernel: (
      UnsafeMutablePointer<Self>?, Int, UnsafePointer<Self>?, UnsafePointer<Int32>?, Int, Self, Self
    ) -> Int32
  ) -> Bool {
    precondition(active.highest < count, "unit \(active.highest) of \(count)")
    return unsafe weights.withUnsafeMutableBufferPointer { elements in
      unsafe active.withUnsafeBufferPointers { counts, units in
        unsafe kernel(
          elements.baseAddress.map { unsafe $0 + start }, stride, counts.baseAddress,
          units.baseAddress, active.count, factor, bound)
      }
    } != 0
  }
}

extension Float: SpikeScalar {
  /// Sums are kept in `Float`, as the authors' program does.
  public typealias Sum = Float

  /// See `SpikeScalar`.
  public static func feedRows(
    _ set: InstructionSet, of weights: Matrix, narrow: NarrowWeights?, for spikes: SpikeTrain,
    range: Range<Int>, isSigned: Bool, firesOnce: Bool, quantum: Float,
    potentials: inout AlignedArray<Float>,
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
    _ set: InstructionSet, _ values: [Float], isSigned: Bool, quantum: Float,
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
  public static func fireStep(
    _ set: InstructionSet, adding values: AlignedArray<Float>?, isSigned: Bool, quantum: Float,
    potentials: inout AlignedArray<Float>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Float>
  ) -> FeedOutcome {
    precondition(values == nil || values!.count == potentials.count, "values of another layer")
    train.reserve(potentials.count + SpikeTrain.roomAfterSteps)
    let kernels = unsafe CompiledKernels.table(set)
    let stride = potentials.count
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          guard let values else {
            return unsafe kernels.pointee.step_fire_float(
              potentials.baseAddress, nil, stride, isSigned ? 1 : 0, out, room, scratch)
          }
          return unsafe values.withUnsafeBufferPointer { values in
            unsafe kernels.pointee.step_fire_float(
              potentials.baseAddress, values.baseAddress, stride, isSigned ? 1 : 0, out, room,
              scratch)
          }
        }
      }
    }
  }

  /// The values times `scale`: exact, as that is a power of two.
  public static func encode(
    _ set: InstructionSet, _ values: [Float], scale: Float, quantum: Float,
    into encoded: inout AlignedArray<Float>
  ) throws(KernelError) -> Int? {
    let stride = Matrix.stride(columns: values.count)
    if encoded.count != stride { encoded = AlignedArray(repeating: 0, count: stride) }
    let kernels = unsafe CompiledKernels.tableOrBaseline(set)
    var nonzero = 0
    let isFinite = unsafe encoded.withUnsafeMutableBufferPointer { encoded in
      unsafe values.withUnsafeBufferPointer { values in
        unsafe kernels.pointee.scale_float(
          values.baseAddress, values.count, scale, encoded.baseAddress, &nonzero)
      }
    }
    return isFinite != 0 ? nonzero : nil
  }

  /// See `SpikeScalar`.
  public static func addRows(
    _ set: InstructionSet, of weights: Matrix, for spikes: SpikeTrain, range: Range<Int>,
    toPotentials potentials: inout AlignedArray<Float>
  ) {
    addRows(set, of: weights, for: spikes, range: range, to: &potentials)
  }

  /// See `SpikeScalar`.
  public static func feedSteps(
    _ set: InstructionSet, _ input: ActiveUnits<Float>, quantum: Float, ends: inout [Int],
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
  public static func pack(
    _ set: InstructionSet, _ values: [Float], quantum: Float,
    into active: inout ActiveUnits<Float>
  ) throws(KernelError) {
    guard set != .reference else {
      return ReferenceKernels.pack(values, into: &active) { $0 != 0 }
    }
    let kernels = unsafe CompiledKernels.table(set)
    unsafe values.withUnsafeBufferPointer { values in
      unsafe pack(
        values.baseAddress, values.count, onlyPositive: false, into: &active,
        with: kernels.pointee.pack_float)
    }
  }

  /// See `SpikeScalar`.
  public static func packPositive(
    _ set: InstructionSet, _ counts: AlignedArray<Float>, into active: inout ActiveUnits<Float>
  ) {
    guard set != .reference else {
      return ReferenceKernels.pack((0..<counts.count).map { counts[$0] }, into: &active) {
        $0 > 0
      }
    }
    let kernels = unsafe CompiledKernels.table(set)
    unsafe counts.withUnsafeBufferPointer { counts in
      unsafe pack(
        counts.baseAddress, counts.count, onlyPositive: true, into: &active,
        with: kernels.pointee.pack_float)
    }
  }

  /// See `SpikeScalar`.
  public static func readRow(
    _ set: InstructionSet, _ row: Int, of weights: RowMajorMatrix<Float>, sign: Int,
    into values: inout [Float]
  ) {
    precondition(row >= 0 && row < weights.rows, "row \(row)")
    precondition(values.count == weights.columns, "\(values.count) values for a row")
    guard set != .reference else {
      return ReferenceKernels.readRow(row, of: weights, sign: sign, into: &values)
    }
    let kernels = unsafe CompiledKernels.table(set)
    unsafe read(
      weights, from: row * weights.stride, stride: 1, sign: sign, into: &values,
      with: kernels.pointee.read_column_float)
  }

  /// See `SpikeScalar`.
  public static func updateColumn(
    _ set: InstructionSet, _ column: Int, of weights: inout RowMajorMatrix<Float>,
    by active: ActiveUnits<Float>, factor: Float, bound: Float
  ) -> Bool {
    guard set != .reference else {
      return ReferenceKernels.updateColumn(
        column, of: &weights, by: active, factor: factor, bound: bound)
    }
    precondition(column >= 0 && column < weights.columns, "column \(column)")
    let (rows, stride) = (weights.rows, weights.stride)
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe update(
      &weights, from: column, stride: stride, count: rows, by: active, factor: factor,
      bound: bound, with: kernels.pointee.update_column_float)
  }

  /// See `SpikeScalar`.
  public static func updateRow(
    _ set: InstructionSet, _ row: Int, of weights: inout RowMajorMatrix<Float>,
    by active: ActiveUnits<Float>, factor: Float
  ) {
    precondition(row >= 0 && row < weights.rows, "row \(row)")
    guard set != .reference else {
      return ReferenceKernels.updateRow(row, of: &weights, by: active, factor: factor)
    }
    let (columns, stride) = (weights.columns, weights.stride)
    let kernels = unsafe CompiledKernels.table(set)
    _ = unsafe update(
      &weights, from: row * stride, stride: 1, count: columns, by: active, factor: factor,
      bound: factor, with: kernels.pointee.update_column_float)
  }
}

extension Int32: SpikeScalar {
  /// Sums are kept in 64 bits: no run within the spike budget overflows them.
  public typealias Sum = Int64

  /// See `SpikeScalar`.
  public static func feedRows(
    _ set: InstructionSet, of weights: RowMajorMatrix<Int32>, narrow: NarrowWeights?,
    for spikes: SpikeTrain, range: Range<Int>, isSigned: Bool, firesOnce: Bool, quantum: Int32,
    potentials: inout AlignedArray<Int32>, sums: inout AlignedArray<Int64>,
    train: inout SpikeTrain, scratch: inout KernelScratch<Int32>
  ) -> FeedOutcome {
    checkUnits(set, spikes, range: range, rows: weights.rows)
    precondition(potentials.count == weights.stride, "potentials of another layer")
    let kernels = unsafe CompiledKernels.table(set)
    precondition(
      narrow == nil
        || narrow!.elements.count == weights.rows * CompiledKernels.narrowStride(weights.stride),
      "16-bit weights of another layer")
    let outcome = unsafe withC(narrow) { narrow in
      unsafe train.appending { out, room in
        unsafe scratch.withC { scratch in
          unsafe potentials.withUnsafeMutableBufferPointer { potentials in
            unsafe weights.withUnsafeBufferPointer { rows in
              unsafe spikes.codes.withUnsafeBufferPointer { codes in
                unsafe kernels.pointee.feed_rows_int32(
                  potentials.baseAddress, rows.baseAddress, narrow, weights.stride,
                  codes.baseAddress.map { unsafe $0 + range.lowerBound }, range.count,
                  isSigned ? 1 : 0, firesOnce ? 1 : 0, quantum, out, room, scratch)
              }
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
    _ set: InstructionSet, _ values: [Int32], isSigned: Bool, quantum: Int32,
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
              potentials.baseAddress, values.baseAddress, values.count, isSigned ? 1 : 0, quantum,
              out, room, scratch)
          }
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func fireStep(
    _ set: InstructionSet, adding values: AlignedArray<Int32>?, isSigned: Bool, quantum: Int32,
    potentials: inout AlignedArray<Int32>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Int32>
  ) -> FeedOutcome {
    precondition(values == nil || values!.count == potentials.count, "values of another layer")
    train.reserve(potentials.count + SpikeTrain.roomAfterSteps)
    let kernels = unsafe CompiledKernels.table(set)
    let stride = potentials.count
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          guard let values else {
            return unsafe kernels.pointee.step_fire_int32(
              potentials.baseAddress, nil, stride, isSigned ? 1 : 0, quantum, out, room, scratch)
          }
          return unsafe values.withUnsafeBufferPointer { values in
            unsafe kernels.pointee.step_fire_int32(
              potentials.baseAddress, values.baseAddress, stride, isSigned ? 1 : 0, quantum, out,
              room,
              scratch)
          }
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func addRows(
    _ set: InstructionSet, of weights: RowMajorMatrix<Int32>, for spikes: SpikeTrain,
    range: Range<Int>, toPotentials potentials: inout AlignedArray<Int32>
  ) {
    checkUnits(set, spikes, range: range, rows: weights.rows)
    precondition(potentials.count == weights.stride, "potentials of another layer")
    let kernels = unsafe CompiledKernels.table(set)
    unsafe potentials.withUnsafeMutableBufferPointer { potentials in
      unsafe weights.withUnsafeBufferPointer { rows in
        unsafe spikes.codes.withUnsafeBufferPointer { codes in
          unsafe kernels.pointee.add_rows_int32(
            potentials.baseAddress, rows.baseAddress, weights.stride,
            codes.baseAddress.map { unsafe $0 + range.lowerBound }, range.count)
        }
      }
    }
  }

  /// See `SpikeScalar`.
  public static func feedSteps(
    _ set: InstructionSet, _ input: ActiveUnits<Int32>, quantum: Int32, ends: inout [Int],
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
                ends.count, quantum, out, room, ends.baseAddress, scratch)
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
          unsafe kernels.pointee.sum_rows_int32(
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
  public static func packPositive(
    _ set: InstructionSet, _ counts: AlignedArray<Int32>, into active: inout ActiveUnits<Int32>
  ) {
    guard set != .reference else {
      return ReferenceKernels.pack((0..<counts.count).map { counts[$0] }, into: &active) {
        $0 > 0
      }
    }
    let kernels = unsafe CompiledKernels.table(set)
    unsafe counts.withUnsafeBufferPointer { counts in
      unsafe pack(
        counts.baseAddress, counts.count, onlyPositive: true, into: &active,
        with: kernels.pointee.pack_int32)
    }
  }

  /// See `SpikeScalar`.
  public static func readRow(
    _ set: InstructionSet, _ row: Int, of weights: RowMajorMatrix<Int32>, sign: Int,
    into values: inout [Int32]
  ) {
    precondition(row >= 0 && row < weights.rows, "row \(row)")
    precondition(values.count == weights.columns, "\(values.count) values for a row")
    guard set != .reference else {
      return ReferenceKernels.readRow(row, of: weights, sign: sign, into: &values)
    }
    let kernels = unsafe CompiledKernels.table(set)
    unsafe read(
      weights, from: row * weights.stride, stride: 1, sign: sign, into: &values,
      with: kernels.pointee.read_column_int32)
  }

  /// See `SpikeScalar`.
  public static func updateColumn(
    _ set: InstructionSet, _ column: Int, of weights: inout RowMajorMatrix<Int32>,
    by active: ActiveUnits<Int32>, factor: Int32, bound: Int32
  ) -> Bool {
    guard set != .reference else {
      return ReferenceKernels.updateColumn(
        column, of: &weights, by: active, factor: factor, bound: bound)
    }
    precondition(column >= 0 && column < weights.columns, "column \(column)")
    let (rows, stride) = (weights.rows, weights.stride)
    let kernels = unsafe CompiledKernels.table(set)
    return unsafe update(
      &weights, from: column, stride: stride, count: rows, by: active, factor: factor,
      bound: bound, with: kernels.pointee.update_column_int32)
  }

  /// See `SpikeScalar`.
  public static func updateRow(
    _ set: InstructionSet, _ row: Int, of weights: inout RowMajorMatrix<Int32>,
    by active: ActiveUnits<Int32>, factor: Int32
  ) {
    precondition(row >= 0 && row < weights.rows, "row \(row)")
    guard set != .reference else {
      return ReferenceKernels.updateRow(row, of: &weights, by: active, factor: factor)
    }
    let (columns, stride) = (weights.columns, weights.stride)
    let kernels = unsafe CompiledKernels.table(set)
    _ = unsafe update(
      &weights, from: row * stride, stride: 1, count: columns, by: active, factor: factor,
      bound: factor, with: kernels.pointee.update_column_int32)
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
