package import Cluster
package import Datasets
package import ModelFiles
package import Networks
internal import SpikeKernels
package import SpikingReLU
internal import Synchronization

/// Several spiking networks that learn online, each from its own examples, and take the mean of their
/// weights every `interval` examples of each: local SGD.
///
/// ```
/// W_r <- W_r after its K examples;  W_r <- Float(sum over r of W_r / R)   (sum in Double, in the order of r)
/// ```
/// With one replica it is online learning, bit for bit. Everything but the weights stays with its replica.
/// Source: M. Zinkevich et al., NIPS 2010 (means of SGD runs); S. U. Stich, ICLR 2019 (every K steps).
///
/// A reference: copies learn together.
public struct SpikingReplicas: Learner {
  /// One network; used by one task at a time.
  private final class Replica: Sendable {
    let network: Mutex<LearningMLP>
    init(_ network: LearningMLP) { self.network = Mutex(network) }
  }

  private let layout: ReplicaLayout
  private let workers: Int
  private let own: [Replica]
  /// Made as the replicas are, for what is asked of a network.
  private var one: LearningMLP
  /// The mean after the last step.
  package private(set) var weights: NetworkWeights

  package init(_ network: LearningMLP, layout: ReplicaLayout, workers: Int) throws {
    self.layout = layout
    self.workers = workers
    own = try layout.own.map { replica in
      var copy = network
      if replica > 0 {
        // Random quantizers of other replicas draw other numbers.
        var state = copy.snapshot
        state.generator = SeededGenerator(
          seed: network.network.options.seed, stream: UInt64(replica))
        try copy.restore(state)
      }
      return Replica(copy)
    }
    one = network
    weights = try network.networkWeights
  }

  package var minibatch: Int { layout.replicas * layout.interval }
  package var learningRate: Float { one.training.learningRate }
  package var ranks: (any Communicator)? { layout.ranks }

  package mutating func setLearningRate(_ learningRate: Float) throws {
    try one.setLearningRate(learningRate)
    for replica in own {
      try replica.network.withLock { try $0.setLearningRate(learningRate) }
    }
  }

  package mutating func learn(
    _ examples: ArraySlice<Int>, of data: LabelledImages, targets: Matrix
  ) async throws -> Int {
    let (layout, own) = (layout, own)
    let first = layout.own.lowerBound
    @Sendable func learn(_ place: Int) -> Result<Int, any Error> {
      let mine = layout.examples(examples, of: first + place)
      return Result {
        try own[place].network.withLock { network in
          try network.learn(mine[...], of: data, targets: targets)
        }
      }
    }
    let outcomes: [Result<Int, any Error>]
    if workers == 1 || own.count <= 1 {
      outcomes = own.indices.map(learn)
    } else {
      outcomes = await inParallel(learn)
    }
    var (wrong, fault) = (0, (replica: Int, reason: String)?.none)
    for (place, outcome) in outcomes.enumerated() {
      switch outcome {
      case .success(let count): wrong += count
      case .failure(let error): fault = fault ?? (first + place, "\(error)")
      }
    }
    wrong = try layout.agree(wrong: wrong, fault: fault)
    try takeMean()
    return wrong
  }

  /// What each replica of this rank does, on several tasks.
  private func inParallel(
    _ learn: @escaping @Sendable (Int) -> Result<Int, any Error>
  ) async -> [Result<Int, any Error>] {
    let count = own.count
    return await withTaskGroup(of: (Int, Result<Int, any Error>).self) { group in
      for place in 0..<min(workers, count) { group.addTask { (place, learn(place)) } }
      var outcomes: [Result<Int, any Error>?] = Array(repeating: nil, count: count)
      var next = min(workers, count)
      while let (place, outcome) = await group.next() {
        outcomes[place] = outcome
        if next < count {
          let place = next
          group.addTask { (place, learn(place)) }
        }
        next += 1
      }
      return outcomes.map { $0! }
    }
  }

  /// Gives every replica the mean of all.
  private mutating func takeMean() throws {
    guard layout.replicas > 1 || layout.ranks.size > 1 else {
      weights = try own[0].network.withLock { try $0.networkWeights }
      return
    }
    let arrays = own.map { $0.network.withLock { $0.flattenedWeights } }
    let mean = try layout.ranks.orderedSum(
      arrays, counts: layout.counts, length: weights.parameterCount,
      times: 1 / Double(layout.replicas))
    weights = try weights.unflattened(mean)
    let weights = weights
    for replica in own { replica.network.withLock { $0.setWeights(weights) } }
  }

  /// What all replicas did.
  package var ledger: OperationLedger {
    get throws {
      var sum = OperationLedger(weights.topology)
      for replica in own {
        sum.add(replica.network.withLock { $0.ledger })
      }
      return try layout.ranks.sum(sum)
    }
  }

  package mutating func resetLedger() {
    for replica in own { replica.network.withLock { $0.resetLedger() } }
  }

  package var answersInOrder: Bool { one.network.options.layerQuantizer.keepsPotentials }

  package func wrongAnswers(
    of weights: NetworkWeights, on data: LabelledImages, examples: Range<Int>, workers: Int
  ) async throws -> Int {
    var copy = one
    copy.setWeights(weights)
    return try await copy.network.wrongAnswers(on: data, examples: examples, workers: workers)
  }

  // MARK: Checkpoints

  private static func name(_ replica: Int) -> String { "replica.\(replica)" }

  /// Keeps all replicas, those of other ranks too. All ranks come here.
  package func save(to file: inout CheckpointFile) throws {
    var mine = CheckpointFile()
    for (replica, index) in zip(own, layout.own) {
      var part = CheckpointFile()
      try replica.network.withLock { network in
        try SpikingLearner(network: network).save(to: &part)
      }
      mine.arrays[Self.name(index)] = .bytes(part.encoded)
    }
    file.arrays.add(weights, "mean-of-replicas")
    // A rank may have no replica to take it from.
    try file.setJSON(learningRate, "learning-rate")
    for bytes in try layout.ranks.gather(mine.encoded) {
      let parts = try CheckpointFile(bytes: bytes, from: "the replicas of a rank")
      file.arrays.merge(parts.arrays) { first, _ in first }
    }
  }

  /// Goes on from what was kept, on whichever ranks.
  package mutating func restore(_ file: CheckpointFile) throws {
    for (replica, index) in zip(own, layout.own) {
      guard case .bytes(let bytes)? = file.arrays[Self.name(index)] else {
        throw CheckpointMismatch(reason: "it has no \(Self.name(index))")
      }
      let part = try CheckpointFile(bytes: bytes, from: Self.name(index))
      try replica.network.withLock { network in
        var learner = SpikingLearner(network: network)
        try learner.restore(part)
        network = learner.network
      }
    }
    try one.setLearningRate(file.json(Float.self, "learning-rate"))
    weights = try file.arrays.weights(like: weights, "mean-of-replicas")
  }
}

extension NetworkWeights {
  /// All weights, layer after layer.
  package var flattened: [Float] {
    var values: [Float] = []
    values.reserveCapacity(parameterCount)
    for matrix in matrices { matrix.appendElements(to: &values) }
    return values
  }

  /// A network of this one's shape.
  package func unflattened(_ values: [Float]) throws -> NetworkWeights {
    var start = 0
    return try NetworkWeights(
      layers: matrices.map { matrix in
        defer { start += matrix.rows * matrix.columns }
        return Matrix(
          rows: matrix.rows, columns: matrix.columns,
          elements: values[start..<start + matrix.rows * matrix.columns])
      })
  }
}

extension LearningMLP {
  /// All weights, layer after layer, finite or not: their mean is looked at.
  package var flattenedWeights: [Float] {
    var values: [Float] = []
    values.reserveCapacity(weights.reduce(0) { $0 + $1.rows * $1.columns })
    for layer in weights { layer.appendElements(to: &values) }
    return values
  }
}
