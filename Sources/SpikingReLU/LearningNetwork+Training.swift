internal import Networks
internal import SpikeKernels

// The way forward of a learning network, breadth first and depth first. Errors go back in
// LearningNetwork+Errors.swift.

extension LearningNetwork {
  var depth: Int { network.depth }

  /// Learns from one example: T steps forward, error spikes back, weights changed.
  ///
  /// Source: docs/Algorithm.md, section 3; O'Connor and Welling, algorithm 3.
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
    try check(target: target)
    try network.present(input)
    try setTarget(target)
    begin()
    for _ in 0..<network.options.timeSteps {
      switch training.traversal {
      case .breadthFirst: try stepBreadthFirst()
      case .depthFirst: try stepDepthFirst()
      }
      markStep()
    }
    try endExample()
  }

  /// Ends an example: SGD changes the weights; and a look for what diverged.
  ///
  /// - Throws: `SpikingError.diverged`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func endExample() throws(SpikingError) {
    if training.update == .sgd { applyErrorCounts() }
    // Weights that updates made too large would be NaN or infinite sooner or later.
    for index in 1..<layers.count {
      let sums = layers.span[index].neurons.sums
      for unit in 0..<network.units(ofLayer: index) where !Scalar.isInRange(sums[unit]) {
        throw .diverged(layer: index, unit: unit)
      }
    }
  }

  /// What is wrong with a target.
  private func check(target: [Float]) throws(SpikingError) {
    guard target.count == network.outputs else {
      throw .targetSize(expected: network.outputs, found: target.count)
    }
    if let index = target.firstIndex(where: { !(0...1).contains($0) }) {
      throw .targetOutOfRange(index: index, value: target[index])
    }
  }

  /// Takes another target, from the next step on: what its quantizer holds stays.
  ///
  /// - Parameter target: `[n_L]`, each in [0, 1].
  /// - Throws: `SpikingError` for values out of range.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func setTarget(_ target: [Float]) throws(SpikingError) {
    try check(target: target)
    do {
      negatedTarget = try Scalar.encode(target.map { -$0 }, quantum: network.quantum)
    } catch {
      throw SpikingError(error, layer: depth, step: 0, limit: budget)
    }
  }

  /// Resets what learning adds to the network, by the kinds of its quantizers.
  mutating func begin() {
    network.context.limit = budget
    targetQuantizer.reset(&target, generator: &network.context.generator)
    for index in layers.indices {
      if index > 0 {
        layers[index].neurons.begin(&network.context.generator)
      }
      if index > 0 && index < depth {
        layers[index].backwardQuantizer.reset(
          &layers[index].backward, generator: &network.context.generator)
      }
      if recordsSpikes {
        layers[index].emitted.removeAll()
        layers[index].passed.removeAll()
      }
      layers[index].clearCounts(training.update)
    }
    for unit in heldErrors.indices { heldErrors[unit] = 0 }
  }

  /// Notes the end of a step.
  mutating func markStep() {
    network.stepsTaken += 1
    network.count(steps: 1)
    guard recordsSpikes else { return }
    for index in layers.indices {
      layers[index].emitted.endStep()
      layers[index].passed.endStep()
    }
  }

  // MARK: Breadth first

  private mutating func stepBreadthFirst() throws(SpikingError) {
    try feedInput()
    try passOn()
    try releaseErrors()
  }

  /// Takes the spikes of the input through all layers, and counts them.
  mutating func passOn() throws(SpikingError) {
    // Reads go through the span, which lends a part of a layer: a subscript copies the layer whole.
    for index in 1..<layers.count {
      let below = feeder(of: index)
      if layers.span[below].neurons.spikes.count == 0 {
        // Nothing came: nothing changes.
        layers[index].neurons.spikes.removeAll()
        continue
      }
      if !training.usesSmoothGradients { layers[below].countSpikes(network.context.kernels) }
      try feed(index, layers.span[below].neurons.spikes)
      if training.regularization != 0 {
        for spike in layers.span[index].neurons.spikes { regularize(spike, layer: index) }
      }
      if recordsSpikes {
        for spike in layers.span[index].neurons.spikes { layers[index].emitted.append(spike) }
      }
    }
    if training.holdsError {
      for spike in layers.span[depth].neurons.spikes { heldErrors[spike.unit] += spike.sign }
    }
  }

  // MARK: Depth first

  private mutating func stepDepthFirst() throws(SpikingError) {
    try feedInput()
    for spike in layers.span[0].neurons.spikes { try deliver(spike, into: 1) }
    try feedTarget()
    for spike in targetSpikes { try deliverOutput(spike) }
    if training.holdsError {
      try releaseHeldErrors { (self: inout Self, spike) throws(SpikingError) in
        try self.deliverError(spike, layer: self.depth)
      }
    }
  }

  /// Delivers one spike to a layer, with all its consequences; only then it counts as an input.
  private mutating func deliver(_ spike: Spike, into index: Int) throws(SpikingError) {
    single.removeAll()
    single.append(spike)
    try feed(index, single)
    for sent in layers.span[index].neurons.spikes {
      if recordsSpikes { layers[index].emitted.append(sent) }
      regularize(sent, layer: index)
      if index < depth {
        try deliver(sent, into: index + 1)
      } else {
        try deliverOutput(sent)
      }
    }
    if !training.usesSmoothGradients { layers[feeder(of: index)].count(spike) }
  }

  private mutating func deliverOutput(_ spike: Spike) throws(SpikingError) {
    if training.holdsError {
      heldErrors[spike.unit] += spike.sign
    } else {
      try deliverError(spike, layer: depth)
    }
  }

  // MARK: What both traversals share

  /// Feeds spikes to the units of a layer as they learn: potentials and z.
  private mutating func feed(_ index: Int, _ spikes: SpikeTrain) throws(SpikingError) {
    do {
      try layers[index].neurons.feed(
        spikes, through: network.layers.span[index].connection, steps: 0, &network.context)
    } catch {
      throw SpikingError(error, layer: index, step: network.stepsTaken + 1, limit: budget)
    }
    if training.usesSmoothGradients, index < depth { layers[index].takeSumsForCounts() }
  }

  /// Steps whose input spikes are made at once: memory does not grow with T.
  private static var inputStepsAtOnce: Int { 16 }

  private mutating func feedInput() throws(SpikingError) {
    let step = network.stepsTaken % Self.inputStepsAtOnce
    if step == 0 {
      // Nothing that the network does changes the spikes of its input.
      let steps = min(
        Self.inputStepsAtOnce, network.options.timeSteps - network.stepsTaken)
      do {
        try network.input.feed(
          steps: steps, into: &network.layers[0].neurons, limit: budget, &network.context)
      } catch {
        throw SpikingError(error, layer: 0, step: network.stepsTaken + 1, limit: budget)
      }
    }
    let (start, end) = network.input.range(ofStep: step)
    layers[0].neurons.spikes.removeAll()
    layers[0].neurons.spikes.append(network.layers.span[0].neurons.spikes, range: start..<end)
    try take(end - start, by: 0)
    let negative = network.context.kernels.negativeCount(of: layers.span[0].neurons.spikes)
    layers[0].neurons.operations.encodingAdditions += network.input.additions
    layers[0].neurons.operations.unitSteps += network.inputs
    layers[0].neurons.operations.negativeSpikes += negative
    layers[0].neurons.operations.positiveSpikes += end - start - negative
    if training.usesSmoothGradients { layers[0].count(values: network.input.all) }
  }

  mutating func feedTarget() throws(SpikingError) {
    targetSpikes.removeAll()
    do {
      try targetQuantizer.feed(
        negatedTarget, into: &target, train: &targetSpikes, scratch: &network.context.scratch,
        limit: budget, using: network.instructionSet, generator: &network.context.generator)
    } catch {
      throw SpikingError(error, layer: depth, step: network.stepsTaken + 1, limit: budget)
    }
  }

  /// Takes spikes of a layer from what is left of the example's budget.
  mutating func take(_ spikes: Int, by layer: Int) throws(SpikingError) {
    network.context.limit -= spikes
    guard network.context.limit >= 0 else {
      throw .eventBudgetExceeded(layer: layer, step: network.stepsTaken + 1, limit: budget)
    }
  }

  /// The layer that feeds a layer: learning is for chains.
  func feeder(of index: Int) -> Int { network.layers.span[index].feeders[0] }
}
