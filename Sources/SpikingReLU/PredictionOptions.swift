internal import Networks
public import SpikeKernels

/// How a spiking network predicts. The defaults are the paper's baseline.
public struct PredictionOptions: Sendable, Equatable {
  /// The most time steps that are accepted.
  public static let maximumTimeSteps = 1 << 20
  /// The most spikes in one example, whatever the size of the network.
  public static let maximumEvents = 1 << 26

  /// What the output is read from.
  public enum Readout: String, Sendable, CaseIterable, Codable {
    /// The sum of all weight rows that reached the last layer: real-valued, the pre-activation.
    case potentials
    /// The net number of spikes that the last layer sent.
    case counts
  }

  /// When thresholds are checked.
  public enum Firing: String, Sendable, CaseIterable, Codable {
    /// After every spike that arrives: the paper's neuron.
    case afterEachSpike = "every-spike"
    /// Once a step, after all spikes that arrived in it; units fire in their order. A potential that
    /// rises and falls within a step sends nothing. The limit is the same, and so is the price of a
    /// spike; fewer are sent, and a row costs its additions alone. Not for random thresholds, and
    /// prediction only: learning looks after every spike.
    case oncePerStep = "every-step"
    /// Refining: once a step, signed, and a spike of step s has the quantum 2^-s of one of step 0. The
    /// error halves with each step instead of falling like 1/T. Prediction of whole examples only, with
    /// the default quantizers and readout. See `SpikingNetwork.refine()`.
    case refining

    /// Those whose spikes all have the same quantum: the output is a rate, and the error falls like 1/T.
    public static let rateCoded: [Firing] = [.afterEachSpike, .oncePerStep]

    /// Whether all spikes of a step are added before a threshold is checked: then their order does not matter, and
    /// they may be added by patterns (`SpikePatterns`).
    public var addsAtOnce: Bool { self != .afterEachSpike }
  }

  /// The most steps of a refining network: a sum of Float has no places for more.
  public static let maximumRefiningSteps = 20

  /// What is kept beyond the output; each costs a pass over the spikes.
  public struct Recording: OptionSet, Sendable {
    /// The raw bits.
    public let rawValue: Int
    /// A recording of the given bits.
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// Net spike counts of every unit: `SpikingNetwork.spikeCounts(ofLayer:)`.
    public static let counts = Recording(rawValue: 1)
    /// The ledger's active unit-steps and NeuroBench figures.
    public static let activity = Recording(rawValue: 2)
  }

  /// T, the time steps of an example.
  public let timeSteps: Int
  /// The quantizer of the input, `herding` in the specification.
  public var inputQuantizer: QuantizerKind = .herding
  /// The quantizer of every layer, `rect-herding` (a ReLU) by default.
  public var layerQuantizer: QuantizerKind = .rectHerding
  /// When thresholds are checked.
  public var firing: Firing = .afterEachSpike
  /// What the output is read from.
  public var readout: Readout = .potentials
  /// What is kept beyond the output.
  public var recording: Recording = []
  /// Seeds the generator of random quantizers.
  public var seed: UInt64 = 0
  /// The most spikes in one example, or `nil` for 64 a unit and step, at most 2^26.
  public private(set) var eventBudget: Int?

  /// Options for `timeSteps` steps an example.
  ///
  /// - Throws: `SpikingError.invalidSteps` outside 1...1,048,576, `.invalidEventBudget` below 1.
  public init(timeSteps: Int, eventBudget: Int? = nil) throws(SpikingError) {
    guard timeSteps >= 1, timeSteps <= Self.maximumTimeSteps else {
      throw .invalidSteps(found: timeSteps)
    }
    if let eventBudget, eventBudget < 1 { throw .invalidEventBudget(found: eventBudget) }
    self.timeSteps = timeSteps
    self.eventBudget = eventBudget
  }

  /// The spike budget of an example for the given layers.
  func budget(topology: Topology) -> Int {
    if let eventBudget { return eventBudget }
    // At most 2^6 * 2^20 * 2^28: no overflow.
    return min(64 * timeSteps * topology.reduce(0) { $0 + $1.count }, Self.maximumEvents)
  }
}
