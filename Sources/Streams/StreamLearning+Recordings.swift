package import EventRecordings
internal import Networks
internal import SpikeKernels
package import SpikingReLU

// One recording through a network: to learn from, or to be answered.

extension StreamLearning {
  /// Goes through a recording: its spikes in order, and between them the ends of intervals since its first
  /// event.
  ///
  /// - Returns: its events, and its length in microseconds.
  /// - Throws: `RecordingTooLong`: times are a stranger's, and a leap of centuries is an error, not a loop of
  ///   as many intervals.
  private func walk(
    _ recording: LabelledRecording, interval: Int64, permuted: [Int]?, tick: () throws -> Void,
    spike: (Spike, _ time: Int64) throws -> Void
  ) throws -> (events: Int, microseconds: Int64) {
    var options = EventStream.Options()
    options.sensor = input.sensor
    var stream = try EventStream(path: recording.path, options: options)
    var (start, last, next) = (Int64?.none, Int64(0), Int64(0))
    while let block = try stream.nextBlock() {
      for event in block {
        let first = start ?? event.time
        if start == nil {
          start = first
          next = first + interval
        }
        last = event.time
        if last >= next {
          guard (last - first) / interval < SpikeStream<Float>.longestGap else {
            throw RecordingTooLong(path: recording.path, microseconds: last - first)
          }
          while last >= next {
            try tick()
            next += interval
          }
        }
        let sent = input.spike(event)
        try spike(permuted.map { Spike(unit: $0[sent.unit], sign: sent.sign) } ?? sent, last)
      }
    }
    return (stream.counts.events, last - (start ?? last))
  }

  /// Learns from one recording.
  ///
  /// - Returns: its events, its length, and what the network answered at its end, while it learned.
  package func learn(
    _ recording: LabelledRecording, classes: Int, _ learner: inout LearningMLP,
    permuted: [Int]? = nil
  ) throws -> (events: Int, microseconds: Int64, answer: Int) {
    try learner.beginStream(target: (0..<classes).map { $0 == recording.label ? 1 : 0 })
    let found = try walk(
      recording, interval: stepLength, permuted: permuted, tick: { try learner.endStep() },
      spike: { spike, _ in try learner.receive(spike) })
    try learner.endStep()
    try learner.endExample()
    return (found.events, found.microseconds, learner.outputSums.argmax)
  }

  /// Answers to all recordings, at their end and on the way.
  package func evaluate(
    _ network: SpikingMLP, _ recordings: [LabelledRecording], permuted: [Int]? = nil
  ) throws -> (errors: Int, readings: [Result.Reading], work: Result.Work) {
    var stream = try SpikeStream(network: network)
    var clock = Stopwatch()
    let before = network.ledger
    // By reading: wrong answers, events and additions of all recordings.
    var readings: [(errors: Int, events: Int, additions: Int)] = []
    var ended: [(isWrong: Bool, events: Int, additions: Int, readings: Int)] = []
    for recording in recordings {
      let start = ContinuousClock.now
      stream.restart()
      let ledger = stream.network.ledger.everyAddition
      func isWrong() -> Bool { stream.network.outputSums.argmax != recording.label }
      func additions() -> Int { stream.network.ledger.everyAddition - ledger }
      var (place, events) = (0, 0)
      let found = try walk(
        recording, interval: readingInterval, permuted: permuted,
        tick: {
          if place == readings.count { readings.append((0, 0, 0)) }
          if isWrong() { readings[place].errors += 1 }
          readings[place].events += events
          readings[place].additions += additions()
          place += 1
        },
        spike: { spike, time in
          try stream.receive(spike, at: time)
          events += 1
        })
      clock.add(ContinuousClock.now - start, microseconds: found.microseconds)
      ended.append((isWrong(), events, additions(), place))
    }
    // A recording that has ended keeps its answer.
    for recording in ended where recording.readings < readings.count {
      for place in recording.readings..<readings.count {
        if recording.isWrong { readings[place].errors += 1 }
        readings[place].events += recording.events
        readings[place].additions += recording.additions
      }
    }
    let count = Double(max(recordings.count, 1))
    return (
      ended.count(where: \.isWrong),
      readings.enumerated().map { index, reading in
        Result.Reading(
          microseconds: Int64(index + 1) * readingInterval,
          testErrorPercent: 100 * Double(reading.errors) / count,
          events: Double(reading.events) / count, additions: Double(reading.additions) / count)
      },
      clock.work(
        events: ended.reduce(0) { $0 + $1.events },
        additions: stream.network.ledger.everyAddition - before.everyAddition,
        multiplyAdds: 0)
    )
  }
}

/// Time that was needed for recordings, and how long they were.
struct Stopwatch {
  var (duration, microseconds, recordings) = (Duration.zero, Int64(0), 0)

  mutating func add(_ duration: Duration, microseconds: Int64) {
    self.duration += duration
    self.microseconds += microseconds
    recordings += 1
  }

  func work(events: Int, additions: Int, multiplyAdds: Int) -> StreamLearning.Result.Work {
    let seconds = duration / .seconds(1)
    let count = Double(max(recordings, 1))
    return .init(
      recordings: recordings, events: Double(events) / count,
      additions: Double(additions) / count, updateMultiplyAdds: Double(multiplyAdds) / count,
      milliseconds: 1000 * seconds / count,
      realTimeFactor: seconds > 0 ? Double(microseconds) / 1e6 / seconds : 0)
  }
}

/// A recording of more steps or readings than are gone through.
public struct RecordingTooLong: Error, Equatable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// From its first event on.
  public let microseconds: Int64

  /// The file, and what was found.
  public var description: String {
    "\(path): an event \(microseconds) us after the first: more than \(SpikeStream<Float>.longestGap) steps"
  }
}
