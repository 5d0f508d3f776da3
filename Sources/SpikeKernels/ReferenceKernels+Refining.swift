public import Networks

// Refining: what a unit sends in step s has the quantum 2^-s of what it sent in step 0. Everything is kept in
// quanta of the step, so that a step begins with a doubling, which is an addition.
//
// With z, what a unit has received, and q, what it has sent, the potential is phi = z - q, to which rows are
// added as they come. Of an input phi is what is missing. A hidden unit misses max(z, 0) - q = max(phi, -q):
// it sends + where phi > 1/2, and - where phi < -1/2 and something is left of q to be taken back.

extension ReferenceKernels {
  /// Begins a step: `phi += phi`, `q += q`.
  ///
  /// - Parameters:
  ///   - potentials: phi; of the last layer, which sends nothing, z.
  ///   - sent: q; empty where it is not needed.
  ///   - units: of both; what follows them is padding.
  /// - Returns: the additions: one for each number that is not 0.
  @specialized(where Sum == Float)
  @specialized(where Sum == Int64)
  public static func double<Sum: AdditiveArithmetic & BitwiseCopyable & Sendable>(
    _ potentials: inout AlignedArray<Sum>, _ sent: inout AlignedArray<Sum>, units: Int
  ) -> Int {
    var additions = 0
    for unit in 0..<units {
      if potentials[unit] != .zero {
        potentials[unit] += potentials[unit]
        additions += 1
      }
      if sent.count > 0, sent[unit] != .zero {
        sent[unit] += sent[unit]
        additions += 1
      }
    }
    return additions
  }

  /// Sends, signed, what is missing: `n = sign(m) max(0, ceil(|m| - 1/2))` spikes of each unit, m what it
  /// misses. Of a tie nothing is sent.
  ///
  /// ```
  /// while phi >  1/2:                 emit (unit, +);  phi -= 1;  q += 1
  /// while phi < -1/2 (and q > 1/2):   emit (unit, -);  phi += 1;  q -= 1
  /// ```
  ///
  /// - Parameters:
  ///   - sent: q; empty for the input, which may send - without having sent +.
  ///   - quantum: a spike of this step in sums: 1, or the scale S of integers.
  ///   - limit: the most spikes of the train.
  /// - Returns: the comparisons.
  /// - Throws: `KernelError.potentialOverflow` where a potential has no place left for half a quantum, what was
  ///   sent none for one, or one is NaN; `.eventBudgetExceeded`.
  /// - Complexity: two comparisons a unit, O(1) a spike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public static func refine<Scalar: SpikeScalar>(
    _: Scalar.Type, _ potentials: inout AlignedArray<Scalar.Sum>,
    sent: inout AlignedArray<Scalar.Sum>, units: Int, quantum: Scalar, train: inout SpikeTrain,
    limit: Int
  ) throws(KernelError) -> Int {
    let one = Scalar.summand(quantum)
    let isRectified = sent.count > 0
    var comparisons = 0
    for unit in 0..<units {
      // Far below its threshold a unit must not be able to send: taking 1 away would change nothing there.
      let maySendNegative = !isRectified || sent[unit] != .zero
      guard Scalar.hasPlaces(potentials[unit]),
        !maySendNegative || Scalar.hasPlaces(.zero - potentials[unit])
      else {
        throw .potentialOverflow(unit: unit, value: Scalar.value(of: potentials[unit]))
      }
      guard !isRectified || Scalar.canCount(sent[unit]) else {
        throw .potentialOverflow(unit: unit, value: Scalar.value(of: sent[unit]))
      }
      comparisons += 1
      while Scalar.exceedsHalf(potentials[unit], of: one) {
        try append(Spike(unit: unit, sign: 1), to: &train, limit: limit)
        potentials[unit] -= one
        if isRectified { sent[unit] += one }
        comparisons += 1
      }
      comparisons += 1
      while Scalar.isBelowHalf(potentials[unit], of: one) {
        if isRectified {
          comparisons += 1
          guard Scalar.exceedsHalf(sent[unit], of: one) else { break }
        }
        try append(Spike(unit: unit, sign: -1), to: &train, limit: limit)
        potentials[unit] += one
        if isRectified { sent[unit] -= one }
        comparisons += 1
      }
    }
    return comparisons
  }

  private static func append(
    _ spike: Spike, to train: inout SpikeTrain, limit: Int
  ) throws(KernelError) {
    guard train.count < limit else { throw .eventBudgetExceeded(limit: limit) }
    train.append(spike)
  }
}
