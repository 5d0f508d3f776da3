public import Networks
public import SpikeKernels

/// A `SpikeScalar` whose weights can learn: `Float` and `Int32`.
public protocol LearningScalar: SpikeScalar {
  /// A change of an error count: a sign, times r for a regularizing spike.
  associatedtype ErrorWeight: Comparable & AdditiveArithmetic & Sendable

  /// A signed error, `s`.
  static func error(sign: Int) -> ErrorWeight
  /// What a regularizing spike adds: `s * r`.
  static func error(sign: Int, regularization: Float) -> ErrorWeight
  /// What an error does to a weight whose input count is 1: `error * lr`; integers learn with
  /// rate 1.
  static func factor(_ error: ErrorWeight, rate: Float) -> Self
  /// Sums of rows that stand for counts, for smooth gradients.
  static func smooth(_ sums: AlignedArray<Sum>, into counts: inout AlignedArray<Self>)
  /// Whether a sum is finite, and an integer one fits in 32 bits.
  static func isInRange(_ sum: Sum) -> Bool
}

extension Float: LearningScalar {
  /// `s`, exactly.
  public static func error(sign: Int) -> Float { Float(sign) }
  /// `s * r`.
  public static func error(sign: Int, regularization: Float) -> Float {
    Float(sign) * regularization
  }
  /// `error * lr`.
  public static func factor(_ error: Float, rate: Float) -> Float { error * rate }
  /// The same numbers.
  public static func smooth(_ sums: AlignedArray<Float>, into counts: inout AlignedArray<Float>) {
    counts.update(from: sums)
  }
  /// Whether it is finite.
  public static func isInRange(_ sum: Float) -> Bool { sum.isFinite }
}

extension Int32: LearningScalar {
  /// `s`.
  public static func error(sign: Int) -> Int32 { Int32(sign) }
  /// Integers have no such fraction; networks refuse it at construction.
  public static func error(sign: Int, regularization: Float) -> Int32 { 0 }
  /// The error itself: the scale S stands for the learning rate.
  public static func factor(_ error: Int32, rate: Float) -> Int32 { error }
  /// Networks refuse smooth gradients in integers at construction.
  public static func smooth(_ sums: AlignedArray<Int64>, into counts: inout AlignedArray<Int32>) {
    preconditionFailure("smooth gradients in integers")
  }
  /// Whether it fits in 32 bits.
  public static func isInRange(_ sum: Int64) -> Bool { Int32(exactly: sum) != nil }
}
