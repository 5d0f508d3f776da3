/// AEDAT 2.0, written by jAER: a text header, then 8 bytes a record, the high byte first.
///
/// ```
/// address (32) | time (32, us)
/// DAVIS:   31: 0 for an event | y (22..30) | x (12..21) | 11: 1 for ON | 10: 1 for an external event
/// DVS128:  15 or 31: 1 for an external event | y (8..14) | x (1..7) | 0: 0 for ON
/// ```
/// Which of both is said by the header's line `# AEChip:`; without one, DAVIS. Columns are those of the
/// address: jAER shows them mirrored. Polarity of DVS128 is jAER's, which writes these files; others
/// read its bit the other way round.
///
/// Source: *AER-DAT 2.0 file format*, inivation.com; jAER's classes `DVS128` and `DAVIS240C`.
struct AEDAT2Decoder: EventDecoder {
  private enum Addresses { case davis, dvs128 }

  let sensor: SensorSize?
  let addresses: SensorSize
  private let kind: Addresses
  private(set) var source: ByteSource
  private var clock = Clock32()

  init(_ source: ByteSource) throws(EventFileError) {
    var source = source
    let lines = try source.headerLines(startingWith: "#") { $0.hasPrefix("#End Of ASCII Header") }
    guard let first = lines.first, first.text.hasPrefix("#!AER-DAT2.0") else {
      throw source.error(
        .header(
          found: (lines.first?.text.prefix(40) ?? "").debugDescription, expected: "#!AER-DAT2.0"),
        at: 0)
    }
    let chip = lines.first { $0.text.hasPrefix("# AEChip:") }?.text.lowercased() ?? ""
    let known = KnownSensors.size(inName: chip)
    if chip.contains("dvs128") {
      (kind, addresses, sensor) = (.dvs128, SensorSize(128, 128), SensorSize(128, 128))
    } else if chip.isEmpty || chip.contains("davis") || known != nil {
      (kind, addresses, sensor) = (.davis, SensorSize(1024, 512), known)
    } else {
      throw source.error(
        .unsupported(
          found: String(chip.dropFirst(9).prefix(60)).debugDescription,
          expected: "a DVS128 or a DAVIS in the header's line # AEChip"),
        at: lines.first { $0.text.hasPrefix("# AEChip:") }!.offset)
    }
    self.source = source
  }

  mutating func decode(into sink: inout EventSink) throws(EventFileError) -> Bool {
    let (bytes, offset) = try source.records(of: 8, "a record")
    for start in stride(from: 0, to: bytes.count, by: 8) {
      let address = bytes.bigEndian(start, as: UInt32.self)
      let time = clock.time(bytes.bigEndian(start + 4, as: UInt32.self))
      switch kind {
      case .davis where address & 0x8000_0400 != 0, .dvs128 where address & 0x8000_8000 != 0:
        sink.counts.others += 1
      case .davis:
        try sink.append(
          time: time, x: Int(address >> 12 & 0x3FF), y: Int(address >> 22 & 0x1FF),
          isOn: address & 0x800 != 0, at: offset + start)
      case .dvs128:
        try sink.append(
          time: time, x: Int(address >> 1 & 0x7F), y: Int(address >> 8 & 0x7F),
          isOn: address & 1 == 0, at: offset + start)
      }
    }
    return !bytes.isEmpty
  }
}

/// Sensors that headers name.
enum KnownSensors {
  /// The size of a sensor whose name, in lower case, is part of a text in lower case.
  static func size(inName text: String) -> SensorSize? {
    let sizes: [(name: String, size: SensorSize)] = [
      ("dvs128", SensorSize(128, 128)), ("davis128", SensorSize(128, 128)),
      ("davis208", SensorSize(208, 192)), ("davis240", SensorSize(240, 180)),
      ("davis346", SensorSize(346, 260)), ("davis640", SensorSize(640, 480)),
      ("gen31", SensorSize(640, 480)), ("gen3", SensorSize(640, 480)),
      ("gen41", SensorSize(1280, 720)), ("gen4", SensorSize(1280, 720)),
      ("imx636", SensorSize(1280, 720)), ("genx320", SensorSize(320, 320)),
    ]
    return sizes.first { text.contains($0.name) }?.size
  }
}
