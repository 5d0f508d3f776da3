public import Datasets
public import DenseReLU
internal import Networks

/// Trains the dense twin by plain stochastic gradient descent.
public struct DenseTraining: Sendable, Equatable, Codable {
  /// Passes over the training set.
  public var epochs: Int
  /// Examples a step; the last step of an epoch may have fewer.
  public var minibatch: Int
  /// The learning rate, of the mean loss of a minibatch.
  public var learningRate: Float
  /// Seeds the weights and the order of examples.
  public var seed: UInt64
  /// What is minimized.
  public var loss: Loss

  /// Settings for a dense network.
  ///
  /// - Precondition: `epochs >= 0`, `minibatch >= 1`, `learningRate` positive and finite.
  public init(
    epochs: Int, minibatch: Int = 32, learningRate: Float = 0.1, seed: UInt64 = 1,
    loss: Loss = .softmaxCrossEntropy
  ) {
    precondition(epochs >= 0 && minibatch >= 1, "\(epochs) epochs of minibatches of \(minibatch)")
    self.epochs = epochs
    self.minibatch = minibatch
    self.learningRate = learningRate
    self.seed = seed
    self.loss = loss
  }

  /// Trains a fresh network with He initialization on shuffled examples.
  ///
  /// - Parameters:
  ///   - hidden: units of the hidden layers; the input and output fit the data.
  ///   - data: what to learn.
  ///   - progress: told after each step, in examples.
  /// - Throws: `NetworkError` for sizes, `DenseError`, `CancellationError`; `TrainingDiverged` when
  ///   the loss stops being finite or a weight grows beyond 10^6.
  public func run(
    hidden: [Int], data: LabelledImages, progress: ProgressHandler? = nil
  ) throws -> DenseMLP {
    var generator = SeededGenerator(seed: seed)
    let weights = try NetworkWeights(
      layerSizes: [data.images.columns] + hidden + [data.classes], initializer: .he,
      generator: &generator)
    var network = DenseMLP(weights: weights, loss: loss)
    let targets = data.targets
    var done = 0
    for epoch in 1...max(epochs, 1) where epoch <= epochs {
      let order = Array(0..<data.count).shuffled(using: &generator)
      for start in stride(from: 0, to: data.count, by: minibatch) {
        try Task.checkCancellation()
        let batch = order[start..<min(start + minibatch, data.count)]
        let loss = try network.train(
          inputs: data.images.selectingRows(batch), targets: targets.selectingRows(batch),
          learningRate: learningRate)
        guard loss.isFinite else {
          throw TrainingDiverged(epoch: epoch, cause: "the loss is \(loss)")
        }
        done += batch.count
        progress?(done, epochs * data.count)
      }
      for (index, layer) in network.weights.layers.enumerated() {
        let largest = layer.largestMagnitude
        guard largest <= 1e6 else {
          throw TrainingDiverged(
            epoch: epoch, cause: "a weight of layer \(index + 1) reached \(largest)")
        }
      }
    }
    return network
  }
}

/// The loss stopped being finite, or a weight grew beyond 10^6.
public struct TrainingDiverged: Error, Equatable, Sendable, CustomStringConvertible {
  /// The epoch, counted from 1.
  public let epoch: Int
  /// What was found.
  public let cause: String

  /// What happened.
  public var description: String {
    "training diverged in epoch \(epoch): \(cause); use a smaller learning rate"
  }
}
