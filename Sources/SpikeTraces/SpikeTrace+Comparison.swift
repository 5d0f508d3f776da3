public import SpikeKernels

/// What two traces differ in.
public struct SpikeTraceComparison: Codable, Sendable {
  /// A setting, weight, prediction or other number that differs. Examples, layers, rows and
  /// columns count from 0 as in the files, `place` by place.
  public struct Difference: Codable, Equatable, Sendable {
    /// The key of the file, and the place in it: `weights_after[0][3][5]`.
    public let place: String
    /// What the first trace has there.
    public let first: String
    /// What the second has.
    public let second: String
  }

  /// A spike that only one of the traces has, or that is another in the other.
  public struct Event: Codable, Equatable, Sendable {
    /// Where a spike belongs.
    public enum Direction: String, Codable, Sendable {
      /// A layer sends it while the first input is predicted.
      case prediction
      /// A layer sends it while the network learns.
      case forward
      /// An error that passes the gate of a layer.
      case error
    }
    /// Where it belongs.
    public let direction: Direction
    /// The example, counted from 0.
    public let example: Int
    /// The step, counted from 1; `nil` where neither a trace nor its replay knows it.
    public let step: Int?
    /// The layer; the input is layer 0.
    public let layer: Int
    /// Its place among the layer's spikes of the example and direction, counted from 0.
    public let place: Int
    /// `+(unit + 1)` or `-(unit + 1)` in the first trace; `nil` where its spikes have ended.
    public let first: Int?
    /// The same in the second trace.
    public let second: Int?
  }

  /// Sizes that differ; then nothing else is compared.
  public var sizes: [Difference] = []
  /// Settings that differ.
  public var settings: [Difference] = []
  /// The first input, target or weight before training that differs.
  public var start: Difference?
  /// The first event that differs.
  public var firstEvent: Event?
  /// The first prediction or weight after training that differs.
  public var result: Difference?

  /// Whether the traces are equal in everything but their names and what only one of them has.
  public var isEqual: Bool {
    sizes.isEmpty && settings.isEmpty && start == nil && firstEvent == nil && result == nil
  }
}

extension SpikeTrace {
  /// Compares two traces: settings, numbers bit for bit, and spikes in order.
  ///
  /// The first event is the one of the earliest example, then step; in a step forward spikes come
  /// before errors, layers in the order in which a step passes them. A trace that does not know
  /// its steps, as those of the authors' program, is replayed; its steps are those of the replay as
  /// far as the spikes agree.
  ///
  /// - Parameter instructionSet: which kernels replay.
  /// - Complexity: linear in the traces, and a replay where one does not know its steps.
  public func compared(
    with other: SpikeTrace, instructionSet: InstructionSet
  ) -> SpikeTraceComparison {
    var comparison = SpikeTraceComparison()
    comparison.sizes = Self.differences(sizeFields, other.sizeFields)
    guard comparison.sizes.isEmpty else { return comparison }
    comparison.settings = Self.differences(settingFields, other.settingFields)
    comparison.start =
      Self.firstDifference(inputs, other.inputs, "inputs")
      ?? Self.firstDifference(targets, other.targets, "targets")
      ?? Self.firstDifference(weightsBefore, other.weightsBefore, "weights_before")
    comparison.firstEvent = firstEvent(against: other, instructionSet: instructionSet)
    comparison.result =
      Self.firstDifference(
        numbers(predictionsBefore), other.numbers(other.predictionsBefore), "predictions_before")
      ?? Self.firstDifference(
        weightsAfter.map(numbers), other.weightsAfter.map(other.numbers), "weights_after")
      ?? Self.firstDifference(
        numbers(predictionsAfter), other.numbers(other.predictionsAfter), "predictions_after")
    return comparison
  }

  // MARK: Settings and numbers

  private var sizeFields: [(String, String)] {
    [("layer_sizes", "\(layerSizes)"), ("examples", "\(inputs.count)")]
  }

  private var settingFields: [(String, String)] {
    // Integer networks have their own quantizers, whatever a trace says beside them; the seed says
    // something to random ones only.
    let kinds = [forwardQuantizer, backwardQuantizer, layerQuantizer]
    let isRandom = kinds.contains(where: \.isRandom)
    return [
      ("time_steps", "\(timeSteps)"), ("eta", "\(eta)"), ("fractional", "\(fractional)"),
      ("smooth_gradients", "\(smoothGradients)"), ("depth_first", "\(depthFirst)"),
      ("hold_error", "\(holdError)"), ("return_counts", "\(returnCounts)"),
      ("forward_quantizer", forwardQuantizer.rawValue),
      ("backward_quantizer", backwardQuantizer.rawValue),
      ("test_quantizer", layerQuantizer.rawValue), ("regularization", "\(regularization)"),
      ("dtype", numberType.rawValue), ("seed", isRandom ? "\(seed ?? 0)" : "of no consequence"),
    ]
  }

  private static func differences(
    _ first: [(String, String)], _ second: [(String, String)]
  ) -> [SpikeTraceComparison.Difference] {
    zip(first, second).filter { $0.1 != $1.1 }.map { .init(place: $0.0, first: $0.1, second: $1.1) }
  }

  /// Bit patterns tell -0.0 from 0.0. A large whole number of a `Float` network may stand in a file
  /// in decimals that only give it again as a `Float`.
  private func numbers(_ rows: [[TraceNumber]]) -> [[Double]] {
    rows.map { $0.map { numberType == .float ? Double(Float($0.value)) : $0.value } }
  }

  private static func firstDifference<Number: BinaryFloatingPoint & SendableMetatype>(
    _ first: [[Number]], _ second: [[Number]], _ key: String
  ) -> SpikeTraceComparison.Difference? {
    for row in first.indices where !first[row].elementsEqual(second[row], by: sameBits) {
      let column = first[row].indices.first { !sameBits(first[row][$0], second[row][$0]) }!
      return .init(
        place: "\(key)[\(row)][\(column)]", first: shown(first[row][column]),
        second: shown(second[row][column]))
    }
    return nil
  }

  private static func firstDifference<Number: BinaryFloatingPoint & SendableMetatype>(
    _ first: [[[Number]]], _ second: [[[Number]]], _ key: String
  ) -> SpikeTraceComparison.Difference? {
    for layer in first.indices {
      if let found = firstDifference(first[layer], second[layer], "\(key)[\(layer)]") {
        return found
      }
    }
    return nil
  }

  private static func sameBits<Number: BinaryFloatingPoint & SendableMetatype>(
    _ a: Number, _ b: Number
  ) -> Bool {
    a == b && a.sign == b.sign
  }

  private static func shown(_ number: some BinaryFloatingPoint) -> String {
    let float = Float(number)
    return Double(float) == Double(number) ? "\(float)" : "\(number)"
  }

  // MARK: Events

  /// One list of spikes, with the counts at the end of each step where they are known.
  private struct List {
    let spikes: [Int]
    let ends: [Int]?

    func step(of place: Int) -> Int? {
      ends?.firstIndex { place < $0 }.map { $0 + 1 }
    }
  }

  private func firstEvent(
    against other: SpikeTrace, instructionSet: InstructionSet
  ) -> SpikeTraceComparison.Event? {
    let traces = [self, other]
    guard
      predictionSpikes != other.predictionSpikes
        || zip(trainingSpikes, other.trainingSpikes).contains(where: !=)
    else { return nil }
    // Only traces that differ are worth a replay.
    let replays = traces.map {
      $0.trainingSteps == nil || $0.predictionSteps == nil
        ? try? $0.replayed(instructionSet: instructionSet) : nil
    }
    let depth = layerSizes.count - 1
    func lists(_ get: (SpikeTrace) -> (spikes: [Int], ends: [Int]?)) -> [[List]] {
      zip(traces, replays).map { trace, replay in
        [trace, replay].compactMap(\.self).map { List(spikes: get($0).spikes, ends: get($0).ends) }
      }
    }
    let prediction = (0...depth).compactMap { layer in
      Self.event(
        .prediction, example: 0, layer: layer,
        lists { ($0.predictionSpikes[layer], $0.predictionSteps?[layer]) })
    }
    if let first = Self.first(prediction) { return first }
    for example in inputs.indices where trainingSpikes[example] != other.trainingSpikes[example] {
      // Lists of layers 1...L.
      let forward = (0..<depth).compactMap { index in
        Self.event(
          .forward, example: example, layer: index + 1,
          lists {
            (
              $0.trainingSpikes[example].forward[index],
              $0.trainingSteps?[example].forward[index]
            )
          })
      }
      let errors = (0..<depth).reversed().compactMap { index in
        Self.event(
          .error, example: example, layer: index + 1,
          lists {
            (
              $0.trainingSpikes[example].errorPassed[index],
              $0.trainingSteps?[example].errorPassed[index]
            )
          })
      }
      if let first = Self.first(forward + errors) { return first }
    }
    return nil
  }

  /// The first event of the earliest step; those of unknown steps come last.
  private static func first(
    _ events: [SpikeTraceComparison.Event]
  ) -> SpikeTraceComparison.Event? {
    events.enumerated().min {
      ($0.element.step ?? .max, $0.offset) < ($1.element.step ?? .max, $1.offset)
    }?.element
  }

  /// The first place at which two lists differ, if there is one.
  ///
  /// - Parameter lists: of each trace its own list and, where it was replayed, the replay's.
  private static func event(
    _ direction: SpikeTraceComparison.Event.Direction, example: Int, layer: Int,
    _ lists: [[List]]
  ) -> SpikeTraceComparison.Event? {
    let (first, second) = (lists[0][0].spikes, lists[1][0].spikes)
    guard first != second else { return nil }
    let place =
      zip(first, second).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      ?? min(first.count, second.count)
    // A trace has a spike there, or its spikes have ended; a replay speaks for its trace as far as
    // they agree.
    let steps = lists.map { list in
      list.first { known in
        known.ends != nil && known.spikes.prefix(place + 1) == list[0].spikes.prefix(place + 1)
      }?.step(of: place)
    }
    return .init(
      direction: direction, example: example, step: steps.compactMap(\.self).min(), layer: layer,
      place: place, first: place < first.count ? first[place] : nil,
      second: place < second.count ? second[place] : nil)
  }
}
