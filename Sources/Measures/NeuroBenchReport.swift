public import Networks

/// What NeuroBench prints of a network, by its own names: `Benchmark.run` of NeuroBench 2.3 with one
/// example a batch. Every example takes all T steps.
///
/// Source: J. Yik et al., *The NeuroBench framework*, Nature Communications 16, 2025.
public struct NeuroBenchReport: Sendable, Codable {
  /// Bytes of the parameters, 32 bits each.
  public let footprint: Int
  /// The share of weights that are 0.
  public let connectionSparsity: Double
  /// The share of right answers.
  public let classificationAccuracy: Double
  /// The share of unit-steps without a net spike, input excluded.
  public let activationSparsity: Double
  /// Operations an example.
  public let synapticOperations: SynapticOperations
  /// Steps of an example.
  public let timeSteps: Int
  /// Examples.
  public let examples: Int

  /// NeuroBench's operations.
  public struct SynapticOperations: Sendable, Codable {
    /// Of calls with an input other than -1, 0 and 1.
    public let effectiveMACs: Double
    /// Of other calls: nonzero inputs times nonzero weights.
    public let effectiveACs: Double
    /// `T * sum n_in * n_out`.
    public let dense: Double

    private enum CodingKeys: String, CodingKey {
      case effectiveMACs = "Effective_MACs"
      case effectiveACs = "Effective_ACs"
      case dense = "Dense"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case footprint = "Footprint"
    case connectionSparsity = "ConnectionSparsity"
    case classificationAccuracy = "ClassificationAccuracy"
    case activationSparsity = "ActivationSparsity"
    case synapticOperations = "SynapticOperations"
    case timeSteps, examples
  }

  /// The report of a run that recorded activity.
  public init(
    _ ledger: OperationLedger, weights: NetworkWeights, timeSteps: Int, correct: Int
  ) {
    let view = ledger.neuroBench
    let zeros = weights.matrices.reduce(0) { $0 + $1.elements.count { $0 == 0 } }
    footprint = 4 * weights.parameterCount
    connectionSparsity = Double(zeros) / Double(weights.parameterCount)
    classificationAccuracy = Double(correct) / Double(ledger.examples)
    activationSparsity = view.activationSparsity
    synapticOperations = SynapticOperations(
      effectiveMACs: view.effectiveMACs, effectiveACs: view.effectiveACs, dense: view.dense)
    self.timeSteps = timeSteps
    examples = ledger.examples
  }
}
