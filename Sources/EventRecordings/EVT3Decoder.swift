/// Prophesee EVT 3.0: words of 16 bits, low byte first; the highest four say what a word is.
///
/// ```
/// 0:      y (0..10), for what follows
/// 2:      one event: x (0..10) | 11: 1 for ON
/// 3:      the first column of vectors: x (0..10) | 11: 1 for ON
/// 4, 5:   12 or 8 columns, an event where a bit is set; the next vector follows on their right
/// 6:      the low 12 bits of time
/// 8:      the high 12 bits of time; where they are new, low ones are 0 until the next word 6. After 16.8 s
///         they start again
/// 7, 10, 14, 15:  continued words, triggers and others, which are counted
/// ```
/// Low bits of time may step back where no event follows: they are set, and nothing is added.
///
/// Source: *EVT 3.0 format*, docs.prophesee.ai.
struct EVT3Decoder: EventDecoder {
  let sensor: SensorSize?
  let addresses = SensorSize(2048, 2048)
  private(set) var source: ByteSource
  private var high: Int64 = -1
  private var low: Int64 = 0
  private var loops: Int64 = 0
  private var y = -1
  private var x = -1
  private var isOn = false

  init(_ source: ByteSource) throws(EventFileError) {
    var source = source
    sensor = try PropheseeHeader(&source).sensor
    self.source = source
  }

  private var time: Int64 { (loops << 12 | high) << 12 | low }

  mutating func decode(into sink: inout EventSink) throws(EventFileError) -> Bool {
    let (bytes, offset) = try source.records(of: 2, "a word")
    for start in stride(from: 0, to: bytes.count, by: 2) {
      let word = bytes.littleEndian(start, as: UInt16.self)
      let value = Int(word & 0xFFF)
      switch word >> 12 {
      case 0: y = value & 0x7FF
      case 2:
        // Times, rows and first columns are not known before the first of their words.
        guard high >= 0, y >= 0 else {
          sink.counts.invalid += 1
          continue
        }
        try sink.append(
          time: time, x: value & 0x7FF, y: y, isOn: value & 0x800 != 0, at: offset + start)
      case 3:
        x = value & 0x7FF
        isOn = value & 0x800 != 0
      case 4, 5:
        let columns = word >> 12 == 4 ? 12 : 8
        var mask = value & (1 << columns - 1)
        if high < 0 || y < 0 || x < 0 {
          sink.counts.invalid += mask.nonzeroBitCount
          mask = 0
        }
        while mask != 0 {
          let column = mask.trailingZeroBitCount
          mask &= mask - 1
          try sink.append(time: time, x: x + column, y: y, isOn: isOn, at: offset + start)
        }
        // So many vectors without a new first column are no line of any sensor.
        if x >= 0 { x = min(x + columns, SensorSize.maximumSide) }
      case 6: low = Int64(value)
      case 8:
        let next = Int64(value)
        if high - next > 1 << 11 { loops += 1 }
        // The same word again is no new time.
        if next != high { low = 0 }
        high = next
      case 7, 10, 14, 15: sink.counts.others += 1
      default:
        try sink.meet(
          source.error(
            .corrupt(
              what: "word",
              reason: "type \(word >> 12), expected 0, 2...8, 10, 14 or 15"),
            at: offset + start))
      }
    }
    return !bytes.isEmpty
  }
}
