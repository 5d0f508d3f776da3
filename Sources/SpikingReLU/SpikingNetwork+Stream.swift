internal import Networks
public import SpikeKernels

// The door for spikes from outside: events of a camera, of another network. No input quantizer, no
// image; the network stays as it is until something arrives.

extension SpikingNetwork {
  /// Starts a stream: potentials as the quantizers' kinds say, the output cleared.
  ///
  /// ```swift
  /// network.beginStream()
  /// for spike in events { try network.receive(spike) }
  /// let class = network.outputSums.argmax
  /// ```
  ///
  /// - Parameter stream: as for `present(_:stream:)`.
  /// - Precondition: activity, which is counted by steps, is not recorded.
  public mutating func beginStream(_ stream: UInt64? = nil) {
    precondition(
      !options.recording.contains(.activity), "activity is of steps: a stream does not record it")
    if let stream { generator = SeededGenerator(seed: options.seed, stream: stream) }
    begin()
    for layer in layerSizes.indices { trains[layer].removeAll() }
    ledger.examples += 1
  }

  /// Takes one spike of the input through the network, with all that follows from it.
  ///
  /// ```
  /// spikes_0 = [(i, s)];  for l in 1...L:  for each (i, s) in spikes_(l-1), in order:
  ///     spikes_l += quantizer_l.feed(s * W_l[i, :])       // and, for l = L: output += s * W_L[i, :]
  /// ```
  /// Nothing flows back, so that spikes one by one, or all of a step at once as `step()` takes them, are
  /// the same spikes in the same order in every layer. The spikes of the input of an image, received in
  /// order with `endStep()` after each step, give bit for bit the output of `predict`.
  ///
  /// With biases, the first spike after `beginStream` or `endStep` begins a step: the always-on units
  /// fire first. Where units fire once a step, spikes wait for `endStep`.
  ///
  /// - Throws: `SpikingError`, with the step in which it happened; the spike budget is that of one spike. A
  ///   rectified unit that only sinks leaves its range some day: reset, or let it leak.
  /// - Complexity: `n_l` additions for each spike that reaches layer l, whatever came before. Memory does
  ///   not grow with the stream; spikes that wait for the end of a step take four bytes each.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func receive(_ spike: Spike) throws(SpikingError) {
    guard spike.unit < layerSizes[0] else {
      throw .inputUnit(found: spike.unit, inputs: layerSizes[0])
    }
    if options.firing == .oncePerStep {
      count(arriving: spike)
      return trains[0].append(spike)
    }
    if !isStepOpen { try beginStep() }
    count(arriving: spike)
    trains[0].removeAll()
    trains[0].append(spike)
    spikesOfExample = 1
    for layer in 1...depth {
      trains[layer].removeAll()
      // Nothing came: nothing is done in the layers above.
      if trains[layer - 1].count == 0 { continue }
      do {
        try feedRows(layer, limit: budget - spikesOfExample)
      } catch {
        throw SpikingError(error, layer: layer, step: stepsTaken + 1, limit: budget)
      }
      spikesOfExample += trains[layer].count
      count(layer, steps: 0)
    }
    ledger.layers[depth].sumAdditions += trains[depth - 1].count * layerSizes[depth]
  }

  /// Ends a time step: the output is over one step more, always-on units fire where nothing came, and units
  /// that fire once a step do so now.
  ///
  /// - Throws: as `receive`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func endStep() throws(SpikingError) {
    if options.firing == .oncePerStep {
      spikesOfExample = trains[0].count
      for layer in 1...depth {
        trains[layer].removeAll()
        try guarding(layer) { (self: inout Self, limit) throws(KernelError) in
          try self.fireStep(layer, limit: limit)
        }
      }
      countStep()
      trains[0].removeAll()
    } else if !isStepOpen {
      try beginStep()
    }
    isStepOpen = false
    ledger.timeSteps += 1
    stepsTaken += 1
  }

  /// Counts steps in which nothing arrives, and nothing is done.
  ///
  /// - Precondition: no biases, and no step has begun.
  mutating func skip(steps: Int) {
    precondition(biases.isEmpty && !isStepOpen, "steps in which something is done")
    // Steps of centuries: counts end at the largest number.
    func sum(_ count: Int, _ more: (Int, overflow: Bool)) -> Int {
      let (sum, overflow) = count.addingReportingOverflow(more.0)
      return overflow || more.overflow ? .max : sum
    }
    for layer in layerSizes.indices {
      ledger.layers[layer].unitSteps = sum(
        ledger.layers[layer].unitSteps,
        steps.multipliedReportingOverflow(by: layerSizes[layer]))
    }
    ledger.timeSteps = sum(ledger.timeSteps, (steps, false))
    stepsTaken = sum(stepsTaken, (steps, false))
  }

  /// The sums of the rows that reached each unit of the last layer since the stream began or was
  /// reset, less what leaked: the pre-activation times the number of steps. The class is their `argmax`.
  public var outputSums: [Scalar.Sum] { (0..<layerSizes[depth]).map { sums[depth][$0] } }

  /// Takes 2^-`shift` of every potential and output sum away, some times: the leak of a neuron, by a
  /// shift and a subtraction.
  ///
  /// - Precondition: `shift` is in 1...16.
  /// - Complexity: a subtraction a unit and time; at most `64 * 2^shift` times are made, after which
  ///   nothing is left that could decide a spike: potentials and sums are 0 then.
  public mutating func leak(shift: Int, times: Int = 1) {
    precondition((1...16).contains(shift), "a leak of 2^-\(shift)")
    let most = 64 << shift
    for layer in 1...depth {
      if times > most {
        states[layer].rest()
      } else {
        states[layer].leak(shift: shift, times: times)
      }
      ledger.layers[layer].leakAdditions += min(times, most) * layerSizes[layer]
    }
    if times > most {
      sums[depth].fill(with: .zero)
    } else {
      Scalar.leak(&sums[depth], shift: shift, times: times)
    }
    ledger.layers[depth].leakAdditions += min(times, most) * layerSizes[depth]
  }

  /// The first thing in a step: the always-on units below each layer, and what follows from their spikes.
  private mutating func beginStep() throws(SpikingError) {
    isStepOpen = true
    spikesOfExample = 0
    trains[0].removeAll()
    for layer in 1...depth {
      trains[layer].removeAll()
      if biases.isEmpty { continue }
      try guarding(layer) { (self: inout Self, limit) throws(KernelError) in
        try self.feed(layer, limit: limit)
      }
    }
    countStep()
  }

  /// Enters what all layers above the input did into the ledger, and one step of each.
  private mutating func countStep() {
    ledger.layers[0].unitSteps += layerSizes[0]
    for layer in 1...depth { count(layer, steps: 1) }
    ledger.layers[depth].sumAdditions +=
      (trains[depth - 1].count + alwaysOnSpikes(1)) * layerSizes[depth]
  }

  private mutating func count(arriving spike: Spike) {
    if spike.sign > 0 {
      ledger.layers[0].positiveSpikes += 1
    } else {
      ledger.layers[0].negativeSpikes += 1
    }
  }

  /// Runs a layer within what is left of the spike budget, and names it in a fault.
  private mutating func guarding(
    _ layer: Int, _ feed: (inout Self, _ limit: Int) throws(KernelError) -> Void
  ) throws(SpikingError) {
    do {
      try feed(&self, budget - spikesOfExample)
    } catch {
      throw SpikingError(error, layer: layer, step: stepsTaken + 1, limit: budget)
    }
    spikesOfExample += trains[layer].count
  }
}
