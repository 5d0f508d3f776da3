public import Networks

// Refining: what a unit sends in step s has the quantum 2^-s of what it sent in step 0. Sums are kept in
// quanta of the step, so that a step begins with a doubling, which is an addition.

extension ReferenceKernels {
  /// Begins a step: `z += z`, `q += q`.
  ///
  /// - Parameters:
  ///   - sums: z, what units have received.
  ///   - sent: q, what they have sent.
  ///   - units: of both; what follows them is padding.
  /// - Returns: the additions: one a unit whose sum is not 0, one a unit that has sent something.
  public static func double<Sum: AdditiveArithmetic & BitwiseCopyable & Sendable>(
    _ sums: inout AlignedArray<Sum>, _ sent: inout AlignedArray<Sum>, units: Int
  ) -> Int {
    var additions = 0
    for unit in 0..<units {
      if sums[unit] != .zero {
        sums[unit] += sums[unit]
        additions += 1
      }
      if sent.count > 0, sent[unit] != .zero {
        sent[unit] += sent[unit]
        additions += 1
      }
    }
    return additions
  }

  /// Sends, signed, what is still missing: `n = sign(phi) max(0, ceil(|phi| - 1/2))` spikes of each unit,
  /// `phi = a - q`, where a is z, rectified in hidden layers. Of a tie nothing is sent.
  ///
  /// ```
  /// a = max(z, 0)                               // z, of the input
  /// while a - q >  1/2:  emit (unit, +);  q += 1
  /// while a - q < -1/2:  emit (unit, -);  q -= 1
  /// ```
  ///
  /// - Parameters:
  ///   - quantum: a spike of this step in sums: 1, or the scale S of integers.
  ///   - limit: the most spikes of the train.
  /// - Throws: `KernelError.potentialOverflow` where a sum has no place left for half a quantum, or is NaN;
  ///   `.eventBudgetExceeded`.
  /// - Complexity: two comparisons a unit, O(1) a spike.
  public static func refine<Scalar: SpikeScalar>(
    _: Scalar.Type, _ sums: AlignedArray<Scalar.Sum>, sent: inout AlignedArray<Scalar.Sum>,
    units: Int, isRectified: Bool, quantum: Scalar, train: inout SpikeTrain, limit: Int
  ) throws(KernelError) {
    let one = Scalar.summand(quantum)
    for unit in 0..<units {
      let sum = sums[unit]
      guard Scalar.hasPlaces(sum) else {
        throw .potentialOverflow(unit: unit, value: Scalar.value(of: sum))
      }
      let activation = isRectified && sum < .zero ? .zero : sum
      var missing = activation - sent[unit]
      while missing + missing > one {
        try append(Spike(unit: unit, sign: 1), to: &train, limit: limit)
        sent[unit] += one
        missing = activation - sent[unit]
      }
      while missing + missing < .zero - one {
        try append(Spike(unit: unit, sign: -1), to: &train, limit: limit)
        sent[unit] -= one
        missing = activation - sent[unit]
      }
    }
  }

  private static func append(
    _ spike: Spike, to train: inout SpikeTrain, limit: Int
  ) throws(KernelError) {
    guard train.count < limit else { throw .eventBudgetExceeded(limit: limit) }
    train.append(spike)
  }
}
