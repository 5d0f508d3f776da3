internal import Networks
internal import SpikeKernels

/// The values of an example on their way into the units of the input layer: scaled, in the form in
/// which they are fed in every step.
struct SpikingInput<Scalar: SpikeScalar>: Sendable {
  /// Units of the input layer, their rule, and when they fire.
  let units: Int
  let quantizer: Quantizer<Scalar>
  let firing: PredictionOptions.Firing
  /// `k_0`, a power of two.
  let scale: Float
  /// Where potentials start, padded like them; `nil` for 0.
  let phases: AlignedArray<Scalar>?
  /// Whether all values are kept beside those that are not 0: smooth gradients want them.
  var keepsAll = false

  /// All values, where all are fed or kept.
  private(set) var all: [Scalar] = []
  /// Those that are not 0, where the others stay at rest.
  private(set) var active = ActiveUnits<Scalar>()
  /// Where units fire once a step, all values, padded to the stride of a row; how many are not 0.
  private var padded = AlignedArray<Scalar>(repeating: .zero, count: 0)
  private var paddedNonzero = 0
  /// The number of spikes at the end of each step of the last feed.
  private(set) var ends: [Int] = []

  init(coding: SpikeCoding, for neurons: Neurons<Scalar>) {
    units = neurons.state.units
    quantizer = neurons.quantizer
    firing = neurons.firing
    scale = coding.inputScale
    if coding.inputPhases.isEmpty {
      phases = nil
    } else {
      var phases = QuantizerState<Scalar>(units: units).potentials
      for (unit, phase) in coding.inputPhases.enumerated() {
        phases[unit] = Scalar.potential(phase, quantum: quantizer.quantum)
      }
      self.phases = phases
    }
  }

  /// Whether only active units are fed; the plain reference feeds all of them nevertheless.
  func feedsActive(_ instructionSet: InstructionSet) -> Bool {
    quantizer.kind.restsWithoutInput && instructionSet != .reference && firing == .afterEachSpike
  }

  /// The values that a step has to add.
  var additions: Int {
    if !quantizer.kind.restsWithoutInput { return units }
    return firing == .afterEachSpike ? active.count : paddedNonzero
  }

  /// Takes the values of an example.
  ///
  /// - Returns: whether all are finite; if not, nothing is to be fed.
  mutating func take(
    _ values: [Float], _ instructionSet: InstructionSet
  ) throws(KernelError) -> Bool {
    let quantum = quantizer.quantum
    if firing != .afterEachSpike {
      guard
        let nonzero = try Scalar.encode(
          instructionSet, values, scale: scale, quantum: quantum, into: &padded)
      else { return false }
      paddedNonzero = nonzero
      return true
    }
    guard values.firstNonFiniteIndex == nil else { return false }
    // By a power of two: exact, a change of the exponent.
    let scaled = scale == 1 ? values : values.map { $0 * scale }
    if quantizer.kind.restsWithoutInput {
      try Scalar.pack(instructionSet, scaled, quantum: quantum, into: &active)
    }
    if keepsAll || !feedsActive(instructionSet) {
      all = try Scalar.encode(scaled, quantum: quantum)
    }
    return true
  }

  /// Starts an example: potentials at their phases, where there are such.
  func begin(_ neurons: inout Neurons<Scalar>, _ context: inout FeedContext<Scalar>) {
    neurons.begin(&context.generator)
    guard let phases, quantizer.kind.restsWithoutInput else { return }
    if feedsActive(context.instructionSet) {
      neurons.state.start(at: phases, of: active)
    } else {
      neurons.state.start(at: phases)
    }
  }

  /// Starts an example of a refining network: the sums of the input are its values.
  ///
  /// - Parameter places: of each neuron its unit, -1 for none; `nil` for the unit of the same number.
  func begin(
    refining neurons: inout Neurons<Scalar>, places: [Int32]?, _ context: FeedContext<Scalar>
  ) {
    context.kernels.start(&neurons.sums, at: padded, places: places)
    neurons.sendsBits = false
  }

  /// Feeds the values so many times; `ends` tells where each step's spikes end.
  ///
  /// Source: docs/Algorithm.md, section 2, step 1: `spikes_0 = input.feed(x)`.
  ///
  /// - Throws: `KernelError`, as feeds do.
  mutating func feed(
    steps: Int, into neurons: inout Neurons<Scalar>, limit: Int,
    _ context: inout FeedContext<Scalar>
  ) throws(KernelError) {
    neurons.spikes.removeAll()
    if neurons.firing == .oncePerStep {
      return try neurons.quantizer.fireStep(
        adding: padded, into: &neurons.state, train: &neurons.spikes, scratch: &context.scratch,
        limit: limit, using: context.instructionSet)
    }
    if ends.count != steps { ends = Array(repeating: 0, count: steps) }
    if feedsActive(context.instructionSet) {
      return try neurons.quantizer.feed(
        active, ends: &ends, into: &neurons.state, train: &neurons.spikes,
        scratch: &context.scratch, limit: limit, using: context.instructionSet,
        generator: &context.generator)
    }
    for step in ends.indices {
      try neurons.quantizer.feed(
        all, into: &neurons.state, train: &neurons.spikes, scratch: &context.scratch,
        limit: limit, using: context.instructionSet, generator: &context.generator)
      ends[step] = neurons.spikes.count
    }
  }

  /// The places in the train of the last feed of a step of it.
  func range(ofStep step: Int) -> (start: Int, end: Int) {
    (step == 0 ? 0 : ends[step - 1], ends[step])
  }

  /// The potentials of all units, those of active ones in their places.
  func potentials(
    of neurons: Neurons<Scalar>, _ instructionSet: InstructionSet
  ) -> [Scalar] {
    guard feedsActive(instructionSet) else {
      return (0..<neurons.state.units).map { neurons.state.potentials[$0] }
    }
    var potentials = Array(repeating: Scalar.zero, count: neurons.state.units)
    for index in 0..<active.count {
      potentials[active.unit(index)] = neurons.state.potentials[index]
    }
    return potentials
  }
}
