public import Networks

/// A `PotentialScalar` that has compiled kernels: `Float` and `Int32`.
public protocol SpikeScalar: PotentialScalar {
  /// What sums of weights are kept in: `Float`, or `Int64` for `Int32`.
  associatedtype Sum: AdditiveArithmetic & Comparable & BitwiseCopyable & Sendable

  /// Which compiled kernels serve it; `nil` for the reference alone.
  static var compiledNumberType: CompiledNumberType? { get }
  /// The quantum as the kernels take it: 1 for `Float`.
  static func kernelQuantum(_ quantum: Self) -> Int32
  /// A weight as a number that sums are made of.
  static func summand(_ weight: Self) -> Sum

  /// A magnitude that no weight exceeds: `quantum` where that is one, else a larger one, to be found
  /// anew when an update exceeds it.
  static func bound(of weights: RowMajorMatrix<Self>, quantum: Self) -> Self

  /// The weights in 16 bits, for integers that fit; kernels read half of the bytes.
  static func int16Weights(of weights: RowMajorMatrix<Self>) -> Int16Weights?

  /// So many rows of weights within `bound` cannot take a potential from minus its limit past the
  /// end of the number type.
  static func rowsPerCheck(bound: Self) -> Int

  /// `weight - count * factor`, the product rounded before the difference.
  static func updated(_ weight: Self, count: Self, factor: Self) -> Self
  /// +1 or -1 as a count.
  static func count(sign: Int) -> Self

  /// An input as potentials: `x` in Float, `Int32(x * S)` truncated toward zero in integers.
  ///
  /// - Throws: `KernelError.valueOutOfRange` when a scaled value does not fit.
  static func encode(_ values: [Float], quantum: Self) throws(KernelError) -> [Self]

  /// The same of the values times `scale`, a power of two, padded with zeros to the stride of a
  /// weight row, into memory that is kept.
  ///
  /// - Returns: how many are not 0; `nil` where a value is not finite.
  /// - Throws: as `encode`.
  static func encode(
    _ set: InstructionSet, _ values: [Float], scale: Float, quantum: Self,
    into encoded: inout AlignedArray<Self>
  ) throws(KernelError) -> Int?

  /// A value of an output's units as a potential.
  static func potential(_ value: Float, quantum: Self) -> Self

  /// `sum - sum / 2^shift` for every sum, some times; as `PotentialScalar.leaked`.
  static func leak(_ sums: inout AlignedArray<Sum>, shift: Int, times: Int)

  /// `max(0, round(sum))` in units of `quantum`, of ties toward 0: the count of a rectified unit of this sum;
  /// `nil` for NaN or more than an Int32.
  static func count(of sum: Sum, quantum: Self) -> Int32?

  /// A sum of weights in the output's units.
  static func outputs(of sum: Sum, quantum: Self) -> Float

  /// Whether a sum can be doubled, and half a quantum be told in it where it is positive; false for NaN.
  static func hasPlaces(_ sum: Sum) -> Bool
  /// Whether what a unit has sent can be doubled, and one more be told in it.
  static func canCount(_ sent: Sum) -> Bool
  /// Whether a sum that sends nothing can be doubled.
  static func canDouble(_ sum: Sum) -> Bool
  /// `sum > quantum / 2`.
  static func exceedsHalf(_ sum: Sum, of quantum: Sum) -> Bool
  /// `sum < -quantum / 2`.
  static func isBelowHalf(_ sum: Sum, of quantum: Sum) -> Bool
  /// A sum of a few weights, formed in Double, rounded once; `nil` where it does not fit.
  static func weight(rounding sum: Double) -> Self?

  /// A sum as a number to show in a message.
  static func value(of sum: Sum) -> Double

  /// `sum / 2^halvings`: a change of the exponent in Float, a shift in integers, of a fraction toward zero.
  static func readout(sum: Sum, halvings: Int) -> Self

  /// Those of the values, as `encode` makes them, that are not 0.
  ///
  /// - Throws: as `encode`.
  static func pack(
    _ set: InstructionSet, _ values: [Float], quantum: Self, into active: inout ActiveUnits<Self>)
    throws(KernelError)

  /// The output of a unit: the sum of its rows over the number of steps. Integers are truncated
  /// toward zero, and are in units of 1/S.
  static func readout(sum: Sum, steps: Int) -> Self

  /// The output of a unit: its net spikes, of one `quantum` each, over the number of steps.
  static func readout(count: Int32, steps: Int, quantum: Self) -> Self
}

extension Float: SpikeScalar {
  /// Sums are kept in `Float`, as the authors' program does.
  public typealias Sum = Float
  /// Kernels of `Float`.
  public static var compiledNumberType: CompiledNumberType? { .float32 }
  /// 1, the quantum of `Float`.
  public static func kernelQuantum(_ quantum: Float) -> Int32 { 1 }
  /// The weight itself.
  public static func summand(_ weight: Float) -> Float { weight }

  /// 1, or infinity: more need not be known.
  public static func bound(of weights: Matrix, quantum: Float) -> Float {
    weights.largestMagnitude <= quantum ? quantum : .infinity
  }
  /// None: half of the bits of a Float would be another weight.
  public static func int16Weights(of weights: Matrix) -> Int16Weights? { nil }

  /// Any number: the sum of finite numbers saturates, and is seen.
  public static func rowsPerCheck(bound: Float) -> Int { .max }

  /// `weight - count * factor`, never fused: Swift does not contract.
  public static func updated(_ weight: Float, count: Float, factor: Float) -> Float {
    weight - count * factor
  }
  /// The same number.
  public static func count(sign: Int) -> Float { Float(sign) }

  /// The values themselves.
  public static func encode(_ values: [Float], quantum: Float) throws(KernelError) -> [Float] {
    values
  }

  /// The values times `scale`: exact, as that is a power of two.
  public static func encode(
    _ set: InstructionSet, _ values: [Float], scale: Float, quantum: Float,
    into encoded: inout AlignedArray<Float>
  ) throws(KernelError) -> Int? {
    KernelTable(set).scale(values, by: scale, into: &encoded)
  }

  /// The values that are not 0.
  public static func pack(
    _ set: InstructionSet, _ values: [Float], quantum: Float,
    into active: inout ActiveUnits<Float>
  ) throws(KernelError) { KernelTable(set).pack(values, into: &active) }

  /// The value itself.
  public static func potential(_ value: Float, quantum: Float) -> Float { value }

  /// The sum itself.
  public static func outputs(of sum: Float, quantum: Float) -> Float { sum }

  /// At most 2^22, as for potentials. One that has fallen fires nothing: doubling is exact.
  public static func hasPlaces(_ sum: Float) -> Bool {
    sum <= potentialLimit && sum > -.greatestFiniteMagnitude
  }
  /// At most 2^22: whole numbers up to 2^24 are exact, and a unit may send 2^22 more.
  public static func canCount(_ sent: Float) -> Bool { sent <= potentialLimit }
  /// Any finite one.
  public static func canDouble(_ sum: Float) -> Bool { sum.isFinite }
  /// `sum > 1/2`: the quantum is 1.
  public static func exceedsHalf(_ sum: Float, of quantum: Float) -> Bool { sum > 0.5 }
  /// `sum < -1/2`.
  public static func isBelowHalf(_ sum: Float, of quantum: Float) -> Bool { sum < -0.5 }
  /// Where it is finite.
  public static func weight(rounding sum: Double) -> Float? {
    let sum = Float(sum)
    return sum.isFinite ? sum : nil
  }

  /// The sum itself.
  public static func value(of sum: Float) -> Double { Double(sum) }

  /// `sum / 2^halvings`, exact but where it is denormal.
  public static func readout(sum: Float, halvings: Int) -> Float {
    sum * Float(sign: .plus, exponent: -halvings, significand: 1)
  }

  /// `max(0, ceil(sum - 1/2))`.
  public static func count(of sum: Float, quantum: Float) -> Int32? {
    if sum <= 0.5 { return 0 }
    return Int32(exactly: (sum - 0.5).rounded(.up))
  }

  /// `sum - sum / 2^shift`.
  public static func leak(_ sums: inout AlignedArray<Float>, shift: Int, times: Int) {
    for _ in 0..<times {
      for unit in 0..<sums.count { sums[unit] = leaked(sums[unit], shift: shift) }
    }
  }

  /// `sum / T`.
  public static func readout(sum: Float, steps: Int) -> Float { sum / Float(steps) }

  /// `count / T`.
  public static func readout(count: Int32, steps: Int, quantum: Float) -> Float {
    Float(count) / Float(steps)
  }
}

extension Int32: SpikeScalar {
  /// Sums are kept in 64 bits: no run within the spike budget overflows them.
  public typealias Sum = Int64
  /// Kernels of `Int32`.
  public static var compiledNumberType: CompiledNumberType? { .int32 }
  /// S.
  public static func kernelQuantum(_ quantum: Int32) -> Int32 { quantum }
  /// The weight in 64 bits.
  public static func summand(_ weight: Int32) -> Int64 { Int64(weight) }

  /// S, or twice the largest magnitude, so that growing weights are looked through few times.
  public static func bound(of weights: RowMajorMatrix<Int32>, quantum: Int32) -> Int32 {
    let largest = weights.largestMagnitude
    return largest <= quantum ? quantum : Swift.min(largest, potentialLimit / 2) * 2
  }
  /// The same numbers, where all fit.
  public static func int16Weights(of weights: RowMajorMatrix<Int32>) -> Int16Weights? {
    Int16Weights(weights)
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
  public static func encode(_ values: [Float], quantum: Int32) throws(KernelError) -> [Int32] {
    var encoded: [Int32] = []
    encoded.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard let scaled = scaled(value, by: quantum) else {
        throw .valueOutOfRange(index: index, value: value, scale: Int(quantum))
      }
      encoded.append(scaled)
    }
    return encoded
  }

  /// Each value times `scale` and S, truncated toward zero.
  public static func encode(
    _ set: InstructionSet, _ values: [Float], scale: Float, quantum: Int32,
    into encoded: inout AlignedArray<Int32>
  ) throws(KernelError) -> Int? {
    guard values.firstNonFiniteIndex == nil else { return nil }
    let stride = RowMajorMatrix<Int32>.stride(columns: values.count)
    if encoded.count != stride { encoded = AlignedArray(repeating: 0, count: stride) }
    var nonzero = 0
    for (index, value) in values.enumerated() {
      guard let scaled = scaled(value * scale, by: quantum) else {
        throw .valueOutOfRange(index: index, value: value, scale: Int(quantum))
      }
      encoded[index] = scaled
      nonzero += scaled == 0 ? 0 : 1
    }
    return nonzero
  }

  /// The value times S, truncated toward zero.
  public static func potential(_ value: Float, quantum: Int32) -> Int32 {
    Int32(value * Float(quantum))
  }

  /// The least n with `2 (sum - n S) <= S`, 0 for what is not positive.
  public static func count(of sum: Int64, quantum: Int32) -> Int32? {
    let quantum = Int64(quantum)
    guard sum < 1 << 62 else { return nil }
    if 2 * sum <= quantum { return 0 }
    return Int32(exactly: (2 * sum + quantum - 1) / (2 * quantum))
  }

  /// `sum - sum / 2^shift`, the quotient rounded away from 0.
  public static func leak(_ sums: inout AlignedArray<Int64>, shift: Int, times: Int) {
    for _ in 0..<times {
      for unit in 0..<sums.count { sums[unit] = Int64.leaked(sums[unit], shift: shift) }
    }
  }

  /// The sum over S.
  public static func outputs(of sum: Int64, quantum: Int32) -> Float { Float(sum) / Float(quantum) }

  /// The values that are not 0 when they are scaled.
  public static func pack(
    _ set: InstructionSet, _ values: [Float], quantum: Int32, into active: inout ActiveUnits<Int32>
  ) throws(KernelError) {
    var floats = ActiveUnits<Float>()
    try Float.pack(set, values, quantum: 1, into: &floats)
    active.reserve(floats.count)
    for index in 0..<floats.count {
      guard let scaled = scaled(floats.value(index), by: quantum) else {
        throw .valueOutOfRange(
          index: floats.unit(index), value: floats.value(index), scale: Int(quantum))
      }
      if scaled != 0 { active.append(scaled, unit: floats.units[index]) }
    }
  }

  /// Below 2^61.
  public static func hasPlaces(_ sum: Int64) -> Bool { sum.magnitude < 1 << 61 }
  /// Below 2^61.
  public static func canCount(_ sent: Int64) -> Bool { hasPlaces(sent) }
  /// Below 2^61.
  public static func canDouble(_ sum: Int64) -> Bool { hasPlaces(sum) }
  /// `2 sum > S`: S may be odd.
  public static func exceedsHalf(_ sum: Int64, of quantum: Int64) -> Bool { sum + sum > quantum }
  /// `2 sum < -S`.
  public static func isBelowHalf(_ sum: Int64, of quantum: Int64) -> Bool { sum + sum < -quantum }
  /// Exact: a few integers of 32 bits; within 2^30, as weights are.
  public static func weight(rounding sum: Double) -> Int32? {
    sum.magnitude < Double(potentialLimit) ? Int32(sum) : nil
  }

  /// The sum as it is, in units of 1/S.
  public static func value(of sum: Int64) -> Double { Double(sum) }

  /// `sum / 2^halvings`, truncated toward zero and into Int32.
  public static func readout(sum: Int64, halvings: Int) -> Int32 {
    Int32(clamping: sum / (1 << Int64(halvings)))
  }

  /// `sum / T`, truncated toward zero, in units of 1/S.
  public static func readout(sum: Int64, steps: Int) -> Int32 {
    Int32(clamping: sum / Int64(steps))
  }

  /// `count * S / T`, truncated toward zero: in units of 1/S, as for sums.
  public static func readout(count: Int32, steps: Int, quantum: Int32) -> Int32 {
    Int32(clamping: Int64(count) * Int64(quantum) / Int64(steps))
  }
}
