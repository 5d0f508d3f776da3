internal import Networks

extension Int64 {
  /// `sum - sum / 2^shift`, the quotient rounded away from 0, so that 0 is reached.
  static func leaked(_ sum: Int64, shift: Int) -> Int64 {
    let magnitude = Int64(sum.magnitude)
    let leak = (magnitude &+ (1 << Int64(shift)) &- 1) >> Int64(shift)
    return sum < 0 ? sum + leak : sum - leak
  }
}

extension QuantizerState where Scalar: SpikeScalar {
  /// Every potential after some intervals of a leak of 2^-`shift` each.
  ///
  /// - Complexity: a subtraction a unit and interval.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func leak(shift: Int, times: Int) {
    unsafe potentials.withUnsafeMutableBufferPointer { potentials in
      for _ in 0..<times {
        for unit in potentials.indices {
          unsafe potentials[unit] = Scalar.leaked(potentials[unit], shift: shift)
        }
      }
    }
  }

  /// Every potential at 0.
  public mutating func rest() { potentials.fill(with: .zero) }
}
