public import EventRecordings
public import Networks
internal import SpikingReLU
public import Streams

extension StreamLearning {
  /// What becomes of a network when its input changes: the pixels of the sensor change places.
  public struct Drift: Sendable, Codable {
    /// Recordings of the changed sensor, each asked for before it was learned from.
    public struct Point: Sendable, Codable {
      /// Recordings since the change.
      public let recordings: Int
      /// Wrong answers in percent since the point before: of the network that goes on learning, and of the one
      /// that stopped.
      public let learningErrorPercent: Double
      /// The same of the network that stopped.
      public let frozenErrorPercent: Double
    }

    /// Errors as time goes on.
    public let points: [Point]
    /// Held-out recordings: before the change, and at the end, after it.
    public let testErrorPercentBefore: Double
    /// At the end, of the network that goes on learning.
    public let learningTestErrorPercent: Double
    /// At the end, of the one that stopped.
    public let frozenTestErrorPercent: Double
    /// The claim.
    public let verdicts: [Verdict]
  }

  /// Goes on with a network that has learned, on a sensor whose pixels have changed places.
  ///
  /// - Parameters:
  ///   - weights: what was learned before the change.
  ///   - passes: over the recordings, after the change.
  /// - Throws: as `run`, and `CancellationError`.
  public func drift(
    from weights: NetworkWeights, training: [LabelledRecording], test: [LabelledRecording],
    passes: Int = 6, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
  ) throws -> Drift {
    let classes = weights.outputs
    var generator = SeededGenerator(seed: seed, stream: 1)
    let units = Array(0..<input.units)
    let permuted = units.shuffled(using: &generator)
    var learner = try makeLearner(weights, learningRate: learningRate)
    let frozen = learner.network
    let before = try evaluate(frozen, test).errors
    var points: [Drift.Point] = []
    var (done, learning, still, since) = (0, 0, 0, 0)
    let total = passes * training.count
    var order = Array(training.indices)
    for _ in 0..<passes {
      order.shuffle(using: &generator)
      for index in order {
        try Task.checkCancellation()
        let recording = training[index]
        // Asked before it is learned from.
        let answers = try [learner.network, frozen].map {
          try evaluate($0, [recording], permuted: permuted).errors
        }
        learning += answers[0]
        still += answers[1]
        _ = try learn(
          recording, classes: classes, &learner, permuted: permuted)
        done += 1
        since += 1
        if since == evaluationInterval || done == total {
          points.append(
            Drift.Point(
              recordings: done, learningErrorPercent: 100 * Double(learning) / Double(since),
              frozenErrorPercent: 100 * Double(still) / Double(since)))
          (learning, still, since) = (0, 0, 0)
        }
        progress?(done, total)
      }
    }
    func percent(_ errors: Int) -> Double { 100 * Double(errors) / Double(test.count) }
    let after = percent(try evaluate(learner.network, test, permuted: permuted).errors)
    let stayed = percent(try evaluate(frozen, test, permuted: permuted).errors)
    return Drift(
      points: points, testErrorPercentBefore: percent(before), learningTestErrorPercent: after,
      frozenTestErrorPercent: stayed,
      verdicts: [
        Verdict(
          "drift: test error of the network that goes on learning, over that of the frozen one",
          value: stayed > 0 ? after / stayed : .infinity, bound: .init(atMost: 0.5))
      ])
  }
}
