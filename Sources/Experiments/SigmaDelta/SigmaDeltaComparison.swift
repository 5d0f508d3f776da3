public import Datasets
internal import DenseReLU
internal import Measures
public import Networks
public import SpikeKernels
public import SpikingReLU

/// A sigma-delta network beside the rounding network and the dense one, on images as frames: in the order in
/// which each follows one that is like it (Temporal MNIST), and in the order of the file.
public struct SigmaDeltaComparison: Sendable {
  /// Points of error that the operations of one dense pass may save, in the search of scales.
  public var lambda = 3.0
  /// Bytes that the rows of patterns may take: by default half of the third cache, which other work shares.
  public var memory = CacheSizes().level3 / 2
  /// Unseen images among which the next is looked for.
  public var window = 1000
  /// The scale S of the network of integers.
  public var integerScale: Int32 = 1 << 16
  /// The verdicts on temporal order: points above the dense network's error, and additions over its
  /// multiply-adds, at most.
  public var maxErrorIncrease = 0.1
  /// The same for additions over dense multiply-adds.
  public var maxOperations = 0.09
  /// Which kernels run.
  public var instructionSet: InstructionSet
  /// Height and width of the frames, for groups of pixels.
  public var imageSize: (height: Int, width: Int)

  /// A comparison with the documented settings.
  public init(instructionSet: InstructionSet, imageSize: (height: Int, width: Int)) {
    self.instructionSet = instructionSet
    self.imageSize = imageSize
  }

  /// Which part of the work goes on.
  public enum Stage: String, Sendable {
    case ordering = "orders images"
    case scales = "finds scales"
    case test = "runs test frames"
  }

  /// What was found.
  public struct Result: Sendable, Codable {
    /// One order of the test images.
    public struct Order: Sendable, Codable {
      /// "temporal" or "as in the file".
      public let name: String
      /// The mean L1 distance of a frame from the one before, in pixels of 1.
      public let meanChange: Double
      /// The network that sends changes.
      public let sigmaDelta: Row
      /// The network that computes each frame alone.
      public let rounding: Row
      /// The dense network.
      public let dense: Row
      /// The dense network where it skips inputs that are 0.
      public let zeroSkipping: Row
      /// Of sigma-delta, by layer.
      public let layers: [Layer]
    }

    /// One network.
    public struct Row: Sendable, Codable {
      /// Wrong answers.
      public let errors: Int
      /// In percent.
      public let errorPercent: Double
      /// Additions, or multiply-adds, a frame.
      public let operations: Double
      /// Over the dense network's multiply-adds.
      public let shareOfDense: Double
      /// Nanojoules a frame in int32 arithmetic, without and with weight reads.
      public let int32Nanojoules: Double
      /// The same with a weight read an operation.
      public let int32NanojoulesWithReads: Double
    }

    /// What a layer sends.
    public struct Layer: Sendable, Codable {
      /// Its units.
      public let units: Int
      /// k: spikes for an activation of 1; of the units, the median.
      public let scale: Double
      /// Spikes, positive and negative, a frame.
      public let spikes: Double
      /// Additions, a frame.
      public let additions: Double
    }

    /// Units of layers 0...L.
    public let topology: Topology
    /// Test images.
    public let frames: Int
    /// Points of error that one dense network of operations may save.
    public let lambda: Double
    /// Bytes that the rows of patterns may take: by default half of the third cache, which other work shares.
    public var memory = CacheSizes().level3 / 2
    /// Unseen images among which the next was looked for.
    public let window: Int
    /// Codings that the search tried.
    public let codingsTried: Int
    /// The best of them.
    public let coding: SpikeCoding
    /// The tables of patterns.
    public let patterns: PatternTables?
    /// Frames on which it was found.
    public let calibrationFrames: Int
    /// Its expected error there.
    public let calibrationExpectedErrorPercent: Double
    /// Its additions there, over dense multiply-adds.
    public let calibrationShareOfDense: Double
    /// Temporal order, and that of the file.
    public let orders: [Order]
    /// Frames on which the sigma-delta and the rounding network of integers differ in any output.
    public let integerDifferences: Int
    /// Frames on which they differ in their class, in Float.
    public let floatClassDifferences: Int
    /// What the energies leave out.
    public let energyAssumptions: String
    /// The claims.
    public let verdicts: [Verdict]
  }

  /// Runs.
  ///
  /// - Parameters:
  ///   - weights: of the dense network.
  ///   - calibration: images on which scales are found; not those of the test.
  ///   - trained: the scales that the network was trained for, if any.
  /// - Throws: `CodingSearch.Failure`, `SpikingError`, `CancellationError`.
  public func run(
    _ weights: NetworkWeights, calibration: LabelledImages, test: LabelledImages,
    trained: SpikeCoding? = nil,
    progress: (@Sendable (Stage, Int, Int) -> Void)? = nil
  ) throws -> Result {
    progress?(.ordering, 0, 2)
    let frames = calibration.selecting(try calibration.temporalOrder(window: window))
    progress?(.ordering, 1, 2)
    let order = try test.temporalOrder(window: window)
    progress?(.ordering, 2, 2)
    let search = SigmaDeltaSearch(
      lambda: lambda, memory: memory, imageSize: imageSize, instructionSet: instructionSet)
    let found = try search.run(weights, frames: frames, trained: trained) {
      progress?(.scales, $0, $1)
    }
    let chosen = found.best.coding
    let tables = try found.best.grouping.map { grouping in
      try PatternTables(grouping, weights, limit: memory) {
        let network = try SigmaDeltaMLP(
          weights: weights, coding: chosen, patterns: grouping.patterns,
          instructionSet: instructionSet)
        return (network.patternBytes, network.patternAdditions)
      }
    }
    var (integers, floats) = (0, 0)
    var orders: [Result.Order] = []
    for (index, places) in [order, Array(0..<test.count)].enumerated() {
      let outcome = try measure(
        weights, chosen, tables?.groups, test.selecting(places),
        name: index == 0 ? "temporal" : "as in the file"
      ) { progress?(.test, index * test.count + $0, 2 * test.count) }
      orders.append(outcome.order)
      integers += outcome.integerDifferences
      floats += outcome.floatClassDifferences
    }
    let temporal = orders[0]
    return Result(
      topology: weights.topology, frames: test.count, lambda: lambda, window: window,
      codingsTried: found.tried, coding: chosen, patterns: tables,
      calibrationFrames: calibration.count,
      calibrationExpectedErrorPercent: found.best.expectedErrorPercent,
      calibrationShareOfDense: found.best.shareOfDense, orders: orders,
      integerDifferences: integers, floatClassDifferences: floats,
      energyAssumptions: EnergyModel.assumptions,
      verdicts: [
        Verdict(
          "sigma-delta, temporal order: additions / dense multiply-adds",
          value: temporal.sigmaDelta.shareOfDense, bound: .init(atMost: maxOperations)),
        Verdict(
          "sigma-delta, temporal order: points of error above dense",
          value: temporal.sigmaDelta.errorPercent - temporal.dense.errorPercent,
          bound: .init(atMost: maxErrorIncrease)),
        Verdict(
          "integers: frames on which sigma-delta and rounding network differ in an output",
          value: Double(integers), bound: .init(atLeast: 0, atMost: 0)),
        // A sum that rounding puts on the other side of a threshold: rare, and rarely of consequence.
        Verdict(
          "Float: share of frames on which they differ in their class",
          value: Double(floats) / Double(2 * test.count), bound: .init(atMost: 0.001)),
      ])
  }

  private func measure(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ patterns: SpikePatterns?,
    _ data: LabelledImages, name: String,
    progress: (Int) -> Void
  ) throws -> (order: Result.Order, integerDifferences: Int, floatClassDifferences: Int) {
    var dense = DenseMLP(weights: weights)
    var changing = try SigmaDeltaMLP(
      weights: weights, coding: coding, patterns: patterns, instructionSet: instructionSet)
    var integers = try IntegerSigmaDeltaMLP(
      weights: weights, coding: coding, patterns: patterns, scale: integerScale,
      instructionSet: instructionSet)
    var alone = changing
    var integersAlone = integers
    alone.resetLedger()
    var errors = (dense: 0, changing: 0, alone: 0)
    var (differences, classes, skipping) = (0, 0, 0)
    var change = 0.0
    var before: [Float]?
    for index in 0..<data.count {
      if index.isMultiple(of: 64) {
        try Task.checkCancellation()
        progress(index)
      }
      let frame = data.images.row(index)
      if let before { change += zip(frame, before).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) } }
      before = frame
      let label = data.labels[index]
      if try dense.predict(frame).argmax != label { errors.dense += 1 }
      for (below, layer) in weights.layers.enumerated() {
        for (unit, activation) in dense.activation(ofLayer: below).enumerated()
        where activation != 0 {
          skipping += layer.weights.fanOut(of: unit)
        }
      }
      let answer = try changing.process(frame).argmax
      if answer != label { errors.changing += 1 }
      alone.reset()
      let single = try alone.process(frame).argmax
      if single != label { errors.alone += 1 }
      if single != answer { classes += 1 }
      integersAlone.reset()
      if try integers.process(frame) != integersAlone.process(frame) { differences += 1 }
    }
    let count = Double(data.count)
    let size = Double(weights.multiplyAdds)
    func row(_ errors: Int, additions: Double = 0, multiplyAdds: Double = 0) -> Result.Row {
      // Rows are read from the tables of patterns, where there are some.
      let words = additions > 0 ? tableWords(patterns, weights) : weights.parameterCount
      let read = EnergyModel.weightRead(weights: words)
      func energy(_ read: Double) -> Double {
        EnergyModel.energy(
          additions: additions / count, multiplyAdds: multiplyAdds / count, arithmetic: .int32,
          weightRead: read) / 1000
      }
      return Result.Row(
        errors: errors, errorPercent: 100 * Double(errors) / count,
        operations: (additions + multiplyAdds) / count,
        shareOfDense: (additions + multiplyAdds) / count / size, int32Nanojoules: energy(0),
        int32NanojoulesWithReads: energy(read))
    }
    let layers = changing.ledger.layers.indices.map { layer in
      let facts = changing.ledger.layers[layer]
      let scales =
        coding.hiddenScales(ofLayer: layer)?.sorted() ?? [layer == 0 ? coding.inputScale : 1]
      return Result.Layer(
        units: facts.units, scale: Double(scales[scales.count / 2]),
        spikes: Double(facts.spikes) / count, additions: Double(facts.forwardAdditions) / count)
    }
    return (
      Result.Order(
        name: name, meanChange: change / max(count - 1, 1),
        sigmaDelta: row(errors.changing, additions: Double(changing.ledger.additions)),
        rounding: row(errors.alone, additions: Double(alone.ledger.additions)),
        dense: row(errors.dense, multiplyAdds: size * count),
        zeroSkipping: row(errors.dense, multiplyAdds: Double(skipping)),
        layers: layers), differences, classes
    )
  }
}
