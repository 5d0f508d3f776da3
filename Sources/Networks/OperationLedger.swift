/// What a network did: exact integers, counted by the network code while it works.
///
/// Every published counter treats signed spikes, and several spikes of a unit in one step, in its
/// own way. The ledger keeps the plain facts per layer and direction; `OperationLedger+Views`
/// derives from them the figures that other tools would print.
public struct OperationLedger: Sendable, Equatable, Codable {
  /// The facts of one layer. Layer 0 is the input: it sends spikes, and adds nothing.
  public struct Layer: Sendable, Equatable, Codable {
    /// The number of units, `n_l`.
    public let units: Int
    /// Spikes of sign +1 that the layer sent.
    public var positiveSpikes = 0
    /// Spikes of sign -1 that the layer sent.
    public var negativeSpikes = 0
    /// Error spikes that passed the gate of the layer, in training.
    public var errorSpikes = 0
    /// Pairs of a unit and a time step: `units` a step.
    public var unitSteps = 0
    /// Unit-steps with a net signed spike count other than 0. Kept only when activity is recorded.
    public var activeUnitSteps = 0

    /// Additions of weights to potentials: `n_l` for each spike that arrives from below. Biases are
    /// the weights of an always-on unit: `n_l` a step more.
    public var forwardAdditions = 0
    /// Additions of inputs to the potentials of the input quantizer: one a step for each input that
    /// is not 0 (for all, where the quantizer keeps potentials or is random). Apart from
    /// `forwardAdditions`, which is the paper's count.
    public var encodingAdditions = 0
    /// Additions of weights to running sums: the output in prediction, every z_l in training;
    /// `n_l` for each spike that arrives. Apart from `forwardAdditions`, too.
    public var sumAdditions = 0
    /// Subtractions by which potentials and sums leaked, on a stream: one a unit and interval. What is
    /// subtracted is a shift of the value.
    public var leakAdditions = 0
    /// Additions of weights to the potentials of backward quantizers.
    public var backwardAdditions = 0
    /// Additions that double sums as a step of a refining network begins: one a sum that is not 0, of what
    /// units received and of what they sent.
    public var doublings = 0
    /// Additions that changed weights (integer network).
    public var updateAdditions = 0
    /// Threshold comparisons, forward, of the loop as specified: one a unit and feed (two when
    /// signed), one more a positive spike and two more a negative one.
    public var forwardComparisons = 0

    /// Multiply-adds, forward: `n_(l-1) * n_l` an example in a dense network.
    public var forwardMultiplyAdds = 0
    /// Multiply-adds that carried a gradient down.
    public var backwardMultiplyAdds = 0
    /// Multiply-adds that changed weights or made their gradient.
    public var updateMultiplyAdds = 0
    /// Multiply-adds of a forward pass that skips inputs that are 0.
    public var zeroSkippingMultiplyAdds = 0

    /// NeuroBench's Effective_ACs: nonzero inputs times nonzero weights of their rows, of the steps
    /// in which every net input is -1, 0 or 1. Kept only when activity is recorded.
    public var effectiveAccumulates = 0
    /// NeuroBench's Effective_MACs: the same product, of all other steps.
    public var effectiveMultiplyAccumulates = 0

    /// A layer of `units` that has done nothing yet.
    public init(units: Int) { self.units = units }

    /// A layer from a file. Figures that were not counted when it was written are 0.
    ///
    /// - Throws: `DecodingError`.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      func figure(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
      units = try figure(.units)
      positiveSpikes = try figure(.positiveSpikes)
      negativeSpikes = try figure(.negativeSpikes)
      errorSpikes = try figure(.errorSpikes)
      unitSteps = try figure(.unitSteps)
      activeUnitSteps = try figure(.activeUnitSteps)
      forwardAdditions = try figure(.forwardAdditions)
      encodingAdditions = try figure(.encodingAdditions)
      sumAdditions = try figure(.sumAdditions)
      leakAdditions = try figure(.leakAdditions)
      backwardAdditions = try figure(.backwardAdditions)
      doublings = try values.decodeIfPresent(Int.self, forKey: .doublings) ?? 0
      updateAdditions = try figure(.updateAdditions)
      forwardComparisons = try figure(.forwardComparisons)
      forwardMultiplyAdds = try figure(.forwardMultiplyAdds)
      backwardMultiplyAdds = try figure(.backwardMultiplyAdds)
      updateMultiplyAdds = try figure(.updateMultiplyAdds)
      zeroSkippingMultiplyAdds = try figure(.zeroSkippingMultiplyAdds)
      effectiveAccumulates = try figure(.effectiveAccumulates)
      effectiveMultiplyAccumulates = try figure(.effectiveMultiplyAccumulates)
    }

    /// All spikes sent: the sum of |s|, one a spike.
    public var spikes: Int { positiveSpikes + negativeSpikes }
  }

  /// Layers 0...L.
  public var layers: [Layer]
  /// Examples presented.
  public var examples = 0
  /// Time steps taken, over all examples.
  public var timeSteps = 0

  /// A ledger of the given layers, without examples.
  public init(layers: [Layer]) { self.layers = layers }

  /// An empty ledger for a network of such layers.
  public init(_ topology: Topology) { layers = topology.map { Layer(units: $0.count) } }

  /// The same layers, with nothing done.
  public var emptied: OperationLedger {
    OperationLedger(layers: layers.map { Layer(units: $0.units) })
  }

  /// The sum of one figure over all layers.
  public func total(_ figure: KeyPath<Layer, Int>) -> Int {
    layers.reduce(0) { $0 + $1[keyPath: figure] }
  }

  /// Adds what another network of the same sizes did.
  ///
  /// - Precondition: the layer sizes are equal.
  public mutating func add(_ other: OperationLedger) {
    precondition(
      layers.map(\.units) == other.layers.map(\.units), "ledgers of networks of other sizes")
    for index in layers.indices {
      for figure in Self.figures {
        layers[index][keyPath: figure] += other.layers[index][keyPath: figure]
      }
    }
    examples += other.examples
    timeSteps += other.timeSteps
  }

  /// Forgets everything counted.
  public mutating func reset() { self = emptied }

  private static var figures: [WritableKeyPath<Layer, Int>] {
    [
      \.positiveSpikes, \.negativeSpikes, \.errorSpikes, \.unitSteps, \.activeUnitSteps,
      \.forwardAdditions,
      \.encodingAdditions, \.sumAdditions, \.leakAdditions, \.doublings,
      \.backwardAdditions, \.updateAdditions, \.forwardComparisons, \.forwardMultiplyAdds,
      \.backwardMultiplyAdds,
      \.updateMultiplyAdds, \.zeroSkippingMultiplyAdds, \.effectiveAccumulates,
      \.effectiveMultiplyAccumulates,
    ]
  }
}
