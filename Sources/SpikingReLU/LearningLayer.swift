internal import Networks
internal import SpikeKernels

/// What learning adds to a layer. Symbols as in docs/Algorithm.md, section 3. Allocated once.
struct LearningLayer<Scalar: LearningScalar>: Sendable {
  /// F_l and z_l: the units as they work while the network learns. Of the input, the spikes of the
  /// step in progress.
  var neurons: Neurons<Scalar>
  /// B_l: turns weight columns of the layer above into error spikes of this one; hidden layers only.
  let backwardQuantizer: Quantizer<Scalar>
  /// Its potentials.
  var backward: QuantizerState<Scalar>
  /// c_l: net spikes that the layer sent so far in the example, or the real-valued sums that stand
  /// for them in smooth gradients. What updates multiply with.
  var counts: AlignedArray<Scalar>
  /// Of c_l, those that are positive, found when an update asks for them.
  private(set) var positive = ActiveUnits<Scalar>()
  private var positiveIsCurrent = false
  /// `W_l^T`: columns that errors read lie side by side. Empty where nobody reads them, as above the
  /// input.
  var transposed = RowMajorMatrix<Scalar>(rows: 0, columns: 0)
  /// e_l: error counts of SGD.
  var errors: [Scalar.ErrorWeight]
  /// Error spikes on their way into the layer.
  var errorSpikes = SpikeTrain()
  /// The spikes of the example, kept on request: those that F_l sent, and error spikes that passed
  /// the gate; and how many of them there were at the end of each step.
  var emitted = SpikeRecord()
  var passed = SpikeRecord()

  init(units: Int, quantum: Scalar, options: TrainingOptions) {
    neurons = Neurons(
      units: units, quantizer: Quantizer(kind: options.forwardQuantizer, quantum: quantum),
      keepsSums: true)
    backwardQuantizer = Quantizer(kind: options.backwardQuantizer, quantum: quantum)
    backward = QuantizerState(units: units)
    counts = AlignedArray(
      repeating: .zero, count: RowMajorMatrix<Scalar>.stride(columns: units))
    errors = Array(repeating: .zero, count: units)
  }

  /// Feeds a signed weight column of the layer above to B_l; its spikes join `errorSpikes`.
  mutating func feedBackward(
    _ column: [Scalar], _ context: inout FeedContext<Scalar>
  ) throws(KernelError) {
    // The limit is of the spikes that are new.
    try backwardQuantizer.feed(
      column, into: &backward, train: &errorSpikes, scratch: &context.scratch,
      limit: context.limit + errorSpikes.count, using: context.instructionSet,
      generator: &context.generator)
  }

  /// Sets counts and error counts to 0.
  mutating func clearCounts(_ update: TrainingOptions.Update) {
    counts.fill(with: .zero)
    positiveIsCurrent = false
    if update == .sgd {
      for unit in errors.indices { errors[unit] = .zero }
    }
  }

  /// Counts the spikes that the layer sent: what updates of the layer above multiply with.
  mutating func countSpikes(_ kernels: KernelTable<Scalar>) {
    kernels.count(neurons.spikes, into: &counts)
    positiveIsCurrent = false
  }

  /// Counts one spike.
  mutating func count(_ spike: Spike) {
    counts[spike.unit] += Scalar.count(sign: spike.sign)
    positiveIsCurrent = false
  }

  /// Smooth gradients: `c_0 += x` for the input.
  mutating func count(values: [Scalar]) {
    counts.add(values)
    positiveIsCurrent = false
  }

  /// Smooth gradients: `c_l = z_l`.
  mutating func takeSumsForCounts() {
    Scalar.smooth(neurons.sums, into: &counts)
    positiveIsCurrent = false
  }

  /// Finds the counts that are positive, where that has not been done since they changed.
  mutating func refreshPositive(_ kernels: KernelTable<Scalar>) {
    guard !positiveIsCurrent else { return }
    kernels.packPositive(counts, into: &positive)
    positiveIsCurrent = true
  }
}

/// Spikes of an example, and where its steps end.
struct SpikeRecord: Sendable {
  private(set) var spikes = SpikeTrain()
  private(set) var ends: [Int] = []

  mutating func append(_ spike: Spike) { spikes.append(spike) }

  /// Notes how many there are at the end of a step.
  mutating func endStep() { ends.append(spikes.count) }

  /// Forgets the example before.
  mutating func removeAll() {
    spikes.removeAll()
    ends.removeAll(keepingCapacity: true)
  }
}
