public import Networks
public import SpikeKernels

extension SpikingNetwork where Scalar == Float {
  /// A spiking network of the given weights.
  ///
  /// - Parameters:
  ///   - weights: without biases; finite, as `NetworkWeights` guarantees.
  ///   - options: how it predicts.
  ///   - instructionSet: which kernels run; `nil` for what `SPIKE_ISA` names, else the best.
  /// - Throws: `SpikingError.biasesUnsupported`, or `.kernel` when the set is not of this machine.
  public init(
    weights: NetworkWeights, options: PredictionOptions, instructionSet: InstructionSet? = nil
  ) throws(SpikingError) {
    guard weights.biases == nil else { throw .biasesUnsupported }
    self.init(
      weights: weights.layers, worth: 1, options: options,
      instructionSet: try Self.resolve(instructionSet))
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
