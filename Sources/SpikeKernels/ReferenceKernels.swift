public import Networks

/// Each kernel in plain Swift, as the specification words it: the contract that the compiled
/// kernels are tested against, bit for bit. Clear before fast.
public enum ReferenceKernels {
  /// Rule 1 to 3 of a feed, for potentials that already hold `phi + v`.
  ///
  /// ```
  /// while phi > 1/2:  emit (unit, +), tag phi;   phi -= 1
  /// while phi < -1/2: emit (unit, -), tag -phi;  phi += 1     (signed quantizers)
  /// ```
  ///
  /// The spikes of the feed follow in order of decreasing tag; ties by lower unit, then by
  /// creation.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  static func fire<Scalar: PotentialScalar>(
    _ quantizer: Quantizer<Scalar>, _ state: inout QuantizerState<Scalar>,
    train: inout SpikeTrain, limit: Int, generator: inout SeededGenerator
  ) throws(KernelError) {
    for unit in 0..<state.units { try checkRange(quantizer, state, unit: unit) }
    var emitted: [(spike: Spike, tag: Scalar)] = []
    for unit in 0..<state.units {
      while true {
        let potential = state.potentials[unit]
        guard let sign = quantizer.signOfSpike(potential, threshold: state.threshold(of: unit))
        else { break }
        guard train.count + emitted.count < limit else {
          throw .eventBudgetExceeded(limit: limit)
        }
        emitted.append(
          (
            Spike(unit: unit, sign: sign),
            potential < .zero ? .zero - potential : potential
          ))
        state.potentials[unit] = quantizer.potential(potential, afterSpikeOf: sign)
        if quantizer.kind.threshold.isRandom {
          state.thresholds[unit] = Scalar.randomThreshold(
            quantum: quantizer.quantum, from: &generator)
        }
      }
    }
    // `sorted` is stable: equal tags stay in order of unit and creation.
    for event in emitted.sorted(by: { $0.tag > $1.tag }) { train.append(event.spike) }
  }

  /// A potential beyond the limit is an error. One that a rectified unit lets fall is checked at
  /// the end of the call, by `checkFloor`: it sends nothing meanwhile.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  static func checkRange<Scalar: PotentialScalar>(
    _ quantizer: Quantizer<Scalar>, _ state: QuantizerState<Scalar>, unit: Int
  ) throws(KernelError) {
    let potential = state.potentials[unit]
    let isBelow = quantizer.kind.isSigned && potential < .zero - Scalar.potentialLimit
    // Written so that NaN, too, is caught.
    guard potential <= Scalar.potentialLimit || potential < .zero, !isBelow else {
      throw .potentialOverflow(unit: unit, value: potential.asDouble)
    }
  }

  /// One feed of a vector: `phi += values`, then fire.
  ///
  /// - Complexity: `units` additions.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public static func feed<Scalar: PotentialScalar>(
    _ values: [Scalar], quantizer: Quantizer<Scalar>, state: inout QuantizerState<Scalar>,
    train: inout SpikeTrain, limit: Int, generator: inout SeededGenerator
  ) throws(KernelError) {
    for unit in values.indices { state.potentials[unit] += values[unit] }
    try fire(quantizer, &state, train: &train, limit: limit, generator: &generator)
    try checkFloor(state)
  }

  /// One feed for each spike (i, s), in order: `phi += s * W[i, :]`, then fire.
  ///
  /// - Complexity: `units` additions a spike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public static func feed<Scalar: PotentialScalar>(
    rowsOf weights: RowMajorMatrix<Scalar>, for spikes: SpikeTrain, range: Range<Int>,
    quantizer: Quantizer<Scalar>, state: inout QuantizerState<Scalar>, train: inout SpikeTrain,
    limit: Int, generator: inout SeededGenerator
  ) throws(KernelError) {
    for place in range {
      addRows(
        of: weights, for: spikes, range: place..<place + 1, toPotentials: &state.potentials)
      try fire(quantizer, &state, train: &train, limit: limit, generator: &generator)
    }
    try checkFloor(state)
  }

  /// Checks that no potential underflowed out of range, or is no number.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public static func checkFloor<Scalar: PotentialScalar>(
    _ state: QuantizerState<Scalar>
  ) throws(KernelError) {
    let floor = Scalar.zero - Scalar.potentialLimit
    for unit in 0..<state.units where !(state.potentials[unit] >= floor) {
      throw .potentialOverflow(unit: unit, value: state.potentials[unit].asDouble)
    }
  }

  /// `sums += s * W[i, :]` for each spike (i, s) of a range, in order; of integers in 64 bits, which
  /// no run within the spike budget can overflow.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public static func addRows<Scalar: SpikeScalar>(
    of weights: RowMajorMatrix<Scalar>, for spikes: SpikeTrain, range: Range<Int>,
    to sums: inout AlignedArray<Scalar.Sum>
  ) {
    for spike in spikes[range] {
      for unit in 0..<weights.columns {
        let weight = Scalar.summand(weights[spike.unit, unit])
        sums[unit] = spike.sign > 0 ? sums[unit] + weight : sums[unit] - weight
      }
    }
  }

  /// `counts[unit] += sign` for each spike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public static func count<Scalar: SpikeScalar>(
    _ spikes: SpikeTrain, into counts: inout AlignedArray<Scalar>
  ) {
    for spike in spikes { counts[spike.unit] += Scalar.count(sign: spike.sign) }
  }

  /// `W[i, column] -= c * factor` for the active inputs i and their counts c.
  ///
  /// - Returns: whether a weight is beyond `bound` now, or NaN.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public static func updateColumn<Scalar: SpikeScalar>(
    _ column: Int, of weights: inout RowMajorMatrix<Scalar>, by active: ActiveUnits<Scalar>,
    factor: Scalar, bound: Scalar
  ) -> Bool {
    var exceeds = false
    for index in 0..<active.count {
      let row = active.unit(index)
      let weight = Scalar.updated(weights[row, column], count: active.value(index), factor: factor)
      weights[row, column] = weight
      if !(weight <= bound && weight >= .zero - bound) { exceeds = true }
    }
    return exceeds
  }

  /// `W[row, i] -= c * factor` for the active units i and their counts c.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public static func updateRow<Scalar: SpikeScalar>(
    _ row: Int, of weights: inout RowMajorMatrix<Scalar>, by active: ActiveUnits<Scalar>,
    factor: Scalar
  ) {
    for index in 0..<active.count {
      let column = active.unit(index)
      weights[row, column] = Scalar.updated(
        weights[row, column], count: active.value(index), factor: factor)
    }
  }

  /// `values = sign * W[row, :]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public static func readRow<Scalar: SpikeScalar>(
    _ row: Int, of weights: RowMajorMatrix<Scalar>, sign: Int, into values: inout [Scalar]
  ) {
    for column in 0..<weights.columns {
      values[column] = sign > 0 ? weights[row, column] : .zero - weights[row, column]
    }
  }

  /// The values that `isActive` takes, and their units.
  static func pack<Scalar: PotentialScalar>(
    _ values: some RandomAccessCollection<Scalar>, into active: inout ActiveUnits<Scalar>,
    where isActive: (Scalar) -> Bool
  ) {
    active.reserve(values.count)
    for (unit, value) in values.enumerated() where isActive(value) {
      active.append(value, unit: Int32(truncatingIfNeeded: unit))
    }
  }
}
