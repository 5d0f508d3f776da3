public import Networks
public import SpikeKernels

/// A spiking network of `Float` potentials: the twin of a dense ReLU network.
///
/// ```swift
/// import Networks
/// import SpikingReLU
///
/// var generator = SeededGenerator(seed: 1)
/// let weights = try NetworkWeights(
///   topology: [784, 200, 10], initializer: .he, generator: &generator)
/// var network = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 10))
/// let image = [Float](repeating: 0.5, count: 784)
/// print(try network.predict(image).argmax)
/// ```
public typealias SpikingMLP = SpikingNetwork<Float>

/// A spiking network in which everything is an integer: weights, inputs and potentials are
/// multiples of 1/S, and only additions, comparisons and indexing are left.
public typealias IntegerSpikingMLP = SpikingNetwork<Int32>

/// A fully connected network of neurons that accumulate, compare with a threshold, and send signed
/// spikes.
///
/// Prediction of one example x (docs/Algorithm.md, section 2; the paper's algorithm 2), T times:
/// ```
/// spikes_0 = input.feed(x)
/// for l in 1...L:  for each (i, s) in spikes_(l-1), in order:
///     spikes_l += quantizer_l.feed(s * W_l[i, :])       // and, for l = L: output += s * W_L[i, :]
/// ```
/// With biases, each layer has one more unit below it, always on, whose weights are b_l: it sends one
/// spike at the start of every step, before those of the layer below. After t steps it has added
/// exactly `t b_l`, by additions alone.
///
/// The result `output / T` tends to the dense network's pre-activation at rate 1/T.
///
/// A value type: copies are independent. One value must not be used from two tasks at a time;
/// give each task its own copy.
public struct SpikingNetwork<Scalar: SpikeScalar>: Sendable {
  /// The quanta of its spikes: folded into its weights, but for the input's part.
  public let coding: SpikeCoding
  /// How it predicts.
  public let options: PredictionOptions
  /// The units of layers 0...L.
  public let topology: Topology
  /// The quantum of a spike: 1, or the scale S of an integer network.
  public let quantum: Scalar

  /// Layers 0...L. Layer 0 is the input: nothing feeds it but `input`.
  var layers: [SpikingLayer<Scalar>]
  /// The values of the example in progress.
  var input: SpikingInput<Scalar>
  /// Memory, random numbers and limits of all feeds.
  var context: FeedContext<Scalar>
  /// The most spikes of an example.
  let budget: Int
  /// Steps taken of the example in progress.
  public internal(set) var stepsTaken = 0
  /// Whether a step of a stream has begun.
  var isStepOpen = false
  private var examples = 0
  private var timeSteps = 0
  /// The ledger's layers as they were before steps that may have to be taken back.
  private var operationsBefore: [OperationLedger.Layer] = []

  init(
    connections: [Connection<Scalar>], quantum: Scalar, coding: SpikeCoding? = nil,
    patterns: SpikePatterns? = nil, options: PredictionOptions, instructionSet: InstructionSet
  ) throws(SpikingError) {
    if options.firing == .oncePerStep {
      for kind in [options.inputQuantizer, options.layerQuantizer]
      where kind.threshold.isRandom {
        throw .firesAfterEverySpike(kind)
      }
    }
    let isRefining = options.firing == .refining
    if isRefining { try Self.checkRefining(options, coding) }
    let topology = Topology(connections: connections)
    let last = connections.count
    guard patterns == nil || options.firing.addsAtOnce else {
      throw .invalidPatterns(
        "spikes are added by patterns where thresholds are checked once a step, not with firing "
          + "'\(options.firing.rawValue)'")
    }
    // What is recorded is recorded unit by unit.
    let slots =
      isRefining && instructionSet != .reference && options.recording.isEmpty
      ? patterns?.slots(in: topology) : nil
    let tables = try patterns?.tables(of: connections, slots: slots)
    self.options = options
    self.quantum = quantum
    self.topology = topology
    self.coding = coding ?? .unit(topology: topology)
    budget = options.budget(topology: topology)
    let chain = [Connection.none(units: topology[0].count, quantum: quantum)] + connections
    layers = chain.enumerated().map { index, connection in
      // Of a refining network all layers send signed spikes.
      let kind = index == 0 || isRefining ? options.inputQuantizer : options.layerQuantizer
      let keepsCounts = options.recording.contains(.counts) || options.readout == .counts
      return SpikingLayer(
        shape: topology[index], feeders: index == 0 ? [] : [index - 1],
        connection: connection,
        neurons: Neurons(
          units: topology[index].count, quantizer: Quantizer(kind: kind, quantum: quantum),
          firing: options.firing, keepsSums: index == last || isRefining,
          keepsSent: isRefining && index > 0 && index < last,
          slots: index < last ? slots?[index].count : nil),
        slots: index < last ? slots?[index] : nil,
        patterns: index == 0 ? nil : tables?[index - 1],
        counts: AlignedArray(repeating: 0, count: keepsCounts ? topology[index].count : 0),
        activity: options.recording.contains(.activity)
          ? LayerActivity(units: topology[index].count, nonzeroWeights: connection.nonzeroWeights)
          : nil)
    }
    input = SpikingInput(coding: self.coding, for: layers[0].neurons)
    context = FeedContext(
      instructionSet: instructionSet, units: topology.units.max()!, seed: options.seed,
      limit: budget)
  }

  /// The index of the last layer, L.
  public var depth: Int { layers.count - 1 }

  /// The number of input units, `n_0`.
  public var inputs: Int { topology[0].count }

  /// The number of output units, `n_L`.
  public var outputs: Int { topology[depth].count }

  /// The number of units of a layer, `n_l`.
  public func units(ofLayer layer: Int) -> Int { topology[layer].count }

  /// Bytes of the tables of patterns, where spikes are added by them.
  public var patternBytes: Int { layers.reduce(0) { $0 + ($1.patterns?.bytes ?? 0) } }

  /// Additions that building those tables took.
  public var patternAdditions: Int {
    layers.reduce(0) { $0 + ($1.patterns?.buildingAdditions ?? 0) }
  }

  var recordsActivity: Bool { options.recording.contains(.activity) }

  /// Which implementation of the kernels runs. All give the same bits.
  public var instructionSet: InstructionSet { context.instructionSet }

  /// Whether some layer has biases: always-on units that fire at the start of each step.
  var hasBiases: Bool { layers.contains { $0.connection.bias != nil } }

  /// What the network has done since it was made, or since the ledger was reset.
  public internal(set) var ledger: OperationLedger {
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Int32)
    get {
      var ledger = OperationLedger(layers: layers.map(\.neurons.operations))
      ledger.examples = examples
      ledger.timeSteps = timeSteps
      return ledger
    }
    set {
      for index in layers.indices { layers[index].neurons.operations = newValue.layers[index] }
      examples = newValue.examples
      timeSteps = newValue.timeSteps
    }
  }

  /// The paper's count of additions, `ledger.additions`, without a copy of the ledger.
  ///
  /// - Complexity: O(L).
  public var additions: Int {
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Int32)
    get {
      var total = 0
      for layer in layers.indices {
        total += layers.span[layer].neurons.operations.forwardAdditions
        total += layers.span[layer].neurons.operations.doublings
      }
      return total
    }
  }

  /// Starts an example: takes the input, resets quantizers as their kinds say, clears the output.
  ///
  /// - Parameters:
  ///   - values: `[n_0]`, finite. They may be negative.
  ///   - stream: when given, random quantizers draw from this numbered stream of the seed, so that
  ///     the result does not depend on the examples before; else they go on where they are.
  /// - Throws: `SpikingError` for an input of another length or a value that is not finite.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func present(_ values: [Float], stream: UInt64? = nil) throws(SpikingError) {
    guard values.count == topology[0].count else {
      throw .inputSize(expected: topology[0].count, found: values.count)
    }
    let areFinite: Bool
    do {
      areFinite = try input.take(values, instructionSet)
    } catch {
      throw SpikingError(error, layer: 0, step: 0, limit: budget)
    }
    guard areFinite else {
      let index = values.firstNonFiniteIndex ?? 0
      throw .nonFiniteInput(index: index, value: values[index])
    }
    if let stream { context.generator = SeededGenerator(seed: options.seed, stream: stream) }
    begin()
    examples += 1
  }

  /// Resets everything that the example in progress has changed.
  mutating func begin() {
    if options.firing == .refining {
      input.begin(
        refining: &layers[0].neurons, places: layers.span[0].slots?.units, context)
    } else {
      input.begin(&layers[0].neurons, &context)
    }
    layers[0].clearCounts()
    for index in 1..<layers.count { layers[index].begin(&context.generator) }
    stepsTaken = 0
    context.limit = budget
    isStepOpen = false
  }

  /// Counts an example, and steps of one, in the ledger.
  mutating func count(examples: Int = 0, steps: Int = 0) {
    self.examples += examples
    timeSteps += steps
  }

  /// Takes one time step of the example in progress.
  ///
  /// - Throws: `SpikingError.potentialOverflow` or `.eventBudgetExceeded`; then the example cannot
  ///   go on, and the next must be presented.
  /// - Complexity: `n_l` additions for each spike that reaches layer l.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func step() throws(SpikingError) { try take(steps: 1) }

  /// Takes some steps, layer by layer: nothing flows back, so that a layer may run ahead of the next.
  /// Spikes and their order are those of single steps.
  ///
  /// - Throws: errors as of the first of the steps.
  private mutating func take(steps: Int) throws(SpikingError) {
    if options.firing == .refining {
      for _ in 0..<steps { try refine() }
      return
    }
    try feedInput(steps: steps)
    try feedLayers(steps: steps)
    timeSteps += steps
    stepsTaken += steps
  }

  /// Makes the spikes of the input, and enters them into the ledger.
  private mutating func feedInput(steps: Int) throws(SpikingError) {
    do {
      try input.feed(steps: steps, into: &layers[0].neurons, limit: context.limit, &context)
    } catch {
      throw SpikingError(error, layer: 0, step: stepsTaken + 1, limit: budget)
    }
    context.limit -= layers.span[0].neurons.spikes.count
    let additions = input.additions
    layers[0].neurons.enter(
      comparisons: additions * (options.firing == .oncePerStep ? 1 : steps), steps: steps,
      instructionSet)
    layers[0].neurons.operations.encodingAdditions += steps * additions
    layers[0].count(instructionSet)
    if recordsActivity { record(activityOf: 0) }
  }

  /// Takes the spikes of the input through all layers, one feed of each: the walk of predictions and of
  /// streams.
  ///
  /// - Parameter steps: how many whole steps they are; 0 for some of a step that has begun.
  @inline(__always)
  mutating func feedLayers(steps: Int) throws(SpikingError) {
    // Reads go through the span, which lends a part of a layer: a subscript copies the layer whole.
    for index in 1..<layers.count {
      for feeder in layers.span[index].feeders {
        do {
          try layers[index].feed(layers.span[feeder].neurons.spikes, steps: steps, &context)
        } catch {
          throw SpikingError(error, layer: index, step: stepsTaken + 1, limit: budget)
        }
      }
      layers[index].count(instructionSet)
      if recordsActivity { record(activityOf: index) }
    }
  }

  /// Counts what NeuroBench counts of a step, where activity is recorded.
  mutating func record(activityOf index: Int) {
    layers[index].neurons.operations.activeUnitSteps += layers[index].activity!.take(
      layers[index].spikes, instructionSet)
    for feeder in layers[index].feeders {
      let (accumulates, multiplyAccumulates) = layers[index].activity!.operations(
        of: layers[feeder].activity!)
      layers[index].neurons.operations.effectiveAccumulates += accumulates
      layers[index].neurons.operations.effectiveMultiplyAccumulates += multiplyAccumulates
    }
  }

  /// Predicts one example: T steps, then `output / T`.
  ///
  /// - Parameters: as for `present(_:stream:)`.
  /// - Returns: `[n_L]`: the last layer's pre-activation (or its net spike counts over T), in units
  ///   of 1/S for an integer network. The class is its `argmax`.
  /// - Throws: `SpikingError`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func predict(
    _ values: [Float], stream: UInt64? = nil
  ) throws(SpikingError) -> [Scalar] {
    try present(values, stream: stream)
    if !takeAllByLayers() {
      for _ in 0..<options.timeSteps { try step() }
    }
    return output
  }

  /// The most steps that a layer runs ahead: trains, and with them memory, do not grow with T.
  private static var stepsAtOnce: Int { 16 }

  /// Takes all steps of an example, many at once, where that is the same as one after the other.
  ///
  /// - Returns: whether it was done. If something went wrong, the example begins anew, and single
  ///   steps will find out where.
  private mutating func takeAllByLayers() -> Bool {
    // Random thresholds are drawn in the order of spikes, activity is counted by steps, and
    // potentials that live on cannot be taken back. A potential that falls too far and is back some
    // steps later would not be seen: so many rows must not be able to take one there.
    guard options.inputQuantizer.restsWithoutInput, options.layerQuantizer.restsWithoutInput,
      options.firing == .afterEachSpike, !options.recording.contains(.activity)
    else { return false }
    var most = Int.max
    for index in 1..<layers.count {
      guard layers.span[index].connection.bias == nil else { return false }
      most = min(most, layers.span[index].connection.rowsWithoutUnderflow)
    }
    guard most > 0 else { return false }
    rememberOperations()
    let steps = timeSteps
    do {
      while stepsTaken < options.timeSteps {
        try take(steps: min(Self.stepsAtOnce, options.timeSteps - stepsTaken))
        if budget - context.limit > most { break }
      }
    } catch {}
    if budget - context.limit <= most, stepsTaken == options.timeSteps { return true }
    for index in layers.indices { layers[index].neurons.operations = operationsBefore[index] }
    timeSteps = steps
    begin()
    return false
  }

  private mutating func rememberOperations() {
    if operationsBefore.count != layers.count {
      operationsBefore = layers.map(\.neurons.operations)
    } else {
      for index in layers.indices {
        operationsBefore[index] = layers.span[index].neurons.operations
      }
    }
  }

  /// The output after the steps taken so far: sums or counts, divided by the number of steps.
  ///
  /// - Precondition: at least one step was taken.
  public var output: [Scalar] {
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Int32)
    get {
      precondition(stepsTaken > 0, "the output before the first step")
      let units = 0..<topology[depth].count
      switch options.readout {
      case .potentials:
        let sums = layers.span[depth].neurons.sums
        if options.firing == .refining {
          return units.map { Scalar.readout(sum: sums[$0], halvings: stepsTaken - 1) }
        }
        return units.map { Scalar.readout(sum: sums[$0], steps: stepsTaken) }
      case .counts:
        let counts = layers.span[depth].counts
        return units.map { Scalar.readout(count: counts[$0], steps: stepsTaken, quantum: quantum) }
      }
    }
  }

  /// The spikes that a layer sent in the last call of `step`, in order. After `predict`, which lets
  /// layers run ahead, they are those of its last steps.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func spikes(ofLayer layer: Int) -> SpikeTrain { layers[layer].spikes }

  /// The net spikes of each unit of a layer since the example began; of a refining network, what it has sent
  /// in quanta of the last step.
  ///
  /// - Precondition: counts are recorded, or are the readout.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func spikeCounts(ofLayer layer: Int) -> [Int] {
    precondition(
      layers[layer].counts.count > 0, "spike counts are not recorded: add .counts to the options")
    return (0..<topology[layer].count).map { Int(layers[layer].counts[$0]) }
  }

  /// The potentials of a layer: what its units have received and not sent.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func potentials(ofLayer layer: Int) -> [Scalar] {
    if options.firing == .refining {
      // In quanta of the step; of the last layer, which sends nothing, z.
      return (0..<topology[layer].count).map { unit in
        let neuron = layers[layer].slots.map { Int($0.slots[unit]) } ?? unit
        return Scalar.readout(sum: layers[layer].neurons.sums[neuron], halvings: 0)
      }
    }
    if layer == 0 { return input.potentials(of: layers[0].neurons, instructionSet) }
    return (0..<topology[layer].count).map { layers[layer].neurons.state.potentials[$0] }
  }

  /// Forgets what was counted.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func resetLedger() { ledger.reset() }
}
