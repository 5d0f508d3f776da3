public import Networks
public import SpikeKernels

/// A sigma-delta network of `Float` sums.
public typealias SigmaDeltaMLP = SigmaDeltaNetwork<Float>

/// A sigma-delta network of integers alone: equal, bit for bit, to the rounding network.
public typealias IntegerSigmaDeltaMLP = SigmaDeltaNetwork<Int32>

/// A network for inputs that change: each layer sends the changes of its rounded activations, and work follows
/// change, not size.
///
/// For frames x_1, x_2, ..., with counts n that start at 0:
/// ```
/// n_0 = round(k_0 x_t);   for l in 1...L:
///     s_(l-1) = n_(l-1) - (n_(l-1) of the frame before)         // signed spikes, |s| of each unit
///     z_l += s_(l-1) W'_l                                       // a row added for each spike
///     n_l = max(0, round(z_l))                                  // l < L;  the output is z_L
/// ```
/// `W'` are the weights between spikes (`NetworkWeights.coded(by:)`), so that nothing is multiplied. The
/// difference of rounded sums is what a herding quantizer sends of `k (a_t - a_(t-1))`. Nothing is reset
/// between frames. Rounding is to the nearest, of ties toward 0, as a quantizer's threshold is strict.
///
/// It computes what the rounding network computes from each frame alone (`rounded(_:)`): in integers the same
/// bits. In Float, sums that were reached by A additions differ from those of one pass by at most `A eps M`, M the
/// largest magnitude on the way and `eps = 2^-24`; a count differs where a sum is so near to a threshold.
///
/// Source: O'Connor and Welling, *Sigma Delta Quantized Networks*, ICLR 2017, sections 2 and 3.
///
/// A value type: copies are independent. One value must not be used from two tasks at a time.
public struct SigmaDeltaNetwork<Scalar: SpikeScalar>: Sendable {
  /// The quantum of each unit.
  public let coding: SpikeCoding
  /// The units of layers 0...L.
  public let topology: Topology
  /// The quantum of a spike in sums: 1, or the scale S of integers.
  public let quantum: Scalar
  /// What was done since it was made. An example is a frame.
  public var ledger: OperationLedger {
    var ledger = OperationLedger(layers: layers.map(\.neurons.operations))
    (ledger.examples, ledger.timeSteps) = (frames, frames)
    return ledger
  }

  /// Layers 0...L: z_l are the sums of their neurons, n_l their counts.
  private var layers: [SpikingLayer<Scalar>]
  private var context: FeedContext<Scalar>
  private var frames = 0

  /// The most spikes of a unit that are kept apart: a scale that needs more is none for spikes.
  public static var largestCount: Int32 { 1 << 20 }

  init(
    connections: [Connection<Scalar>], quantum: Scalar, coding: SpikeCoding,
    patterns: SpikePatterns?, instructionSet: InstructionSet
  ) throws(SpikingError) {
    guard coding.inputPhases.isEmpty else {
      throw .invalidStream("a sigma-delta network rounds its input: it has no phases")
    }
    self.quantum = quantum
    self.coding = coding
    topology = Topology(connections: connections)
    let chain = [Connection.none(units: topology[0].count, quantum: quantum)] + connections
    let tables = try patterns?.tables(of: connections)
    layers = zip(chain, topology).enumerated().map { index, layer in
      SpikingLayer(
        shape: layer.1, feeders: index == 0 ? [] : [index - 1],
        connection: layer.0,
        neurons: Neurons(
          units: layer.1.count, quantizer: Quantizer(kind: .herding, quantum: quantum),
          keepsSums: index > 0),
        slots: nil,
        patterns: index == 0 ? nil : tables?[index - 1],
        counts: AlignedArray(repeating: 0, count: layer.1.count), activity: nil)
    }
    context = FeedContext(instructionSet: instructionSet, units: 1, seed: 0, limit: .max)
    reset()
  }

  /// The index of the last layer, L.
  public var depth: Int { layers.count - 1 }

  /// Which implementation of the kernels runs. All give the same bits.
  public var instructionSet: InstructionSet { context.instructionSet }

  /// Forgets all frames: counts are 0, sums are the biases.
  public mutating func reset() {
    for index in layers.indices {
      layers[index].counts.fill(with: 0)
      layers[index].neurons.sums.fill(with: .zero)
      if let bias = layers[index].connection.bias {
        context.kernels.addRows(
          of: bias.row, for: context.alwaysOn, range: 0..<1, to: &layers[index].neurons.sums)
      }
    }
  }

  /// Forgets what was counted.
  public mutating func resetLedger() {
    for index in layers.indices {
      layers[index].neurons.operations = OperationLedger.Layer(units: topology[index].count)
    }
    frames = 0
  }

  /// Takes the next frame.
  ///
  /// - Parameter frame: `[n_0]`, finite.
  /// - Returns: `[n_L]`, z_L in the output's units: the pre-activation. The class is its `argmax`.
  /// - Throws: `SpikingError` for a frame of another length or a value that is not finite, and
  ///   `.potentialOverflow` where a unit has more than 2^20 spikes; the network must be reset then.
  /// - Complexity: `n_l` additions for each spike into layer l, or for each pattern; a comparison a unit below L.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func process(_ frame: [Float]) throws(SpikingError) -> [Float] {
    guard frame.count == topology[0].count else {
      throw .inputSize(expected: topology[0].count, found: frame.count)
    }
    layers[0].neurons.spikes.removeAll()
    for unit in frame.indices {
      let value = frame[unit] * coding.inputScale
      guard value.isFinite else { throw .nonFiniteInput(index: unit, value: frame[unit]) }
      guard value.magnitude < Float(Self.largestCount) else {
        throw .potentialOverflow(layer: 0, unit: unit, step: 1, value: Double(value))
      }
      // To the nearest, of ties toward 0.
      let count = Int32((value.magnitude - 0.5).rounded(.up))
      layers[0].send(value < 0 ? -max(count, 0) : max(count, 0), unit: unit)
    }
    layers[0].neurons.enterSpikes(steps: 1, instructionSet)
    for index in layers.indices.dropFirst() {
      for feeder in layers[index].feeders {
        layers[index].add(layers[feeder].spikes, context)
      }
      guard index < depth else { break }
      layers[index].neurons.spikes.removeAll()
      for unit in 0..<topology[index].count {
        let sum = layers[index].neurons.sums[unit]
        guard let count = Scalar.count(of: sum, quantum: quantum), count <= Self.largestCount
        else {
          throw .potentialOverflow(
            layer: index, unit: unit, step: 1,
            value: Double(Scalar.outputs(of: sum, quantum: quantum)))
        }
        layers[index].send(count, unit: unit)
      }
      layers[index].neurons.operations.forwardComparisons += topology[index].count
      layers[index].neurons.enterSpikes(steps: 1, instructionSet)
    }
    frames += 1
    return output
  }

  /// z_L of the last frame, in the output's units.
  public var output: [Float] {
    let sums = layers[depth].neurons.sums
    return (0..<topology[depth].count).map { Scalar.outputs(of: sums[$0], quantum: quantum) }
  }

  /// The changes that a layer sent in the last frame; of the last layer none.
  public func spikes(ofLayer layer: Int) -> SpikeTrain { layers[layer].spikes }

  /// Bytes of the tables of patterns, where changes are added by them.
  public var patternBytes: Int { layers.reduce(0) { $0 + ($1.patterns?.bytes ?? 0) } }

  /// Additions that building those tables took.
  public var patternAdditions: Int {
    layers.reduce(0) { $0 + ($1.patterns?.buildingAdditions ?? 0) }
  }

  /// n_l of the last frame: the rounded activations, in spikes.
  public func counts(ofLayer layer: Int) -> [Int] {
    (0..<topology[layer].count).map { Int(layers[layer].counts[$0]) }
  }

  /// What the rounding network makes of a frame alone: the same network without anything before.
  ///
  /// - Returns: its output, and the network with what it did in its ledger.
  /// - Throws: as `process`.
  public func rounded(
    _ frame: [Float]
  ) throws(SpikingError) -> (output: [Float], network: SigmaDeltaNetwork) {
    var network = self
    network.reset()
    network.resetLedger()
    let output = try network.process(frame)
    return (output, network)
  }
}

extension SpikingLayer {
  /// Sends the change of a unit's count.
  fileprivate mutating func send(_ count: Int32, unit: Int) {
    let change = count - counts[unit]
    guard change != 0 else { return }
    let spike = Spike(unit: unit, sign: change > 0 ? 1 : -1)
    for _ in 0..<change.magnitude { neurons.spikes.append(spike) }
    counts[unit] = count
  }
}

extension SigmaDeltaNetwork where Scalar == Float {
  /// A sigma-delta network of the given weights.
  ///
  /// - Parameters:
  ///   - weights: with biases or without.
  ///   - coding: the quanta of spikes, without phases.
  ///   - patterns: groups of units whose changes are added as one row; `nil` for single rows.
  ///   - instructionSet: as for `SpikingMLP`.
  /// - Throws: as `NetworkWeights.coded(by:)`; `SpikingError.invalidStream` for phases.
  public init(
    weights: NetworkWeights, coding: SpikeCoding, patterns: SpikePatterns? = nil,
    instructionSet: InstructionSet? = nil
  ) throws(SpikingError) {
    let coded = try weights.coded(by: coding)
    try self.init(
      connections: coded.connections, quantum: 1, coding: coding, patterns: patterns,
      instructionSet: SpikingNetwork<Float>.resolve(instructionSet))
  }
}

extension SigmaDeltaNetwork where Scalar == Int32 {
  /// A sigma-delta network of weights `Int32(w * S)`.
  ///
  /// - Parameter scale: S, in 1...2^30.
  /// - Throws: as the Float one; `SpikingError.weightOutOfRange`, `.biasOutOfRange`.
  public init(
    weights: NetworkWeights, coding: SpikeCoding, patterns: SpikePatterns? = nil, scale: Int32,
    instructionSet: InstructionSet? = nil
  ) throws(SpikingError) {
    precondition((1...Int32.potentialLimit).contains(scale), "a scale of \(scale)")
    try self.init(
      connections: weights.coded(by: coding).connections(scale: scale), quantum: scale,
      coding: coding, patterns: patterns,
      instructionSet: SpikingNetwork<Int32>.resolve(instructionSet))
  }
}
