#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// The package's only source of randomness: xoshiro256++, seeded by SplitMix64.
///
/// The same seed gives the same numbers on every machine. Source: Blackman and Vigna, *Scrambled
/// Linear Pseudorandom Number Generators*, ACM TOMS 47(4), 2021, doi 10.1145/3460772.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Equatable {
  /// The whole state: four words, not all zero. Enough to go on from exactly here.
  public private(set) var state: (UInt64, UInt64, UInt64, UInt64)

  /// A generator for the given seed.
  public init(seed: UInt64) {
    var mixer = seed
    func next() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      var word = mixer
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
    state = (next(), next(), next(), next())
  }

  /// A generator for one numbered stream of a seed, independent of its other streams.
  ///
  /// Examples that are evaluated in parallel draw from a stream each, so that results do not
  /// depend on which worker met which example.
  public init(seed: UInt64, stream: UInt64) {
    var generator = SeededGenerator(seed: seed)
    self.init(seed: generator.next() ^ (stream &* 0xD134_2543_DE82_EF95))
  }

  /// A generator that goes on from a state; `nil` for the state of zeros, which gives nothing else.
  public init?(state: (UInt64, UInt64, UInt64, UInt64)) {
    guard state != (0, 0, 0, 0) else { return nil }
    self.state = state
  }

  /// 64 random bits.
  public mutating func next() -> UInt64 {
    func rotate(_ word: UInt64, _ by: UInt64) -> UInt64 { (word << by) | (word >> (64 - by)) }
    let result = rotate(state.0 &+ state.3, 23) &+ state.0
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, 45)
    return result
  }

  /// A number drawn uniformly from [0, 1): the top 53 bits, each multiple of 2^-53 alike.
  public mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number drawn from N(0, 1) by the Box-Muller transform; two uniform numbers each.
  public mutating func nextNormal() -> Double {
    let radius = (-2 * log(1 - nextUniform())).squareRoot()
    return radius * cos(2 * Double.pi * nextUniform())
  }

  /// A number drawn from Exp(1), greater than 0.
  public mutating func nextExponential() -> Double {
    while true {
      let value = -log(1 - nextUniform())
      if value > 0 { return value }
    }
  }

  /// Whether two generators will give the same numbers.
  public static func == (left: SeededGenerator, right: SeededGenerator) -> Bool {
    left.state == right.state
  }
}
