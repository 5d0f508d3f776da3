public import Networks

/// Firing once a step: what arrives in a step is added up, then every unit beyond its threshold
/// fires, in the order of units.
///
/// The paper's neuron checks its threshold after every spike. This one does once a step: a
/// potential that rises and falls within a step sends nothing, so that its count follows the running
/// maximum over steps, not over spikes, and a row costs its additions alone.
extension Quantizer where Scalar: SpikeScalar {
  /// `phi += values` where they are given; then every unit beyond its threshold fires as often as it
  /// takes. Spikes of a unit are side by side, the lower unit first.
  ///
  /// - Parameters:
  ///   - values: padded with zeros to the stride of a weight row.
  ///   - state, train, scratch, limit, set: as in `feed(_:into:...)`.
  /// - Throws: `KernelError` when a potential is out of its range or the spikes exceed `limit`; the
  ///   state is then unspecified.
  /// - Precondition: not a Poisson quantizer.
  /// - Complexity: an addition and a comparison a unit (two where they are signed), O(1) a spike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func fireStep(
    adding values: AlignedArray<Scalar>? = nil, into state: inout QuantizerState<Scalar>,
    train: inout SpikeTrain, scratch: inout KernelScratch<Scalar>, limit: Int = .max,
    using set: InstructionSet
  ) throws(KernelError) {
    precondition(
      !kind.threshold.isRandom, "a quantizer of random thresholds fires after every spike")
    while set != .reference, let compiled = kind.compiledForm {
      let outcome = KernelTable<Scalar>(set).fireStep(
        adding: values, isSigned: compiled == .signed, quantum: quantum,
        potentials: &state.potentials, train: &train, scratch: &scratch)
      switch outcome.status {
      case .done:
        guard train.count <= limit else { throw .eventBudgetExceeded(limit: limit) }
        if outcome.underflowed { try ReferenceKernels.checkFloor(state) }
        return
      case .full(let needed):
        guard needed - SpikeTrain.roomAfterSteps <= limit - train.count else {
          throw .eventBudgetExceeded(limit: limit)
        }
        train.reserve(needed)
        continue
      case .outOfRange: break
      }
      break
    }
    try ReferenceKernels.fireStep(
      adding: values, quantizer: self, state: &state, train: &train, limit: limit)
  }

  /// `phi += s * W[i, :]` for each spike (i, s), in order; nothing fires.
  ///
  /// - Parameters:
  ///   - weights: `W`, `[inputs x units]`; `state` has `units` units.
  ///   - rowsPerCheck: potentials are checked after every so many rows.
  /// - Throws: `KernelError` when a potential is out of its range after so many rows.
  /// - Complexity: `units` additions and one read of a weight row for each spike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func addRows(
    of weights: RowMajorMatrix<Scalar>, for spikes: SpikeTrain, rowsPerCheck: Int = .max,
    to state: inout QuantizerState<Scalar>, using set: InstructionSet
  ) throws(KernelError) {
    precondition(weights.columns == state.units, "weights of another layer")
    var first = 0
    while first < spikes.count {
      let end = first + min(rowsPerCheck, spikes.count - first)
      KernelTable<Scalar>(set).addRows(
        of: weights, for: spikes, range: first..<end, toPotentials: &state.potentials)
      first = end
      guard first < spikes.count else { return }
      try ReferenceKernels.checkRange(state)
    }
  }
}

extension ReferenceKernels {
  /// The rule of `Quantizer.fireStep`, unit by unit.
  ///
  /// ```
  /// phi += v
  /// while phi > 1/2:  emit (unit, +);  phi -= 1
  /// while phi < -1/2: emit (unit, -);  phi += 1       (signed quantizers)
  /// ```
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  static func fireStep<Scalar: PotentialScalar>(
    adding values: AlignedArray<Scalar>?, quantizer: Quantizer<Scalar>,
    state: inout QuantizerState<Scalar>, train: inout SpikeTrain, limit: Int
  ) throws(KernelError) {
    for unit in 0..<state.units {
      if let values { state.potentials[unit] += values[unit] }
      try checkRange(quantizer, state, unit: unit)
      while let sign = quantizer.signOfSpike(state.potentials[unit], threshold: nil) {
        guard train.count < limit else { throw .eventBudgetExceeded(limit: limit) }
        train.append(Spike(unit: unit, sign: sign))
        state.potentials[unit] = quantizer.potential(state.potentials[unit], afterSpikeOf: sign)
      }
    }
    try checkFloor(state)
  }

  /// `phi += s * W[i, :]` for each spike (i, s) of a range, in order.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  static func addRows<Scalar: PotentialScalar>(
    of weights: RowMajorMatrix<Scalar>, for spikes: SpikeTrain, range: Range<Int>,
    toPotentials potentials: inout AlignedArray<Scalar>
  ) {
    for spike in spikes[range] {
      for unit in 0..<weights.columns {
        if spike.sign > 0 {
          potentials[unit] += weights[spike.unit, unit]
        } else {
          potentials[unit] -= weights[spike.unit, unit]
        }
      }
    }
  }

  /// Checks that no potential is out of range on either side.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  static func checkRange<Scalar: PotentialScalar>(
    _ state: QuantizerState<Scalar>
  ) throws(KernelError) {
    for unit in 0..<state.units {
      let potential = state.potentials[unit]
      guard potential <= Scalar.potentialLimit, potential >= .zero - Scalar.potentialLimit else {
        throw .potentialOverflow(unit: unit, value: potential.asDouble)
      }
    }
  }
}
