/// The text header of Prophesee's files: lines that start with "% ".
struct PropheseeHeader {
  private let entries: [(text: String, offset: Int)]

  /// Reads it; the data is read next.
  init(_ source: inout ByteSource) throws(EventFileError) {
    entries = try source.headerLines(startingWith: "% ") { $0 == "% end" }
  }

  /// What follows a name, without regard to case: `value("evt")` of `% evt 3.0` is "3.0".
  private func entry(_ name: String) -> (text: String, offset: Int)? {
    for (text, offset) in entries {
      let words = text.dropFirst(2).split(separator: " ", maxSplits: 1)
      if words.count == 2, words[0].lowercased() == name { return (String(words[1]), offset) }
    }
    return nil
  }

  /// Columns and rows, where the header says them or names a sensor that is known.
  var sensor: SensorSize? {
    if let geometry = entry("geometry") { return SensorSize(geometry.text) }
    if let width = entry("width").flatMap({ Int($0.text) }),
      let height = entry("height").flatMap({ Int($0.text) })
    {
      return SensorSize(width: width, height: height)
    }
    if let format = entry("format") {
      var sides: [Substring: Int] = [:]
      for part in format.text.split(separator: ";") {
        let pair = part.split(separator: "=")
        if pair.count == 2, let side = Int(pair[1]) { sides[pair[0]] = side }
      }
      if let width = sides["width"], let height = sides["height"] {
        return SensorSize(width: width, height: height)
      }
    }
    return entry("plugin_name").flatMap { KnownSensors.size(inName: $0.text.lowercased()) }
  }

  /// The format of a file that starts with such a header; the place in it stays.
  static func format(of source: inout ByteSource) throws(EventFileError) -> EventFormat {
    let start = source.offset
    let header = try PropheseeHeader(&source)
    source.move(to: start)
    if let format = header.entry("format") {
      let name = format.text.prefix { $0 != ";" }
      if name == "EVT2" { return .evt2 }
      if name == "EVT3" { return .evt3 }
      throw source.error(
        .unsupported(
          found: "format " + String(name.prefix(40)).debugDescription, expected: "EVT2 or EVT3"),
        at: format.offset)
    }
    if let version = header.entry("evt") {
      if version.text == "2.0" { return .evt2 }
      if version.text == "3.0" { return .evt3 }
      throw source.error(
        .unsupported(
          found: "evt " + version.text.prefix(40).debugDescription, expected: "2.0 or 3.0"),
        at: version.offset)
    }
    guard let version = header.entry("version") else {
      throw source.error(
        .header(
          found: "neither '% evt', '% format' nor '% Version'", expected: "one of them"), at: start)
    }
    guard version.text == "2" else {
      throw source.error(
        .unsupported(
          found: "DAT version " + version.text.prefix(40).debugDescription, expected: "2"),
        at: version.offset)
    }
    return .dat
  }
}
