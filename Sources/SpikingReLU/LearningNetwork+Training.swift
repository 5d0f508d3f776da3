internal import Networks
internal import SpikeKernels

extension LearningNetwork {
  var depth: Int { network.depth }

  /// Learns from one example: T steps forward, error spikes back, weights changed.
  ///
  /// - Parameters:
  ///   - input: `[n_0]`, finite.
  ///   - target: `[n_L]`, each in [0, 1].
  /// - Throws: `SpikingError` for values out of range, and when a potential leaves its range or
  ///   there are more spikes than the budget allows: training has diverged, and the weights are
  ///   those of the middle of the example.
  /// - Complexity: `n_l` additions for each spike into layer l (twice: potentials and z), `n_(l-1)`
  ///   for each error spike that leaves layer l downwards, and an update of its active inputs.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func train(input: [Float], target: [Float]) throws(SpikingError) {
    try begin(input: input, target: target)
    for _ in 0..<network.options.timeSteps {
      switch learning.options.traversal {
      case .breadthFirst: try stepBreadthFirst()
      case .depthFirst: try stepDepthFirst()
      }
      network.stepsTaken += 1
      network.ledger.timeSteps += 1
      if learning.recordsSpikes { learning.markStep() }
    }
    try endExample()
  }

  /// Ends an example: SGD changes the weights; and a look for what diverged.
  ///
  /// - Throws: `SpikingError.diverged`.
  public mutating func endExample() throws(SpikingError) {
    if learning.options.update == .sgd { applyErrorCounts() }
    for layer in 1...depth { try checkWeights(layer) }
  }

  /// Resets everything that an example starts with.
  private mutating func begin(input: [Float], target: [Float]) throws(SpikingError) {
    try check(target: target)
    try network.present(input)
    try setTarget(target)
    reset()
  }

  /// What is wrong with a target.
  private func check(target: [Float]) throws(SpikingError) {
    guard target.count == network.layerSizes[depth] else {
      throw .targetSize(expected: network.layerSizes[depth], found: target.count)
    }
    if let index = target.firstIndex(where: { !(0...1).contains($0) }) {
      throw .targetOutOfRange(index: index, value: target[index])
    }
  }

  /// Takes another target, from the next step on: what its quantizer holds stays.
  ///
  /// - Parameter target: `[n_L]`, each in [0, 1].
  /// - Throws: `SpikingError` for values out of range.
  public mutating func setTarget(_ target: [Float]) throws(SpikingError) {
    try check(target: target)
    do {
      learning.negatedTarget = try Scalar.encode(target.map { -$0 }, quantum: network.quantum)
    } catch {
      throw SpikingError(error, layer: depth, step: 0, limit: learning.budget)
    }
  }

  /// Resets what learning adds to the network, by the kinds of its quantizers.
  mutating func reset() {
    learning.targetQuantizer.reset(&learning.target, generator: &network.generator)
    for layer in 0...depth {
      if layer > 0 {
        learning.forwardQuantizer.reset(
          &learning.forward[layer], generator: &network.generator)
      }
      if layer > 0 && layer < depth {
        learning.backwardQuantizer.reset(
          &learning.backward[layer], generator: &network.generator)
      }
      learning.sums[layer].fill(with: .zero)
    }
    if learning.recordsSpikes { learning.clearRecords() }
    learning.clearCounts()
  }

  // MARK: Breadth first

  private mutating func stepBreadthFirst() throws(SpikingError) {
    try feedInput()
    try passOn()
    try releaseErrors()
  }

  /// Takes the spikes of the input through all layers, and counts them.
  mutating func passOn() throws(SpikingError) {
    for layer in 1...depth {
      if network.trains[layer - 1].count == 0 {
        // Nothing came: nothing changes.
        network.trains[layer].removeAll()
        continue
      }
      if !learning.options.usesSmoothGradients {
        Scalar.count(
          network.instructionSet, network.trains[layer - 1], into: &learning.counts[layer - 1])
        learning.positiveIsCurrent[layer - 1] = false
      }
      network.trains[layer].removeAll()
      try guarding(layer) { (self: inout Self, limit) throws(KernelError) in
        try self.learning.forwardQuantizer.feed(
          rowsOf: self.network.weights[layer - 1], for: self.network.trains[layer - 1],
          firesOnce: self.network.firesOnce(layer),
          rowsPerCheck: Scalar.rowsPerCheck(bound: self.network.bounds[layer - 1]),
          into: &self.learning.forward[layer], sums: &self.learning.sums[layer],
          train: &self.network.trains[layer], scratch: &self.network.scratch, limit: limit,
          using: self.network.instructionSet, generator: &self.network.generator)
      }
      enter(layer: layer, feeds: network.trains[layer - 1].count)
      refreshSmoothInputs(layer)
      try sent(network.trains[layer].count, by: layer)
      if learning.options.regularization != 0 {
        for index in 0..<network.trains[layer].count {
          regularize(network.trains[layer][index], layer: layer)
        }
      }
      if learning.recordsSpikes {
        for spike in network.trains[layer] { learning.emitted[layer].append(spike) }
      }
    }
    if learning.options.holdsError {
      for spike in network.trains[depth] { learning.held[spike.unit] += spike.sign }
    }
  }

  /// The errors of a step: what the output sent and the target did not ask for, or the reverse.
  mutating func releaseErrors() throws(SpikingError) {
    if !learning.options.holdsError {
      learning.errorTrains[depth] = network.trains[depth]
      try deliverErrors(layer: depth)
    }
    try feedTarget()
    if learning.options.holdsError {
      for spike in learning.targetTrain { learning.held[spike.unit] += spike.sign }
      try releaseHeldErrors { (self: inout Self, spike) throws(SpikingError) in
        self.learning.errorTrains[self.depth].removeAll()
        self.learning.errorTrains[self.depth].append(spike)
        try self.deliverErrors(layer: self.depth)
      }
    } else {
      learning.errorTrains[depth] = learning.targetTrain
      try deliverErrors(layer: depth)
    }
  }

  /// Takes the batch of error spikes waiting at a layer through its gate, updates its weights, and
  /// sends what its columns make of them to the layer below.
  ///
  /// ```
  /// keep (j, s) unless z_l[j] < 0;  columns s * W_l[:, j] are read before any update of the batch
  /// update;  feed the columns to B_(l-1);  its spikes are the batch of layer l - 1
  /// ```
  private mutating func deliverErrors(layer: Int) throws(SpikingError) {
    learning.kept.removeAll()
    for spike in learning.errorTrains[layer] where passes(spike, layer: layer) {
      learning.kept.append(spike)
    }
    guard !learning.kept.isEmpty else { return }
    let batch = learning.kept.count
    if layer >= 2 {
      for index in 0..<batch { readColumn(learning.kept[index], layer: layer, into: index) }
    }
    for index in 0..<batch { update(learning.kept[index], layer: layer) }
    guard layer >= 2 else { return }
    learning.errorTrains[layer - 1].removeAll()
    for index in 0..<batch { try feedBackward(column: index, layer: layer) }
    try deliverErrors(layer: layer - 1)
  }

  // MARK: Depth first

  private mutating func stepDepthFirst() throws(SpikingError) {
    try feedInput()
    for index in 0..<network.trains[0].count {
      try deliver(network.trains[0][index], into: 1)
    }
    try feedTarget()
    for index in 0..<learning.targetTrain.count {
      try deliverOutput(learning.targetTrain[index])
    }
    if learning.options.holdsError {
      try releaseHeldErrors { (self: inout Self, spike) throws(SpikingError) in
        try self.deliverError(spike, layer: self.depth)
      }
    }
  }

  /// Delivers one spike to a layer, with all its consequences; only then it counts as an input.
  private mutating func deliver(_ spike: Spike, into layer: Int) throws(SpikingError) {
    learning.single.removeAll()
    learning.single.append(spike)
    Scalar.addRows(
      network.instructionSet, of: network.weights[layer - 1], for: learning.single, range: 0..<1,
      to: &learning.sums[layer])
    refreshSmoothInputs(layer)
    network.trains[layer].removeAll()
    try guarding(layer) { (self: inout Self, limit) throws(KernelError) in
      try self.learning.forwardQuantizer.feed(
        rowsOf: self.network.weights[layer - 1], for: self.learning.single,
        into: &self.learning.forward[layer], train: &self.network.trains[layer],
        scratch: &self.network.scratch, limit: limit, using: self.network.instructionSet,
        generator: &self.network.generator)
    }
    enter(layer: layer, feeds: 1)
    try sent(network.trains[layer].count, by: layer)
    for index in 0..<network.trains[layer].count {
      let sent = network.trains[layer][index]
      if learning.recordsSpikes { learning.emitted[layer].append(sent) }
      regularize(sent, layer: layer)
      if layer < depth {
        try deliver(sent, into: layer + 1)
      } else {
        try deliverOutput(sent)
      }
    }
    if !learning.options.usesSmoothGradients {
      learning.counts[layer - 1][spike.unit] += Scalar.count(sign: spike.sign)
      learning.positiveIsCurrent[layer - 1] = false
    }
  }

  private mutating func deliverOutput(_ spike: Spike) throws(SpikingError) {
    if learning.options.holdsError {
      learning.held[spike.unit] += spike.sign
    } else {
      try deliverError(spike, layer: depth)
    }
  }

  /// Gate, update, and only then the column, whose spikes are delivered at once.
  private mutating func deliverError(_ spike: Spike, layer: Int) throws(SpikingError) {
    guard passes(spike, layer: layer) else { return }
    update(spike, layer: layer)
    guard layer >= 2 else { return }
    readColumn(spike, layer: layer, into: 0)
    learning.errorTrains[layer - 1].removeAll()
    try feedBackward(column: 0, layer: layer)
    for index in 0..<learning.errorTrains[layer - 1].count {
      try deliverError(learning.errorTrains[layer - 1][index], layer: layer - 1)
    }
  }

  // MARK: Steps that both traversals share

  /// Steps whose input spikes are made at once: memory does not grow with T.
  private static var inputStepsAtOnce: Int { 16 }

  private mutating func feedInput() throws(SpikingError) {
    let step = network.stepsTaken % Self.inputStepsAtOnce
    if step == 0 {
      // Nothing that the network does changes the spikes of its input.
      network.trains[0].removeAll()
      let steps = min(
        Self.inputStepsAtOnce, network.options.timeSteps - network.stepsTaken)
      try guarding(0) { (self: inout Self, limit) throws(KernelError) in
        try self.network.feedInput(steps: steps, limit: limit)
      }
      swap(&learning.inputTrain, &network.trains[0])
    }
    network.trains[0].removeAll()
    network.trains[0].append(
      learning.inputTrain,
      range: (step == 0 ? 0 : network.inputEnds[step - 1])..<network.inputEnds[step])
    try sent(network.trains[0].count, by: 0)
    let negative = network.trains[0].negativeCount(using: network.instructionSet)
    network.ledger.layers[0].encodingAdditions += network.encodedInputs
    network.ledger.layers[0].unitSteps += network.layerSizes[0]
    network.ledger.layers[0].negativeSpikes += negative
    network.ledger.layers[0].positiveSpikes += network.trains[0].count - negative
    if learning.options.usesSmoothGradients {
      learning.counts[0].add(network.input)
      learning.positiveIsCurrent[0] = false
    }
  }

  private mutating func feedTarget() throws(SpikingError) {
    learning.targetTrain.removeAll()
    try guarding(depth) { (self: inout Self, limit) throws(KernelError) in
      try self.learning.targetQuantizer.feed(
        self.learning.negatedTarget, into: &self.learning.target,
        train: &self.learning.targetTrain, scratch: &self.network.scratch, limit: limit,
        using: self.network.instructionSet, generator: &self.network.generator)
    }
  }

  /// Sends held errors one at a time, each all the way down before the next.
  private mutating func releaseHeldErrors(
    _ deliver: (inout Self, Spike) throws(SpikingError) -> Void
  ) throws(SpikingError) {
    for unit in learning.held.indices {
      let held = learning.held[unit]
      learning.held[unit] = 0
      for _ in 0..<held.magnitude { try deliver(&self, Spike(unit: unit, sign: held.signum())) }
    }
  }

  /// Smooth gradients: `c_l = z_l`.
  private mutating func refreshSmoothInputs(_ layer: Int) {
    guard learning.options.usesSmoothGradients, layer < depth else { return }
    Scalar.smooth(learning.sums[layer], into: &learning.counts[layer])
    learning.positiveIsCurrent[layer] = false
  }

  /// The derivative of the ReLU: `not z_l[j] < 0`; exactly zero passes.
  private mutating func passes(_ spike: Spike, layer: Int) -> Bool {
    guard !(learning.sums[layer][spike.unit] < .zero) else { return false }
    network.ledger.layers[layer].errorSpikes += 1
    if learning.recordsSpikes { learning.passed[layer].append(spike) }
    return true
  }

  /// SGD counts the error; fractional SGD changes the column at once.
  private mutating func update(_ spike: Spike, layer: Int) {
    apply(Scalar.error(sign: spike.sign), unit: spike.unit, layer: layer)
  }

  /// A forward spike (i, s) as an error of weight `s * r`, neither gated nor sent down.
  private mutating func regularize(_ spike: Spike, layer: Int) {
    let r = learning.options.regularization
    guard r != 0 else { return }
    apply(Scalar.error(sign: spike.sign, regularization: r), unit: spike.unit, layer: layer)
  }

  private mutating func apply(_ error: Scalar.ErrorWeight, unit: Int, layer: Int) {
    guard learning.options.update == .fractional else {
      learning.errors[layer][unit] += error
      return
    }
    updateColumn(unit, layer: layer, factor: Scalar.factor(error, rate: learning.rate))
  }

  /// `W_l[i, j] -= c_(l-1)[i] * factor` where `c_(l-1)[i] > 0`.
  private mutating func updateColumn(_ column: Int, layer: Int, factor: Scalar) {
    if !learning.positiveIsCurrent[layer - 1] {
      Scalar.packPositive(
        network.instructionSet, learning.counts[layer - 1], into: &learning.positive[layer - 1])
      learning.positiveIsCurrent[layer - 1] = true
    }
    let exceedsBound = Scalar.updateColumn(
      network.instructionSet, column, of: &network.weights[layer - 1],
      by: learning.positive[layer - 1], factor: factor, bound: network.bounds[layer - 1])
    network.narrow[layer - 1] = nil
    if layer >= 2 {
      Scalar.updateRow(
        network.instructionSet, column, of: &learning.transposed[layer - 1],
        by: learning.positive[layer - 1], factor: factor)
    }
    if exceedsBound {
      network.bounds[layer - 1] = Scalar.bound(
        of: network.weights[layer - 1], quantum: network.quantum)
    }
    enterUpdates(learning.positive[layer - 1].count, layer: layer)
  }

  /// SGD, at the end of the example: `W_l -= outer(c where c > 0, lr * e_l)`.
  private mutating func applyErrorCounts() {
    for layer in 1...depth {
      for unit in learning.errors[layer].indices where learning.errors[layer][unit] != .zero {
        updateColumn(
          unit, layer: layer,
          factor: Scalar.factor(learning.errors[layer][unit], rate: learning.rate))
      }
    }
  }

  /// `s * W_l[:, j]`, from the transpose.
  private mutating func readColumn(_ spike: Spike, layer: Int, into index: Int) {
    let units = network.layerSizes[layer - 1]
    while learning.columns.count <= index { learning.columns.append([]) }
    if learning.columns[index].count != units {
      learning.columns[index] = Array(repeating: .zero, count: units)
    }
    Scalar.readRow(
      network.instructionSet, spike.unit, of: learning.transposed[layer - 1], sign: spike.sign,
      into: &learning.columns[index])
  }

  private mutating func feedBackward(column index: Int, layer: Int) throws(SpikingError) {
    let before = learning.errorTrains[layer - 1].count
    try guarding(layer - 1) { (self: inout Self, limit) throws(KernelError) in
      try self.learning.backwardQuantizer.feed(
        self.learning.columns[index], into: &self.learning.backward[layer - 1],
        train: &self.learning.errorTrains[layer - 1], scratch: &self.network.scratch,
        limit: limit, using: self.network.instructionSet, generator: &self.network.generator)
    }
    network.ledger.layers[layer].backwardAdditions += network.layerSizes[layer - 1]
    try sent(learning.errorTrains[layer - 1].count - before, by: layer - 1)
  }

  // MARK: Budget, ledger, faults

  /// Runs a feed within what is left of the spike budget, and names the layer of a fault.
  private mutating func guarding(
    _ layer: Int, _ feed: (inout Self, _ limit: Int) throws(KernelError) -> Void
  ) throws(SpikingError) {
    do {
      try feed(&self, learning.budget)
    } catch {
      throw SpikingError(
        error, layer: layer, step: network.stepsTaken + 1, limit: learning.budget)
    }
  }

  /// Counts spikes of a layer, errors among them, against the budget of the example.
  mutating func sent(_ spikes: Int, by layer: Int) throws(SpikingError) {
    network.spikesOfExample += spikes
    guard network.spikesOfExample <= learning.budget else {
      throw .eventBudgetExceeded(
        layer: layer, step: network.stepsTaken + 1, limit: learning.budget)
    }
  }

  private mutating func enter(layer: Int, feeds: Int) {
    let units = network.layerSizes[layer]
    let sent = network.trains[layer].count
    let isSigned = learning.forwardQuantizer.kind.isSigned
    let negative = isSigned ? network.trains[layer].negativeCount(using: network.instructionSet) : 0
    network.ledger.layers[layer].forwardAdditions += feeds * units
    network.ledger.layers[layer].sumAdditions += feeds * units
    network.ledger.layers[layer].negativeSpikes += negative
    network.ledger.layers[layer].positiveSpikes += sent - negative
    network.ledger.layers[layer].forwardComparisons +=
      feeds * units * (isSigned ? 2 : 1) + sent + negative
  }

  private mutating func enterUpdates(_ changed: Int, layer: Int) {
    if Scalar.self == Int32.self, learning.options.update == .fractional {
      network.ledger.layers[layer].updateAdditions += changed
    } else {
      network.ledger.layers[layer].updateMultiplyAdds += changed
    }
  }

  /// Weights that updates made too large would be NaN or infinite sooner or later.
  private func checkWeights(_ layer: Int) throws(SpikingError) {
    let sums = learning.sums[layer]
    for unit in 0..<network.layerSizes[layer] where !Scalar.isInRange(sums[unit]) {
      throw .diverged(layer: layer, unit: unit)
    }
  }
}
