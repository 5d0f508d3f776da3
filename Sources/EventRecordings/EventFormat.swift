/// The containers of event recordings that are read.
public enum EventFormat: String, CaseIterable, Sendable, Codable {
  /// N-MNIST, N-Caltech101 and other ATIS recordings: 5 bytes an event, no header.
  case bin
  /// AEDAT 2.0 of jAER: DVS128 or DAVIS addresses.
  case aedat2
  /// AEDAT 3.1 of cAER.
  case aedat3
  /// AEDAT 4.0 of DV: FlatBuffers in packets, LZ4 or Zstandard.
  case aedat4
  /// Prophesee EVT 2.0.
  case evt2
  /// Prophesee EVT 3.0.
  case evt3
  /// Prophesee DAT, version 2.
  case dat
  /// Text, a line an event.
  case csv

  /// What people call it.
  public var title: String {
    switch self {
    case .bin: "N-MNIST/ATIS .bin"
    case .aedat2: "AEDAT 2.0"
    case .aedat3: "AEDAT 3.1"
    case .aedat4: "AEDAT 4.0"
    case .evt2: "Prophesee EVT 2.0"
    case .evt3: "Prophesee EVT 3.0"
    case .dat: "Prophesee DAT"
    case .csv: "CSV"
    }
  }

  /// The format of a file: by its first bytes, and by its name where a format has no mark.
  static func detect(_ source: inout ByteSource) throws(EventFileError) -> EventFormat {
    let start = try source.peek(16)
    let name = source.path.lowercased()
    if start.starts(with: "#!AER-DAT".utf8) {
      let version = start.dropFirst(9).prefix(3)
      if version.elementsEqual("2.0".utf8) { return .aedat2 }
      if version.elementsEqual("3.1".utf8) { return .aedat3 }
      if version.elementsEqual("4.0".utf8) { return .aedat4 }
      throw source.error(
        .unsupported(
          found: "AEDAT version " + String(decoding: version, as: UTF8.self).debugDescription,
          expected: "2.0, 3.1 or 4.0"), at: 9)
    }
    // Before what could be a mark: a first event in column 37 is "%".
    if name.hasSuffix(".bin") || name.hasSuffix(".bs2") { return .bin }
    if start.starts(with: "% ".utf8) { return try PropheseeHeader.format(of: &source) }
    if name.hasSuffix(".csv") || name.hasSuffix(".txt") { return .csv }
    throw source.error(.unknownFormat(firstBytes: start), at: 0)
  }
}
