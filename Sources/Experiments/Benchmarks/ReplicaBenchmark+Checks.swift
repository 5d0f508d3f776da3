internal import Cluster
internal import Datasets
internal import DenseReLU
internal import Networks
internal import SpikingReLU
internal import Training

extension ReplicaBenchmark {
  /// Examples of the checks: as many as show it.
  private static let examples = 480

  private var part: Dataset {
    data.with(
      training: data.training.prefix(Self.examples), test: data.test.prefix(1))
  }

  /// One replica is online learning; N processes are one with as many replicas. Collective.
  func bitVerdicts(_ ranks: any Communicator) async throws -> [Verdict] {
    func weights(replicas: Int, _ ranks: any Communicator) async throws -> NetworkWeights {
      var training = try training(replicas: replicas)
      training.schedule.epochs = 1
      return try await training.run(
        replicas: ReplicaLayout(replicas: replicas, interval: 7, ranks: ranks),
        hidden: settings.hidden, dataset: part
      ).weights
    }
    // More replicas than ranks: some have one more than others.
    let count = ranks.size + 1
    let together = try await weights(replicas: count, ranks)
    guard ranks.isRoot else { return [] }
    var online = try training(replicas: 1)
    online.schedule.epochs = 1
    let one = try await online.run(hidden: settings.hidden, dataset: part).weights
    let replica = try await weights(replicas: 1, SingleProcess())
    let alone = try await weights(replicas: count, SingleProcess())
    return [
      Verdict(
        "weights in which one replica differs from online learning",
        value: Double(one.differences(from: replica)), bound: .init(atLeast: 0, atMost: 0)),
      Verdict(
        "weights in which \(count) replicas on \(ranks.size) ranks differ from one process",
        value: Double(together.differences(from: alone)), bound: .init(atLeast: 0, atMost: 0)),
    ]
  }

  /// The gradient of a minibatch, in shares, beside the whole: within the rounding of a sum of as many products,
  /// `(B + 2) * 2^-23` of the largest sum of their magnitudes.
  func gradientVerdicts() throws -> [Verdict] {
    let batch = min(minibatch, data.training.count)
    let examples = Array(0..<batch)
    var generator = SeededGenerator(seed: settings.seed)
    var network = DenseMLP(
      weights: try data.training.network(
        hidden: settings.hidden, initializer: .he, generator: &generator))
    let (images, targets) = (data.training.images, data.training.targets)
    func gradient(_ examples: [Int]) throws -> [Float] {
      try network.gradients(
        inputs: images.selectingRows(examples), targets: targets.selectingRows(examples),
        ofBatch: batch
      ).weights.flatMap(\.elements)
    }
    let whole = try gradient(examples)
    var magnitudes = [Double](repeating: 0, count: whole.count)
    for example in examples {
      for (index, value) in try gradient([example]).enumerated() {
        magnitudes[index] += Double(value.magnitude)
      }
    }
    let bound = Double(batch + 2) * 0x1p-23 * (magnitudes.max() ?? 0)
    return try replicas.filter { $0 > 1 }.map { count in
      let layout = ReplicaLayout(replicas: count, interval: 1)
      let shares = try (0..<count).map { replica in
        let mine = layout.examples(examples[...], of: replica)
        return mine.isEmpty ? [Float](repeating: 0, count: whole.count) : try gradient(mine)
      }
      let sum = try layout.ranks.orderedSum(
        shares, counts: [count], length: whole.count, times: 1)
      let largest = zip(sum, whole).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
      return Verdict(
        "dense, minibatch of \(batch) in \(count) shares: difference over the bound of rounding",
        value: bound > 0 ? largest / bound : largest, bound: .init(atMost: 1))
    }
  }
}

extension NetworkWeights {
  /// In how many weights another network of this shape has other bits.
  func differences(from other: NetworkWeights) -> Int {
    zip(flattened, other.flattened).count { $0.bitPattern != $1.bitPattern }
  }
}
