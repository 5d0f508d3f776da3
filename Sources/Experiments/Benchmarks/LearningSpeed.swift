public import Datasets
internal import DenseReLU
internal import Measures
public import Networks
internal import SpikingReLU
public import Training

/// How fast several replicas learn, beside one network alone.
public struct LearningSpeed: Sendable, Codable {
  /// Images a second of one network alone, at the end of the run.
  public let aloneImagesPerSecond: Double
  /// Images a second of all, over the last epoch.
  public let imagesPerSecond: Double
  /// Their ratio.
  public let speedup: Double
  /// Replicas that learn at the same time: each on a core.
  public let cores: Int
  /// The speed-up over the cores.
  public let efficiency: Double

  /// Speeds of a run.
  ///
  /// - Parameters:
  ///   - alone, together: images a second.
  ///   - cores: of all ranks.
  public init(alone: Double, together: Double, cores: Int) {
    aloneImagesPerSecond = alone
    imagesPerSecond = together
    speedup = together / alone
    self.cores = cores
    efficiency = speedup / Double(cores)
  }
}

extension SpikingTraining {
  /// Images that one network learns a second, from weights as they are at the end of a run.
  public func imagesPerSecond(
    weights: NetworkWeights, on images: LabelledImages, seconds: Double
  ) async throws -> Double {
    let learner = SpikingLearner(
      network: try LearningMLP(
        weights: weights, options: PredictionOptions(timeSteps: timeSteps), training: options,
        instructionSet: instructionSet))
    return try await 1 / learner.secondsAnImage(images, for: seconds)
  }
}

extension DenseTraining {
  /// Images that one network learns a second, from weights as they are at the end of a run.
  public func imagesPerSecond(
    weights: NetworkWeights, on images: LabelledImages, seconds: Double
  ) async throws -> Double {
    let learner = DenseLearner(
      network: DenseMLP(weights: weights, loss: loss), minibatch: minibatch,
      learningRate: learningRate)
    return try await 1 / learner.secondsAnImage(images, for: seconds)
  }
}

extension Learner {
  /// Seconds an image of a learner alone: the median of steps that take so long together.
  func secondsAnImage(_ images: LabelledImages, for seconds: Double) async throws -> Double {
    var learner = self
    let targets = images.targets
    let count = max(minibatch, 16)
    var rounds: [Double] = []
    let (clock, begin) = (ContinuousClock(), ContinuousClock.now)
    var step = 0
    while rounds.count < 5 || clock.now - begin < .seconds(seconds) {
      try Task.checkCancellation()
      let start = clock.now
      _ = try await learner.learn(images.batch(step, count)[...], of: images, targets: targets)
      rounds.append((clock.now - start) / .seconds(1) / Double(count))
      step += 1
    }
    // The first one warms up.
    return Array(rounds.dropFirst()).median
  }
}

extension LabelledImages {
  /// The examples of a step, round and round.
  func batch(_ step: Int, _ size: Int) -> [Int] {
    (0..<size).map { (step * size + $0) % count }
  }
}
