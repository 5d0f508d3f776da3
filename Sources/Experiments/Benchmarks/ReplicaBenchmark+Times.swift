internal import Cluster
internal import Datasets
internal import DenseReLU
internal import Measures
internal import Networks
internal import SpikingReLU
internal import Training

extension ReplicaBenchmark {
  /// What was timed, for the model.
  struct Times: Sendable {
    /// Seconds of one rank alone for an image.
    var spikingImage = Double.infinity
    var denseImage = Double.infinity
    /// Seconds that a replica copies weights a step.
    var copying = 0.0
    /// Seconds that a rank adds its segments of a sum: as many additions whatever the number of ranks.
    var adding = 0.0
    var sums: [Sum] = []
    var networks: [TrafficModel] = []
  }

  /// Times learning of one rank alone, of all, and sums. Collective; the figures are rank 0's.
  func times(
    _ ranks: any Communicator, _ progress: (@Sendable (Stage, Int, Int) -> Void)?
  ) async throws -> (Times, [Speed]) {
    var times = Times()
    let (spiking, dense) = (try await spikingAlone(ranks), try denseAlone())
    if ranks.isRoot {
      // The others wait, and leave their cores.
      try await timeAlone(spiking, dense, &times)
      times.copying = try copyingSeconds(spiking.network)
      times.adding = try secondsOfSum(parameterCount, SingleProcess())
    }
    try ranks.barrier()
    let steps = intervals.count + 2
    if ranks.size > 1 {
      progress?(.timings, 1, steps)
      let sums = try (sumLengths + [parameterCount]).sorted().map { length in
        (length: length, seconds: try secondsOfSum(length, ranks))
      }
      let model = TrafficModel(
        name: "measured, \(ranks.size) ranks", ranks: ranks.size, sums: sums)
      times.networks = [model]
      times.sums = sums.map {
        Sum(
          length: $0.length, microseconds: $0.seconds * 1e6,
          modelMicroseconds: model.seconds(ofSum: $0.length, ranks: ranks.size) * 1e6)
      }
    }
    times.networks += TrafficModel.common
    var paces: [Pace] = []
    for (index, interval) in intervals.enumerated() {
      progress?(.timings, index + 2, steps)
      let learner = try SpikingReplicas(
        spiking.network,
        layout: ReplicaLayout(replicas: ranks.size, interval: interval, ranks: ranks), workers: 1)
      paces.append(
        try await pace(learner, "spiking", interval, imageSeconds: times.spikingImage, ranks))
    }
    let learner = DenseReplicas(
      dense, layout: ReplicaLayout(replicas: ranks.size, interval: 1, ranks: ranks))
    paces.append(
      try await pace(
        learner, "dense", minibatch / ranks.size, imageSeconds: times.denseImage, ranks))
    // Once more: one that was slow for a moment would make all look fast.
    if ranks.isRoot { try await timeAlone(spiking, dense, &times) }
    try ranks.barrier()
    return (times, paces.map { speed($0, times, ranks) })
  }

  /// Times one rank alone; the fastest so far counts.
  private func timeAlone(
    _ spiking: SpikingLearner, _ dense: DenseLearner, _ times: inout Times
  ) async throws {
    times.spikingImage = min(
      times.spikingImage, try await spiking.secondsAnImage(data.training, for: seconds))
    times.denseImage = min(
      times.denseImage, try await dense.secondsAnImage(data.training, for: seconds))
  }

  /// A network that has learned for a while, the same on all ranks: one that knows nothing sends many more error
  /// spikes, and fewer with every image. Collective.
  private func spikingAlone(_ ranks: any Communicator) async throws -> SpikingLearner {
    var training = try training(replicas: 1)
    training.schedule.epochs = 1
    var generator = SeededGenerator(seed: settings.seed)
    var weights = try data.training.network(
      hidden: settings.hidden, initializer: .he, generator: &generator)
    if ranks.isRoot {
      let part = data.with(
        training: data.training.prefix(20_000), test: data.test.prefix(1))
      let result = try await training.run(hidden: settings.hidden, dataset: part)
      if result.isInterrupted { throw CancellationError() }
      weights = result.weights
    }
    var values = weights.flattened
    try ranks.broadcast(&values, from: 0)
    return SpikingLearner(
      network: try LearningMLP(
        weights: weights.unflattened(values),
        options: PredictionOptions(timeSteps: settings.timeSteps), training: training.options,
        instructionSet: instructionSet))
  }

  private func denseAlone() throws -> DenseLearner {
    var training = DenseTraining(epochs: 1, minibatch: minibatch, seed: settings.seed)
    training.learningRate = 0.01
    return try training.learner(settings.hidden, data, nil).0
  }

  /// Seconds in which a replica gives its weights away and takes others.
  private func copyingSeconds(_ network: LearningMLP) throws -> Double {
    var network = network
    let shape = try network.networkWeights
    var rounds: [Double] = []
    let clock = ContinuousClock()
    for _ in 0..<15 {
      let start = clock.now
      network.setWeights(try shape.unflattened(network.flattenedWeights))
      rounds.append((clock.now - start) / .seconds(1))
    }
    return rounds.median
  }

  /// The median time of a sum. Collective.
  private func secondsOfSum(_ length: Int, _ ranks: any Communicator) throws -> Double {
    let array = [Float](repeating: 1, count: length)
    let counts = Array(repeating: 1, count: ranks.size)
    let rounds = max(11, min(101, (1 << 22) / length))
    var times: [Double] = []
    let clock = ContinuousClock()
    for _ in 0..<rounds {
      try ranks.barrier()
      let start = clock.now
      _ = try ranks.orderedSum([array], counts: counts, length: length, times: 1)
      times.append((clock.now - start) / .seconds(1))
    }
    return times.median
  }

  /// What a learner of all ranks did.
  private struct Pace {
    let twin: String
    let examplesPerStep: Int
    let imagesPerSecond: Double
    let bytesPerStep: Double
  }

  /// Times a learner of all ranks. Collective.
  ///
  /// - Parameter imageSeconds: of one rank alone, about; rank 0's counts.
  private func pace<Model: Learner>(
    _ learner: Model, _ twin: String, _ examples: Int, imageSeconds: Double,
    _ ranks: any Communicator
  ) async throws -> Pace {
    var learner = learner
    let (images, targets) = (data.training, data.training.targets)
    let count = learner.minibatch
    // As many steps on every rank: rank 0 says how many.
    var steps = [max(3, min(2000, Int(seconds / max(imageSeconds * Double(examples), 1e-9))))]
    try ranks.broadcast(&steps, from: 0)
    _ = try await learner.learn(data.training.batch(0, count)[...], of: images, targets: targets)
    try ranks.barrier()
    let received = ranks.bytesReceived
    var rounds: [Double] = []
    let clock = ContinuousClock()
    for step in 1...steps[0] {
      let start = clock.now
      _ = try await learner.learn(
        data.training.batch(step, count)[...], of: images, targets: targets)
      rounds.append((clock.now - start) / .seconds(1))
    }
    return Pace(
      twin: twin, examplesPerStep: examples, imagesPerSecond: Double(count) / rounds.median,
      bytesPerStep: Double(ranks.bytesReceived - received) / Double(steps[0]))
  }

  /// A pace beside one rank alone, the model and the formula.
  private func speed(_ pace: Pace, _ times: Times, _ ranks: any Communicator) -> Speed {
    let isDense = pace.twin == "dense"
    let alone = isDense ? times.denseImage : times.spikingImage
    // Of the dense twin, the loss travels with the gradient.
    let length = parameterCount + (isDense ? 1 : 0)
    let segment = ranks.segment(of: length, rank: ranks.rank).count
    let model = ranks.size == 1 ? nil : times.networks.first
    let speedup = pace.imagesPerSecond * alone
    return Speed(
      twin: pace.twin, examplesPerStep: pace.examplesPerStep, aloneImagesPerSecond: 1 / alone,
      imagesPerSecond: pace.imagesPerSecond, speedup: speedup,
      efficiency: speedup / Double(ranks.size),
      modelEfficiency: model?.efficiency(
        computing: alone * Double(isDense ? minibatch : pace.examplesPerStep),
        copying: times.copying, length: length, ranks: ranks.size, dividing: isDense),
      bytesPerStep: pace.bytesPerStep,
      expectedBytesPerStep: Double(
        4 * ((ranks.size - 1) * segment + length - segment) + 8 * (ranks.size - 1)))
  }

  /// What the model says of 2 to 1,024 ranks.
  func predictions(_ times: Times) -> [Prediction] {
    (1...10).map { 1 << $0 }.map { ranks in
      Prediction(
        ranks: ranks, bytesPerStep: TrafficModel.bytes(ofSum: parameterCount, ranks: ranks),
        efficiencies: times.networks.map { network in
          // Of a network that was measured, adding is in the price of a byte.
          let copying =
            times.copying + (TrafficModel.common.contains(network) ? times.adding : 0)
          return intervals.map { interval in
            network.efficiency(
              computing: times.spikingImage * Double(interval), copying: copying,
              length: parameterCount, ranks: ranks, dividing: false)
          } + [
            ranks > minibatch
              ? nil
              : network.efficiency(
                computing: times.denseImage * Double(minibatch), copying: copying,
                length: parameterCount, ranks: ranks, dividing: true)
          ]
        })
    }
  }
}
