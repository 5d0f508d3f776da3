/// Prophesee DAT, version 2: a text header, two bytes for type and size of an event, then 8 bytes an
/// event, low byte first.
///
/// ```
/// time (32, us) | x (0..13) | y (14..27) | polarity (28..31)
/// ```
/// Source: *DAT file format*, docs.prophesee.ai.
struct DATDecoder: EventDecoder {
  let sensor: SensorSize?
  let addresses = SensorSize(1 << 14, 1 << 14)
  private(set) var source: ByteSource
  private var clock = Clock32()

  init(_ source: ByteSource) throws(EventFileError) {
    var source = source
    sensor = try PropheseeHeader(&source).sensor
    let start = source.offset
    let kind = try source.read(2)
    guard kind.count == 2 else {
      throw source.error(
        .truncated(what: "type and size of events", have: kind.count, need: 2), at: start)
    }
    guard kind[0] == 0 || kind[0] == 12 else {
      throw source.error(
        .unsupported(found: "events of type \(kind[0])", expected: "0 or 12"), at: start)
    }
    guard kind[1] == 8 else {
      throw source.error(
        .unsupported(found: "events of \(kind[1]) bytes", expected: "8"), at: start + 1)
    }
    self.source = source
  }

  mutating func decode(into sink: inout EventSink) throws(EventFileError) -> Bool {
    let (bytes, offset) = try source.records(of: 8, "an event")
    for start in stride(from: 0, to: bytes.count, by: 8) {
      let time = clock.time(bytes.littleEndian(start, as: UInt32.self))
      let data = bytes.littleEndian(start + 4, as: UInt32.self)
      guard data >> 28 <= 1 else {
        try sink.meet(
          source.error(
            .corrupt(what: "event", reason: "polarity \(data >> 28), expected 0 or 1"),
            at: offset + start))
        continue
      }
      try sink.append(
        time: time, x: Int(data & 0x3FFF), y: Int(data >> 14 & 0x3FFF), isOn: data >> 28 == 1,
        at: offset + start)
    }
    return !bytes.isEmpty
  }
}
