public import Networks

/// The numbers that potentials and weights are made of.
///
/// There is no multiplication here on purpose: code that is generic over `PotentialScalar` can
/// only add, subtract and compare, so the compiler itself checks that a spiking forward pass
/// multiplies nothing.
public protocol PotentialScalar: AdditiveArithmetic, Comparable, BitwiseCopyable, Sendable {
  /// A potential beyond this magnitude, after an addition, is an error.
  static var potentialLimit: Self { get }
  /// Whether a unit of this potential fires +: `phi > quantum / 2`.
  static func firesPositive(_ potential: Self, quantum: Self) -> Bool
  /// Whether a signed unit of this potential fires -: `phi < -quantum / 2`; in integers `<=`.
  static func firesNegative(_ potential: Self, quantum: Self) -> Bool
  /// A potential drawn from U(-1/2, 1/2), in units of `quantum`.
  static func randomPotential(quantum: Self, from generator: inout SeededGenerator) -> Self
  /// A threshold drawn from Exp(1), in units of `quantum`, greater than 0.
  static func randomThreshold(quantum: Self, from generator: inout SeededGenerator) -> Self
  /// A potential after a leak of 2^-`shift`: `phi - phi / 2^shift`. What leaks is a shift of the value: of
  /// the exponent in Float, of the bits in integers, where it is rounded away from 0, so that 0 is reached.
  static func leaked(_ potential: Self, shift: Int) -> Self
  /// The value as a number to show in a message.
  var asDouble: Double { get }
}

extension Float: PotentialScalar {
  /// 2^22: there the last place of a Float is 1/2, and the residue that decides the next spike
  /// carries no information. Below it, `while phi > 1/2 { phi -= 1 }` always ends.
  public static var potentialLimit: Float { 0x1p22 }

  /// `phi > 1/2`, strict. `quantum` is 1.
  public static func firesPositive(_ potential: Float, quantum: Float) -> Bool { potential > 0.5 }

  /// `phi < -1/2`, strict. `quantum` is 1.
  public static func firesNegative(_ potential: Float, quantum: Float) -> Bool { potential < -0.5 }

  /// A number from U(-1/2, 1/2).
  public static func randomPotential(
    quantum: Float, from generator: inout SeededGenerator
  ) -> Float { Float(generator.nextUniform() - 0.5) }

  /// A number from Exp(1), greater than 0.
  public static func randomThreshold(
    quantum: Float, from generator: inout SeededGenerator
  ) -> Float { max(Float(generator.nextExponential()), .leastNonzeroMagnitude) }

  /// `phi - phi / 2^shift`: the quotient is exact, but where it is denormal.
  public static func leaked(_ potential: Float, shift: Int) -> Float {
    potential - Float(sign: .plus, exponent: -shift, significand: 1) * potential
  }

  /// The same value.
  public var asDouble: Double { Double(self) }
}

extension Int32: PotentialScalar {
  /// 2^30: two numbers below it add up without overflow.
  public static var potentialLimit: Int32 { 1 << 30 }

  /// `2 phi > S`: the threshold is the real number S/2, and S may be odd.
  public static func firesPositive(_ potential: Int32, quantum: Int32) -> Bool {
    Int64(potential) + Int64(potential) > Int64(quantum)
  }

  /// `2 phi <= -S`: not strict, unlike Float's.
  public static func firesNegative(_ potential: Int32, quantum: Int32) -> Bool {
    Int64(potential) + Int64(potential) <= -Int64(quantum)
  }

  /// A number from U(-S/2, S/2), rounded down.
  public static func randomPotential(
    quantum: Int32, from generator: inout SeededGenerator
  ) -> Int32 { Int32((Double(quantum) * (generator.nextUniform() - 0.5)).rounded(.down)) }

  /// S times a number from Exp(1), rounded up, greater than 0.
  public static func randomThreshold(
    quantum: Int32, from generator: inout SeededGenerator
  ) -> Int32 {
    Int32(
      Swift.min(
        (Double(quantum) * generator.nextExponential()).rounded(.up), Double(potentialLimit)))
  }

  /// `phi - phi / 2^shift`, the quotient rounded away from 0.
  public static func leaked(_ potential: Int32, shift: Int) -> Int32 {
    Int32(Int64.leaked(Int64(potential), shift: shift))
  }

  /// The same value.
  public var asDouble: Double { Double(self) }
}
