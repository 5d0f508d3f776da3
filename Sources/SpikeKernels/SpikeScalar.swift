public import Networks

/// How far a compiled feed came.
public struct FeedOutcome: Sendable {
  enum Status { case done, full(needed: Int), outOfRange }
  let status: Status
  /// Rows (or vectors) that were fed before it stopped.
  let rowsDone: Int
  /// Whether a potential is below the range.
  let fell: Bool
}

/// What an update of a weight column did.
public struct ColumnUpdate: Equatable, Sendable {
  /// How many weights changed.
  public var changed = 0
  /// Whether a weight that changed has a magnitude above the bound now, or is NaN: see
  /// `SpikeScalar.bound(of:worth:)`.
  public var exceedsBound = false
}

/// A `PotentialScalar` that has compiled kernels: `Float` and `Int32`.
public protocol SpikeScalar: PotentialScalar {
  /// What sums of weights are kept in: `Float`, or `Int64` for `Int32`.
  associatedtype Sum: AdditiveArithmetic & Comparable & BitwiseCopyable & Sendable

  /// The compiled form of `ReferenceKernels.feed(rowsOf:...)`. Stops before rows whose spikes do
  /// not fit in the train's memory. `firesOnce` promises that no magnitude of a weight is above
  /// `worth`, so that a rectified unit cannot fire twice for one row. The same rows are added to
  /// `sums`, unless it is empty.
  static func feedRows(
    _ set: InstructionSet, of weights: RowMajorMatrix<Self>, for spikes: SpikeTrain,
    range: Range<Int>, isSigned: Bool, firesOnce: Bool, worth: Self,
    potentials: inout AlignedArray<Self>, sums: inout AlignedArray<Sum>,
    train: inout SpikeTrain, scratch: inout KernelScratch<Self>
  ) -> FeedOutcome

  /// As many feeds of the same input as `ends` has places, to signed units; `ends[s]` becomes the
  /// number of their spikes at the end of step s. `outOfRange`, with nothing done, where that is
  /// not for the kernel: many different values, values above `worth`.
  static func feedSteps(
    _ set: InstructionSet, _ input: ActiveInput<Self>, worth: Self, ends: inout [Int],
    potentials: inout AlignedArray<Self>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Self>
  ) -> FeedOutcome

  /// The compiled form of `ReferenceKernels.feed(_:...)`.
  static func feedVector(
    _ set: InstructionSet, _ values: [Self], isSigned: Bool, worth: Self,
    potentials: inout AlignedArray<Self>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Self>
  ) -> FeedOutcome

  /// A magnitude that no weight exceeds: `worth` where that is one, else a larger one, to be found
  /// anew when an update exceeds it.
  static func bound(of weights: RowMajorMatrix<Self>, worth: Self) -> Self

  /// So many rows of weights within `bound` cannot take a potential from minus its limit past the
  /// end of the number type.
  static func rowsPerCheck(bound: Self) -> Int

  /// `sums += s * W[i, :]` for each spike (i, s) of a range, in order.
  static func addRows(
    _ set: InstructionSet, of weights: RowMajorMatrix<Self>, for spikes: SpikeTrain,
    range: Range<Int>, to sums: inout AlignedArray<Sum>)

  /// `counts[unit] += sign` for each spike.
  static func count(
    _ set: InstructionSet, _ spikes: SpikeTrain, into counts: inout AlignedArray<Self>)

  /// `values = sign * W[:, column]`.
  ///
  /// - Precondition: as many values as rows.
  /// - Complexity: `rows` reads, a cache line each.
  static func readColumn(
    _ set: InstructionSet, _ column: Int, of weights: RowMajorMatrix<Self>, sign: Int,
    into values: inout [Self])

  /// `W[i, column] -= counts[i] * factor` for the inputs i with `counts[i] > 0`, the product
  /// rounded before the difference.
  ///
  /// - Parameter counts: `[rows]`, padded with zeros to the stride of `rows` columns.
  /// - Returns: how many weights changed, and whether one is beyond `bound` now.
  /// - Complexity: a read and a write, a cache line, for each positive count.
  static func updateColumn(
    _ set: InstructionSet, _ column: Int, of weights: inout RowMajorMatrix<Self>,
    counts: AlignedArray<Self>, factor: Self, bound: Self
  ) -> ColumnUpdate

  /// `weight - count * factor`, the product rounded before the difference.
  static func updated(_ weight: Self, count: Self, factor: Self) -> Self
  /// +1 or -1 as a count.
  static func count(sign: Int) -> Self

  /// An input as potentials: `x` in Float, `Int32(x * S)` truncated toward zero in integers.
  ///
  /// - Throws: `KernelError.valueOutOfRange` when a scaled value does not fit.
  static func encode(_ values: [Float], worth: Self) throws(KernelError) -> [Self]

  /// Those of the values, as `encode` makes them, that are not 0.
  ///
  /// - Throws: as `encode`.
  static func pack(
    _ set: InstructionSet, _ values: [Float], worth: Self, into input: inout ActiveInput<Self>) throws(KernelError)

  /// The output of a unit: the sum of its rows over the number of steps. Integers are truncated
  /// toward zero, and are in units of 1/S.
  static func readout(sum: Sum, steps: Int) -> Self

  /// The output of a unit: its net spikes, each worth `worth`, over the number of steps.
  static func readout(count: Int32, steps: Int, worth: Self) -> Self
}

extension Float {
  /// 1, or infinity: more need not be known.
  public static func bound(of weights: Matrix, worth: Float) -> Float {
    weights.largestMagnitude <= worth ? worth : .infinity
  }
  /// Any number: the sum of finite numbers saturates, and is seen.
  public static func rowsPerCheck(bound: Float) -> Int { .max }

  /// `weight - count * factor`, never fused: Swift does not contract.
  public static func updated(_ weight: Float, count: Float, factor: Float) -> Float {
    weight - count * factor
  }
  /// The same number.
  public static func count(sign: Int) -> Float { Float(sign) }

  /// The values themselves.
  public static func encode(_ values: [Float], worth: Float) throws(KernelError) -> [Float] {
    values
  }

  /// The values that are not 0.
  public static func pack(
    _ set: InstructionSet, _ values: [Float], worth: Float, into input: inout ActiveInput<Float>
  ) throws(KernelError) { input.pack(set, values) }

  /// `sum / T`.
  public static func readout(sum: Float, steps: Int) -> Float { sum / Float(steps) }

  /// `count / T`.
  public static func readout(count: Int32, steps: Int, worth: Float) -> Float {
    Float(count) / Float(steps)
  }
}

extension Int32 {
  /// S, or twice the largest magnitude, so that growing weights are looked through few times.
  public static func bound(of weights: RowMajorMatrix<Int32>, worth: Int32) -> Int32 {
    let largest = weights.largestMagnitude
    return largest <= worth ? worth : Swift.min(largest, potentialLimit / 2) * 2
  }
  /// `2^30 / bound`.
  public static func rowsPerCheck(bound: Int32) -> Int { Int(potentialLimit / bound) }

  /// `weight - count * factor`, pulled into the range in which a weight and a potential add up
  /// without overflow. Training diverges there: the next spike over such a weight is an error.
  public static func updated(_ weight: Int32, count: Int32, factor: Int32) -> Int32 {
    let most = Int64(potentialLimit) - 1
    return Int32(Swift.min(Swift.max(Int64(weight) - Int64(count) * Int64(factor), -most), most))
  }
  /// The same number.
  public static func count(sign: Int) -> Int32 { Int32(sign) }

  /// `Int32(value * S)`, truncated toward zero; `nil` when it is not within 2^30.
  public static func scaled(_ value: Float, by scale: Int32) -> Int32? {
    let product = (value * Float(scale)).rounded(.towardZero)
    guard let exact = Int32(exactly: product), abs(exact) < potentialLimit else { return nil }
    return exact
  }

  /// Each value times S, truncated toward zero.
  public static func encode(_ values: [Float], worth: Int32) throws(KernelError) -> [Int32] {
    var encoded: [Int32] = []
    encoded.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard let scaled = scaled(value, by: worth) else {
        throw .valueOutOfRange(index: index, value: value, scale: Int(worth))
      }
      encoded.append(scaled)
    }
    return encoded
  }

  /// The values that are not 0 when they are scaled.
  public static func pack(
    _ set: InstructionSet, _ values: [Float], worth: Int32, into input: inout ActiveInput<Int32>
  ) throws(KernelError) {
    input.reserve(values.count)
    for (index, value) in values.enumerated() where value != 0 {
      guard let scaled = scaled(value, by: worth) else {
        throw .valueOutOfRange(index: index, value: value, scale: Int(worth))
      }
      if scaled != 0 { input.append(scaled, unit: Int32(truncatingIfNeeded: index)) }
    }
  }

  /// `sum / T`, truncated toward zero, in units of 1/S.
  public static func readout(sum: Int64, steps: Int) -> Int32 {
    Int32(clamping: sum / Int64(steps))
  }

  /// `count * S / T`, truncated toward zero: in units of 1/S, as for sums.
  public static func readout(count: Int32, steps: Int, worth: Int32) -> Int32 {
    Int32(clamping: Int64(count) * Int64(worth) / Int64(steps))
  }
}
