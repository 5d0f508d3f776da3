/// Text: a line an event, whole numbers with commas between them.
///
/// A first line with letters names the columns: `t` (or `ts`, `time`, `timestamp`), `x`, `y`, `p` (or `pol`,
/// `polarity`), in any order; without one they are `t,x,y,p`. Polarity is 1 for ON, 0 or -1 for OFF. Lines
/// end in LF, CRLF or CR, the last may have no end; a byte order mark is read over. Numbers are the same in
/// every locale.
struct CSVDecoder: EventDecoder {
  static let lineLimit = 4096

  let sensor: SensorSize? = nil
  let addresses = SensorSize(SensorSize.maximumSide, SensorSize.maximumSide)
  private let isOneBased: Bool
  private(set) var source: ByteSource
  /// The places of t, x, y and p in a line.
  private var columns = [0, 1, 2, 3]
  private var line = 0
  private var fields: [Int64] = []
  /// Whether the rest of a line is left out that was too long.
  private var isSkipping = false

  init(_ source: ByteSource, isOneBased: Bool) throws(EventFileError) {
    var source = source
    self.isOneBased = isOneBased
    if try source.peek(3) == [0xEF, 0xBB, 0xBF] { source.move(to: 3) }
    self.source = source
    try readHeader()
  }

  /// Takes the names of columns, where the first line has such.
  private mutating func readHeader() throws(EventFileError) {
    let start = try source.peek(Self.lineLimit)
    let first = start.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    let isLetter = { (byte: UInt8) in
      (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
    }
    // A number like nan or 0x1 is no name.
    guard let letter = first.first(where: { $0 != UInt8(ascii: " ") }), isLetter(letter) else {
      return
    }
    let names = first.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self).lowercased().filter { $0 != " " }
    }
    let meanings = [
      ["t", "ts", "time", "timestamp"], ["x"], ["y"], ["p", "pol", "polarity"],
    ]
    let places = meanings.compactMap { meaning in
      names.firstIndex { meaning.contains($0) }
    }
    guard names.count == 4, places.count == 4, Set(places).count == 4 else {
      throw source.error(
        .line(
          number: 1, found: String(decoding: first.prefix(60), as: UTF8.self).debugDescription,
          expected: "the names t, x, y and p"), at: source.offset)
    }
    columns = places
    line = 1
    source.move(to: source.offset + first.count)
    skipEnd(start[first.count...])
  }

  /// Moves over the end of the first line.
  private mutating func skipEnd(_ rest: ArraySlice<UInt8>) {
    if rest.first == UInt8(ascii: "\r") {
      source.move(to: source.offset + (rest.dropFirst().first == UInt8(ascii: "\n") ? 2 : 1))
    } else if rest.first == UInt8(ascii: "\n") {
      source.move(to: source.offset + 1)
    }
  }

  mutating func decode(into sink: inout EventSink) throws(EventFileError) -> Bool {
    let start = source.offset
    let bytes = try source.read(ByteSource.chunk)
    let isLast = source.remaining == 0
    var next = 0
    while next < bytes.count {
      let end = bytes[next...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
      if isSkipping {
        guard let end else { return !isLast }
        isSkipping = false
        next = end + 1
        continue
      }
      guard end != nil || isLast || bytes.count - next > Self.lineLimit else {
        // The line goes on in the next block.
        source.move(to: start + next)
        return true
      }
      let stop = end ?? bytes.count
      line += 1
      guard stop - next <= Self.lineLimit else {
        try sink.meet(
          source.error(
            .line(
              number: line, found: "more than \(Self.lineLimit) bytes",
              expected: "t, x, y and p"), at: start + next))
        isSkipping = end == nil
        next = stop + 1
        continue
      }
      if stop > next { try parse(bytes[next..<stop], at: start + next, into: &sink) }
      next = stop + 1
      if end != nil, bytes[stop] == UInt8(ascii: "\r") {
        if next < bytes.count {
          if bytes[next] == UInt8(ascii: "\n") { next += 1 }
        } else if try source.peek(1).first == UInt8(ascii: "\n") {
          source.move(to: source.offset + 1)
          return source.remaining > 0
        }
      }
    }
    return !isLast
  }

  private mutating func parse(
    _ text: ArraySlice<UInt8>, at offset: Int, into sink: inout EventSink
  ) throws(EventFileError) {
    func wrong(_ found: String, _ expected: String) -> EventFileError {
      source.error(.line(number: line, found: found, expected: expected), at: offset)
    }
    let parts = text.split(
      separator: UInt8(ascii: ","), maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 4 else {
      let count = text.reduce(1) { $1 == UInt8(ascii: ",") ? $0 + 1 : $0 }
      return try sink.meet(wrong("\(count) fields", "4"))
    }
    fields.removeAll(keepingCapacity: true)
    for column in columns {
      guard let number = Self.number(parts[column]) else {
        let shown = String(decoding: parts[column].prefix(40), as: UTF8.self).debugDescription
        return try sink.meet(wrong("\(shown) in column \(column + 1)", "a whole number"))
      }
      fields.append(number)
    }
    let base: Int64 = isOneBased ? 1 : 0
    let isOn: Bool
    switch fields[3] {
    case base + 1: isOn = true
    case base: isOn = false
    case -1 where !isOneBased: isOn = false
    default:
      return try sink.meet(
        wrong(
          "polarity \(fields[3])",
          isOneBased ? "1 for OFF or 2 for ON" : "1 for ON, 0 or -1 for OFF; Matlab counts from 1"))
    }
    // What is beyond any sensor stays so.
    let clamp = { (value: Int64) in Int(min(max(value, -1), Int64(Int32.max))) }
    try sink.append(
      time: fields[0], x: clamp(fields[1]) - Int(base), y: clamp(fields[2]) - Int(base),
      isOn: isOn, at: offset)
  }

  /// A whole number with an optional sign, blanks around it; `nil` for anything else.
  private static func number(_ text: ArraySlice<UInt8>) -> Int64? {
    var text = text
    while text.first == UInt8(ascii: " ") { text = text.dropFirst() }
    while text.last == UInt8(ascii: " ") { text = text.dropLast() }
    let isNegative = text.first == UInt8(ascii: "-")
    if isNegative { text = text.dropFirst() }
    guard !text.isEmpty, text.count <= 18 else { return nil }
    var value: Int64 = 0
    for byte in text {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    return isNegative ? -value : value
  }
}
