/// What to do with what is wrong within a recording. Faults in headers are always refused.
public enum FaultPolicy: String, CaseIterable, Sendable, Codable {
  /// An error that names the place.
  case refuse
  /// Left out, and counted.
  case drop
}

/// What was read of a recording, and what was left out.
public struct EventCounts: Equatable, Sendable, Codable {
  /// Events given out.
  public internal(set) var events = 0
  /// Of them, those that are ON.
  public internal(set) var on = 0
  /// Records that are none: frames, inertial samples, triggers, other packets, unused words.
  public internal(set) var others = 0
  /// Events that the camera marked as not valid, or of which time or place is not known yet.
  public internal(set) var invalid = 0
  /// Dropped: beyond the sensor.
  public internal(set) var outsideSensor = 0
  /// Dropped: before the event that came before.
  public internal(set) var backwards = 0
  /// Dropped: damaged packets, words and lines, and a cut end.
  public internal(set) var corrupt = 0
  /// Why the first of them was dropped.
  public internal(set) var firstFault: String?

  /// Of the events, those that are OFF.
  public var off: Int { events - on }
  /// Whether something was dropped.
  public var dropped: Int { outsideSensor + backwards + corrupt }
}

/// Where decoders put events: the checks of every format, once.
struct EventSink {
  static let latestTime: Int64 = 1 << 62

  let sensor: SensorSize
  let policy: FaultPolicy
  let path: String
  var events: [Event] = []
  var counts = EventCounts()
  private var latest: Int64 = 0

  init(sensor: SensorSize, policy: FaultPolicy, path: String) {
    self.sensor = sensor
    self.policy = policy
    self.path = path
  }

  /// Takes an event that stands at a place of the file.
  @inline(__always)
  mutating func append(
    time: Int64, x: Int, y: Int, isOn: Bool, at offset: Int
  ) throws(EventFileError) {
    guard time >= latest, time <= Self.latestTime, x < sensor.width, y < sensor.height, x >= 0,
      y >= 0
    else { return try refuse(time: time, x: x, y: y, at: offset) }
    latest = time
    counts.events += 1
    if isOn { counts.on += 1 }
    events.append(
      Event(
        time: time, x: UInt16(truncatingIfNeeded: x), y: UInt16(truncatingIfNeeded: y), isOn: isOn))
  }

  private mutating func refuse(
    time: Int64, x: Int, y: Int, at offset: Int
  ) throws(EventFileError) {
    let fault: EventFileError.Fault
    if time < 0 || time > Self.latestTime {
      fault = .time(found: time)
    } else if x < 0 || x >= sensor.width || y < 0 || y >= sensor.height {
      fault = .outsideSensor(x: x, y: y, sensor: sensor)
    } else {
      fault = .backwards(time: time, after: latest)
    }
    try meet(EventFileError(path: path, offset: offset, fault: fault))
  }

  /// Throws the error, or counts it, as the policy says.
  mutating func meet(_ error: EventFileError) throws(EventFileError) {
    guard policy == .drop else { throw error }
    switch error.fault {
    case .outsideSensor: counts.outsideSensor += 1
    case .backwards: counts.backwards += 1
    default: counts.corrupt += 1
    }
    if counts.firstFault == nil { counts.firstFault = error.description }
  }
}

/// A format: turns bytes into events, a block at a time.
protocol EventDecoder: Sendable {
  /// The size of the sensor, as the header says or all files of the format have it.
  var sensor: SensorSize? { get }
  /// The columns and rows that addresses can name.
  var addresses: SensorSize { get }
  /// The file, at the place where the next block begins.
  var source: ByteSource { get }
  /// Appends the events of the next block, which may have none.
  ///
  /// - Returns: whether there may be more.
  mutating func decode(into sink: inout EventSink) throws(EventFileError) -> Bool
}
