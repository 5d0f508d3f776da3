/// Energy of arithmetic at 45 nm, in picojoules an operation.
///
/// Source: M. Horowitz, *Computing's Energy Problem*, ISSCC 2014, doi 10.1109/ISSCC.2014.6757323.
/// A multiply-add costs a multiplication and an addition. A weight read is 32 bits, half of a read
/// of 64 bits from the smallest SRAM of the table that holds all weights (at most 1 MB: larger
/// networks are charged as 1 MB); both twins read one weight an operation. Reads and writes of
/// potentials and activations, leakage and control are not counted.
public struct EnergyModel: Sendable, Equatable, Codable {
  /// Number types of the table.
  public enum Arithmetic: String, Sendable, CaseIterable, Codable {
    /// 32-bit floating point: addition 0.9, multiplication 3.7.
    case fp32
    /// 32-bit integers: addition 0.1, multiplication 3.1.
    case int32

    /// Picojoules of an addition.
    public var addition: Double { self == .fp32 ? 0.9 : 0.1 }
    /// Picojoules of a multiplication.
    public var multiplication: Double { self == .fp32 ? 3.7 : 3.1 }
    /// Picojoules of a multiply-add.
    public var multiplyAdd: Double { addition + multiplication }
  }

  /// Picojoules of a multiply-add of integers, one factor of so many bits: an array multiplier has a row of adders a
  /// bit.
  public static func multiplyAdd(bits: Int) -> Double {
    Arithmetic.int32.multiplication * Double(bits) / 32 + Arithmetic.int32.addition
  }

  /// Picojoules of a 32-bit read from a memory that holds `weights` weights of 32 bits.
  public static func weightRead(weights: Int) -> Double {
    switch 4 * weights {
    case ...8_192: 5
    case ...32_768: 10
    default: 50
    }
  }

  /// Picojoules of so many operations.
  public static func energy(
    additions: Double, multiplyAdds: Double, arithmetic: Arithmetic, weightRead: Double
  ) -> Double {
    additions * (arithmetic.addition + weightRead)
      + multiplyAdds * (arithmetic.multiplyAdd + weightRead)
  }

  /// The rows of every energy table: each number type, without and with weight reads, and in it the
  /// nanojoules of some operations on a network of so many weights.
  package static func rows<Row>(
    weights: Int,
    _ row: (
      _ arithmetic: Arithmetic, _ withReads: Bool,
      _ nanojoules: (_ additions: Double, _ multiplyAdds: Double) -> Double
    ) -> Row
  ) -> [Row] {
    Arithmetic.allCases.flatMap { arithmetic in
      [false, true].map { withReads in
        let read = withReads ? weightRead(weights: weights) : 0
        return row(arithmetic, withReads) {
          energy(additions: $0, multiplyAdds: $1, arithmetic: arithmetic, weightRead: read) / 1000
        }
      }
    }
  }

  /// The assumptions in one line, to stand beside the numbers.
  public static let assumptions =
    "45 nm, Horowitz ISSCC 2014; one 32-bit weight read an operation on both models where reads are "
    + "counted; potentials, activations and control are not counted"
}
