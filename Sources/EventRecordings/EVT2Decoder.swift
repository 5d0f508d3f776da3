/// Prophesee EVT 2.0: words of 32 bits, low byte first; the highest four say what a word is.
///
/// ```
/// 0 OFF, 1 ON:  time, low part (22..27) | x (11..21) | y (0..10)
/// 8:            time >> 6 (0..27); it starts again after 4.8 hours
/// 10, 14, 15:   triggers and others, which are counted
/// ```
/// Source: *EVT 2.0 format*, docs.prophesee.ai.
struct EVT2Decoder: EventDecoder {
  let sensor: SensorSize?
  let addresses = SensorSize(2048, 2048)
  private(set) var source: ByteSource
  private var high: Int64 = -1
  private var loops: Int64 = 0

  init(_ source: ByteSource) throws(EventFileError) {
    var source = source
    sensor = try PropheseeHeader(&source).sensor
    self.source = source
  }

  mutating func decode(into sink: inout EventSink) throws(EventFileError) -> Bool {
    let (bytes, offset) = try source.records(of: 4, "a word")
    for start in stride(from: 0, to: bytes.count, by: 4) {
      let word = bytes.littleEndian(start, as: UInt32.self)
      switch word >> 28 {
      case 0, 1:
        // Times are not known before the first high part.
        guard high >= 0 else {
          sink.counts.invalid += 1
          continue
        }
        try sink.append(
          time: (loops << 28 | high) << 6 | Int64(word >> 22 & 0x3F), x: Int(word >> 11 & 0x7FF),
          y: Int(word & 0x7FF), isOn: word >> 28 == 1, at: offset + start)
      case 8:
        let next = Int64(word & 0xFFF_FFFF)
        // A step back of more than half the range is a new round; less is time running backwards.
        if high - next > 1 << 27 { loops += 1 }
        high = next
      case 10, 14, 15: sink.counts.others += 1
      default:
        try sink.meet(
          source.error(
            .corrupt(what: "word", reason: "type \(word >> 28), expected 0, 1, 8, 10, 14 or 15"),
            at: offset + start))
      }
    }
    return !bytes.isEmpty
  }
}
