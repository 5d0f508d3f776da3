/// N-MNIST's `.bin`, also `.bs2`: 5 bytes an event, no header.
///
/// ```
/// x (8) | y (8) | polarity (1) | time (23, high byte first)
/// ```
/// An event in row 240 is none: later times are 2^13 us later. Source: G. Orchard et al., *Converting
/// Static Image Datasets to Spiking Neuromorphic Datasets Using Saccades* (2015), and its readers.
struct BinDecoder: EventDecoder {
  static let recordSize = 5
  static let overflowRow = 240
  static let overflow: Int64 = 1 << 13

  /// That of N-MNIST.
  let sensor: SensorSize? = SensorSize(34, 34)
  let addresses = SensorSize(256, 256)
  private(set) var source: ByteSource
  private var later: Int64 = 0

  init(_ source: ByteSource) { self.source = source }

  mutating func decode(into sink: inout EventSink) throws(EventFileError) -> Bool {
    let (bytes, offset) = try source.records(of: Self.recordSize, "an event")
    for start in stride(from: 0, to: bytes.count, by: Self.recordSize) {
      let y = Int(bytes[start + 1])
      if y == Self.overflowRow {
        later += Self.overflow
        sink.counts.others += 1
        continue
      }
      let stamp =
        Int64(bytes[start + 2] & 0x7F) << 16 | Int64(bytes[start + 3]) << 8
        | Int64(bytes[start + 4])
      try sink.append(
        time: later + stamp, x: Int(bytes[start]), y: y, isOn: bytes[start + 2] & 0x80 != 0,
        at: offset + start)
    }
    return !bytes.isEmpty
  }
}
