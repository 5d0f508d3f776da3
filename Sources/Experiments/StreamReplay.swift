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
      guard stream.network.layerSizes[0] == input.units else {
        throw InputMismatch(
          inputs: stream.network.layerSizes[0], sensor: input.sensor, units: input.units)
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
    /// Additions of the network in the window: forward, sums and leak.
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
    /// Its additions: forward, sums and leak.
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
    var (events, on, total, worked) = (0, 0, 0, Self.additions(network))
    func close() throws {
      let additions = Self.additions(network)
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
    if first != nil { try close() }
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
        additions: Self.additions(network),
        computingSeconds: (ContinuousClock.now - start) / .seconds(1)),
      frame: frame, sample: sample.events)
  }

  private static func additions(_ stream: SpikeStream<Float>?) -> Int? {
    stream.map {
      let ledger = $0.network.ledger
      return ledger.total(\.forwardAdditions) + ledger.total(\.sumAdditions)
        + ledger.total(\.leakAdditions)
    }
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

/// Events added up by place, in at most 512 x 512 cells: they grow where a sensor turns out to be larger.
public struct AccumulatedFrame: Sendable {
  /// Cells on a side.
  public static let side = 512
  /// Pixels on a side of a cell, a power of two.
  public private(set) var pixels = 1
  /// Columns and rows that events were seen in.
  public private(set) var seenWidth = 0
  /// The same for rows.
  public private(set) var seenHeight = 0
  private var on = [Int32](repeating: 0, count: side * side)
  private var off = [Int32](repeating: 0, count: side * side)

  /// Adds an event.
  mutating func add(_ event: Event) {
    let (x, y) = (Int(event.x), Int(event.y))
    seenWidth = max(seenWidth, x + 1)
    seenHeight = max(seenHeight, y + 1)
    while max(x, y) / pixels >= Self.side { halve() }
    let cell = y / pixels * Self.side + x / pixels
    if event.isOn { on[cell] &+= 1 } else { off[cell] &+= 1 }
  }

  /// Makes four cells one.
  private mutating func halve() {
    func halved(_ cells: [Int32]) -> [Int32] {
      var halved = [Int32](repeating: 0, count: cells.count)
      for y in 0..<Self.side {
        for x in 0..<Self.side {
          halved[y / 2 * Self.side + x / 2] &+= cells[y * Self.side + x]
        }
      }
      return halved
    }
    (on, off) = (halved(on), halved(off))
    pixels *= 2
  }

  /// ON and OFF events of `most` cells on a side at most, and the pixels on a side of each.
  func cells(most: Int) -> (pixels: Int, columns: Int, rows: Int, on: [Int], off: [Int]) {
    var scale = 1
    let (columns, rows) = (
      (seenWidth + pixels - 1) / pixels, (seenHeight + pixels - 1) / pixels
    )
    while (max(columns, rows) + scale - 1) / scale > most { scale += 1 }
    let (width, height) = ((columns + scale - 1) / scale, (rows + scale - 1) / scale)
    var (ons, offs) = (
      [Int](repeating: 0, count: width * height), [Int](repeating: 0, count: width * height)
    )
    for y in 0..<rows {
      for x in 0..<columns {
        let cell = y / scale * width + x / scale
        ons[cell] += Int(on[y * Self.side + x])
        offs[cell] += Int(off[y * Self.side + x])
      }
    }
    return (pixels * scale, width, height, ons, offs)
  }
}

/// Every k-th event of a recording, k doubled whenever there are too many.
private struct EventSample {
  private(set) var events: [Event] = []
  private var stride = 1
  private var seen = 0

  mutating func add(_ event: Event) {
    defer { seen += 1 }
    guard seen.isMultiple(of: stride) else { return }
    events.append(event)
    if events.count == 4000 {
      events = events.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
      stride *= 2
    }
  }
}
