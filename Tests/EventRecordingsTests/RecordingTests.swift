import EventRecordings
import Foundation
import Testing

/// The folder of recordings, where it is given.
private let recordings: String? = ProcessInfo.processInfo.environment["SPIKING_DATA"].map {
  $0 + "/events/"
}.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }

/// What a decoder written apart from this one found in real recordings; its figures are those of the
/// folder's README.
@Suite(
  "Real recordings: counts and sums",
  .enabled(if: recordings != nil, "SPIKING_DATA is not set, or has no folder events"))
struct RecordingTests {

  /// The sums by which a recording is compared.
  struct Sums: Equatable, CustomStringConvertible {
    var on = 0
    var off = 0
    var x = 0
    var y = 0
    /// Of times since the first event.
    var time: Int64 = 0
    var ties = 0

    var description: String { "ON \(on) OFF \(off) x \(x) y \(y) t \(time) ties \(ties)" }
  }

  struct Expected: Sendable, CustomStringConvertible {
    let path: String
    let format: EventFormat
    let sensor: SensorSize?
    let sums: Sums
    let first: Event
    let last: Event
    var others = 0
    var description: String { path }
  }

  static let expected: [Expected] = [
    Expected(
      path: "nmnist/sample_nmnist.bin", format: .bin, sensor: SensorSize(width: 34, height: 34),
      sums: Sums(on: 2145, off: 2180, x: 74457, y: 71931, time: 687_658_855, ties: 70),
      first: Event(time: 654, x: 7, y: 15, isOn: true),
      last: Event(time: 311_175, x: 21, y: 14, isOn: true)),
    Expected(
      path: "aedat2/davis240c_IMU_translBoxes.aedat", format: .aedat2,
      sensor: SensorSize(width: 240, height: 180),
      sums: Sums(
        on: 82944, off: 79827, x: 14_600_358, y: 11_961_336, time: 170_769_045_902, ties: 12413),
      first: Event(time: 294_976_755, x: 156, y: 36, isOn: false),
      last: Event(time: 297_049_406, x: 233, y: 40, isOn: false), others: 33837),
    // Polarity is jAER's: a bit of 0 is ON.
    Expected(
      path: "aedat2/dvs128_walking.aedat", format: .aedat2,
      sensor: SensorSize(width: 128, height: 128),
      sums: Sums(
        on: 7102, off: 12080, x: 1_376_517, y: 1_401_599, time: 35_151_226_204, ties: 63),
      first: Event(time: 41_306_606, x: 65, y: 118, isOn: false),
      last: Event(time: 48_193_156, x: 127, y: 22, isOn: true)),
    Expected(
      path: "aedat2/synthetic_TranslatingSquare.aedat", format: .aedat2, sensor: nil,
      sums: Sums(
        on: 8000, off: 8000, x: 1_596_000, y: 1_588_000, time: 39_600_000_000, ties: 15900),
      first: Event(time: 50000, x: 169, y: 30, isOn: false),
      last: Event(time: 5_000_000, x: 31, y: 169, isOn: true)),
    Expected(
      path: "aedat4/davis346.aedat4", format: .aedat4,
      sensor: SensorSize(width: 346, height: 260),
      sums: Sums(
        on: 72363, off: 45304, x: 17_676_033, y: 10_498_046, time: 7_327_758_848, ties: 50535),
      first: Event(time: 1_633_953_690_975_950, x: 218, y: 15, isOn: true),
      last: Event(time: 1_633_953_691_105_949, x: 137, y: 56, isOn: false), others: 27),
    Expected(
      path: "aedat4/dvxplorer_sample.aedat4", format: .aedat4,
      sensor: SensorSize(width: 320, height: 240),
      sums: Sums(
        on: 55023, off: 56931, x: 18_342_405, y: 15_105_898, time: 31_685_685_498, ties: 24233),
      first: Event(time: 1_605_537_493_718_345, x: 154, y: 204, isOn: false),
      last: Event(time: 1_605_537_494_308_262, x: 88, y: 237, isOn: true), others: 59),
    Expected(
      path: "prophesee/evt2_sample.raw", format: .evt2,
      sensor: SensorSize(width: 640, height: 480),
      sums: Sums(
        on: 367_855, off: 171_626, x: 171_811_022, y: 110_162_026, time: 13_364_739_784,
        ties: 489_480),
      first: Event(time: 1_317_888, x: 237, y: 121, isOn: true),
      last: Event(time: 1_367_888, x: 210, y: 142, isOn: true)),
    Expected(
      path: "prophesee/evt3_sample.raw", format: .evt3,
      sensor: SensorSize(width: 1280, height: 720),
      sums: Sums(
        on: 115_532, off: 104_064, x: 159_113_225, y: 85_638_051, time: 954_917_491, ties: 210_794),
      first: Event(time: 11_718_656, x: 874, y: 200, isOn: false),
      last: Event(time: 11_727_457, x: 1218, y: 572, isOn: true)),
    Expected(
      path: "prophesee/ncars_sample.dat", format: .dat, sensor: nil,
      sums: Sums(on: 1350, off: 659, x: 93457, y: 40463, time: 98_196_680, ties: 179),
      first: Event(time: 0, x: 25, y: 8, isOn: false),
      last: Event(time: 99952, x: 75, y: 28, isOn: true)),
  ]

  private func sums(_ events: [Event]) -> Sums {
    var sums = Sums()
    for (index, event) in events.enumerated() {
      if event.isOn { sums.on += 1 } else { sums.off += 1 }
      sums.x += Int(event.x)
      sums.y += Int(event.y)
      sums.time += event.time - events[0].time
      if index > 0, events[index - 1].time == event.time { sums.ties += 1 }
    }
    return sums
  }

  @Test("counts, sums, first and last event", arguments: expected)
  func recording(_ expected: Expected) throws {
    var stream = try EventStream(path: recordings! + expected.path)
    #expect(stream.format == expected.format)
    #expect((stream.isSensorKnown ? stream.sensor : nil) == expected.sensor)
    var events: [Event] = []
    while let event = try stream.next() { events.append(event) }
    #expect(sums(events) == expected.sums)
    #expect(events.first == expected.first)
    #expect(events.last == expected.last)
    #expect(stream.counts.events == events.count)
    #expect(stream.counts.on == expected.sums.on)
    #expect(stream.counts.others == expected.others)
    #expect(stream.counts.dropped == 0)
    #expect(stream.counts.invalid == 0)
  }

  @Test("a header without data has no events")
  func headerOnly() throws {
    var stream = try EventStream(path: recordings! + "aedat2/header_only.aedat")
    #expect(stream.sensor == SensorSize(width: 346, height: 260))
    #expect(try stream.next() == nil)
  }

  @Test("AEDAT 3.1: every event, whatever its own bit says, where the packet says all are valid")
  func aedat3() throws {
    let first: [(Int64, UInt16, UInt16, Bool)] = [
      (10, 0, 0, true), (25, 10, 20, false), (38, 120, 59, true), (48, 5, 9, false),
      (59, 9, 5, true), (102_865, 15, 19, true), (102_898, 28, 36, false),
      (119_579, 32, 44, true), (126_562, 45, 59, true), (2_068_981, 127, 127, false),
      (2_157_619, 0, 15, true), (2_178_812, 1, 1, true),
    ]
    let third: [(Int64, UInt16, UInt16, Bool)] = [
      (15, 127, 126, true), (88, 18, 98, true), (1254, 15, 19, false), (1265, 28, 19, true),
      (1288, 17, 17, true),
    ]
    func events(_ list: [(Int64, UInt16, UInt16, Bool)]) -> [Event] {
      list.map { Event(time: $0.0, x: $0.1, y: $0.2, isOn: $0.3) }
    }
    let folder = recordings! + "aedat3/"
    #expect(
      try EventStream.all(path: folder + "synthetic_aedat1_for_testing.aedat") == events(first))
    #expect(
      try EventStream.all(path: folder + "synthetic_aedat3_fluorescent.aedat") == events(third))
    let second = try EventStream.all(path: folder + "synthetic_aedat2_led.aedat")
    let found = sums(second)
    #expect((found.on, found.off, found.x, found.y) == (11, 7, 663, 602))
  }

  @Test("the text of a recording and the recording hold the same events")
  func text() throws {
    var options = EventStream.Options()
    options.isOneBased = true
    let text = try EventStream.all(
      path: recordings! + "csv/nmnist_1_raw_spikes.csv", options: options)
    let events = try EventStream.all(path: recordings! + "nmnist/NMNISTsmall/1.bs2")
    #expect(text.count == 4681)
    #expect(text == events)
  }

  @Test("the 1,100 recordings of N-MNIST, by the index of counts and sums")
  func nmnist() throws {
    let index = try String(contentsOfFile: recordings! + "nmnist/index.csv", encoding: .utf8)
    var total = 0
    for line in index.split(whereSeparator: \.isNewline).dropFirst() {
      let fields = line.split(separator: ",")
      let events = try EventStream.all(
        path: recordings! + "nmnist/NMNISTsmall/\(fields[0]).bs2")
      let found = sums(events)
      #expect(
        [
          events.count, found.on, found.off, Int(events[0].time), Int(events.last!.time), found.x,
          found.y,
        ]
          == fields[4..<11].map { Int($0)! }, "\(fields[0])")
      total += events.count
    }
    #expect(total == 4_133_231 + 385_596)
  }
}
