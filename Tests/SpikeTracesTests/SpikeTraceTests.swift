import Foundation
import Networks
import SpikeKernels
import SpikeTraces
import SpikingReLU
import Testing

/// What `bench trace` writes, reads and compares.
@Suite struct SpikeTraceTests {
  private static let set = InstructionSet.supported.last!

  private static func record(
    _ numberType: SpikeTrace.NumberType = .float, backward: QuantizerKind = .noResetHerding,
    seed: UInt64 = 5
  ) throws -> SpikeTrace {
    var generator = SeededGenerator(seed: 3)
    let weights = try NetworkWeights(
      topology: [6, 8, 7, 4], initializer: .normal(standardDeviation: 0.5),
      generator: &generator)
    var options = try PredictionOptions(timeSteps: 6)
    options.seed = seed
    var training = try TrainingOptions(learningRate: 0.05)
    training.backwardQuantizer = backward
    let inputs = (0..<5).map { _ in (0..<6).map { _ in Float(generator.nextUniform()) } }
    let targets = (0..<5).map { index in (0..<4).map { $0 == index % 4 ? Float(1) : 0 } }
    return try .record(
      name: "test", weights: weights, options: options, training: training,
      numberType: numberType, inputs: inputs, targets: targets, instructionSet: set)
  }

  private func file(_ data: Data) throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/trace-\(UUID().uuidString).json"
    try data.write(to: URL(filePath: path))
    return path
  }

  /// Writes a trace with one value of its JSON changed, and reads it again.
  private func changed(_ trace: SpikeTrace, _ key: String, _ change: (Any) -> Any) throws
    -> SpikeTrace
  {
    var object = try #require(
      JSONSerialization.jsonObject(with: trace.json()) as? [String: Any])
    object[key] = change(object[key] ?? NSNull())
    let path = try file(JSONSerialization.data(withJSONObject: object))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try SpikeTrace(contentsOf: path)
  }

  @Test(
    "a trace reads back equal, and its replay is equal", arguments: SpikeTrace.NumberType.allCases)
  func roundTrip(numberType: SpikeTrace.NumberType) throws {
    let trace = try Self.record(numberType)
    let path = try file(trace.json())
    defer { try? FileManager.default.removeItem(atPath: path) }
    let read = try SpikeTrace(contentsOf: path)
    #expect(trace.compared(with: read, instructionSet: Self.set).isEqual)
    #expect(read.trainingSteps == trace.trainingSteps)
    #expect(read.predictionSteps == trace.predictionSteps)
    #expect(try read.json() == trace.json())
    for set in InstructionSet.supported {
      let replay = try read.replayed(instructionSet: set)
      #expect(trace.compared(with: replay, instructionSet: set).isEqual)
    }
  }

  @Test("the seed of random quantizers is kept, and told apart")
  func seeds() throws {
    let trace = try Self.record(backward: .randomResetHerding)
    #expect(
      trace.compared(with: try trace.replayed(instructionSet: Self.set), instructionSet: Self.set)
        .isEqual)
    let other = try Self.record(backward: .randomResetHerding, seed: 6)
    let comparison = trace.compared(with: other, instructionSet: Self.set)
    #expect(comparison.settings.map(\.place) == ["seed"])
    #expect(comparison.firstEvent?.direction == .error)
  }

  @Test("steps in the trace add up to those that a network takes one at a time")
  func stepsAreCounted() throws {
    let trace = try Self.record()
    let steps = try #require(trace.trainingSteps)
    for (example, ends) in steps.enumerated() {
      for layer in 0..<3 {
        #expect(ends.forward[layer].count == 6)
        #expect(ends.forward[layer].last == trace.trainingSpikes[example].forward[layer].count)
        #expect(
          ends.errorPassed[layer].last == trace.trainingSpikes[example].errorPassed[layer].count)
      }
    }
    // A held error is released at the end of the step in which it arose: from the first on.
    #expect(steps[0].errorPassed[2][0] > 0)
    #expect(steps[0].errorPassed[2][0] < steps[0].errorPassed[2][5])
  }

  @Test("a changed spike is found by example, step, layer and place")
  func firstEvent() throws {
    let trace = try Self.record()
    let ends = try #require(trace.trainingSteps)[3].forward[1]
    let step = try #require((1..<6).first { ends[$0] > ends[$0 - 1] })
    let place = ends[step - 1]
    let was = trace.trainingSpikes[3].forward[1][place]
    var other = trace
    other.trainingSpikes[3].forward[1][place] = was % 7 + 1
    // A later example differs too.
    other.trainingSpikes[4].forward[0][0] = other.trainingSpikes[4].forward[0][0] % 8 + 1
    var comparison = trace.compared(with: other, instructionSet: Self.set)
    let event = try #require(comparison.firstEvent)
    #expect(event.direction == .forward)
    #expect((event.example, event.step, event.layer, event.place) == (3, step + 1, 2, place))
    #expect((event.first, event.second) == (was, was % 7 + 1))
    #expect(comparison.result == nil && comparison.start == nil && comparison.settings.isEmpty)

    // Traces without steps, as the authors' are: a replay knows them.
    var (first, second) = (trace, other)
    first.trainingSteps = nil
    second.trainingSteps = nil
    comparison = first.compared(with: second, instructionSet: Self.set)
    #expect(comparison.firstEvent == event)

    // An error of an earlier step comes before a forward spike of a later one.
    if let earlier = try #require(trace.trainingSteps)[3].errorPassed[2].first, earlier > 0 {
      other.trainingSpikes[3].errorPassed[2][0] *= -1
      comparison = trace.compared(with: other, instructionSet: Self.set)
      #expect(comparison.firstEvent?.direction == .error)
      #expect(comparison.firstEvent?.step == 1)
      #expect(comparison.firstEvent?.layer == 3)
    }
  }

  @Test("a spike that one trace lacks is found where its spikes end")
  func missingSpike() throws {
    let trace = try Self.record()
    var other = trace
    let last = other.trainingSpikes[2].forward[0].removeLast()
    other.trainingSteps = nil
    let event = try #require(
      trace.compared(with: other, instructionSet: Self.set).firstEvent)
    #expect(event.first == last && event.second == nil)
    #expect(event.place == trace.trainingSpikes[2].forward[0].count - 1)
  }

  @Test("no key may differ unseen")
  func everyKeyCounts() throws {
    let trace = try Self.record()
    func bumped(_ value: Any) -> Any {
      if let list = value as? [Any] { return [bumped(list[0])] + list.dropFirst() }
      return ((value as? NSNumber)?.doubleValue ?? 0) == 0.5 ? 0.25 : 0.5
    }
    let inverted: (Any) -> Any = { !(($0 as? NSNumber)?.boolValue ?? false) }
    let changes: [(String, (Any) -> Any)] = [
      ("eta", bumped), ("regularization", bumped), ("inputs", bumped), ("targets", bumped),
      ("weights_before", bumped), ("weights_after", bumped), ("predictions_before", bumped),
      ("predictions_after", bumped), ("fractional", inverted), ("smooth_gradients", inverted),
      ("depth_first", inverted), ("hold_error", inverted), ("return_counts", inverted),
      ("forward_quantizer", { _ in "noreset-rect-herding" }),
      ("backward_quantizer", { _ in "herding" }), ("test_quantizer", { _ in "herding" }),
    ]
    for (key, change) in changes {
      let other = try changed(trace, key, change)
      #expect(!trace.compared(with: other, instructionSet: Self.set).isEqual, "\(key)")
    }
    let flipped = try changed(trace, "predictions_after") { rows in
      var rows = rows as! [[Double]]
      rows[4][3] = (rows[4][3] as Double) + 1e-3
      return rows
    }
    #expect(
      trace.compared(with: flipped, instructionSet: Self.set).result?.place
        == "predictions_after[4][3]")
    // 0 and -0 are equal numbers, and other bits.
    let zero = try changed(trace, "predictions_before") { rows in
      var rows = rows as! [[Double]]
      rows[0][0] = 0
      return rows
    }
    let negative = try changed(trace, "predictions_before") { rows in
      var rows = rows as! [[Double]]
      rows[0][0] = -0.0
      return rows
    }
    #expect(zero.compared(with: zero, instructionSet: Self.set).isEqual)
    let found = try #require(zero.compared(with: negative, instructionSet: Self.set).result)
    #expect(found.place == "predictions_before[0][0]")
    #expect(found.first == "0.0" && found.second == "-0.0")
    var sized = trace
    sized.layerSizes = [6, 8, 8, 4]
    #expect(
      trace.compared(with: sized, instructionSet: Self.set).sizes.map(\.place) == ["layer_sizes"])
  }

  @Test("what does not fit together is refused with its place")
  func refusals() throws {
    let trace = try Self.record()
    func refusal(_ key: String, _ change: (Any) -> Any) throws -> String {
      do {
        _ = try changed(trace, key, change)
        return "accepted"
      } catch let error as SpikeTraceError {
        return error.reason
      }
    }
    #expect(try refusal("layer_sizes") { _ in [6] }.hasPrefix("layer_sizes: "))
    #expect(try refusal("layer_sizes") { _ in [6, 8, 9, 4] }.hasPrefix("weights_before[1][0]: "))
    #expect(try refusal("time_steps") { _ in 0 } == "time_steps: found 0, expected at least 1")
    #expect(try refusal("inputs") { _ in [] } == "inputs: expected at least one example")
    #expect(
      try refusal("inputs") { Array(($0 as! [Any]).dropLast()) }
        == "targets: found 5 entries, expected 4")
    #expect(
      try refusal("prediction_spikes_first_input") { _ in [[1], [0], [], []] }
        == "prediction_spikes_first_input[1][0]: found 0, expected a unit in 1...8 with its sign")
    #expect(
      try refusal("training_spikes") { _ in [] }
        == "training_spikes: found 0 entries, expected 5")
    #expect(
      try refusal("training_steps") { steps in
        var steps = steps as! [[String: [[Int]]]]
        steps[1]["forward"]![2][5] += 1
        return steps
      }.hasPrefix("training_steps[1].forward[2]: expected counts that rise to "))
    #expect(
      try refusal("targets") { _ in "none" }.hasPrefix("targets: "))
    #expect(try refusal("eta") { _ in NSNull() }.hasPrefix("eta: "))

    let path = try file(Data("{\"name\": 1".utf8))
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: SpikeTraceError.self) { try SpikeTrace(contentsOf: path) }
  }
}
