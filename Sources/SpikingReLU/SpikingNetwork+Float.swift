public import Networks
public import SpikeKernels

extension SpikingNetwork where Scalar == Float {
  /// A spiking network of the given weights.
  ///
  /// - Parameters:
  ///   - weights: finite, as `NetworkWeights` guarantees.
  ///   - coding: the quantum of a spike; `nil` for 1 everywhere.
  ///   - patterns: groups of units whose spikes of a step are added as one row; `nil` for single rows.
  ///   - options: how it predicts.
  ///   - instructionSet: which kernels run; `nil` for what `SPIKE_ISA` names, else the best.
  /// - Throws: `SpikingError.kernel` when the set is not of this machine; for a coding, as
  ///   `NetworkWeights.coded(by:)`.
  public init(
    weights: NetworkWeights, coding: SpikeCoding? = nil, patterns: SpikePatterns? = nil,
    options: PredictionOptions, instructionSet: InstructionSet? = nil
  ) throws(SpikingError) {
    let coded = try coding.map(weights.coded(by:)) ?? weights
    try self.init(
      connections: coded.connections, quantum: 1, coding: coding, patterns: patterns,
      options: options,
      instructionSet: Self.resolve(instructionSet))
  }
}

extension NetworkWeights {
  /// The weights as they are, of quantum 1.
  var connections: [Connection<Float>] {
    layers.map { Connection(weights: $0.weights.matrix, bias: $0.bias, quantum: 1) }
  }
}

extension SpikingNetwork {
  /// The set that was asked for, or the one to use when none was.
  static func resolve(_ set: InstructionSet?) throws(SpikingError) -> InstructionSet {
    do {
      guard let set else { return try InstructionSet.selected() }
      guard InstructionSet.supported.contains(set) else {
        throw KernelError.unsupportedInstructionSet(
          found: set.rawValue, available: InstructionSet.supported.map(\.rawValue))
      }
      return set
    } catch let error as KernelError {
      throw .kernel(error)
    } catch {
      preconditionFailure("unreachable: \(error)")
    }
  }
}
