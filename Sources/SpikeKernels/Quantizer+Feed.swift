public import Networks

extension Quantizer where Scalar: SpikeScalar {
  /// One feed of a vector: `phi += values`, then every unit beyond its threshold fires.
  ///
  /// - Parameters:
  ///   - values: `[units]`, or fewer, for the first units; finite.
  ///   - state: potentials (and Poisson thresholds), changed.
  ///   - train: receives the spikes, appended in order of decreasing potential.
  ///   - scratch: working memory for layers of at least this size.
  ///   - limit: the most spikes that `train` may hold.
  ///   - set: which implementation; all give the same bits. rules without a compiled form run in Swift.
  ///   - generator: draws the thresholds of Poisson kinds.
  /// - Throws: `KernelError` when a potential leaves its range or the spikes exceed `limit`; the
  ///   state is then unspecified.
  /// - Complexity: `units` additions and comparisons, O(n log n) for the order of n spikes.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func feed(
    _ values: [Scalar], into state: inout QuantizerState<Scalar>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Scalar>, limit: Int = .max, using set: InstructionSet,
    generator: inout SeededGenerator
  ) throws(KernelError) {
    precondition(values.count <= state.units, "\(values.count) values for \(state.units) units")
    guard set != .reference, let compiled = kind.compiledForm else {
      return try ReferenceKernels.feed(
        values, quantizer: self, state: &state, train: &train, limit: limit,
        generator: &generator)
    }
    while true {
      let outcome = KernelTable<Scalar>(set).feedVector(
        values, isSigned: compiled == .signed, quantum: quantum, potentials: &state.potentials,
        train: &train, scratch: &scratch)
      switch outcome.status {
      case .done: return try finish(outcome, state, train, limit)
      case .full(let needed): try grow(&train, by: needed, limit: limit)
      case .outOfRange:
        return try ReferenceKernels.feed(
          values, quantizer: self, state: &state, train: &train, limit: limit,
          generator: &generator)
      }
    }
  }

  /// One feed for each spike (i, s), in order: `phi += s * W[i, :]`, then every unit beyond its
  /// threshold fires. The threshold is checked after every single row.
  ///
  /// Source: docs/Algorithm.md, section 2, step 2.
  ///
  /// - Parameters:
  ///   - weights: `W`, `[inputs x units]`; `state` has `units` units.
  ///   - int16: the same weights in 16 bits, where there are such.
  ///   - spikes: whose rows are fed.
  ///   - firesOnce: promises that no magnitude of a weight is above `quantum`; `false` is always right.
  ///   - rowsPerCheck: a fallen potential is looked for after every so many rows.
  ///   - sums: `[units]`, padded to the stride of a row, `sums += s * W[i, :]`, too; or empty.
  ///   - state, train, scratch, limit, set, generator: as in `feed(_:into:...)`.
  /// - Throws: `KernelError` when a potential leaves its range or the spikes exceed `limit`; the
  ///   state is then unspecified.
  /// - Complexity: `units` additions and one read of a weight row for each spike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func feed(
    rowsOf weights: RowMajorMatrix<Scalar>, int16: Int16Weights? = nil, for spikes: SpikeTrain,
    firesOnce: Bool = false, rowsPerCheck: Int = .max, into state: inout QuantizerState<Scalar>,
    sums: inout AlignedArray<Scalar.Sum>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Scalar>, limit: Int = .max, using set: InstructionSet,
    generator: inout SeededGenerator
  ) throws(KernelError) {
    precondition(weights.columns == state.units, "weights of another layer")
    let kernels = KernelTable<Scalar>(set)
    var first = 0
    while first < spikes.count {
      let end = first + min(rowsPerCheck, spikes.count - first)
      if set != .reference, let compiled = kind.compiledForm {
        let outcome = kernels.feedRows(
          of: weights, int16: int16, for: spikes, range: first..<end,
          isSigned: compiled == .signed, firesOnce: firesOnce, quantum: quantum,
          potentials: &state.potentials, sums: &sums, train: &train, scratch: &scratch)
        first += outcome.rowsDone
        switch outcome.status {
        case .done:
          try finish(outcome, state, train, limit)
          continue
        case .full(let needed):
          try grow(&train, by: needed, limit: limit)
          continue
        case .outOfRange: break  // the reference meets the same fault and names it
        }
      }
      try ReferenceKernels.feed(
        rowsOf: weights, for: spikes, range: first..<end, quantizer: self, state: &state,
        train: &train, limit: limit, generator: &generator)
      if sums.count > 0 {
        kernels.addRows(of: weights, for: spikes, range: first..<end, to: &sums)
      }
      first = end
    }
  }

  /// The same, without sums.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func feed(
    rowsOf weights: RowMajorMatrix<Scalar>, for spikes: SpikeTrain, firesOnce: Bool = false,
    rowsPerCheck: Int = .max, into state: inout QuantizerState<Scalar>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Scalar>, limit: Int = .max, using set: InstructionSet,
    generator: inout SeededGenerator
  ) throws(KernelError) {
    var none = AlignedArray<Scalar.Sum>(repeating: .zero, count: 0)
    try feed(
      rowsOf: weights, for: spikes, firesOnce: firesOnce, rowsPerCheck: rowsPerCheck, into: &state,
      sums: &none, train: &train, scratch: &scratch, limit: limit, using: set,
      generator: &generator)
  }

  /// As many feeds of the same input as `ends` has places.
  ///
  /// The input of an example does not change, so that its spikes of several steps can be made at
  /// once. Units of one value fire side by side: groups of them are put in order, in the place of
  /// units.
  ///
  /// - Parameters:
  ///   - input: values of the units that are not at rest, with their names.
  ///   - ends: `ends[s]` becomes `train.count` at the end of step s.
  ///   - state: the potential of the input's place i is `potentials[i]`.
  ///   - train, scratch, limit, set, generator: as in `feed(_:into:...)`.
  /// - Throws: as `feed(_:into:...)`; the faulty unit is named as the input names it.
  /// - Complexity: an addition for each place and step, and O(n^2 / 16) for the order of the n
  ///   groups that fire in a step, at most 128; O(n log n) for units where there are more.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func feed(
    _ input: ActiveUnits<Scalar>, ends: inout [Int], into state: inout QuantizerState<Scalar>,
    train: inout SpikeTrain, scratch: inout KernelScratch<Scalar>, limit: Int = .max,
    using set: InstructionSet, generator: inout SeededGenerator
  ) throws(KernelError) {
    let start = train.count
    if set != .reference, kind.compiledForm == .signed, kind.start == .zero {
      // Room for a spike of each unit in each step, and for whole vectors behind them.
      train.reserve(ends.count * input.count + SpikeTrain.roomAfterSteps)
      let outcome = KernelTable<Scalar>(set).feedSteps(
        input, quantum: quantum, ends: &ends, potentials: &state.potentials, train: &train,
        scratch: &scratch)
      if case .done = outcome.status {
        for step in ends.indices { ends[step] += start }
        guard train.count <= limit else { throw .eventBudgetExceeded(limit: limit) }
        return
      }
    }
    let values = Array(input.values[..<input.count])
    for step in ends.indices {
      do {
        try feed(
          values, into: &state, train: &train, scratch: &scratch, limit: limit, using: set,
          generator: &generator)
      } catch .potentialOverflow(let index, let value) {
        throw .potentialOverflow(unit: input.unit(index), value: value)
      }
      ends[step] = train.count
    }
    train.renumber(from: start, by: input.units)
  }

  private func grow(
    _ train: inout SpikeTrain, by needed: Int, limit: Int
  ) throws(KernelError) {
    guard needed <= limit - train.count else { throw .eventBudgetExceeded(limit: limit) }
    train.reserve(needed)
  }

  private func finish(
    _ outcome: FeedOutcome, _ state: QuantizerState<Scalar>, _ train: SpikeTrain, _ limit: Int
  ) throws(KernelError) {
    guard train.count <= limit else { throw .eventBudgetExceeded(limit: limit) }
    if outcome.underflowed { try ReferenceKernels.checkFloor(state) }
  }
}
