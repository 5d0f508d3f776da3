internal import EventRecordings
internal import Networks
internal import SpikeKernels
internal import SpikingReLU

// One recording through a network: to learn from, or to be answered.

extension StreamLearning {
  /// Everything that was added: forward, sums, backward.
  static func additions(_ ledger: OperationLedger) -> Int {
    ledger.total(\.forwardAdditions) + ledger.total(\.sumAdditions)
      + ledger.total(\.backwardAdditions) + ledger.total(\.updateMultiplyAdds)
  }

  /// Learns from one recording.
  ///
  /// - Returns: its events, its length, and what the network answered at its end, while it learned.
  func learn(
    _ recording: LabelledRecording, label: Int, classes: Int, _ learner: inout LearningMLP,
    permuted: [Int]? = nil
  ) throws -> (events: Int, microseconds: Int64, answer: Int) {
    var stream = try EventStream(path: recording.path, options: options)
    try learner.beginStream(target: (0..<classes).map { $0 == label ? 1 : 0 })
    var (first, last, next) = (Int64?.none, Int64(0), Int64(0))
    while let block = try stream.nextBlock() {
      for event in block {
        if first == nil {
          first = event.time
          next = event.time + stepLength
        }
        last = event.time
        try Self.check(length: event.time - (first ?? event.time), of: recording, in: stepLength)
        while event.time >= next {
          try learner.endStep()
          next += stepLength
        }
        var spike = input.spike(event)
        if let permuted { spike = Spike(unit: permuted[spike.unit], sign: spike.sign) }
        try learner.receive(spike)
      }
    }
    try learner.endStep()
    try learner.endExample()
    return (stream.counts.events, last - (first ?? last), learner.outputSums.argmax)
  }

  /// Times are a stranger's: a leap of centuries is an error, not a loop of as many steps.
  private static func check(
    length: Int64, of recording: LabelledRecording, in interval: Int64
  ) throws {
    try Task.checkCancellation()
    guard length / interval < SpikeStream<Float>.longestGap else {
      throw RecordingTooLong(path: recording.path, microseconds: length)
    }
  }

  private var options: EventStream.Options {
    var options = EventStream.Options()
    options.sensor = input.sensor
    return options
  }

  /// Answers to all recordings, at their end and on the way.
  func evaluate(
    _ network: SpikingMLP, _ recordings: [LabelledRecording], permuted: [Int]? = nil
  ) throws -> (errors: Int, readings: [Result.Reading], work: Result.Work) {
    var stream = try SpikeStream(network: network)
    var clock = Stopwatch()
    var (errors, events) = (0, 0)
    let before = network.ledger
    // By reading: wrong answers, events and additions of all recordings.
    var readings: [(errors: Int, events: Int, additions: Int)] = []
    var ended: [(wrong: Bool, events: Int, additions: Int, readings: Int)] = []
    for recording in recordings {
      let start = ContinuousClock.now
      stream.restart()
      let ledger = stream.network.ledger.additions
      var file = try EventStream(path: recording.path, options: options)
      var (first, last, next) = (Int64?.none, Int64(0), Int64(0))
      var (place, count) = (0, 0)
      func read(_ stream: SpikeStream<Float>) {
        if place == readings.count { readings.append((0, 0, 0)) }
        if stream.network.outputSums.argmax != recording.label { readings[place].errors += 1 }
        readings[place].events += count
        readings[place].additions += stream.network.ledger.additions - ledger
        place += 1
      }
      while let block = try file.nextBlock() {
        for event in block {
          if first == nil {
            first = event.time
            next = event.time + readingInterval
          }
          last = event.time
          try Self.check(
            length: event.time - (first ?? event.time), of: recording, in: readingInterval)
          while event.time >= next {
            read(stream)
            next += readingInterval
          }
          var spike = input.spike(event)
          if let permuted { spike = Spike(unit: permuted[spike.unit], sign: spike.sign) }
          try stream.receive(spike, at: event.time)
          count += 1
        }
      }
      clock.add(ContinuousClock.now - start, microseconds: last - (first ?? last))
      let wrong = stream.network.outputSums.argmax != recording.label
      if wrong { errors += 1 }
      events += count
      ended.append((wrong, count, stream.network.ledger.additions - ledger, place))
    }
    // A recording that has ended keeps its answer.
    for recording in ended where recording.readings < readings.count {
      for place in recording.readings..<readings.count {
        if recording.wrong { readings[place].errors += 1 }
        readings[place].events += recording.events
        readings[place].additions += recording.additions
      }
    }
    let count = Double(max(recordings.count, 1))
    return (
      errors,
      readings.enumerated().map { index, reading in
        Result.Reading(
          microseconds: Int64(index + 1) * readingInterval,
          testErrorPercent: 100 * Double(reading.errors) / count,
          events: Double(reading.events) / count, additions: Double(reading.additions) / count)
      },
      clock.work(
        recordings: recordings.count, events: events,
        additions: Self.additions(stream.network.ledger) - Self.additions(before))
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

  func work(recordings: Int, events: Int, additions: Int) -> StreamLearning.Result.Work {
    let seconds = duration / .seconds(1)
    return .init(
      recordings: recordings, events: Double(events) / Double(recordings),
      additions: Double(additions) / Double(recordings),
      milliseconds: 1000 * seconds / Double(recordings),
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
