/// AEDAT 3.1, written by cAER: a text header, then packets of events of one type, low byte first.
///
/// ```
/// type (16) | source (16) | event size | offset of time | overflow of time | capacity | number | valid
/// polarity event: valid (1) | ON (1) | y (15) | x (15), from the lowest bit up | time (31, us)
/// ```
/// A time is `overflow << 31 | time`. Packets of other types are counted. Where the header of a packet says that
/// all events are valid, all are taken, whatever their own bits say: there are files whose bits are 0.
///
/// Source: *AEDAT file formats*, inivation.com.
struct AEDAT3Decoder: EventDecoder {
  private static let headerSize = 28
  private static let polarity = 1
  private static let eventSize = 8

  let sensor: SensorSize?
  let addresses = SensorSize(1 << 15, 1 << 15)
  private(set) var source: ByteSource
  /// Of the packet in progress: events to come, where it ends, what its header says.
  private var left = 0
  private var end = 0
  private var overflow: Int64 = 0
  private var hasInvalid = false

  init(_ source: ByteSource) throws(EventFileError) {
    var source = source
    let lines = try source.headerLines(startingWith: "#") { $0 == "#!END-HEADER" }
    guard lines.last?.text == "#!END-HEADER" else {
      throw source.error(
        .header(found: "no line #!END-HEADER", expected: "one at the end of the header"),
        at: source.offset)
    }
    if let format = lines.first(where: { $0.text.hasPrefix("#Format:") }) {
      let name = format.text.dropFirst(8).filter { $0 != " " }
      guard name == "RAW" else {
        throw source.error(
          .unsupported(found: "format " + name.prefix(40).debugDescription, expected: "RAW"),
          at: format.offset)
      }
    }
    let camera = lines.first { $0.text.hasPrefix("#Source ") }?.text.lowercased() ?? ""
    sensor = KnownSensors.size(inName: camera)
    self.source = source
  }

  mutating func decode(into sink: inout EventSink) throws(EventFileError) -> Bool {
    if left == 0 {
      source.move(to: max(source.offset, end))
      guard source.remaining > 0 else { return false }
      try readHeader(into: &sink)
      return true
    }
    let offset = source.offset
    let bytes = try source.read(min(left, ByteSource.chunk / Self.eventSize) * Self.eventSize)
    for start in stride(from: 0, to: bytes.count, by: Self.eventSize) {
      let data = bytes.littleEndian(start, as: UInt32.self)
      if hasInvalid, data & 1 == 0 {
        sink.counts.invalid += 1
        continue
      }
      let stamp = bytes.littleEndian(start + 4, as: Int32.self)
      try sink.append(
        time: stamp < 0 ? Int64(stamp) : overflow << 31 | Int64(stamp), x: Int(data >> 17),
        y: Int(data >> 2 & 0x7FFF), isOn: data & 2 != 0, at: offset + start)
    }
    left -= bytes.count / Self.eventSize
    return true
  }

  private mutating func readHeader(into sink: inout EventSink) throws(EventFileError) {
    let start = source.offset
    let header = try source.read(Self.headerSize)
    guard header.count == Self.headerSize else {
      throw source.error(
        .truncated(what: "the header of a packet", have: header.count, need: Self.headerSize),
        at: start)
    }
    let type = Int(header.littleEndian(0, as: Int16.self))
    // The highest bit marks a packed one.
    guard type >= 0 else {
      throw source.error(
        .packet(field: "the type", found: type, expected: "0 or more: it is not packed"), at: start)
    }
    func field(_ place: Int) -> Int { Int(header.littleEndian(place, as: Int32.self)) }
    func check(
      _ name: String, _ place: Int, _ range: ClosedRange<Int>
    ) throws(EventFileError) -> Int {
      let value = field(place)
      guard range.contains(value) else {
        throw source.error(
          .packet(
            field: name, found: value, expected: "\(range.lowerBound)...\(range.upperBound)"),
          at: start + place)
      }
      return value
    }
    let most = Int(Int32.max)
    let isPolarity = type == Self.polarity
    let size = try check("the event size", 4, isPolarity ? 8...8 : 8...most)
    _ = try check("the offset of time", 8, isPolarity ? 4...4 : 0...size - 4)
    // 2^31 * 2^31 us are beyond any time that is accepted.
    overflow = Int64(try check("the overflow of time", 12, 0...most))
    let capacity = try check("the capacity", 16, 0...most)
    let number = try check("the number of events", 20, 0...capacity)
    let valid = try check("the number of valid events", 24, 0...number)
    // At most 2^62: no overflow.
    guard capacity * size <= source.remaining else {
      throw source.error(
        .truncated(what: "a packet", have: source.remaining, need: capacity * size),
        at: source.offset)
    }
    end = source.offset + capacity * size
    hasInvalid = valid < number
    if isPolarity {
      left = number
    } else {
      sink.counts.others += number
    }
  }
}
