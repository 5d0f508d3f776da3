/// AEDAT 4.0, written by DV: a header, then packets, each of one stream and packed by itself; low byte
/// first.
///
/// ```
/// "#!AER-DAT4.0\r\n" | size (32) | IOHeader (FlatBuffers) | packets | table of packets
/// packet: stream (32) | size (32) | LZ4, Zstandard or nothing around: size (32) | EventPacket (FlatBuffers)
/// event:  time (64, us) | x (16) | y (16) | ON (8) | 3 bytes
/// ```
/// Packets of other streams (frames, inertial samples, triggers) are counted. The table is not needed, and not read.
/// Source: *AEDAT 4.0 file format*, docs.inivation.com; its schemas in dv-processing.
struct AEDAT4Decoder: EventDecoder {
  /// The most bytes that a packet may unpack to: two million events.
  static let packetLimit = 32 << 20
  static let headerLimit = 1 << 20

  private enum Compression { case none, lz4, zstandard }

  let sensor: SensorSize?
  let addresses = SensorSize(1 << 15, 1 << 15)
  private(set) var source: ByteSource
  private let compression: Compression
  /// The stream of events, the first of several: those of other cameras are counted.
  private let stream: Int
  /// Where packets end.
  private let end: Int

  init(_ source: ByteSource) throws(EventFileError) {
    var source = source
    let mark = Array("#!AER-DAT4.0\r\n".utf8)
    let start = try source.read(mark.count)
    guard start == mark else {
      throw source.error(
        .header(
          found: String(decoding: start, as: UTF8.self).debugDescription,
          expected: String(decoding: mark, as: UTF8.self).debugDescription), at: 0)
    }
    let place = source.offset
    let length = try source.read(4)
    guard length.count == 4 else {
      throw source.error(
        .truncated(what: "the size of the header", have: length.count, need: 4), at: place)
    }
    let size = Int(length.littleEndian(0, as: UInt32.self))
    guard size <= Self.headerLimit else {
      throw source.error(.headerLimit(limit: Self.headerLimit), at: place)
    }
    // Numbers in it are aligned to where its size stands.
    let bytes = length + (try source.read(size))
    guard bytes.count == 4 + size else {
      throw source.error(
        .truncated(what: "the header", have: bytes.count - 4, need: size), at: place + 4)
    }
    guard let header = FlatBuffers.header(bytes) else {
      throw source.error(
        .corrupt(what: "header", reason: "it is no FlatBuffers table IOHE"), at: place + 4)
    }
    switch header.compression {
    case 0: compression = .none
    case 1, 2: compression = .lz4
    case 3, 4: compression = .zstandard
    default:
      throw source.error(
        .unsupported(
          found: "compression \(header.compression)",
          expected: "0 (none), 1 or 2 (LZ4), 3 or 4 (Zstandard)"), at: place + 4)
    }
    guard let streams = AEDAT4Streams(bytes[header.info])?.streams else {
      throw source.error(
        .corrupt(what: "header", reason: "its text about streams is not of DV's form"),
        at: place + header.info.lowerBound)
    }
    let ofEvents = streams.filter { $0.value.type == "EVTS" }
    guard let (id, first) = ofEvents.min(by: { $0.key < $1.key }) else {
      throw source.error(
        .header(
          found: "streams of types "
            + streams.sorted { $0.key < $1.key }.prefix(8).map(\.value.type.debugDescription)
            .joined(separator: ", "),
          expected: "one of events, EVTS"), at: place + header.info.lowerBound)
    }
    stream = id
    if let width = first.width, let height = first.height {
      guard let size = SensorSize(width: width, height: height) else {
        throw source.error(
          .header(found: "a sensor of \(width)x\(height)", expected: "1...32768 each"),
          at: place + header.info.lowerBound)
      }
      sensor = size
    } else {
      sensor = nil
    }
    guard header.table == -1 || header.table >= source.offset && header.table <= source.size else {
      throw source.error(
        .header(
          found: "a table of packets at \(header.table)",
          expected: "-1 or \(source.offset)...\(source.size)"), at: place + 4)
    }
    end = header.table == -1 ? source.size : Int(header.table)
    self.source = source
  }

  mutating func decode(into sink: inout EventSink) throws(EventFileError) -> Bool {
    let start = source.offset
    guard start < end else { return false }
    let header = try source.read(min(8, end - start))
    guard header.count == 8 else {
      throw source.error(
        .truncated(what: "the header of a packet", have: header.count, need: 8), at: start)
    }
    let id = Int(header.littleEndian(0, as: Int32.self))
    let size = Int(header.littleEndian(4, as: Int32.self))
    guard size >= 0 else {
      throw source.error(
        .packet(field: "the size", found: size, expected: "0 or more"), at: start + 4)
    }
    guard size <= end - source.offset else {
      throw source.error(
        .truncated(what: "a packet", have: end - source.offset, need: size), at: source.offset)
    }
    let next = source.offset + size
    guard id == stream else {
      sink.counts.others += 1
      source.move(to: next)
      return true
    }
    do throws(EventFileError) {
      try unpack(size: size, into: &sink)
    } catch {
      source.move(to: next)
      // The next packet is known by the size of this one.
      if error.isInputOutput { throw error }
      try sink.meet(error)
    }
    return true
  }

  private mutating func unpack(
    size: Int, into sink: inout EventSink
  ) throws(EventFileError) {
    let place = source.offset
    guard size <= Self.packetLimit else {
      throw source.error(.outputLimit(limit: Self.packetLimit), at: place)
    }
    var bytes = try source.read(size)
    do throws(Unpacker.Failure) {
      switch compression {
      case .none: break
      case .lz4: bytes = try Unpacker.lz4(bytes, limit: Self.packetLimit)
      case .zstandard: bytes = try Unpacker.zstandard(bytes, limit: Self.packetLimit)
      }
    } catch {
      switch error {
      case .outputLimit: throw source.error(.outputLimit(limit: Self.packetLimit), at: place)
      case .corrupt(let reason):
        throw source.error(.corrupt(what: "packet", reason: reason), at: place)
      }
    }
    guard let events = FlatBuffers.events(bytes) else {
      throw source.error(
        .corrupt(what: "packet", reason: "it is no FlatBuffers table EVTS"), at: place)
    }
    for start in stride(from: events.lowerBound, to: events.upperBound, by: 16) {
      try sink.append(
        time: bytes.littleEndian(start, as: Int64.self),
        x: Int(bytes.littleEndian(start + 8, as: Int16.self)),
        y: Int(bytes.littleEndian(start + 10, as: Int16.self)), isOn: bytes[start + 12] != 0,
        at: place)
    }
  }
}
