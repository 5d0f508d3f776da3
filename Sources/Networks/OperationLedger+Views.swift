extension OperationLedger {
  /// The paper's count: `sum |s| * fan-out` over all spikes. Also KerasSpiking's synaptic
  /// operations; of a refining network, with the doublings of its sums. Total over all examples.
  public var additions: Int { total(\.forwardAdditions) + total(\.doublings) }

  /// Everything that was added or subtracted: the paper's additions, and those that encode the input, sum the
  /// output, leak, go backward and change weights. Float updates are multiply-adds, and not among them.
  public var everyAddition: Int {
    total(\.forwardAdditions) + total(\.encodingAdditions) + total(\.sumAdditions)
      + total(\.leakAdditions) + total(\.doublings) + total(\.backwardAdditions)
      + total(\.updateAdditions)
  }

  /// Multiply-adds of one dense forward pass over the same layers: `sum n_in * n_out`.
  public var denseMultiplyAddsPerExample: Int {
    zip(layers, layers.dropFirst()).reduce(0) { $0 + $1.0.units * $1.1.units }
  }

  /// What NeuroBench 2.3 prints, per example.
  public struct NeuroBenchView: Sendable, Equatable, Codable {
    /// Accumulates by nonzero inputs and nonzero weights.
    public let effectiveACs: Double
    /// The same for calls that had an input other than -1, 0 and 1.
    public let effectiveMACs: Double
    /// `T * sum n_in * n_out`.
    public let dense: Double
    /// The share of unit-steps without a net spike, input layer excluded.
    public let activationSparsity: Double
  }

  /// NeuroBench's metrics. Meaningful when activity was recorded.
  ///
  /// - Precondition: at least one example was presented.
  public var neuroBench: NeuroBenchView {
    precondition(examples > 0, "a view per example of no example")
    let examples = Double(examples)
    let hidden = layers.dropFirst()
    let unitSteps = hidden.reduce(0) { $0 + $1.unitSteps }
    let active = hidden.reduce(0) { $0 + $1.activeUnitSteps }
    return NeuroBenchView(
      effectiveACs: Double(total(\.effectiveAccumulates)) / examples,
      effectiveMACs: Double(total(\.effectiveMultiplyAccumulates)) / examples,
      dense: Double(timeSteps) * Double(denseMultiplyAddsPerExample) / examples,
      activationSparsity: unitSteps == 0 ? 1 : 1 - Double(active) / Double(unitSteps))
  }

  /// What snn_toolbox prints for the spiking network: active unit-steps times fan-out, total.
  /// Meaningful when activity was recorded.
  public var snnToolboxOperations: Int {
    zip(layers, layers.dropFirst()).reduce(0) { $0 + $1.0.activeUnitSteps * $1.1.units }
  }

  /// What snn_toolbox prints for the dense twin, an example: two operations a multiply-add, plus
  /// one a bias.
  public func snnToolboxDenseOperations(biases: Int) -> Int {
    2 * denseMultiplyAddsPerExample + biases
  }

  /// The hand formula of many papers: mean rate * T * dense multiply-adds, an example.
  ///
  /// The mean rate is spikes a unit and step over all units that feed a layer.
  ///
  /// - Precondition: at least one example was presented.
  public var rateOperationsPerExample: Double {
    precondition(examples > 0, "a view per example of no example")
    let senders = layers.dropLast()
    let unitSteps = senders.reduce(0) { $0 + $1.unitSteps }
    guard unitSteps > 0 else { return 0 }
    let rate = Double(senders.reduce(0) { $0 + $1.spikes }) / Double(unitSteps)
    return rate * Double(timeSteps) / Double(examples) * Double(denseMultiplyAddsPerExample)
  }
}
