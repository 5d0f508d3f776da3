internal import Datasets
internal import DenseReLU
internal import Measures
internal import Networks
internal import SpikingReLU

extension KernelBenchmark {
  /// The authors' program, on one core of such a machine: images trained on a second.
  public static let authorsImagesPerSecond = 950.0

  /// Prediction and training of both twins, in turn.
  func twins() throws -> (ratios: [Ratio], spikes: Double, training: Double) {
    // So many that the rows of a network that comes to its turn are soon in the cache again, and that
    // no branch of an image is remembered until it comes back.
    let images = (0..<min(data.count, 256)).map { data.images.row($0) }
    let targets = data.targets
    func spiking(_ steps: Int) throws -> SpikingMLP {
      try SpikingMLP(
        weights: weights, options: PredictionOptions(timeSteps: steps),
        instructionSet: instructionSet)
    }
    var (ten, five, three) = (try spiking(10), try spiking(5), try spiking(3))
    var integer = try IntegerSpikingMLP(
      weights: weights, learningRate: 0.01, options: PredictionOptions(timeSteps: 10),
      instructionSet: instructionSet)
    // A rate at which thousands of rounds on few images leave the network as it is.
    var learner = try LearningMLP(
      weights: weights, options: PredictionOptions(timeSteps: 10),
      training: TrainingOptions(learningRate: 1e-6), instructionSet: instructionSet)
    var (dense, batched) = (DenseMLP(weights: weights), DenseMLP(weights: weights))
    var bare = BareBLAS(weights: weights, batch: 1)
    let batch = min(data.count, 64)
    var bareBatch = BareBLAS(weights: weights, batch: batch)
    let inputs = data.images.selectingRows(Array(0..<batch)[...])
    let batchTargets = targets.selectingRows(Array(0..<batch)[...])
    let single = images.indices.map {
      (data.images.selectingRows([$0]), targets.selectingRows([$0]))
    }
    let rounds = try times([
      { for image in images { _ = try ten.predict(image) } },
      { for image in images { _ = try five.predict(image) } },
      { for image in images { _ = try integer.predict(image) } },
      { for _ in images { bare.forward() } },
      { for image in images { _ = try dense.predictSkippingZeros(image) } },
      {
        for (index, image) in images.enumerated() {
          try learner.train(input: image, target: targets.row(index))
        }
      },
      { for _ in images { bare.step() } },
      { for (x, y) in single { _ = try dense.train(inputs: x, targets: y, learningRate: 1e-9) } },
      { _ = try batched.train(inputs: inputs, targets: batchTargets, learningRate: 1e-9) },
      { bareBatch.step() },
      { for image in images { _ = try three.predict(image) } },
    ])
    func ratio(
      _ name: String, _ first: Int, _ second: Int, target: Double?, stretch: Double?,
      images count: Int? = nil
    ) -> Ratio {
      let each = Double(count ?? images.count)
      return Ratio(
        name: name, value: zip(rounds[first], rounds[second]).map { $0 / $1 }.median,
        microseconds: rounds[first].median / each * 1e6,
        otherMicroseconds: rounds[second].median / each * 1e6, target: target, stretch: stretch)
    }
    ten.resetLedger()
    for image in images { _ = try ten.predict(image) }
    let spikes = ten.ledger.total(\.positiveSpikes) + ten.ledger.total(\.negativeSpikes)
    return (
      [
        ratio("prediction T = 10 / dense forward, bare BLAS", 0, 3, target: 1.5, stretch: 1),
        ratio("prediction T = 5 / dense forward, bare BLAS", 1, 3, target: 0.75, stretch: 0.5),
        ratio("prediction T = 3 / dense forward, bare BLAS", 10, 3, target: nil, stretch: nil),
        ratio(
          "fractional step T = 10 / dense SGD step, bare BLAS", 5, 6, target: 1.3, stretch: 0.8),
        ratio("prediction T = 10 / dense skipping zeros", 0, 4, target: nil, stretch: 2),
        ratio("integer-only / Float, prediction T = 10", 2, 0, target: 0.7, stretch: 0.5),
        ratio("dense SGD step / its BLAS calls, one image", 7, 6, target: 1.1, stretch: nil),
        ratio(
          "dense SGD step / its BLAS calls, \(batch) images", 8, 9, target: 1.05, stretch: nil,
          images: batch),
      ], Double(spikes) / Double(images.count), rounds[5].median / Double(images.count) * 1e6
    )
  }
}
