import Networks
import SpikeKernels
import SpikingReLU
import Synchronization
import Testing

@testable import Datasets
@testable import Training

@Suite struct SpikingTrainingTests {
  /// A part of the digits, small enough for a debug build.
  private var dataset: Dataset {
    let digits = Dataset.embeddedDigits()
    return Dataset(
      name: "part", source: "embedded", height: 8, width: 8,
      training: digits.training.prefix(150), test: digits.test.prefix(40))
  }

  private func training(
    _ change: (inout SpikingTraining) -> Void = { _ in }
  ) throws -> SpikingTraining {
    var training = SpikingTraining(
      options: try TrainingOptions(learningRate: 0.02),
      instructionSet: try InstructionSet.selected())
    training.timeSteps = 5
    training.schedule.epochs = 3
    training.initialDeviation = 0.1
    change(&training)
    return training
  }

  @Test("errors fall from epoch to epoch; the same seed repeats for any number of workers")
  func learns() async throws {
    let one = try await training().run(hidden: [16], dataset: dataset)
    let two = try await training { $0.schedule.workers = 2 }.run(hidden: [16], dataset: dataset)
    #expect(one.epochs.map(\.epoch) == [1, 2, 3] && !one.isInterrupted)
    #expect(one.epochs[2].trainErrorPercent! < one.epochs[0].trainErrorPercent!)
    #expect(one.network.weights == two.network.weights)
    #expect(one.epochs.map(\.testErrorPercent) == two.epochs.map(\.testErrorPercent))
    #expect(one.epochs[0].examples == 150 && one.epochs[0].work!.backwardSpikes > 0)
    let shuffled = try await training { $0.schedule.shuffles = true }.run(
      hidden: [16], dataset: dataset)
    #expect(shuffled.network.weights != one.network.weights)
  }

  @Test("the learning rate falls by its share each epoch")
  func schedule() async throws {
    let result = try await training {
      $0.schedule.learningRateDecay = 0.5
      $0.schedule.evaluation = .test
    }.run(hidden: [4], dataset: dataset)
    #expect(result.epochs.map(\.learningRate) == [0.02, 0.01, 0.005])
    #expect(result.epochs.allSatisfy { $0.trainErrorPercent == nil })
  }

  @Test("averaging ends with the mean of the last epochs, and judges that")
  func averaging() async throws {
    let last = try await training { $0.schedule.averagedEpochs = 2 }.run(
      hidden: [8], dataset: dataset)
    let two = try await training { $0.schedule.epochs = 2 }.run(hidden: [8], dataset: dataset)
    let three = try await training().run(hidden: [8], dataset: dataset)
    for (layer, matrix) in last.weights.matrices.enumerated() {
      for row in 0..<matrix.rows {
        let mean =
          (Double(two.weights.matrices[layer][row, 0])
            + Double(three.weights.matrices[layer][row, 0]))
          / 2
        #expect(matrix[row, 0] == Float(mean))
      }
    }
    // Learning itself goes on from its own weights.
    #expect(last.network.weights == three.network.weights)
  }

  @Test("no epochs: the first weights are evaluated, and nothing else is done")
  func noEpochs() async throws {
    let three = try await training().run(hidden: [16], dataset: dataset)
    let none = try await training {
      $0.schedule.epochs = 0
      $0.initialWeights = three.weights
    }.run(hidden: [16], dataset: dataset)
    #expect(none.epochs.map(\.epoch) == [0] && none.epochs[0].work == nil)
    #expect(none.epochs[0].testErrorPercent == three.epochs[2].testErrorPercent)
    #expect(none.epochs[0].trainErrorPercent == three.epochs[2].trainErrorPercent)
    #expect(none.weights == three.weights)
  }

  @Test("integers learn the same task; their weights are multiples of 1/S")
  func integers() async throws {
    let result = try await training().runInIntegers(hidden: [16], dataset: dataset)
    #expect(result.epochs[2].trainErrorPercent! < result.epochs[0].trainErrorPercent!)
    #expect(result.epochs[2].work!.updateOperations > 0)
    let scale = try IntegerSpikingMLP.scale(timeSteps: 5, learningRate: 0.02)
    for layer in result.weights.matrices {
      #expect(layer.elements.allSatisfy { ($0 * Float(scale)).rounded() / Float(scale) == $0 })
    }
    for change in [
      { (training: inout SpikingTraining) in training.schedule.averagedEpochs = 2 },
      { $0.schedule.learningRateDecay = 0.9 }, { $0.options.usesSmoothGradients = true },
    ] {
      await #expect(throws: SpikingError.self) {
        try await self.training(change).runInIntegers(hidden: [16], dataset: self.dataset)
      }
    }
  }

  @Test("the dense twin learns by the same schedule")
  func dense() async throws {
    var settings = DenseTraining(epochs: 3, minibatch: 7, learningRate: 0.05)
    settings.schedule.learningRateDecay = 0.5
    let result = try await settings.run(hidden: [8], dataset: dataset)
    #expect(result.epochs.map(\.learningRate) == [0.05, 0.025, 0.0125])
    #expect(result.epochs[2].trainErrorPercent! < result.epochs[0].trainErrorPercent!)
    var wild = settings
    wild.learningRate = 1e30
    do {
      _ = try await wild.run(hidden: [8], dataset: dataset)
      Issue.record("it did not diverge")
    } catch let failure as LearningFailure {
      #expect(failure.epoch == 1 && failure.lastWhole.matrices[0].largestMagnitude < 10)
    }
  }

  @Test("a weight beyond 10^6 is divergence, though nothing else shows it")
  func explodedWeight() async throws {
    var generator = SeededGenerator(seed: 1)
    var layers = try NetworkWeights(
      topology: [64, 4, 10], initializer: .he, generator: &generator
    ).matrices
    // The first pixel of a digit is always 0: its weights are never used.
    layers[0][0, 0] = 2e6
    let settings = DenseTraining(epochs: 1, minibatch: 7, learningRate: 0.05)
    do {
      _ = try await settings.run(
        hidden: [4], dataset: dataset, initialWeights: NetworkWeights(layers: layers))
      Issue.record("it passed")
    } catch let failure as LearningFailure {
      #expect(failure.cause as? WeightsExploded == WeightsExploded(layer: 1, largest: 2e6))
    }
  }

  @Test("cancelling ends after the current image, and what was learned is returned")
  func cancellation() async throws {
    let training = try training { $0.schedule.epochs = 1000 }
    let dataset = dataset
    let seen = Mutex(0)
    let work = Task {
      try await training.run(hidden: [8], dataset: dataset) { _, done, _, _ in
        seen.withLock { $0 = done }
        if done == 20 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
      }
    }
    let result = try await work.value
    #expect(result.isInterrupted && result.epochs.count == 1)
    #expect(result.epochs[0].examples == 20 && seen.withLock { $0 } == 20)
    #expect(result.epochs[0].testErrorPercent == nil)
  }

  @Test("cancelling while an epoch is evaluated loses nothing of it")
  func cancellationInEvaluation() async throws {
    let (training, dataset) = (try training { $0.schedule.epochs = 1000 }, dataset)
    let result = try await Task {
      try await training.run(hidden: [8], dataset: dataset) { epoch, done, total, _ in
        // After the last image, so that the evaluation finds it cancelled.
        if epoch == 2, done == total { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
      }
    }.value
    let two = try await self.training { $0.schedule.epochs = 2 }.run(hidden: [8], dataset: dataset)
    #expect(result.isInterrupted && result.epochs.count == 2)
    #expect(result.epochs[1].examples == 150 && result.epochs[1].testErrorPercent == nil)
    #expect(result.weights == two.weights)
  }

  @Test("images of another size are an error, not wrong answers")
  func wrongImages() async throws {
    var generator = SeededGenerator(seed: 1)
    let weights = try NetworkWeights(
      topology: [9, 10], initializer: .he, generator: &generator)
    let network = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 2))
    await #expect(throws: SpikingError.inputSize(expected: 9, found: 64)) {
      try await network.errorRate(on: dataset.test, workers: 1)
    }
  }

  @Test("a run that diverges names epoch and example, and keeps the last whole epoch")
  func divergence() async throws {
    let training = try training { $0.options.update = .fractional }
    var wild = training
    wild.options = try TrainingOptions(learningRate: 1e8)
    do {
      _ = try await wild.run(hidden: [8], dataset: dataset)
      Issue.record("it did not diverge")
    } catch let failure as LearningFailure {
      #expect(failure.epoch == 1 && "\(failure)".hasPrefix("epoch 1, example "))
      #expect(failure.lastWhole.matrices.allSatisfy { $0.largestMagnitude < 1 })
    }
  }
}
