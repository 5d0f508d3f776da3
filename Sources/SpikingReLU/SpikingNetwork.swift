public import Networks
public import SpikeKernels

/// A spiking network of `Float` potentials: the twin of a dense ReLU network.
///
/// ```swift
/// var network = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 10))
/// let digit = try network.predict(image).argmax
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
  public let layerSizes: [Int]
  /// Which implementation of the kernels runs. All give the same bits.
  public let instructionSet: InstructionSet
  /// The quantum of a spike: 1, or the scale S of an integer network.
  public let quantum: Scalar
  /// What the network has done since it was made, or since the ledger was reset.
  public internal(set) var ledger: OperationLedger

  /// `W_1 ... W_L`, `[inputs x outputs]`, in units of 1 / `quantum`.
  var weights: [RowMajorMatrix<Scalar>]
  /// A magnitude that no weight of `weights[l]` exceeds. Updates that exceed it say so.
  var bounds: [Scalar]
  /// `b_1 ... b_L` as weight rows of the always-on units; empty without biases.
  let biases: [RowMajorMatrix<Scalar>]
  /// A magnitude that no bias of a layer exceeds.
  let biasBounds: [Scalar]
  /// The one spike of an always-on unit.
  let alwaysOn: SpikeTrain
  /// The same weights in 16 bits, where they fit and have not been changed since.
  var narrow: [NarrowWeights?]
  /// Nonzero weights of each row, for the NeuroBench view; empty unless activity is recorded.
  var nonzeroWeights: [[Int]]
  let budget: Int
  let inputQuantizer: Quantizer<Scalar>
  let layerQuantizer: Quantizer<Scalar>

  // State of the example in progress.
  /// All inputs, where all are fed, and those that are not 0, where the others stay at rest.
  var input: [Scalar] = []
  var activeInput = ActiveUnits<Scalar>()
  /// Whether all inputs are kept even so: smooth gradients want them.
  var keepsInput = false
  /// Where the potentials of the input start, padded like them; `nil` for 0.
  let phases: AlignedArray<Scalar>?
  /// Where units fire once a step, all inputs, padded to the stride of a row; how many are not 0.
  var stepInput: AlignedArray<Scalar>
  var stepInputs = 0
  /// Spikes of the input at the end of each step that was fed last.
  var inputEnds: [Int] = []
  var states: [QuantizerState<Scalar>]
  /// Of the last layer, the sums of the rows that it received: the output; empty for others.
  var sums: [AlignedArray<Scalar.Sum>]
  var counts: [AlignedArray<Int32>]
  var generator: SeededGenerator
  /// Steps taken of the example in progress.
  public internal(set) var stepsTaken = 0
  var spikesOfExample = 0
  /// Whether a step of a stream has begun.
  var isStepOpen = false

  // Buffers.
  var trains: [SpikeTrain]
  var netSpikes: [AlignedArray<Int32>]
  var scratch: KernelScratch<Scalar>

  init(
    weights: [RowMajorMatrix<Scalar>], biases: [RowMajorMatrix<Scalar>] = [], quantum: Scalar,
    coding: SpikeCoding? = nil, options: PredictionOptions, instructionSet: InstructionSet
  ) throws(SpikingError) {
    if options.firing == .oncePerStep {
      for kind in [options.inputQuantizer, options.layerQuantizer] where kind.isPoisson {
        throw .firesAfterEverySpike(kind)
      }
    }
    let sizes = [weights[0].rows] + weights.map(\.columns)
    self.weights = weights
    self.quantum = quantum
    bounds = weights.map { Scalar.bound(of: $0, quantum: quantum) }
    self.biases = biases
    biasBounds = biases.map { Scalar.bound(of: $0, quantum: quantum) }
    alwaysOn = SpikeTrain([Spike(unit: 0, sign: 1)])
    narrow = weights.map(Scalar.narrowed)
    self.options = options
    self.instructionSet = instructionSet
    layerSizes = sizes
    self.coding = coding ?? .unit(layerSizes: sizes)
    if let coding, !coding.inputPhases.isEmpty {
      var phases = QuantizerState<Scalar>(units: sizes[0]).potentials
      for (unit, phase) in coding.inputPhases.enumerated() {
        phases[unit] = Scalar.potential(phase, quantum: quantum)
      }
      self.phases = phases
    } else {
      phases = nil
    }
    stepInput = AlignedArray(repeating: .zero, count: 0)
    ledger = OperationLedger(layerSizes: sizes)
    budget = options.budget(layerSizes: sizes)
    inputQuantizer = Quantizer(kind: options.inputQuantizer, quantum: quantum)
    layerQuantizer = Quantizer(kind: options.layerQuantizer, quantum: quantum)
    states = sizes.map(QuantizerState.init(units:))
    sums = sizes.map { _ in AlignedArray(repeating: .zero, count: 0) }
    sums[weights.count] = AlignedArray(repeating: .zero, count: weights[weights.count - 1].stride)
    counts = sizes.map { AlignedArray(repeating: 0, count: $0) }
    generator = SeededGenerator(seed: options.seed)
    trains = sizes.map { _ in SpikeTrain() }
    scratch = KernelScratch(units: sizes.max()!)
    if options.recording.contains(.activity) {
      nonzeroWeights = weights.map { layer in
        (0..<layer.rows).map { row in layer.row(row).reduce(0) { $0 + ($1 == .zero ? 0 : 1) } }
      }
      netSpikes = sizes.map { AlignedArray(repeating: 0, count: $0) }
    } else {
      nonzeroWeights = []
      netSpikes = []
    }
  }

  /// The index of the last layer, L.
  public var depth: Int { layerSizes.count - 1 }

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
    guard values.count == layerSizes[0] else {
      throw .inputSize(expected: layerSizes[0], found: values.count)
    }
    try encode(values)
    if let stream { generator = SeededGenerator(seed: options.seed, stream: stream) }
    begin()
    ledger.examples += 1
  }

  /// Takes the input in the form in which it will be fed.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  private mutating func encode(_ values: [Float]) throws(SpikingError) {
    do {
      if options.firing == .oncePerStep {
        guard
          let active = try Scalar.encode(
            instructionSet, values, scale: coding.inputScale, quantum: quantum, into: &stepInput)
        else { throw Self.nonFinite(values) }
        stepInputs = active
        return
      }
      guard values.firstNonFiniteIndex == nil else { throw Self.nonFinite(values) }
      // By a power of two: exact, a change of the exponent.
      let scale = coding.inputScale
      let scaled = scale == 1 ? values : values.map { $0 * scale }
      if skipsSilentInputs {
        try Scalar.pack(instructionSet, scaled, quantum: quantum, into: &activeInput)
      }
      if !feedsActiveInputs || keepsInput { input = try Scalar.encode(scaled, quantum: quantum) }
    } catch let error as KernelError {
      throw SpikingError(error, layer: 0, step: 0, limit: budget)
    } catch let error as SpikingError {
      throw error
    } catch {
      preconditionFailure("unreachable: \(error)")
    }
  }

  /// Names the first input that is not finite.
  private static func nonFinite(_ values: [Float]) -> SpikingError {
    let index = values.firstNonFiniteIndex ?? 0
    return .nonFiniteInput(index: index, value: values[index])
  }

  /// Resets everything that the example in progress has changed.
  mutating func begin() {
    inputQuantizer.reset(&states[0], generator: &generator)
    if let phases, skipsSilentInputs {
      if feedsActiveInputs {
        states[0].start(at: phases, of: activeInput)
      } else {
        states[0].start(at: phases)
      }
    }
    for layer in 1...depth { layerQuantizer.reset(&states[layer], generator: &generator) }
    sums[depth].fill(with: .zero)
    if options.recording.contains(.counts) || options.readout == .counts {
      for layer in counts.indices { counts[layer].fill(with: 0) }
    }
    stepsTaken = 0
    spikesOfExample = 0
    isStepOpen = false
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
    for layer in layerSizes.indices {
      trains[layer].removeAll()
      let limit = budget - spikesOfExample
      do {
        if options.firing == .oncePerStep {
          try fireStep(layer, limit: limit)
        } else if layer == 0 {
          try feedInput(steps: steps, limit: limit)
        } else {
          try feed(layer, limit: limit)
        }
      } catch {
        throw SpikingError(error, layer: layer, step: stepsTaken + 1, limit: budget)
      }
      spikesOfExample += trains[layer].count
    }
    for layer in layerSizes.indices { count(layer, steps: steps) }
    ledger.layers[depth].sumAdditions +=
      (trains[depth - 1].count + alwaysOnSpikes(steps)) * layerSizes[depth]
    ledger.timeSteps += steps
    stepsTaken += steps
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
    let most = weights.indices.map(rowsWithoutFall).min() ?? 0
    guard skipsSilentInputs, biases.isEmpty,
      layerQuantizer.kind == .rectHerding || layerQuantizer.kind == .herding,
      options.firing == .afterEachSpike, !options.recording.contains(.activity), most > 0
    else { return false }
    let counted = options.timeSteps > Self.stepsAtOnce ? ledger : nil
    do {
      while stepsTaken < options.timeSteps {
        try take(steps: min(Self.stepsAtOnce, options.timeSteps - stepsTaken))
        if spikesOfExample > most { break }
      }
    } catch {}
    if spikesOfExample <= most, stepsTaken == options.timeSteps { return true }
    if let counted { ledger = counted }
    begin()
    return false
  }

  /// So many rows of a layer's weights cannot take a potential from 0 beyond its limit; 0 where that
  /// is not known.
  private func rowsWithoutFall(_ layer: Int) -> Int {
    // Half of the limit is for rounding, in Float; integers have none.
    let bound = bounds[layer].asDouble
    return bound.isFinite ? Int(Scalar.potentialLimit.asDouble / bound) / 2 : 0
  }

  /// The output after the steps taken so far: sums or counts, divided by the number of steps.
  ///
  /// - Precondition: at least one step was taken.
  public var output: [Scalar] {
    precondition(stepsTaken > 0, "the output before the first step")
    return (0..<layerSizes[depth]).map { unit in
      switch options.readout {
      case .potentials: Scalar.readout(sum: sums[depth][unit], steps: stepsTaken)
      case .counts: Scalar.readout(count: counts[depth][unit], steps: stepsTaken, quantum: quantum)
      }
    }
  }

  /// The spikes that a layer sent in the last call of `step`, in order. After `predict`, which lets
  /// layers run ahead, they are those of its last steps.
  public func spikes(ofLayer layer: Int) -> SpikeTrain { trains[layer] }

  /// The net spikes of each unit of a layer since the example began.
  ///
  /// - Precondition: counts are recorded, or are the readout.
  public func spikeCounts(ofLayer layer: Int) -> [Int] {
    precondition(
      options.recording.contains(.counts) || options.readout == .counts,
      "spike counts are not recorded: add .counts to the options")
    return (0..<layerSizes[layer]).map { Int(counts[layer][$0]) }
  }

  /// The potentials of a layer.
  public func potentials(ofLayer layer: Int) -> [Scalar] {
    guard layer == 0, feedsActiveInputs else {
      return (0..<layerSizes[layer]).map { states[layer].potentials[$0] }
    }
    var potentials = Array(repeating: Scalar.zero, count: layerSizes[0])
    for index in 0..<activeInput.count {
      potentials[activeInput.unit(index)] = states[0].potentials[index]
    }
    return potentials
  }

  /// Forgets what was counted.
  public mutating func resetLedger() { ledger.reset() }

  /// Whether a unit without input stays at 0 for the whole example.
  var skipsSilentInputs: Bool {
    inputQuantizer.kind == .herding || inputQuantizer.kind == .rectHerding
  }

  /// Whether only active inputs are fed; the plain reference feeds all of them nevertheless.
  var feedsActiveInputs: Bool {
    skipsSilentInputs && instructionSet != .reference && options.firing == .afterEachSpike
  }

  /// The inputs that a step has to add.
  var encodedInputs: Int {
    if !skipsSilentInputs { return layerSizes[0] }
    return options.firing == .oncePerStep ? stepInputs : activeInput.count
  }
}
