import Datasets
import EventRecordings
import Foundation
import Networks
import Reports
import SpikeKernels
import SpikingReLU
import Streams
import Testing

@testable import Experiments
@testable import Streams
@testable import Training

/// Recordings made here: events at random places of the upper, the middle or the lower part of a small sensor.
struct DotRecordings {
  let folder: String
  let sensor = SensorSize("12x12")!

  /// Writes recordings into a folder, with their lists.
  init(_ folder: String, training: Int, test: Int) throws {
    self.folder = folder
    var generator = SeededGenerator(seed: 2)
    for (name, first, count) in [("train.txt", 1, training), ("test.txt", 5001, test)] {
      var lines = "#sample\t#class\n"
      for id in first..<first + count {
        let label = id % 3
        var writer = try EventWriter(path: "\(folder)/\(id).bin", format: .bin)
        for step in 0..<240 {
          let (x, y) = (
            Int(generator.nextUniform() * 12), 4 * label + Int(generator.nextUniform() * 4)
          )
          try writer.write(
            Event(
              time: Int64(step) * 1000 + 17, x: UInt16(x), y: UInt16(y),
              isOn: generator.nextUniform() < 0.5))
        }
        try writer.finish()
        lines += "\(id)\t\(label)\n"
      }
      try lines.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }
  }

  func settings() throws -> StreamLearning {
    var settings = StreamLearning(
      input: EventInput(sensor: sensor, polarity: .ignored),
      instructionSet: try InstructionSet.selected())
    settings.hidden = [30]
    settings.epochs = 4
    settings.learningRate = 0.05
    // Of some seeds an output unit never passes its gate, and its class is never learned.
    settings.seed = 5
    settings.timeSteps = 20
    settings.stepLength = 12_000
    settings.weightDeviation = 0.1
    settings.evaluationInterval = 30
    return settings
  }
}

@Suite struct StreamExperimentTests {
  private static func withFolder(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test("an event's unit, by pooling and polarity")
  func input() throws {
    let event = Event(time: 0, x: 5, y: 3, isOn: true)
    let other = Event(time: 0, x: 5, y: 3, isOn: false)
    let sensor = SensorSize("7x5")!
    let apart = EventInput(sensor: sensor)
    #expect(apart.units == 70)
    #expect(apart.spike(event) == Spike(unit: 35 + 26, sign: 1))
    #expect(apart.spike(other) == Spike(unit: 26, sign: 1))
    let signed = EventInput(sensor: sensor, pooling: 2, polarity: .signed)
    #expect(signed.units == 12)
    #expect(signed.spike(event) == Spike(unit: 6, sign: 1))
    #expect(signed.spike(other) == Spike(unit: 6, sign: -1))
    #expect(EventInput(sensor: sensor, polarity: .ignored).spike(other) == Spike(unit: 26, sign: 1))
    let data = Data(#"{"sensor":{"width":7,"height":5},"pooling":0,"polarity":"apart"}"#.utf8)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(EventInput.self, from: data) }
    let wide = Data(#"{"sensor":{"width":0,"height":5},"pooling":1,"polarity":"apart"}"#.utf8)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(EventInput.self, from: wide) }
  }

  @Test("a replay: windows, rates, and a network that hears what the recording says")
  func replay() throws {
    try Self.withFolder { folder in
      let events = (0..<1000).map { (index: Int) -> Event in
        let time = index < 500 ? index * 10 : 100_000 + index
        return Event(
          time: Int64(time), x: UInt16(index % 30), y: UInt16(index % 20), isOn: index % 4 != 0)
      }
      var writer = try EventWriter(path: folder + "/a.csv", format: .csv)
      for event in events { try writer.write(event) }
      try writer.finish()
      var options = EventStream.Options()
      options.sensor = SensorSize("30x20")
      var generator = SeededGenerator(seed: 3)
      let weights = try NetworkWeights(
        topology: [1200, 10, 3], initializer: .he, generator: &generator)
      let network = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 1))
      let input = EventInput(sensor: options.sensor!)
      var replay = StreamReplay()
      replay.window = 2000
      var stream = try EventStream(path: folder + "/a.csv", options: options)
      var told = 0
      let outcome = try replay.run(
        &stream, listener: .init(stream: SpikeStream(network: network), input: input)
      ) { _ in told += 1 }
      let result = outcome.result
      #expect(result.counts.events == 1000 && result.counts.on == 750)
      #expect(result.first == 0 && result.last == 100_999 && result.seconds == 0.100999)
      #expect(result.seenWidth == 30 && result.seenHeight == 20)
      #expect(result.readings.count == 51 && told == 51)
      #expect(result.readings.map(\.events).reduce(0, +) == 1000)
      #expect(result.readings[0].events == 200 && result.readings[10].events == 0)
      #expect(result.readings[10].additions == 0)
      #expect(result.peakRate == 500 / 0.002)
      // The same by hand.
      var alone = network
      alone.beginStream()
      for event in events { try alone.receive(input.spike(event)) }
      #expect(result.answer == alone.outputSums.argmax)
      #expect(
        result.additions == alone.ledger.additions + alone.ledger.total(\.sumAdditions))
      #expect(result.additions == alone.ledger.everyAddition)
      #expect(
        result.readings.compactMap(\.additions).reduce(0, +) == result.additions)
      let cells = outcome.frame.cells(most: 96)
      #expect(cells.pixels == 1 && cells.columns == 30 && cells.rows == 20)
      #expect(cells.on.reduce(0, +) == 750 && cells.off.reduce(0, +) == 250)
      #expect(outcome.sample == events)
      // A network of another size.
      #expect(throws: StreamReplay.InputMismatch.self) {
        _ = try StreamReplay.Listener(
          stream: SpikeStream(network: network),
          input: EventInput(sensor: options.sensor!, polarity: .ignored))
      }
      replay.window = 1
      var again = try EventStream(path: folder + "/a.csv", options: options)
      #expect(try replay.run(&again).result.readings.count == 101_000)
      try "t,x,y,p\n0,0,0,1\n99999999999,32000,31000,1\n".write(
        toFile: folder + "/b.csv", atomically: true, encoding: .utf8)
      var far = try EventStream(path: folder + "/b.csv")
      #expect(throws: TooManyWindows(window: 1)) { try replay.run(&far) }
      replay.window = 1_000_000
      far = try EventStream(path: folder + "/b.csv")
      let large = try replay.run(&far).frame
      #expect(large.pixels == 64 && large.seenWidth == 32_001)
      let dots: [Int] = large.cells(most: 96).on
      #expect(dots.reduce(0, +) == 2)
    }
  }

  @Test(
    "learning event by event: errors fall, the same seed gives the same bits, drift is recovered from"
  )
  func learning() throws {
    try Self.withFolder { folder in
      let dots = try DotRecordings(folder, training: 60, test: 30)
      let lists = try RecordingList.read(folder: folder)
      let settings = try dots.settings()
      let outcome = try settings.run(training: lists.training, test: lists.test)
      let result = outcome.result
      #expect(result.curve.last!.testErrorPercent < 15, "\(result.curve)")
      #expect(result.curve.map(\.recordings) == [30, 60, 90, 120, 150, 180, 210, 240])
      #expect(result.curve.last!.events == 4 * 60 * 240)
      #expect(result.learning.events == 240 && result.predicting.events == 240)
      #expect(result.readings.count == 23)
      // Later readings know more; additions of a reading are those of its events: 30 each, and 3 a hidden spike.
      #expect(result.readings[0].testErrorPercent >= result.readings[22].testErrorPercent)
      #expect(result.readings[5].additions >= 30 * result.readings[5].events)
      #expect(!result.isInterrupted)
      let again = try settings.run(training: lists.training, test: lists.test)
      #expect(again.weights == outcome.weights)
      #expect(again.result.curve.map(\.testErrors) == result.curve.map(\.testErrors))
      let drift = try settings.drift(
        from: outcome.weights, training: lists.training, test: lists.test, passes: 4)
      #expect(drift.testErrorPercentBefore == result.curve.last!.testErrorPercent)
      #expect(drift.frozenTestErrorPercent > 30, "\(drift)")
      #expect(drift.learningTestErrorPercent < 20, "\(drift)")
      #expect(drift.verdicts.allSatisfy { $0.holds })
      let manifest = RunManifest(
        command: ["bench"], seed: 1, instructionSet: try InstructionSet.selected(), threads: 1)
      let html = HTMLReport(
        result, drift: drift, folder: folder, verdicts: drift.verdicts, manifest: manifest
      ).html
      for name in ["learning", "onset", "drift"] { #expect(html.contains("data-name=\"\(name)\"")) }
    }
  }

  @Test(
    "cancelling ends after a recording, and what was found is given; a leap of time is an error")
  func interruption() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let dots = try DotRecordings(path, training: 20, test: 6)
    let lists = try RecordingList.read(folder: path)
    let settings = try dots.settings()
    let work = Task {
      try settings.run(training: lists.training, test: lists.test) { done, _, _ in
        if done == 7 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
      }
    }
    let result = try await work.value.result
    #expect(result.isInterrupted && result.learning.recordings == 7)
    #expect(result.predicting.recordings == 6)
    try "t,x,y,p\n0,0,0,1\n400000000000000000,1,1,1\n".write(
      toFile: path + "/far.csv", atomically: true, encoding: .utf8)
    let far = LabelledRecording(path: path + "/far.csv", label: 0)
    let error = RecordingTooLong(path: far.path, microseconds: 400_000_000_000_000_000)
    #expect(throws: error) { try settings.run(training: [far], test: lists.test) }
    #expect(throws: error) { try settings.run(training: lists.training, test: [far]) }
  }

  @Test("sigma-delta on the digits: fewer operations than dense, integers as the rounding network")
  func sigmaDelta() async throws {
    let whole = Dataset.embeddedDigits()
    let (rest, frames) = whole.split(calibration: 300)
    let trained = try await SigmaDeltaTraining(epochs: 10).run(hidden: [32], dataset: rest)
    var comparison = SigmaDeltaComparison(
      instructionSet: try InstructionSet.selected(), imageSize: (8, 8))
    comparison.maxErrorIncrease = 5
    comparison.maxOperations = 1
    comparison.window = 100
    let result = try comparison.run(
      trained.weights, calibration: frames, test: whole.test.prefix(120), trained: trained.coding)
    #expect(result.integerDifferences == 0)
    let tables = try #require(result.patterns?.groups)
    #expect(tables.groupSizes.contains { $0 > 1 } && result.patterns!.bytes <= comparison.memory)
    // Where memory is for the weights alone, changes are single rows, and cost more.
    var small = comparison
    small.memory = 1
    let single = try small.run(
      trained.weights, calibration: frames, test: whole.test.prefix(120), trained: trained.coding)
    #expect(single.patterns?.groups == nil)
    #expect(single.calibrationShareOfDense > result.calibrationShareOfDense)
    #expect(result.orders.map(\.name) == ["temporal", "as in the file"])
    // Frames that are like the one before them cost less.
    #expect(result.orders[0].meanChange < result.orders[1].meanChange)
    #expect(
      result.orders[0].sigmaDelta.operations < result.orders[1].sigmaDelta.operations)
    #expect(result.orders[0].sigmaDelta.errors == result.orders[1].sigmaDelta.errors)
    #expect(result.orders[0].zeroSkipping.operations < result.orders[0].dense.operations)
    #expect(result.verdicts.allSatisfy { $0.holds }, "\(result.verdicts)")
    let manifest = RunManifest(
      command: ["bench"], seed: 1, instructionSet: try InstructionSet.selected(), threads: 1)
    #expect(
      HTMLReport(result, source: "a network", manifest: manifest).html.contains(
        "data-name=\"operations\""))
  }
}
