internal import Networks
internal import SpikeKernels

// The way back: error spikes pass gates, change weights, and go on through weight columns.

extension LearningNetwork {
  /// The errors of a step: what the output sent and the target did not ask for, or the reverse.
  mutating func releaseErrors() throws(SpikingError) {
    if !training.holdsError {
      layers[depth].errorSpikes = layers.span[depth].neurons.spikes
      try deliverErrors(layer: depth)
    }
    try feedTarget()
    if training.holdsError {
      for spike in targetSpikes { heldErrors[spike.unit] += spike.sign }
      try releaseHeldErrors { (self: inout Self, spike) throws(SpikingError) in
        self.layers[self.depth].errorSpikes.removeAll()
        self.layers[self.depth].errorSpikes.append(spike)
        try self.deliverErrors(layer: self.depth)
      }
    } else {
      layers[depth].errorSpikes = targetSpikes
      try deliverErrors(layer: depth)
    }
  }

  /// Sends held errors one at a time, each all the way down before the next.
  mutating func releaseHeldErrors(
    _ deliver: (inout Self, Spike) throws(SpikingError) -> Void
  ) throws(SpikingError) {
    for unit in heldErrors.indices {
      let held = heldErrors[unit]
      heldErrors[unit] = 0
      for _ in 0..<held.magnitude { try deliver(&self, Spike(unit: unit, sign: held.signum())) }
    }
  }

  /// Breadth first: takes the batch of error spikes waiting at a layer through its gate, updates its
  /// weights, and sends what its columns make of them to the layer below.
  ///
  /// ```
  /// keep (j, s) unless z_l[j] < 0;  columns s * W_l[:, j] are read before any update of the batch
  /// update;  feed the columns to B_(l-1);  its spikes are the batch of layer l - 1
  /// ```
  private mutating func deliverErrors(layer index: Int) throws(SpikingError) {
    kept.removeAll()
    for spike in layers.span[index].errorSpikes where passes(spike, layer: index) {
      kept.append(spike)
    }
    guard !kept.isEmpty else { return }
    let batch = kept.count
    let below = feeder(of: index)
    if below > 0 {
      for place in 0..<batch { readColumn(kept[place], layer: index, into: place) }
    }
    for place in 0..<batch { update(kept[place], layer: index) }
    guard below > 0 else { return }
    layers[below].errorSpikes.removeAll()
    for place in 0..<batch { try feedBackward(column: place, from: index, to: below) }
    try deliverErrors(layer: below)
  }

  /// Depth first: gate, update, and only then the column, whose spikes are delivered at once.
  mutating func deliverError(_ spike: Spike, layer index: Int) throws(SpikingError) {
    guard passes(spike, layer: index) else { return }
    update(spike, layer: index)
    let below = feeder(of: index)
    guard below > 0 else { return }
    readColumn(spike, layer: index, into: 0)
    layers[below].errorSpikes.removeAll()
    try feedBackward(column: 0, from: index, to: below)
    for place in 0..<layers.span[below].errorSpikes.count {
      try deliverError(layers.span[below].errorSpikes[place], layer: below)
    }
  }

  /// The derivative of the ReLU: `not z_l[j] < 0`; exactly zero passes.
  private mutating func passes(_ spike: Spike, layer index: Int) -> Bool {
    guard !(layers.span[index].neurons.sums[spike.unit] < .zero) else { return false }
    layers[index].neurons.operations.errorSpikes += 1
    if recordsSpikes { layers[index].passed.append(spike) }
    return true
  }

  // MARK: Updates

  /// SGD counts the error; fractional SGD changes the column at once.
  private mutating func update(_ spike: Spike, layer: Int) {
    apply(Scalar.error(sign: spike.sign), unit: spike.unit, layer: layer)
  }

  /// A forward spike (i, s) as an error of weight `s * r`, neither gated nor sent down.
  mutating func regularize(_ spike: Spike, layer: Int) {
    let r = training.regularization
    guard r != 0 else { return }
    apply(Scalar.error(sign: spike.sign, regularization: r), unit: spike.unit, layer: layer)
  }

  private mutating func apply(_ error: Scalar.ErrorWeight, unit: Int, layer index: Int) {
    guard training.update == .fractional else {
      layers[index].errors[unit] += error
      return
    }
    updateColumn(unit, layer: index, factor: Scalar.factor(error, rate: rate))
  }

  /// SGD, at the end of the example: `W_l -= outer(c where c > 0, lr * e_l)`.
  mutating func applyErrorCounts() {
    for index in layers.indices.dropFirst() {
      for unit in 0..<network.units(ofLayer: index) where layers.span[index].errors[unit] != .zero {
        updateColumn(
          unit, layer: index, factor: Scalar.factor(layers.span[index].errors[unit], rate: rate))
      }
    }
  }

  /// `W_l[i, j] -= c_(l-1)[i] * factor` where `c_(l-1)[i] > 0`.
  private mutating func updateColumn(_ unit: Int, layer index: Int, factor: Scalar) {
    let below = feeder(of: index)
    layers[below].refreshPositive(network.context.kernels)
    network.layers[index].connection.updateColumn(
      unit, by: layers.span[below].positive, factor: factor, network.instructionSet)
    if below > 0 {
      network.context.kernels.updateRow(
        unit, of: &layers[index].transposed, by: layers.span[below].positive, factor: factor)
    }
    let changed = layers.span[below].positive.count
    if Scalar.self == Int32.self, training.update == .fractional {
      layers[index].neurons.operations.updateAdditions += changed
    } else {
      layers[index].neurons.operations.updateMultiplyAdds += changed
    }
  }

  // MARK: Down

  /// `s * W_l[:, j]`, from the transpose.
  private mutating func readColumn(_ spike: Spike, layer index: Int, into place: Int) {
    let units = layers.span[index].transposed.columns
    while columns.count <= place { columns.append([]) }
    if columns[place].count != units {
      columns[place] = Array(repeating: .zero, count: units)
    }
    network.context.kernels.readRow(
      spike.unit, of: layers.span[index].transposed, sign: spike.sign, into: &columns[place])
  }

  private mutating func feedBackward(
    column place: Int, from index: Int, to below: Int
  ) throws(SpikingError) {
    let before = layers.span[below].errorSpikes.count
    do {
      try layers[below].feedBackward(columns[place], &network.context)
    } catch {
      throw SpikingError(error, layer: below, step: network.stepsTaken + 1, limit: budget)
    }
    layers[index].neurons.operations.backwardAdditions += network.units(ofLayer: below)
    try take(layers.span[below].errorSpikes.count - before, by: below)
  }
}
