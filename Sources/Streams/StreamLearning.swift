public import EventRecordings
internal import Foundation
public import Networks
public import SpikeKernels
package import SpikingReLU

/// Learns to tell recordings of an event camera apart, event by event: each event is a spike of the input,
/// errors go back at the end of each time step, and weights change at once (fractional SGD).
///
/// The loss rectifies the output, as the paper's does: an output unit whose sums are negative from the start on
/// passes no error, and its class is not learned; another seed, or smaller first weights, helps.
public struct StreamLearning: Sendable {
  /// Units of hidden layers.
  public var hidden = [200]
  /// T: steps of a recording, for eta / T^2.
  public var timeSteps = 40
  /// Microseconds of a step.
  public var stepLength: Int64 = 7500
  /// eta.
  public var learningRate: Float = 0.03
  /// eta of an epoch is this share of the one before.
  public var learningRateDecay: Float = 1
  /// Passes over the recordings.
  public var epochs = 16
  /// The standard deviation of the first weights.
  public var weightDeviation: Float = 0.02
  /// Seeds weights and order.
  public var seed: UInt64 = 1
  /// How events become spikes.
  public var input: EventInput
  /// Recordings between two looks at the test set.
  public var evaluationInterval = 1000
  /// Microseconds between readings of a test recording.
  public var readingInterval: Int64 = 10_000
  /// Which kernels run.
  public var instructionSet: InstructionSet

  /// Learning with the documented settings.
  public init(input: EventInput, instructionSet: InstructionSet) {
    self.input = input
    self.instructionSet = instructionSet
  }

  /// What was found.
  public struct Result: Sendable, Codable {
    /// The test set, as the network answered while it learned.
    public struct Point: Sendable, Codable {
      /// Recordings that were learned from.
      public let recordings: Int
      /// Their events.
      public let events: Int
      /// Wrong answers to the test set.
      public let testErrors: Int
      /// In percent.
      public let testErrorPercent: Double
      /// Wrong answers in percent, of the recordings since the point before: each as it was answered at its
      /// end, by the network that had been learning from it.
      public let onlineErrorPercent: Double
    }

    /// The test set some time after a recording's first event.
    public struct Reading: Sendable, Codable {
      /// Since a recording's first event.
      public let microseconds: Int64
      /// In percent.
      public let testErrorPercent: Double
      /// Events of a recording until then, on average.
      public let events: Double
      /// Additions until then, `OperationLedger.everyAddition`.
      public let additions: Double
    }

    /// Work and time of recordings.
    public struct Work: Sendable, Codable {
      /// How many.
      public let recordings: Int
      /// Events of a recording, on average.
      public let events: Double
      /// Additions, `OperationLedger.everyAddition`.
      public let additions: Double
      /// Multiply-adds that changed weights: Float updates.
      public let updateMultiplyAdds: Double
      /// Computing time of a recording, reading the file included.
      public let milliseconds: Double
      /// Seconds of recording in a second of computing.
      public let realTimeFactor: Double
    }

    /// Units of layers 0...L.
    public let topology: Topology
    /// Recordings that were learned from.
    public let trainingRecordings: Int
    /// Recordings that were held out.
    public let testRecordings: Int
    /// Errors as it learned.
    public let curve: [Point]
    /// Errors against time since onset.
    public let readings: [Reading]
    /// Work and time of learning.
    public let learning: Work
    /// Work and time of predicting.
    public let predicting: Work
    /// What a dense network multiplies and adds for one frame.
    public let denseMultiplyAdds: Int
    /// Whether it was stopped before the last recording.
    public let isInterrupted: Bool
  }

  /// The same with what was learned.
  public struct Outcome: Sendable {
    /// What was found.
    public let result: Result
    /// What was learned.
    public let weights: NetworkWeights
  }

  /// Learns.
  ///
  /// - Parameters:
  ///   - training: recordings, at least one, in any order: it is drawn anew for each epoch.
  ///   - test: held-out recordings, at least one.
  ///   - progress: told recordings done, of how many, and the last point of the curve.
  /// - Throws: `EventFileError`, `RecordingTooLong`, `SpikingError`, `NetworkError`. Cancelling ends after a
  ///   recording, with what was found so far.
  public func run(
    training: [LabelledRecording], test: [LabelledRecording],
    progress: (@Sendable (_ done: Int, _ total: Int, _ last: Result.Point?) -> Void)? = nil
  ) throws -> Outcome {
    precondition(!training.isEmpty && !test.isEmpty, "recordings to learn from, and held-out ones")
    let classes = (training + test).reduce(0) { max($0, $1.label) } + 1
    var generator = SeededGenerator(seed: seed)
    let weights = try NetworkWeights(
      topology: try Topology(units: [input.units] + hidden + [classes]),
      initializer: .normal(standardDeviation: weightDeviation), generator: &generator)
    var learner = try makeLearner(weights, learningRate: learningRate)
    var order = Array(training.indices)
    var curve: [Result.Point] = []
    var (events, online, since) = (0, 0, 0)
    var clock = Stopwatch()
    let total = epochs * training.count
    var isInterrupted = false
    epochs: for epoch in 0..<epochs {
      order.shuffle(using: &generator)
      try learner.setLearningRate(learningRate * pow(learningRateDecay, Float(epoch)))
      for (place, index) in order.enumerated() {
        let recording = training[index]
        let start = ContinuousClock.now
        let (count, microseconds, answer) = try learn(
          recording, classes: classes, &learner)
        clock.add(ContinuousClock.now - start, microseconds: microseconds)
        events += count
        since += 1
        if answer != recording.label { online += 1 }
        let done = epoch * training.count + place + 1
        if done.isMultiple(of: evaluationInterval) || done == total {
          let errors = try evaluate(learner.network, test).errors
          curve.append(
            Result.Point(
              recordings: done, events: events, testErrors: errors,
              testErrorPercent: 100 * Double(errors) / Double(test.count),
              onlineErrorPercent: 100 * Double(online) / Double(since)))
          (online, since) = (0, 0)
        }
        progress?(done, total, curve.last)
        if Task.isCancelled {
          isInterrupted = true
          break epochs
        }
      }
    }
    let learned = learner.ledger
    let found = try evaluate(learner.network, test)
    let learning = clock.work(
      events: events, additions: learned.everyAddition,
      multiplyAdds: learned.total(\.updateMultiplyAdds))
    return Outcome(
      result: Result(
        topology: weights.topology, trainingRecordings: training.count,
        testRecordings: test.count, curve: curve, readings: found.readings, learning: learning,
        predicting: found.work, denseMultiplyAdds: weights.parameterCount,
        isInterrupted: isInterrupted),
      weights: try learner.networkWeights)
  }

  package func makeLearner(
    _ weights: NetworkWeights, learningRate: Float
  ) throws -> LearningMLP {
    var training = try TrainingOptions(learningRate: learningRate)
    training.update = .fractional
    return try LearningMLP(
      weights: weights, options: PredictionOptions(timeSteps: timeSteps, eventBudget: 1 << 23),
      training: training, instructionSet: instructionSet)
  }
}
