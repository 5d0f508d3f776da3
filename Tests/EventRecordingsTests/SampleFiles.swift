import EventRecordings
import Foundation

/// Small recordings of every format, made here byte by byte from the formats' descriptions.
enum SampleFiles {
  /// Events that every format can hold: times rise, and cross 4,096 us.
  static let events = [
    Event(time: 5, x: 3, y: 1, isOn: true), Event(time: 60, x: 4, y: 1, isOn: true),
    Event(time: 60, x: 9, y: 1, isOn: true), Event(time: 4100, x: 33, y: 33, isOn: false),
    Event(time: 9000, x: 0, y: 0, isOn: false),
  ]

  static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func big(_ value: some FixedWidthInteger) -> [UInt8] { little(value).reversed() }

  static func bin(_ events: [Event] = events) -> [UInt8] {
    events.flatMap { event -> [UInt8] in
      [UInt8(event.x), UInt8(event.y)]
        + big(UInt32(event.time) | (event.isOn ? 1 << 23 : 0)).dropFirst()
    }
  }

  static let aedat2Header = "#!AER-DAT2.0\r\n# AEChip: DAVIS240C\r\n"

  static func aedat2(_ events: [Event] = events, header: String = aedat2Header) -> [UInt8] {
    Array(header.utf8)
      + events.flatMap { event in
        big(UInt32(event.y) << 22 | UInt32(event.x) << 12 | (event.isOn ? 1 << 11 : 0))
          + big(UInt32(truncatingIfNeeded: event.time))
      }
  }

  static let aedat3Header = "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n"

  static func packet3(
    _ events: [Event], type: Int16 = 1, size: Int32 = 8, place: Int32 = 4, overflow: Int32 = 0,
    capacity: Int32? = nil, number: Int32? = nil, valid: Int32? = nil, bit: UInt32 = 1
  ) -> [UInt8] {
    let count = Int32(events.count)
    return little(type) + little(Int16(1)) + little(size) + little(place) + little(overflow)
      + little(capacity ?? count) + little(number ?? count) + little(valid ?? count)
      + events.flatMap { event in
        little(bit | (event.isOn ? 2 : 0) | UInt32(event.y) << 2 | UInt32(event.x) << 17)
          + little(Int32(truncatingIfNeeded: event.time))
      }
  }

  static func aedat3(_ packets: [UInt8] = packet3(events)) -> [UInt8] {
    Array(aedat3Header.utf8) + packets
  }

  /// A FlatBuffers table IOHE with compression, table position and text.
  static func header4(
    compression: Int32 = 0, table: Int64 = -1, info: String = info4
  ) -> [UInt8] {
    // root offset, identifier | vtable at 8: 3 fields | table at 24 | text behind
    let vtable = ([10, 24, 4, 12, 8] as [UInt16]).flatMap(little)
    var bytes = little(UInt32(24)) + Array("IOHE".utf8) + vtable
    bytes += [UInt8](repeating: 0, count: 24 - bytes.count)
    bytes += little(Int32(24 - 8)) + little(compression) + little(UInt32(16)) + little(table)
    bytes += [UInt8](repeating: 0, count: 4)
    bytes += little(UInt32(info.utf8.count)) + Array(info.utf8) + [0]
    return bytes
  }

  static let info4 = """
    <dv version="2.0"><node name="outInfo" path="/"><node name="0" path="/0/">\
    <attr key="typeIdentifier" type="string">EVTS</attr><node name="info" path="/0/info/">\
    <attr key="sizeX" type="int">346</attr><attr key="sizeY" type="int">260</attr></node></node>\
    <node name="1" path="/1/"><attr key="typeIdentifier" type="string">FRME</attr></node></node></dv>
    """

  /// A FlatBuffers table EVTS, with its size before it.
  static func packet4(_ events: [Event]) -> [UInt8] {
    let vtable = ([6, 8, 4, 0] as [UInt16]).flatMap(little)
    // size | root offset 16 (from 4) | identifier | vtable at 12 | table at 20 | vector at 28
    var bytes = little(UInt32(16)) + Array("EVTS".utf8) + vtable
    bytes += little(Int32(8)) + little(UInt32(8)) + [0, 0, 0, 0]
    bytes += little(UInt32(events.count))
    for event in events {
      bytes += little(event.time) + little(Int16(event.x)) + little(Int16(event.y))
      bytes += [event.isOn ? 1 : 0, 0, 0, 0]
    }
    return little(UInt32(bytes.count)) + bytes
  }

  static func aedat4(
    header: [UInt8] = header4(), packets: [(stream: Int32, bytes: [UInt8])]? = nil
  ) -> [UInt8] {
    let packets =
      packets ?? [
        (0, packet4(Array(events[..<3]))), (1, [1, 2, 3]), (0, packet4(Array(events[3...]))),
      ]
    return Array("#!AER-DAT4.0\r\n".utf8) + little(UInt32(header.count)) + header
      + packets.flatMap { little($0.stream) + little(Int32($0.bytes.count)) + $0.bytes }
  }

  static func evt2(_ events: [Event] = events, header: String = "% evt 2.0\n") -> [UInt8] {
    var bytes = Array(header.utf8)
    var high: Int64 = -1
    for event in events {
      if event.time >> 6 != high {
        high = event.time >> 6
        bytes += little(UInt32(8) << 28 | UInt32(high & 0xFFF_FFFF))
      }
      bytes += little(
        UInt32(event.isOn ? 1 : 0) << 28 | UInt32(event.time & 63) << 22 | UInt32(event.x) << 11
          | UInt32(event.y))
    }
    return bytes
  }

  /// The second and third event as a vector, if those of `events` are given.
  static func evt3(header: String = "% evt 3.0\n") -> [UInt8] {
    let words: [UInt16] = [
      0x8000, 0x6005, 0x0001, 0x2803,  // 5 us, row 1, (3, ON)
      0x603C, 0x3804, 0x4021,  // 60 us, from column 4, ON: bits 0 and 5
      0x8001, 0x6004, 0x0021, 0x2021,  // 4,100 us, row 33, (33, OFF)
      0x8002, 0x6328, 0x0000, 0x2000,  // 9,000 us
    ]
    return Array(header.utf8) + words.flatMap(little)
  }

  static func dat(_ events: [Event] = events, kind: [UInt8] = [0, 8]) -> [UInt8] {
    Array("% Data file\n% Version 2\n% Width 304\n% Height 240\n".utf8) + kind
      + events.flatMap { event in
        little(UInt32(truncatingIfNeeded: event.time))
          + little(UInt32(event.x) | UInt32(event.y) << 14 | (event.isOn ? 1 << 28 : 0))
      }
  }

  static func csv(_ events: [Event] = events) -> [UInt8] {
    Array(
      ("t,x,y,p\n"
        + events.map { "\($0.time),\($0.x),\($0.y),\($0.isOn ? 1 : 0)\n" }.joined()).utf8)
  }

  /// A whole file of each format, with the same five events.
  static let all: [(format: EventFormat, bytes: [UInt8])] = [
    (.bin, bin()), (.aedat2, aedat2()), (.aedat3, aedat3()), (.aedat4, aedat4()), (.evt2, evt2()),
    (.evt3, evt3()), (.dat, dat()), (.csv, csv()),
  ]
}
