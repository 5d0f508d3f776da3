internal import Networks
internal import SpikeKernels

/// The units of a layer: their rule, their potentials, what they received, sent and did.
struct Neurons<Scalar: SpikeScalar>: Sendable {
  /// How potentials become spikes.
  let quantizer: Quantizer<Scalar>
  /// When thresholds are checked.
  let firing: PredictionOptions.Firing
  /// phi.
  var state: QuantizerState<Scalar>
  /// z: the sums of all rows received, padded to the stride of a row; empty where nobody asks for
  /// them.
  var sums: AlignedArray<Scalar.Sum>
  /// q: what they have sent in the example, in quanta of the step; empty but in hidden layers of a refining
  /// network, where the sums are the potentials z - q.
  var sent: AlignedArray<Scalar.Sum>
  /// What they sent in the last feed, in order; empty where they sent bits.
  var spikes = SpikeTrain()
  /// The same as bits, where they have slots of patterns.
  var bits: SpikeBits?
  /// Whether they sent bits.
  var sendsBits = false
  /// The layer's entry in the ledger.
  var operations: OperationLedger.Layer

  init(
    units: Int, quantizer: Quantizer<Scalar>, firing: PredictionOptions.Firing = .afterEachSpike,
    keepsSums: Bool, keepsSent: Bool = false, slots: Int? = nil
  ) {
    // Slots without a unit are neurons that receive nothing.
    let neurons = slots ?? units
    bits = slots.map { SpikeBits(blocks: $0 / 16) }
    self.quantizer = quantizer
    self.firing = firing
    state = QuantizerState(units: neurons)
    sums = AlignedArray(
      repeating: .zero, count: keepsSums ? RowMajorMatrix<Scalar>.stride(columns: neurons) : 0)
    sent = AlignedArray(repeating: .zero, count: keepsSent ? sums.count : 0)
    operations = OperationLedger.Layer(units: units)
  }

  /// Starts an example: potentials as the rule says, sums at 0.
  mutating func begin(_ generator: inout SeededGenerator) {
    quantizer.reset(&state, generator: &generator)
    sendsBits = false
    if sums.count > 0 { sums.fill(with: .zero) }
    if sent.count > 0 { sent.fill(with: .zero) }
  }

  /// Feeds what arrived, and enters what it cost into the ledger. The one place where a layer of a
  /// network works.
  ///
  /// ```
  /// phi += b                                               // first in a step
  /// for each (i, s) of spikes, in order:  phi += s W[i, :];  z += s W[i, :];  fire
  /// ```
  /// fire after each row, or once after all of them (`firing`).
  ///
  /// - Parameters:
  ///   - spikes: of the layer below.
  ///   - connection: through which they arrive.
  ///   - steps: how many whole steps they are; 0 for some spikes of a step that has begun. With
  ///     biases, or firing once a step, at most 1.
  /// - Throws: `KernelError` when a potential leaves its range, or more spikes are sent than the
  ///   context's limit allows.
  /// - Complexity: the additions of the spikes (`Connection.additions(of:)`).
  @inline(__always)
  mutating func feed(
    _ spikes: SpikeTrain, through connection: Connection<Scalar>, steps: Int,
    _ context: inout FeedContext<Scalar>
  ) throws(KernelError) {
    self.spikes.removeAll()
    let biasRows = connection.bias == nil ? 0 : steps
    let feeds = spikes.count + biasRows
    // Nothing came, within a step: nothing is done.
    if feeds == 0, steps == 0 { return }
    if feeds > 0 {
      switch firing {
      case .afterEachSpike:
        if biasRows > 0, let bias = connection.bias {
          try fireAfterEachRow(
            bias.row, nil, bound: bias.bound, connection.quantum, context.alwaysOn, &context)
        }
        try fireAfterEachRow(
          connection.weights, connection.int16, bound: connection.bound, connection.quantum, spikes,
          &context)
      case .refining: preconditionFailure("a refining network takes whole steps")
      case .oncePerStep:
        if biasRows > 0, let bias = connection.bias {
          try add(bias.row, bound: bias.bound, context.alwaysOn, context)
        }
        try add(connection.weights, bound: connection.bound, spikes, context)
        try quantizer.fireStep(
          into: &state, train: &self.spikes, scratch: &context.scratch, limit: context.limit,
          using: context.instructionSet)
      }
      context.limit -= self.spikes.count
    }
    // Comparisons: after each row, or once where something has arrived.
    enter(
      comparisons: state.units * (firing == .oncePerStep ? min(feeds, 1) : feeds), steps: steps,
      context.instructionSet)
    let additions = connection.additions(of: spikes) + biasRows * state.units
    operations.forwardAdditions += additions
    if sums.count > 0 { operations.sumAdditions += additions }
  }

  /// Enters the spikes of the last feed, and the comparisons that made them, into the ledger.
  ///
  /// - Parameter comparisons: of potentials with a threshold of one sign.
  mutating func enter(comparisons: Int, steps: Int, _ instructionSet: InstructionSet) {
    let negative = enterSpikes(steps: steps, instructionSet)
    operations.forwardComparisons +=
      comparisons * (quantizer.kind.isSigned ? 2 : 1) + spikes.count + negative
  }

  /// Enters the spikes of the last feed into the ledger; returns how many are negative.
  @discardableResult
  mutating func enterSpikes(steps: Int, _ instructionSet: InstructionSet) -> Int {
    let negative =
      quantizer.kind.isSigned
      ? KernelTable<Scalar>(instructionSet).negativeCount(of: spikes) : 0
    operations.negativeSpikes += negative
    operations.positiveSpikes += spikes.count - negative
    operations.unitSteps += steps * operations.units
    return negative
  }

  /// Adds rows to the sums alone: units that are rounded, not fired.
  mutating func add(
    _ spikes: SpikeTrain, through connection: Connection<Scalar>, _ context: FeedContext<Scalar>
  ) {
    context.kernels.addRows(
      of: connection.weights, for: spikes, range: 0..<spikes.count, to: &sums)
    operations.forwardAdditions += connection.additions(of: spikes)
  }

  private mutating func fireAfterEachRow(
    _ rows: RowMajorMatrix<Scalar>, _ int16: Int16Weights?, bound: Scalar, _ quantum: Scalar,
    _ spikes: SpikeTrain, _ context: inout FeedContext<Scalar>
  ) throws(KernelError) {
    try quantizer.feed(
      rowsOf: rows, int16: int16, for: spikes, firesOnce: bound <= quantum,
      rowsPerCheck: Scalar.rowsPerCheck(bound: bound), into: &state, sums: &sums,
      train: &self.spikes, scratch: &context.scratch, limit: context.limit,
      using: context.instructionSet, generator: &context.generator)
  }

  private mutating func add(
    _ rows: RowMajorMatrix<Scalar>, bound: Scalar, _ spikes: SpikeTrain,
    _ context: FeedContext<Scalar>
  ) throws(KernelError) {
    try quantizer.addRows(
      of: rows, for: spikes, rowsPerCheck: Scalar.rowsPerCheck(bound: bound), to: &state,
      using: context.instructionSet)
    if sums.count > 0 {
      context.kernels.addRows(of: rows, for: spikes, range: 0..<spikes.count, to: &sums)
    }
  }
}
