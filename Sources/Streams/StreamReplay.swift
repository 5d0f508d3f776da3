public import EventRecordings
internal import Networks
public import SpikeKernels
public import SpikingReLU

/// Goes through a recording once, in constant memory: what it holds, and what a network makes of it as time
/// goes on.
public struct StreamReplay: Sendable {
  /// Microseconds of a window: of a rate, and of a reading of the network.
  public var window: Int64 = 10_000
  /// The most windows; longer recordings want longer ones.
  public static let mostWindows = 1_000_000

  /// A replay with the documented settings.
  public init() {}

  /// A network that listens.
  public struct Listener: Sendable {
    /// The network, and what it does as time goes by.
    public var stream: SpikeStream<Float>
    /// How events become spikes.
    public let input: EventInput

    /// A network that hears these events.
    ///
    /// - Throws: `InputMismatch` when it has another number of inputs.
    public init(stream: SpikeStream<Float>, input: EventInput) throws(InputMismatch) {
      guard stream.network.inputs == input.units else {
        throw InputMismatch(
          inputs: stream.network.inputs, sensor: input.sensor, units: input.units)
      }
      self.stream = stream
      self.input = input
    }
  }

  /// A network whose inputs are not those of a recording.
  public struct InputMismatch: Error, Equatable, CustomStringConvertible {
    /// The network's inputs.
    public let inputs: Int
    /// The recording's sensor.
    public let sensor: SensorSize
    /// The inputs that it would need; 0 where no way is known.
    public let units: Int

    /// A mismatch of these sizes.
    public init(inputs: Int, sensor: SensorSize, units: Int = 0) {
      self.inputs = inputs
      self.sensor = sensor
      self.units = units
    }

    /// What was found and what is expected.
    public var description: String {
      "a network of \(inputs) inputs for a sensor of \(sensor): expected "
        + (units > 0
          ? "\(units)"
          : "\(sensor.pixels) (a unit a pixel) or \(2 * sensor.pixels) (ON and OFF apart); "
            + "--polarity, --pooling and --sensor say what it was trained on")
    }
  }

  /// What is known at the end of a window.
  public struct Reading: Sendable, Codable {
    /// Microseconds since the first event.
    public let time: Int64
    /// Events of the window.
    public let events: Int
    /// Of them, those that are ON.
    public let on: Int
    /// Events since the first.
    public let eventsSoFar: Int
    /// Additions of the network in the window, `OperationLedger.everyAddition`.
    public let additions: Int?
    /// The network's class.
    public let answer: Int?
    /// By how much its sum exceeds the next.
    public let margin: Double?
  }

  /// What a recording holds.
  public struct Result: Sendable, Codable {
    /// The container.
    public let format: EventFormat
    /// The size of the file.
    public let bytes: Int
    /// Columns and rows.
    public let sensor: SensorSize
    /// Whether the header, the format or an option says them.
    public let isSensorKnown: Bool
    /// Columns and rows that events were seen in, from 0.
    public let seenWidth: Int
    /// The same for rows.
    public let seenHeight: Int
    /// What was read, and what was left out.
    public let counts: EventCounts
    /// Times of the first and last event.
    public let first: Int64?
    /// The time of the last event.
    public let last: Int64?
    /// Seconds between them.
    public let seconds: Double
    /// Events a second, on average and in the busiest window.
    public let meanRate: Double
    /// Events a second in the busiest window.
    public let peakRate: Double
    /// Microseconds of a window.
    public let window: Int64
    /// The windows.
    public let readings: [Reading]
    /// The network's class at the end.
    public let answer: Int?
    /// Its additions, `OperationLedger.everyAddition`.
    public let additions: Int?
    /// Seconds that reading, and listening, took.
    public let computingSeconds: Double
  }

  /// The same with what a report draws.
  public struct Outcome: Sendable {
    /// What was found.
    public let result: Result
    /// Events of each place, added up.
    public let frame: AccumulatedFrame
    /// Some of the events, evenly taken.
    public let sample: [Event]
  }

  /// Goes through a recording.
  ///
  /// - Parameters:
  ///   - listener: a network, from its beginning.
  ///   - reading: told each window as it ends.
  ///   - progress: told the bytes that were read, of how many.
  /// - Throws: `EventFileError`, `SpikingError`, `TooManyWindows`, `CancellationError`.
  public func run(
    _ stream: inout EventStream, listener: Listener? = nil,
    reading: (Reading) throws -> Void = { _ in },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Outcome {
    precondition(window > 0, "windows of \(window) us")
    let start = ContinuousClock.now
    var network = listener?.stream
    var frame = AccumulatedFrame()
    var sample = EventSample()
    var readings: [Reading] = []
    var (first, last, next) = (Int64?.none, Int64(0), Int64(0))
    var (events, on, total, worked) = (0, 0, 0, network?.network.ledger.everyAddition)
    func close() throws {
      let additions = network?.network.ledger.everyAddition
      let sums = network?.network.outputSums
      let new = Reading(
        time: next - (first ?? next), events: events, on: on, eventsSoFar: total,
        additions: additions.map { $0 - (worked ?? 0) }, answer: sums?.argmax,
        margin: sums.map(Self.margin))
      worked = additions
      (events, on) = (0, 0)
      readings.append(new)
      try reading(new)
    }
    while let block = try stream.nextBlock() {
      try Task.checkCancellation()
      progress(stream.position, stream.size)
      for event in block {
        if first == nil {
          first = event.time
          next = event.time + window
        }
        while event.time >= next {
          try Task.checkCancellation()
          guard readings.count < Self.mostWindows else { throw TooManyWindows(window: window) }
          // The network hears of the time that goes by, and leaks, before it is read.
          try network?.advance(to: next)
          try close()
          next += window
        }
        last = event.time
        (events, on, total) = (events + 1, on + (event.isOn ? 1 : 0), total + 1)
        frame.add(event)
        sample.add(event)
        if let input = listener?.input { try network?.receive(input.spike(event), at: event.time) }
      }
    }
    if first != nil {
      try network?.advance(to: next)
      try close()
    }
    let seconds = Double(last - (first ?? last)) / 1e6
    let peak = readings.map(\.events).max() ?? 0
    let counts = stream.counts
    return Outcome(
      result: Result(
        format: stream.format, bytes: stream.size, sensor: stream.sensor,
        isSensorKnown: stream.isSensorKnown, seenWidth: frame.seenWidth,
        seenHeight: frame.seenHeight, counts: counts, first: first,
        last: first == nil ? nil : last, seconds: seconds,
        meanRate: seconds > 0 ? Double(counts.events) / seconds : 0,
        peakRate: Double(peak) / (Double(window) / 1e6), window: window, readings: readings,
        answer: first == nil ? nil : readings.last?.answer,
        additions: network?.network.ledger.everyAddition,
        computingSeconds: (ContinuousClock.now - start) / .seconds(1)),
      frame: frame, sample: sample.events)
  }

  /// By how much the largest sum exceeds the next.
  private static func margin(_ sums: [Float]) -> Double {
    let best = sums.argmax
    let next = sums.indices.filter { $0 != best }.map { sums[$0] }.max()
    return next.map { Double(sums[best] - $0) } ?? 0
  }
}

/// A recording of so many windows that readings would not fit.
public struct TooManyWindows: Error, Equatable, CustomStringConvertible {
  /// Microseconds.
  public let window: Int64

  /// What was found and what to do.
  public var description: String {
    "more than \(StreamReplay.mostWindows) windows of \(window) us: choose longer ones"
  }
}
