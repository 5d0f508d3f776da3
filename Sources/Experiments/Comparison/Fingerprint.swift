internal import Datasets
internal import Networks
public import SpikeKernels
internal import SpikingReLU

/// What the spiking path computes on fixed seeds, as hashes: the same bits on every instruction set, number of
/// threads, optimization level and machine.
///
/// Weights are drawn without functions of the C library, whose last bits differ between systems; images are
/// the embedded digits. Hashed (FNV-1a, 64 bits) are outputs, spike counts, ledgers' spikes and learned
/// weights. A hash in `expected` changes only when the algorithm does.
public struct Fingerprint: Sendable, Equatable {
  /// What was computed.
  public let name: String
  /// The hash of all results.
  public let hash: UInt64

  /// What each computation must give.
  public static let expected: [Fingerprint] = [
    Fingerprint(name: "prediction, T = 10", hash: 0xd0eea655a75cfab2),
    Fingerprint(name: "prediction with biases", hash: 0x52786c57ea7a9b02),
    Fingerprint(name: "once a step, coded, with biases", hash: 0xd3172741a1cdc4f7),
    Fingerprint(name: "random starts", hash: 0xfcd5e0555f86936f),
    Fingerprint(name: "potentials that live on", hash: 0x7f1233d15a2df083),
    Fingerprint(name: "integers, with biases", hash: 0xf786cd8772d0c2a6),
    Fingerprint(name: "learning, fractional", hash: 0xb21ca7a9040ade5f),
    Fingerprint(name: "learning, SGD", hash: 0x38bc98d9f10418b9),
    Fingerprint(name: "learning, smooth", hash: 0x3eef497ad5ac0b07),
    Fingerprint(name: "learning, depth first, without holding", hash: 0x2d826369aefefeff),
    Fingerprint(name: "learning, regularized, signed", hash: 0xd23bc4f860d07771),
    Fingerprint(name: "learning in integers", hash: 0xb52933bc30a06f90),
  ]

  /// Computes all fingerprints.
  ///
  /// - Parameters:
  ///   - set: which kernels run.
  ///   - workers: tasks that predict.
  /// - Throws: `SpikingError`; `CancellationError`.
  public static func all(_ set: InstructionSet, workers: Int) async throws -> [Fingerprint] {
    var found: [Fingerprint] = []
    for (name, biases, firing, isCoded, quantizer) in [
      ("prediction, T = 10", false, .afterEachSpike, false, .rectHerding),
      ("prediction with biases", true, .afterEachSpike, false, .rectHerding),
      ("once a step, coded, with biases", true, .oncePerStep, true, .rectHerding),
      ("random starts", false, .afterEachSpike, false, .randomResetHerding),
      ("potentials that live on", false, .afterEachSpike, false, .noResetRectHerding),
    ] as [(String, Bool, PredictionOptions.Firing, Bool, QuantizerKind)] {
      let weights = try network(withBiases: biases)
      var options = try PredictionOptions(timeSteps: 10)
      (options.firing, options.layerQuantizer, options.seed) = (firing, quantizer, 5)
      let coding =
        isCoded
        ? try SpikeCoding(
          topology: weights.topology, inputExponent: -1, layerScales: [1.5, 0.75],
          inputPhases: SpikeCoding.staggeredPhases(4, height: 8, width: 8)) : nil
      let network = try SpikingMLP(
        weights: weights, coding: coding, options: options, instructionSet: set)
      var hash = FNV()
      for output in try await network.predictions(of: images, workers: workers) {
        for value in output { hash.add(UInt64(value.bitPattern)) }
      }
      found.append(Fingerprint(name: name, hash: hash.value))
    }
    var options = try PredictionOptions(timeSteps: 10)
    options.recording = .counts
    let integers = try IntegerSpikingMLP(
      weights: try network(withBiases: true), learningRate: 0.01, options: options,
      instructionSet: set)
    var hash = FNV()
    for output in try await integers.predictions(of: images, workers: workers) {
      for value in output { hash.add(UInt64(bitPattern: Int64(value))) }
    }
    found.append(Fingerprint(name: "integers, with biases", hash: hash.value))
    for (name, change) in [
      ("learning, fractional", { _ in }), ("learning, SGD", { $0.update = .sgd }),
      ("learning, smooth", { $0.usesSmoothGradients = true }),
      (
        "learning, depth first, without holding",
        {
          $0.traversal = .depthFirst
          $0.holdsError = false
        }
      ),
      (
        "learning, regularized, signed",
        {
          $0.regularization = 0.01
          $0.forwardQuantizer = .herding
        }
      ),
    ] as [(String, (inout TrainingOptions) -> Void)] {
      found.append(Fingerprint(name: name, hash: try learning(set, change)))
    }
    found.append(Fingerprint(name: "learning in integers", hash: try learningInIntegers(set)))
    return found
  }

  private static var images: Matrix {
    Dataset.embeddedDigits().training.prefix(40).images
  }

  /// 64-40-24-10, each weight a multiple of 2^-24 of magnitude below 1/4.
  private static func network(withBiases: Bool) throws -> NetworkWeights {
    var generator = SeededGenerator(seed: 2016)
    func next() -> Float { Float(Int64(generator.next() >> 41) - (1 << 22)) * 0x1p-24 }
    let sizes = [64, 40, 24, 10]
    let layers = zip(sizes, sizes.dropFirst()).map { inputs, outputs in
      Matrix(rows: inputs, columns: outputs) { _, _ in next() }
    }
    return try NetworkWeights(
      layers: layers,
      biases: withBiases ? sizes.dropFirst().map { (0..<$0).map { _ in next() } } : nil)
  }

  private static func learning(
    _ set: InstructionSet, _ change: (inout TrainingOptions) -> Void
  ) throws -> UInt64 {
    var training = try TrainingOptions(learningRate: 0.01)
    change(&training)
    var network = try LearningMLP(
      weights: try network(withBiases: false), options: PredictionOptions(timeSteps: 5),
      training: training, instructionSet: set)
    let data = Dataset.embeddedDigits().training.prefix(40)
    let targets = data.targets
    var hash = FNV()
    for example in 0..<data.count {
      try network.train(input: data.images.row(example), target: targets.row(example))
      for value in network.trainingOutput { hash.add(UInt64(value.bitPattern)) }
    }
    for layer in network.weights {
      for value in layer.elements { hash.add(UInt64(value.bitPattern)) }
    }
    return hash.value
  }

  private static func learningInIntegers(_ set: InstructionSet) throws -> UInt64 {
    var network = try IntegerLearningMLP(
      weights: try network(withBiases: false), options: PredictionOptions(timeSteps: 5),
      training: TrainingOptions(learningRate: 0.01), instructionSet: set)
    let data = Dataset.embeddedDigits().training.prefix(40)
    let targets = data.targets
    var hash = FNV()
    for example in 0..<data.count {
      try network.train(input: data.images.row(example), target: targets.row(example))
    }
    for layer in network.weights {
      for value in layer.elements { hash.add(UInt64(bitPattern: Int64(value))) }
    }
    return hash.value
  }
}

/// FNV-1a over 64-bit words, byte by byte. Source: draft-eastlake-fnv.
private struct FNV {
  var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ word: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      value = (value ^ (word >> shift & 0xFF)) &* 0x100_0000_01B3
    }
  }
}
