internal import Networks
internal import SpikeKernels

/// What learning adds to a network: quantizers, their states, counts and errors. Allocated once.
///
/// Symbols as in docs/Algorithm.md, section 3; index `l` of an array is layer l, and entry 0 is
/// unused where layer 0 has none.
struct LearningState<Scalar: LearningScalar>: Sendable {
  var options: TrainingOptions
  /// `eta / T^2`.
  var rate: Float
  /// The spike budget of an example: within it, counts are exact in `Float`.
  let budget: Int
  let forwardQuantizer: Quantizer<Scalar>
  let backwardQuantizer: Quantizer<Scalar>
  let targetQuantizer: Quantizer<Scalar>

  /// F_1 ... F_L.
  var forward: [QuantizerState<Scalar>]
  /// B_1 ... B_(L-1): `backward[l]` quantizes errors for the units of layer l.
  var backward: [QuantizerState<Scalar>]
  /// G.
  var target: QuantizerState<Scalar>
  /// z_l: sums of all rows received in the example.
  var sums: [AlignedArray<Scalar.Sum>]
  /// c_l: net spikes that layer l sent so far in the example, or the real-valued sums that stand
  /// for them in smooth gradients. What updates multiply with.
  var counts: [AlignedArray<Scalar>]
  /// Of c_l, those that are positive, found when an update asks for them.
  var positive: [ActiveUnits<Scalar>]
  var positiveIsCurrent: [Bool]
  /// `W_l^T` for l >= 2, `transposed[l - 1]`: columns that errors read lie side by side. Empty for
  /// l = 1, whose columns nobody reads.
  var transposed: [RowMajorMatrix<Scalar>] = []
  /// e_l: error counts of SGD.
  var errors: [[Scalar.ErrorWeight]]
  /// err: errors held at the output.
  var held: [Int]

  /// `-y`.
  var negatedTarget: [Scalar] = []

  // Buffers.
  /// Spikes of the input, some steps ahead.
  var inputTrain = SpikeTrain()
  var targetTrain = SpikeTrain()
  /// Error spikes on their way into a layer.
  var errorTrains: [SpikeTrain]
  /// Those of a batch that passed the gate.
  var kept = SpikeTrain()
  /// The signed weight columns of a batch.
  var columns: [[Scalar]] = []
  /// One spike on its way, depth first.
  var single = SpikeTrain()

  /// The spikes of the example by layer, kept on request: those that F_l sent, and error spikes
  /// that passed the gate.
  var emitted: [SpikeTrain]
  var passed: [SpikeTrain]
  /// How many of them there were at the end of each step.
  var emittedEnds: [[Int]]
  var passedEnds: [[Int]]
  var recordsSpikes = false

  init(
    options: TrainingOptions, timeSteps: Int, budget: Int, quantum: Scalar, layerSizes: [Int]
  ) {
    self.budget = min(budget, 1 << Float.significandBitCount)
    self.options = options
    rate = options.learningRate / Float(timeSteps * timeSteps)
    forwardQuantizer = Quantizer(kind: options.forwardQuantizer, quantum: quantum)
    backwardQuantizer = Quantizer(kind: options.backwardQuantizer, quantum: quantum)
    targetQuantizer = Quantizer(kind: .herding, quantum: quantum)
    forward = layerSizes.map(QuantizerState.init(units:))
    backward = layerSizes.map(QuantizerState.init(units:))
    target = QuantizerState(units: layerSizes[layerSizes.count - 1])
    sums = layerSizes.map {
      AlignedArray(repeating: .zero, count: RowMajorMatrix<Scalar>.stride(columns: $0))
    }
    counts = layerSizes.map {
      AlignedArray(repeating: .zero, count: RowMajorMatrix<Scalar>.stride(columns: $0))
    }
    positive = layerSizes.map { _ in ActiveUnits() }
    positiveIsCurrent = layerSizes.map { _ in false }
    errors = layerSizes.map { Array(repeating: .zero, count: $0) }
    held = Array(repeating: 0, count: layerSizes[layerSizes.count - 1])
    errorTrains = layerSizes.map { _ in SpikeTrain() }
    emitted = layerSizes.map { _ in SpikeTrain() }
    passed = layerSizes.map { _ in SpikeTrain() }
    emittedEnds = layerSizes.map { _ in [] }
    passedEnds = layerSizes.map { _ in [] }
  }

  /// Forgets the spikes of the example before.
  mutating func clearRecords() {
    for layer in emitted.indices {
      emitted[layer].removeAll()
      passed[layer].removeAll()
      emittedEnds[layer].removeAll(keepingCapacity: true)
      passedEnds[layer].removeAll(keepingCapacity: true)
    }
  }

  /// Notes how many spikes there are at the end of a step.
  mutating func markStep() {
    for layer in emitted.indices {
      emittedEnds[layer].append(emitted[layer].count)
      passedEnds[layer].append(passed[layer].count)
    }
  }

  /// Sets counts and errors of all layers to 0.
  mutating func clearCounts() {
    for layer in counts.indices {
      counts[layer].fill(with: .zero)
      positiveIsCurrent[layer] = false
      if options.update == .sgd {
        for unit in errors[layer].indices { errors[layer][unit] = .zero }
      }
    }
    for unit in held.indices { held[unit] = 0 }
  }
}
