public import Networks

/// The parameters of a layer of quantizers. `feed` and `reset` are pure steps: they take state,
/// input and buffers, and change nothing else.
public struct Quantizer<Scalar: PotentialScalar>: Sendable {
  /// Which neuron.
  public let kind: QuantizerKind
  /// What a spike takes from the potential: 1, or the scale S of an integer network.
  public let quantum: Scalar

  /// A quantizer of the given kind.
  ///
  /// - Parameter quantum: what a spike takes from the potential, 1 in Float; S > 0 in integers.
  public init(kind: QuantizerKind, quantum: Scalar) {
    precondition(quantum > .zero, "a quantum of \(quantum): it must be positive")
    self.kind = kind
    self.quantum = quantum
  }

  /// Starts an example: potentials as the kind says, fresh thresholds where they are random.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func reset(_ state: inout QuantizerState<Scalar>, generator: inout SeededGenerator) {
    switch kind.start {
    case .keep: break
    case .zero: state.potentials.fill(with: .zero)
    case .uniform:
      for unit in 0..<state.units {
        state.potentials[unit] = Scalar.randomPotential(quantum: quantum, from: &generator)
      }
    }
    if kind.threshold.isRandom {
      state.thresholds = (0..<state.units).map { _ in
        Scalar.randomThreshold(quantum: quantum, from: &generator)
      }
    }
  }

  /// The sign of the spike that a unit of this potential sends; `nil` for none.
  ///
  /// - Parameter threshold: the unit's own, where thresholds are random; else `nil`.
  func signOfSpike(_ potential: Scalar, threshold: Scalar?) -> Int? {
    switch kind.threshold {
    case .half:
      if Scalar.firesPositive(potential, quantum: quantum) { return 1 }
      return kind.isSigned && Scalar.firesNegative(potential, quantum: quantum) ? -1 : nil
    case .exponential:
      guard let threshold else { preconditionFailure("a random threshold without its value") }
      if potential > threshold { return 1 }
      return kind.isSigned && potential <= .zero - threshold ? -1 : nil
    }
  }

  /// What a spike of a sign leaves of a potential.
  func potential(_ potential: Scalar, afterSpikeOf sign: Int) -> Scalar {
    switch kind.afterSpike {
    case .subtract: sign > 0 ? potential - quantum : potential + quantum
    case .zero: .zero
    }
  }
}

/// The state of a layer of quantizers: everything that changes from feed to feed.
public struct QuantizerState<Scalar: PotentialScalar>: Sendable, Equatable {
  /// The number of units.
  public let units: Int
  /// The potentials phi, one a unit, padded with zeros to the stride of a weight row.
  public internal(set) var potentials: AlignedArray<Scalar>
  /// Random thresholds, one a unit; empty where they are fixed.
  public internal(set) var thresholds: [Scalar] = []

  /// Units at rest: every potential 0.
  public init(units: Int) {
    self.units = units
    potentials = AlignedArray(
      repeating: .zero, count: RowMajorMatrix<Scalar>.stride(columns: units))
  }

  /// The threshold of a unit, where thresholds are random; else `nil`.
  func threshold(of unit: Int) -> Scalar? { thresholds.isEmpty ? nil : thresholds[unit] }

  /// Goes on from potentials that were there before.
  ///
  /// - Precondition: as many as units.
  public mutating func restore(_ potentials: [Scalar]) {
    precondition(
      potentials.count == units, "\(potentials.count) potentials for \(units) units")
    for unit in 0..<units { self.potentials[unit] = potentials[unit] }
  }

  /// Starts each potential at a value of its own, padded as the potentials are.
  public mutating func start(at phases: AlignedArray<Scalar>) { potentials.update(from: phases) }

  /// The same where place i is that of the active unit i.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func start(at phases: AlignedArray<Scalar>, of active: ActiveUnits<Scalar>) {
    for index in 0..<active.count { potentials[index] = phases[active.unit(index)] }
  }
}

/// What can go wrong in a feed.
public enum KernelError: Error, Equatable, Sendable {
  /// The potential of `unit` left the range in which spikes carry information.
  case potentialOverflow(unit: Int, value: Double)
  /// More spikes than the caller allows.
  case eventBudgetExceeded(limit: Int)
  /// An input, scaled by S, does not fit in the number type.
  case valueOutOfRange(index: Int, value: Float, scale: Int)
  /// `SPIKE_ISA` names a set that is unknown or that this machine does not run.
  case unsupportedInstructionSet(found: String, available: [String])
}

extension KernelError: CustomStringConvertible {
  /// What is wrong, what was found and what was expected.
  public var description: String {
    switch self {
    case .potentialOverflow(let unit, let value):
      "the potential of unit \(unit) reached \(value), beyond the limit of its number type"
    case .eventBudgetExceeded(let limit):
      "more than \(limit) spikes"
    case .valueOutOfRange(let index, let value, let scale):
      "input \(index): \(value) times the scale \(scale) does not fit in the integer network"
    case .unsupportedInstructionSet(let found, let available):
      "SPIKE_ISA=\(found.debugDescription): this machine runs " + available.joined(separator: ", ")
    }
  }
}
