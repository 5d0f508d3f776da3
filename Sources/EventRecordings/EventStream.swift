/// The events of a recording, in order, read as they are asked for: in constant memory, whatever
/// the length.
///
/// ```swift
/// import EventRecordings
///
/// var events = try EventStream(path: "recording.aedat4")
/// while let event = try events.next() { print(event.time, event.x, event.y, event.isOn) }
/// print(events.sensor, events.counts.events)
/// ```
///
/// - Complexity: O(1) an event; memory for one block, 64 kB of the file, or one packet of AEDAT 4.
public struct EventStream: Sendable {
  /// The file, as given.
  public let path: String
  /// Its format.
  public let format: EventFormat
  /// Columns and rows of the sensor; events beyond are faults.
  public let sensor: SensorSize
  /// Whether the sensor is that of the options, of the header, or of all files of the format; else
  /// it is as large as the format's addresses.
  public let isSensorKnown: Bool
  /// The size of the file, in bytes.
  public let size: Int

  private var decoder: any EventDecoder
  private var sink: EventSink
  /// The place in the block of the event that is given out next.
  private var place = 0
  private var isAtEnd = false

  /// How a recording is read.
  public struct Options: Equatable, Sendable {
    /// The format; `nil` to tell it by the first bytes and the name.
    public var format: EventFormat?
    /// The sensor; `nil` for what the header says or the format implies.
    public var sensor: SensorSize?
    /// What to do with what is wrong.
    public var faults: FaultPolicy = .refuse
    /// Text of Matlab: columns and rows start at 1, polarity is 1 for OFF and 2 for ON.
    public var isOneBased = false

    /// The format and the sensor as the file tells them, faults refused.
    public init() {}
  }

  /// Opens a recording and reads its header.
  ///
  /// - Throws: `EventFileError`.
  public init(path: String, options: Options = Options()) throws(EventFileError) {
    var source = try ByteSource(path: path)
    self.path = path
    size = source.size
    if let format = options.format {
      self.format = format
    } else {
      format = try EventFormat.detect(&source)
    }
    decoder =
      switch format {
      case .bin: BinDecoder(source)
      case .aedat2: try AEDAT2Decoder(source)
      case .aedat3: try AEDAT3Decoder(source)
      case .aedat4: try AEDAT4Decoder(source)
      case .evt2: try EVT2Decoder(source)
      case .evt3: try EVT3Decoder(source)
      case .dat: try DATDecoder(source)
      case .csv: try CSVDecoder(source, isOneBased: options.isOneBased)
      }
    sensor = options.sensor ?? decoder.sensor ?? decoder.addresses
    isSensorKnown = options.sensor != nil || decoder.sensor != nil
    sink = EventSink(sensor: sensor, policy: options.faults, path: path)
  }

  /// The bytes that were read so far, of `size`.
  public var position: Int { decoder.source.offset }

  /// What was read so far.
  public var counts: EventCounts {
    var counts = sink.counts
    // Of a block that has been decoded, only what was given out.
    let waiting = sink.events[place...]
    counts.events -= waiting.count
    counts.on -= waiting.lazy.filter(\.isOn).count
    return counts
  }

  /// The next event; `nil` at the end.
  ///
  /// - Throws: `EventFileError`; then nothing more can be read.
  public mutating func next() throws(EventFileError) -> Event? {
    if place == sink.events.count, try !refill() { return nil }
    defer { place += 1 }
    return sink.events[place]
  }

  /// The next events, as many as are at hand; `nil` at the end. Never an empty array.
  ///
  /// - Throws: `EventFileError`; then nothing more can be read.
  public mutating func nextBlock() throws(EventFileError) -> ArraySlice<Event>? {
    if place == sink.events.count, try !refill() { return nil }
    defer { place = sink.events.count }
    return sink.events[place...]
  }

  /// All events of a recording that is known to be small.
  ///
  /// - Throws: `EventFileError`.
  /// - Complexity: O(n) memory.
  public static func all(
    path: String, options: Options = Options()
  ) throws(EventFileError) -> [Event] {
    var stream = try EventStream(path: path, options: options)
    var events: [Event] = []
    while let block = try stream.nextBlock() { events += block }
    return events
  }

  private mutating func refill() throws(EventFileError) -> Bool {
    sink.events.removeAll(keepingCapacity: true)
    place = 0
    while sink.events.isEmpty, !isAtEnd {
      do {
        isAtEnd = try !decoder.decode(into: &sink)
      } catch {
        isAtEnd = true
        // Nothing tells where the next event begins: this is the end, or an error.
        if sink.policy == .drop, !error.isInputOutput {
          try sink.meet(error)
        } else {
          sink.events.removeAll()
          throw error
        }
      }
    }
    return !sink.events.isEmpty
  }
}
