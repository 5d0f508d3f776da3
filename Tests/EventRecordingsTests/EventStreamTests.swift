import EventRecordings
import Files
import Foundation
import TestSupport
import Testing

@Suite struct EventStreamTests {
  let folder = try! TemporaryFolder()

  /// The fault that reading a file meets.
  private func fault(
    _ bytes: [UInt8], _ format: EventFormat? = nil, name: String = "file",
    _ change: (inout EventStream.Options) -> Void = { _ in }
  ) throws -> EventFileError? {
    var options = EventStream.Options()
    options.format = format
    change(&options)
    let path = try folder.file(bytes, named: name)
    do {
      _ = try EventStream.all(path: path, options: options)
      return nil
    } catch { return error }
  }

  @Test("every format gives the same events", arguments: EventFormat.allCases)
  func formats(format: EventFormat) throws {
    let bytes = SampleFiles.all.first { $0.format == format }!.bytes
    let name = format == .bin ? "a.bin" : format == .csv ? "a.csv" : "a"
    var stream = try EventStream(path: folder.file(bytes, named: name))
    #expect(stream.format == format)
    var events: [Event] = []
    while let event = try stream.next() { events.append(event) }
    #expect(events == SampleFiles.events)
    #expect(stream.counts.events == 5 && stream.counts.on == 3 && stream.counts.dropped == 0)
    #expect(try stream.next() == nil)
  }

  @Test(
    "no prefix and no flipped bit traps; a refused one names its place",
    arguments: EventFormat.allCases)
  func damage(format: EventFormat) throws {
    let bytes = SampleFiles.all.first { $0.format == format }!.bytes
    var options = EventStream.Options()
    options.format = format
    func read(_ bytes: [UInt8], _ policy: FaultPolicy) throws -> Int? {
      options.faults = policy
      let path = try folder.file(bytes, named: "damaged")
      do {
        return try EventStream.all(path: path, options: options).count
      } catch {
        #expect(error.offset != nil && error.offset! <= bytes.count, "\(error)")
        #expect(!error.description.isEmpty)
        return nil
      }
    }
    for length in 0..<bytes.count {
      for policy in FaultPolicy.allCases {
        // Cut between events it is a whole, shorter recording: it must not have more.
        if let count = try read(Array(bytes[..<length]), policy) { #expect(count <= 5) }
      }
    }
    for bit in 0..<(8 * bytes.count) {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      for policy in FaultPolicy.allCases { _ = try read(flipped, policy) }
    }
  }

  @Test("a file cut within an event: refused with its place, or its whole events and a count")
  func truncated() throws {
    let bytes = Array(SampleFiles.bin().dropLast(2))
    let error = try fault(bytes, .bin)
    #expect(error?.offset == 20)
    #expect(error?.fault == .truncated(what: "an event", have: 3, need: 5))
    #expect(
      error?.description.hasSuffix("offset 20: the file ends within an event: 3 bytes of 5") == true
    )
    var options = EventStream.Options()
    options.faults = .drop
    var stream = try EventStream(path: folder.file(bytes, named: "cut.bin"), options: options)
    var count = 0
    while try stream.next() != nil { count += 1 }
    #expect(count == 4)
    #expect(stream.counts.corrupt == 1)
    #expect(stream.counts.firstFault?.contains("ends within an event") == true)
  }

  @Test("events beyond the sensor and before their time: refused, or dropped and counted")
  func policies() throws {
    let events = [
      Event(time: 10, x: 1, y: 1, isOn: true), Event(time: 20, x: 34, y: 1, isOn: true),
      Event(time: 15, x: 2, y: 2, isOn: true), Event(time: 9, x: 3, y: 3, isOn: true),
      Event(time: 15, x: 4, y: 4, isOn: false),
    ]
    let bytes = SampleFiles.bin(events)
    var error = try fault(bytes, .bin)
    #expect(
      error?.fault == .outsideSensor(x: 34, y: 1, sensor: SensorSize(width: 34, height: 34)!))
    #expect(error?.offset == 5)
    error = try fault(bytes, .bin) { $0.sensor = SensorSize("40x40") }
    #expect(error?.fault == .backwards(time: 15, after: 20))
    #expect(error?.offset == 10)
    #expect(error?.description.contains("time runs backwards: 15 us after 20 us") == true)
    var options = EventStream.Options()
    options.faults = .drop
    var stream = try EventStream(path: folder.file(bytes, named: "some.bin"), options: options)
    var kept: [Event] = []
    while let block = try stream.nextBlock() { kept += block }
    #expect(kept == [events[0], events[2], events[4]])
    #expect(stream.counts.outsideSensor == 1 && stream.counts.backwards == 1)
    #expect(stream.counts.corrupt == 0 && stream.counts.dropped == 2)
  }

  @Test(".bin: row 240 moves later times by 2^13 us, whatever its column; times go beyond 2^31")
  func overflow() throws {
    let mark: [UInt8] = [255, 240, 0, 0, 0]
    let event = SampleFiles.bin([Event(time: 7, x: 1, y: 2, isOn: true)])
    var events = try EventStream.all(path: folder.file(event + mark + mark + event, named: "o.bin"))
    // Each mark is 8,192 us.
    let after: [Int64] = [7, 16391]
    #expect(events.map(\.time) == after)
    let many = Array(repeatElement(mark, count: 300_000).joined())
    events = try EventStream.all(path: folder.file(many + event, named: "m.bin"))
    let late: [Int64] = [2_457_600_007]
    #expect(events.map(\.time) == late)
  }

  @Test("an empty file is a recording of no events where the format has no header")
  func empty() throws {
    #expect(try EventStream.all(path: folder.file([], named: "a.bin")).isEmpty)
    #expect(try EventStream.all(path: folder.file([], named: "a.csv")).isEmpty)
    #expect(
      try fault([])?.description.contains(
        "no event recording that is read here; first bytes ; expected N-MNIST/ATIS .bin, AEDAT 2.0")
        == true)
    #expect(try fault(Array("<!DOCTYPE html>".utf8))?.offset == 0)
    #expect(
      try fault([], .dat)?.fault == .truncated(what: "type and size of events", have: 0, need: 2))
  }

  @Test("files that cannot be read")
  func paths() throws {
    do {
      _ = try EventStream(path: folder.path + "/none.bin")
      Issue.record("opened")
    } catch {
      #expect(error.isMissingInput && error.offset == nil)
      #expect(error.description == folder.path + "/none.bin: no such file or folder")
    }
    #expect(throws: EventFileError.self) { _ = try EventStream(path: folder.path) }
  }

  @Test("a .bin whose first event is in column 37, \"%\", is one")
  func percent() throws {
    let event = Event(time: 1, x: 37, y: 32, isOn: true)
    var options = EventStream.Options()
    options.sensor = SensorSize("240x180")
    #expect(
      try EventStream.all(
        path: folder.file(SampleFiles.bin([event]), named: "p.bin"), options: options)
        == [event])
  }

  @Test("versions that are not read are named")
  func versions() throws {
    func words(_ text: String) throws -> String {
      try fault(Array(text.utf8))?.fault.description ?? "none"
    }
    #expect(
      try words("#!AER-DAT1.0\r\n") == #"found AEDAT version "1.0", expected 2.0, 3.1 or 4.0"#)
    #expect(try words("#!AER-DAT9.9\r\n").contains(#""9.9""#))
    #expect(try words("% evt 2.1\n") == #"found evt "2.1", expected 2.0 or 3.0"#)
    #expect(
      try words("% format EVT21;width=1\n") == #"found format "EVT21", expected EVT2 or EVT3"#)
    #expect(try words("% Version 1\n") == #"found DAT version "1", expected 2"#)
    #expect(try words("% Date today\n").contains("neither '% evt', '% format' nor '% Version'"))
    #expect(
      try fault(SampleFiles.dat(kind: [1, 8]))?.fault
        == .unsupported(found: "events of type 1", expected: "0 or 12"))
    #expect(
      try fault(SampleFiles.dat(kind: [12, 9]))?.fault
        == .unsupported(found: "events of 9 bytes", expected: "8"))
    #expect(
      try fault(SampleFiles.aedat2(header: "#!AER-DAT2.0\r\n# AEChip: Cochlea\r\n"))?.fault
        == .unsupported(
          found: #"" cochlea""#, expected: "a DVS128 or a DAVIS in the header's line # AEChip"))
  }

  @Test("a header without end is refused within its limit")
  func headers() throws {
    let line = Array("# more and more of it\r\n".utf8)
    let endless =
      Array("#!AER-DAT2.0\r\n".utf8) + Array(repeatElement(line, count: 60_000).joined())
    #expect(try fault(endless)?.fault == .headerLimit(limit: 1 << 20))
    #expect(
      try fault(Array("#!AER-DAT2.0\r\n# cut".utf8))?.fault
        == .truncated(what: "the header", have: 19, need: 20))
    #expect(
      try fault(Array("#!AER-DAT3.1\r\n#Format: RAW\r\n".utf8))?.fault
        == .header(found: "no line #!END-HEADER", expected: "one at the end of the header"))
  }

  @Test("sensors, by every header that names one")
  func sensors() throws {
    func sensor(_ bytes: [UInt8]) throws -> String {
      let stream = try EventStream(path: folder.file(bytes, named: "s"))
      return stream.isSensorKnown ? stream.sensor.description : "unknown"
    }
    #expect(try sensor(SampleFiles.evt2(header: "% evt 2.0\n% geometry 320x320\n")) == "320x320")
    #expect(
      try sensor(SampleFiles.evt3(header: "% format EVT3;height=720;width=1280\n% end\n"))
        == "1280x720")
    #expect(try sensor(SampleFiles.evt3()) == "unknown")
    #expect(try sensor(SampleFiles.dat()) == "304x240")
    #expect(try sensor(SampleFiles.aedat3()) == "128x128")
    #expect(try sensor(SampleFiles.aedat4()) == "346x260")
    #expect(try sensor(SampleFiles.aedat2()) == "240x180")
    #expect(SensorSize("0x3") == nil && SensorSize("3") == nil && SensorSize("40000x3") == nil)
  }

  @Test("32-bit stamps go on after their end")
  func wrapping() throws {
    let late = [4_294_967_290, 4_294_967_296, 4_294_967_300].map {
      Event(time: $0, x: 1, y: 1, isOn: true)
    }
    #expect(try EventStream.all(path: folder.file(SampleFiles.dat(late), named: "d")) == late)
    #expect(try EventStream.all(path: folder.file(SampleFiles.aedat2(late), named: "e")) == late)
    // EVT 2: 28 + 6 bits.
    let far = [(1 << 34) - 1, 1 << 34, (1 << 34) + 70].map {
      Event(time: $0, x: 1, y: 1, isOn: false)
    }
    #expect(try EventStream.all(path: folder.file(SampleFiles.evt2(far), named: "f")) == far)
  }

  // MARK: EVT 3

  private func evt3(_ words: [UInt16]) throws -> [Event] {
    try EventStream.all(
      path: folder.file(Array("% evt 3.0\n".utf8) + words.flatMap(SampleFiles.little), named: "w"))
  }

  @Test("EVT 3: low bits of time that step back without an event add nothing")
  func lowTime() throws {
    let events = try evt3([0x8001, 0x632B, 0x6320, 0x0001, 0x2003, 0x6321, 0x2004])
    let times: [Int64] = [4896, 4897]
    #expect(events.map(\.time) == times)
    // The same with an event between them is time running backwards.
    let words: [UInt16] = [0x8001, 0x0001, 0x632B, 0x2003, 0x6320, 0x2003]
    let bytes = words.flatMap(SampleFiles.little)
    #expect(
      try fault(Array("% evt 3.0\n".utf8) + bytes)?.fault == .backwards(time: 4896, after: 4907))
  }

  @Test("EVT 3: time goes on after 24 bits; words before time and row are no events")
  func rounds() throws {
    let events = try evt3([0x8FFF, 0x6FFF, 0x0001, 0x2003, 0x8000, 0x6001, 0x2003])
    let times: [Int64] = [0xFF_FFFF, 0x100_0001]
    #expect(events.map(\.time) == times)
    #expect(try evt3([0x2003, 0x8001, 0x2003, 0x4FFF]).isEmpty)
    // Vectors before their first column; the same high part again, which is no new time.
    #expect(try evt3([0x8001, 0x6064, 0x0005, 0x4FFF]).isEmpty)
    #expect(
      try evt3([0x8001, 0x6064, 0x0005, 0x2803, 0x8001, 0x2804]).map(\.time) == [4196, 4196])
  }

  @Test("EVT 3: vectors follow each other to the right; row and column stay")
  func vectors() throws {
    let events = try evt3([0x8000, 0x0005, 0x3064, 0x4801, 0x5081, 0x4000, 0x5001, 0x2007])
    #expect(events.map(\.x) == [100, 111, 112, 119, 132, 7])
    #expect(events.allSatisfy { $0.y == 5 && !$0.isOn })
  }

  @Test("words of no type: refused, or counted")
  func words() throws {
    let bytes = Array("% evt 3.0\n".utf8) + SampleFiles.little(UInt16(0x1000))
    let error = try fault(bytes)
    #expect(error?.offset == 10)
    #expect(error?.fault.description == "damaged word: type 1, expected 0, 2...8, 10, 14 or 15")
    let second = Array("% evt 2.0\n".utf8) + SampleFiles.little(UInt32(0x3000_0000))
    #expect(try fault(second)?.fault.description.contains("type 3, expected 0, 1, 8") == true)
    #expect(try fault(bytes) { $0.faults = .drop } == nil)
    let odd = SampleFiles.dat(SampleFiles.events).dropLast(1) + [0x70]
    #expect(
      try fault(Array(odd))?.fault.description == "damaged event: polarity 7, expected 0 or 1")
  }

  // MARK: AEDAT 3.1

  @Test("AEDAT 3.1: each field of a packet's header")
  func packets3() throws {
    let events = SampleFiles.events
    func field(_ packet: [UInt8]) throws -> String {
      try fault(SampleFiles.aedat3(packet))?.fault.description ?? "none"
    }
    #expect(
      try field(SampleFiles.packet3(events, size: 0))
        == "the event size of a packet is 0, expected 8...8")
    #expect(try field(SampleFiles.packet3(events, size: .max)).contains("2147483647"))
    #expect(
      try field(SampleFiles.packet3(events, type: 2, size: 3)).contains("is 3, expected 8..."))
    #expect(try field(SampleFiles.packet3(events, type: -32767)).contains("it is not packed"))
    #expect(try field(SampleFiles.packet3(events, place: 5)).contains("the offset of time"))
    #expect(try field(SampleFiles.packet3(events, overflow: -1)).contains("the overflow of time"))
    #expect(try field(SampleFiles.packet3(events, capacity: -1)).contains("the capacity"))
    #expect(
      try field(SampleFiles.packet3(events, number: 6))
        == "the number of events of a packet is 6, expected 0...5")
    #expect(try field(SampleFiles.packet3(events, valid: 6)).contains("valid events"))
    #expect(
      try field(SampleFiles.packet3(events, capacity: .max, number: 5))
        == "the file ends within a packet: 40 bytes of 17179869176")
    let negative = SampleFiles.packet3([Event(time: 1 << 31, x: 1, y: 1, isOn: true)])
    #expect(
      try field(negative) == "a time of -2147483648 us, expected 0...\(Int64(1) << 62)")
    #expect(try field(SampleFiles.packet3(events, overflow: .max)) == "none")
  }

  @Test(
    "AEDAT 3.1: other packets are counted, events marked invalid are left out, overflow adds 2^31")
  func kinds3() throws {
    let events = SampleFiles.events
    let bytes = SampleFiles.aedat3(
      SampleFiles.packet3(events, type: 3)
        + SampleFiles.packet3(events, valid: 2, bit: 0)
        + SampleFiles.packet3(events, overflow: 2, bit: 0))
    var stream = try EventStream(path: folder.file(bytes, named: "kinds"))
    var times: [Int64] = []
    while let event = try stream.next() { times.append(event.time) }
    #expect(times == events.map { $0.time + (2 << 31) })
    #expect(stream.counts.others == 5 && stream.counts.invalid == 5)
  }

  // MARK: AEDAT 4

  @Test("AEDAT 4: what is wrong with headers")
  func headers4() throws {
    func words(_ header: [UInt8]) throws -> String {
      try fault(SampleFiles.aedat4(header: header))?.fault.description ?? "none"
    }
    #expect(
      try words(SampleFiles.header4(compression: 9)).hasPrefix("found compression 9, expected 0"))
    #expect(try words(SampleFiles.header4(table: 5)).hasPrefix("found a table of packets at 5"))
    #expect(try words(SampleFiles.header4(table: 1 << 40)).hasPrefix("found a table of packets"))
    #expect(
      try words(SampleFiles.header4(info: "<dv></dv>")).contains("expected one of events, EVTS"))
    #expect(
      try words(SampleFiles.header4(info: "<node name=\"0\">")).contains("not of DV's form"))
    #expect(
      try words(
        SampleFiles.header4(
          info: SampleFiles.info4.replacingOccurrences(of: "346", with: "99999")))
        == "found a sensor of 99999x260, expected 1...32768 each")
    #expect(
      try words(Array(repeating: 0xFF, count: 64))
        == "damaged header: it is no FlatBuffers table IOHE")
    let deep = Array(repeatElement("<node name=\"a\">", count: 100).joined().utf8)
    #expect(
      try words(SampleFiles.header4(info: String(decoding: deep, as: UTF8.self))).contains("form"))
    let long = Array("#!AER-DAT4.0\r\n".utf8) + SampleFiles.little(UInt32.max)
    #expect(try fault(long)?.fault == .headerLimit(limit: 1 << 20))
  }

  @Test("AEDAT 4: a damaged packet is refused, or left out, and the next one is read")
  func packets4() throws {
    let good = SampleFiles.packet4(SampleFiles.events)
    var bad = good
    bad[20] = 0xF0
    let bytes = SampleFiles.aedat4(packets: [(0, bad), (0, good)])
    let error = try fault(bytes)
    #expect(error?.fault.description == "damaged packet: it is no FlatBuffers table EVTS")
    var options = EventStream.Options()
    options.faults = .drop
    var stream = try EventStream(path: folder.file(bytes, named: "two"), options: options)
    var events: [Event] = []
    while let event = try stream.next() { events.append(event) }
    #expect(events == SampleFiles.events)
    #expect(stream.counts.corrupt == 1)
    let negative =
      SampleFiles.aedat4(packets: []) + SampleFiles.little(Int32(0)) + SampleFiles.little(Int32(-1))
    #expect(
      try fault(negative)?.fault == .packet(field: "the size", found: -1, expected: "0 or more"))
    let cut =
      SampleFiles.aedat4(packets: []) + SampleFiles.little(Int32(0)) + SampleFiles.little(Int32(9))
    #expect(try fault(cut)?.fault == .truncated(what: "a packet", have: 0, need: 9))
  }

  /// Packed by the tools `lz4 -9` and `zstd -19` from 64 MiB of zeros, cut to what is within the limit.
  @Test("AEDAT 4: LZ4 and Zstandard, whole, damaged, and beyond the limit")
  func compression() throws {
    let packet = SampleFiles.packet4(SampleFiles.events)
    for (kind, pack) in [(Int32(1), Self.lz4), (3, Self.zstandard)] {
      let header = SampleFiles.header4(compression: kind)
      let bytes = SampleFiles.aedat4(header: header, packets: [(0, pack(packet))])
      #expect(try EventStream.all(path: folder.file(bytes, named: "packed")) == SampleFiles.events)
      for cut in [1, 5, packet.count] {
        let short = SampleFiles.aedat4(
          header: header, packets: [(0, Array(pack(packet).dropLast(cut)))])
        guard case .corrupt("packet", _)? = try fault(short)?.fault else {
          Issue.record("cut by \(cut): \(String(describing: try fault(short)))")
          continue
        }
      }
      let more = SampleFiles.aedat4(header: header, packets: [(0, pack(packet) + [0])])
      #expect(
        try fault(more)?.fault
          == .corrupt(what: "packet", reason: "1 bytes after the end of the frame"))
      let zeros = SampleFiles.aedat4(
        header: header, packets: [(0, pack([UInt8](repeating: 0, count: 33 << 20)))])
      #expect(try fault(zeros)?.fault == .outputLimit(limit: 32 << 20))
    }
  }

  /// A frame of stored blocks.
  static func lz4(_ bytes: [UInt8]) -> [UInt8] {
    // Version 1, independent blocks; 64 kB a block; the header's checksum is xxHash32 >> 8 of 60 40.
    var frame: [UInt8] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82]
    for start in stride(from: 0, to: bytes.count, by: 65_536) {
      let block = bytes[start..<min(bytes.count, start + 65_536)]
      frame += SampleFiles.little(UInt32(block.count) | 1 << 31) + block
    }
    return frame + [0, 0, 0, 0]
  }

  /// A frame of raw blocks.
  static func zstandard(_ bytes: [UInt8]) -> [UInt8] {
    // No content size, a window of 128 kB.
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
    for start in stride(from: 0, to: bytes.count, by: 65_536) {
      let block = bytes[start..<min(bytes.count, start + 65_536)]
      let isLast: UInt32 = start + 65_536 >= bytes.count ? 1 : 0
      frame += SampleFiles.little(UInt32(block.count) << 3 | isLast).dropLast() + block
    }
    return frame
  }

  // MARK: CSV

  private func csv(_ text: String) throws -> [Event] {
    try EventStream.all(path: folder.file(Array(text.utf8), named: "text.csv"))
  }

  @Test("text: line ends, names, order, blanks, a byte order mark")
  func text() throws {
    let events = [
      Event(time: 1, x: 2, y: 3, isOn: true), Event(time: 4, x: 5, y: 6, isOn: false),
    ]
    for text in [
      "1,2,3,1\n4,5,6,0\n", "1,2,3,1\r\n4,5,6,-1\r\n", "1,2,3,1\r4,5,6,0", "\n1,2,3,1\n\n4,5,6,0",
      "t,x,y,p\n1,2,3,1\n4,5,6,0\n", "x, y, p, ts\r\n2, 3, 1, 1\r\n5, 6, 0, 4",
      "\u{FEFF}timestamp,polarity,Y,X\n1,1,3,2\n4,0,6,5\n",
    ] { #expect(try csv(text) == events, "\(text.debugDescription)") }
    for text in ["", "t,x,y,p", "t,x,y,p\n"] { #expect(try csv(text).isEmpty) }
    // Lines over the end of a block.
    let many = (0..<30_000).map { Event(time: Int64($0), x: 3, y: 4, isOn: $0 % 3 == 0) }
    let lines = many.map { "\($0.time),\($0.x),\($0.y),\($0.isOn ? 1 : 0)" }
    for end in ["\n", "\r\n", "\r"] { #expect(try csv(lines.joined(separator: end)) == many) }
  }

  @Test("text that is refused, by line and words")
  func wrongText() throws {
    func words(_ text: String) throws -> String {
      try fault(Array(text.utf8), .csv)?.fault.description ?? "none"
    }
    #expect(try words("1,2,3,1\n1,2,3\n") == "line 2: found 3 fields, expected 4")
    #expect(try words("1,2,3,1,9\n") == "line 1: found 5 fields, expected 4")
    for number in ["nan", "inf", "1e999", "0x1p3", "1.5", "", "--1", "+1", "\u{0}1", "\"1\""] {
      #expect(
        try words("5,\(number),3,1\n")
          == "line 1: found \(number.debugDescription) in column 2, expected a whole number")
    }
    #expect(try words("5," + String(repeating: "9", count: 400) + ",3,1").contains("in column 2"))
    #expect(
      try words("1,2,3,2\n")
        == "line 1: found polarity 2, expected 1 for ON, 0 or -1 for OFF; Matlab counts from 1")
    #expect(try words("t,x,y,q\n1,2,3,1\n").contains("expected the names t, x, y and p"))
    #expect(try words("t,x,y,x\n").contains("the names"))
    #expect(
      try words("1,2,3,1\n" + String(repeating: "1", count: 70_000))
        == "line 2: found more than 4096 bytes, expected t, x, y and p")
    let long = "1,2,3,1\n" + String(repeating: "7", count: 70_000) + "\n2,2,3,1\n3,2,3,1\n"
    var options = EventStream.Options()
    options.faults = .drop
    var stream = try EventStream(
      path: folder.file(Array(long.utf8), named: "long.csv"), options: options)
    var times: [Int64] = []
    while let event = try stream.next() { times.append(event.time) }
    #expect(times == [1, 2, 3])
    // One line, however many blocks it goes through.
    #expect(stream.counts.corrupt == 1)
    #expect(try words("-1,2,3,1") == "a time of -1 us, expected 0...\(Int64(1) << 62)")
    #expect(try words("1,-2,3,1").contains("outside the sensor"))
    #expect(try words("1,999999999999,3,1").contains("outside the sensor"))
  }

  // MARK: Writers

  @Test("what is written is read back", arguments: EventWriter.Format.allCases)
  func written(format: EventWriter.Format) throws {
    let path = folder.path + "/out.\(format)"
    let events = (0..<20_000).map { (index: Int) -> Event in
      Event(
        time: Int64(index * 400), x: UInt16(index % 256), y: UInt16(index % 240),
        isOn: index % 2 == 0)
    }
    for _ in 0..<2 {
      var writer = try EventWriter(path: path, format: format)
      for event in events { try writer.write(event) }
      try writer.finish()
      #expect(writer.count == events.count)
    }
    var options = EventStream.Options()
    options.sensor = SensorSize("256x240")
    #expect(try EventStream.all(path: path, options: options) == events)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.\(format)"])
  }

  @Test("events that .bin cannot hold; what was there stays")
  func unwritable() throws {
    let path = try folder.file([1, 2, 0, 0, 1], named: "a.bin")
    func words(_ event: Event) throws -> String {
      var writer = try EventWriter(path: path, format: .bin)
      do {
        try writer.write(event)
        return "none"
      } catch { return error.description }
    }
    #expect(
      try words(Event(time: 1 << 23, x: 0, y: 0, isOn: true)).hasSuffix(
        "event 0 has the time 8388608 us, which the format cannot hold: expected less than 8388608")
    )
    #expect(try words(Event(time: 0, x: 256, y: 0, isOn: true)).contains("the column 256"))
    #expect(try words(Event(time: 0, x: 0, y: 240, isOn: true)).contains("the row 240"))
    var writer = try EventWriter(path: path, format: .bin)
    try writer.write(Event(time: 5, x: 0, y: 0, isOn: true))
    #expect(throws: EventFileError.self) {
      try writer.write(Event(time: 4, x: 0, y: 0, isOn: true))
    }
    #expect(try EventStream.all(path: path).count == 1)
    let other = try folder.file(Array("name,age\n".utf8), named: "a.csv")
    #expect(throws: OutputError.wouldOverwrite(path: other)) {
      _ = try EventWriter(path: other, format: .csv)
    }
  }
}
