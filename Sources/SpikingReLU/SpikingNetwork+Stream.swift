internal import Networks
public import SpikeKernels

// The door for spikes from outside: events of a camera, of another network. No input quantizer, no
// image; the network stays as it is until something arrives.

extension SpikingNetwork {
  /// Starts a stream: potentials as the quantizers' kinds say, the output cleared.
  ///
  /// ```swift
  /// import Networks
  /// import SpikeKernels
  /// import SpikingReLU
  ///
  /// func answer(_ network: inout SpikingMLP, spikes: [Spike]) throws -> Int {
  ///   network.beginStream()
  ///   for spike in spikes { try network.receive(spike) }
  ///   return network.outputSums.argmax
  /// }
  /// ```
  ///
  /// - Parameter stream: as for `present(_:stream:)`.
  /// - Precondition: activity, which is counted by steps, is not recorded.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func beginStream(_ stream: UInt64? = nil) {
    precondition(
      !options.recording.contains(.activity), "activity is of steps: a stream does not record it")
    if let stream { context.generator = SeededGenerator(seed: options.seed, stream: stream) }
    begin()
    for index in layers.indices { layers[index].neurons.spikes.removeAll() }
    count(examples: 1)
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
    guard spike.unit < inputs else {
      throw .inputUnit(found: spike.unit, inputs: inputs)
    }
    guard options.firing != .refining else {
      throw .unsupportedInRefining("streams of spikes: its spikes are of values that it knows")
    }
    if options.firing == .oncePerStep {
      layers[0].neurons.operations.count(spike)
      return layers[0].neurons.spikes.append(spike)
    }
    if !isStepOpen { try beginStep() }
    layers[0].neurons.operations.count(spike)
    layers[0].neurons.spikes.removeAll()
    layers[0].neurons.spikes.append(spike)
    context.limit = budget - 1
    try feedLayers(steps: 0)
  }

  /// Ends a time step: the output is over one step more, always-on units fire where nothing came, and units
  /// that fire once a step do so now.
  ///
  /// - Throws: as `receive`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func endStep() throws(SpikingError) {
    if options.firing == .oncePerStep {
      context.limit = budget - layers.span[0].neurons.spikes.count
      layers[0].neurons.operations.unitSteps += inputs
      // What the others send is of one sign a unit and step; what comes from outside may not be.
      if layers.span[1].patterns != nil {
        layers[0].neurons.spikes = layers.span[0].neurons.spikes.net
      }
      try feedLayers(steps: 1)
      layers[0].neurons.spikes.removeAll()
    } else if !isStepOpen {
      try beginStep()
    }
    isStepOpen = false
    count(steps: 1)
    stepsTaken += 1
  }

  /// Counts steps in which nothing arrives, and nothing is done.
  ///
  /// - Precondition: no biases, and no step has begun.
  mutating func skip(steps: Int) {
    precondition(!hasBiases && !isStepOpen, "steps in which something is done")
    // Steps of centuries: counts end at the largest number.
    func sum(_ count: Int, _ more: (Int, overflow: Bool)) -> Int {
      let (sum, overflow) = count.addingReportingOverflow(more.0)
      return overflow || more.overflow ? .max : sum
    }
    for index in layers.indices {
      layers[index].neurons.operations.unitSteps = sum(
        layers[index].neurons.operations.unitSteps,
        steps.multipliedReportingOverflow(by: units(ofLayer: index)))
    }
    ledger.timeSteps = sum(ledger.timeSteps, (steps, false))
    stepsTaken = sum(stepsTaken, (steps, false))
  }

  /// The sums of the rows that reached each unit of the last layer since the stream began or was
  /// reset, less what leaked: the pre-activation times the number of steps. The class is their `argmax`.
  public var outputSums: [Scalar.Sum] {
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Int32)
    get {
      (0..<outputs).map { layers[depth].neurons.sums[$0] }
    }
  }

  /// Takes 2^-`shift` of every potential and output sum away, some times: the leak of a neuron, by a
  /// shift and a subtraction.
  ///
  /// - Precondition: `shift` is in 1...16.
  /// - Complexity: a subtraction a unit and time; at most `64 * 2^shift` times are made, after which
  ///   nothing is left that could decide a spike: potentials and sums are 0 then.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func leak(shift: Int, times: Int = 1) {
    precondition((1...16).contains(shift), "a leak of 2^-\(shift)")
    let most = 64 << shift
    for index in layers.indices.dropFirst() {
      layers[index].neurons.leak(shift: shift, times: min(times, most), toZero: times > most)
    }
  }

  /// The first thing in a step: the always-on units below each layer, and what follows from their spikes.
  private mutating func beginStep() throws(SpikingError) {
    isStepOpen = true
    context.limit = budget
    layers[0].neurons.spikes.removeAll()
    layers[0].neurons.operations.unitSteps += inputs
    try feedLayers(steps: 1)
  }
}

extension OperationLedger.Layer {
  /// Counts a spike that came from outside.
  mutating func count(_ spike: Spike) {
    if spike.sign > 0 {
      positiveSpikes += 1
    } else {
      negativeSpikes += 1
    }
  }
}

extension Neurons {
  /// Takes 2^-`shift` of potentials and sums away, some times, or all of it.
  mutating func leak(shift: Int, times: Int, toZero: Bool) {
    if toZero {
      state.rest()
      sums.fill(with: .zero)
    } else {
      state.leak(shift: shift, times: times)
      Scalar.leak(&sums, shift: shift, times: times)
    }
    operations.leakAdditions += times * state.units
    if sums.count > 0 { operations.leakAdditions += times * state.units }
  }
}
