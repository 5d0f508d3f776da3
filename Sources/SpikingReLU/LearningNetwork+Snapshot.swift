public import Networks
internal import SpikeKernels

/// Everything that an example leaves to the next one, of a network that learns: with it, learning goes on
/// bit for bit as if it had never stopped.
public struct LearningSnapshot<Scalar: LearningScalar>: Sendable, Equatable {
  /// Weights and potentials by name: `weights.1`, `backward.1.potentials`, ...
  public var arrays: [String: [Scalar]]
  /// Draws for random quantizers.
  public var generator: SeededGenerator
  /// What was counted so far.
  public var ledger: OperationLedger

  /// A snapshot from its parts, as read from a file.
  public init(
    arrays: [String: [Scalar]], generator: SeededGenerator, ledger: OperationLedger
  ) {
    self.arrays = arrays
    self.generator = generator
    self.ledger = ledger
  }
}

extension LearningNetwork {
  /// The state between two examples.
  public var snapshot: LearningSnapshot<Scalar> {
    var arrays: [String: [Scalar]] = [:]
    for (index, matrix) in weights.enumerated() {
      arrays["weights.\(index + 1)"] = matrix.elements
    }
    for (name, state) in quantizers {
      arrays[name + ".potentials"] = (0..<state.units).map { state.potentials[$0] }
    }
    return LearningSnapshot(
      arrays: arrays, generator: network.context.generator, ledger: ledger)
  }

  /// The quantizers that keep potentials from example to example; others start anew, random thresholds
  /// too.
  private var quantizers: [(name: String, state: QuantizerState<Scalar>)] {
    var found: [(String, QuantizerState<Scalar>)] = []
    for (index, layer) in layers.enumerated() {
      let predicting = network.layers[index].neurons
      if predicting.quantizer.kind.keepsPotentials {
        found.append(("network.\(index)", predicting.state))
      }
      if index > 0, layer.neurons.quantizer.kind.keepsPotentials {
        found.append(("forward.\(index)", layer.neurons.state))
      }
      if index > 0, index < network.depth, layer.backwardQuantizer.kind.keepsPotentials {
        found.append(("backward.\(index)", layer.backward))
      }
    }
    return found
  }

  /// Goes on from a snapshot of a network of the same sizes and options.
  ///
  /// - Throws: `SpikingError.snapshotMismatch` for other arrays; then nothing has changed.
  public mutating func restore(_ snapshot: LearningSnapshot<Scalar>) throws(SpikingError) {
    var expected: [String: Int] = [:]
    for (name, values) in self.snapshot.arrays { expected[name] = values.count }
    for name in Set(expected.keys).union(snapshot.arrays.keys).sorted() {
      let (count, found) = (expected[name], snapshot.arrays[name]?.count)
      guard count == found else {
        throw .snapshotMismatch(name: name, expected: count ?? 0, found: found ?? 0)
      }
    }
    for (name, values) in snapshot.arrays {
      guard let index = values.firstIndex(where: { !$0.asDouble.isFinite }) else { continue }
      throw .nonFiniteSnapshot(name: name, index: index)
    }
    guard snapshot.ledger.layers.map(\.units) == network.topology.units else {
      throw .snapshotMismatch(
        name: "ledger", expected: network.depth + 1, found: snapshot.ledger.layers.count)
    }
    for (index, matrix) in weights.enumerated() {
      network.layers[index + 1].connection.replaceWeights(
        by: RowMajorMatrix(
          rows: matrix.rows, columns: matrix.columns,
          elements: snapshot.arrays["weights.\(index + 1)"]!))
    }
    transposeWeights()
    func restored(_ state: inout QuantizerState<Scalar>, _ name: String) {
      guard let potentials = snapshot.arrays[name + ".potentials"] else { return }
      state.restore(potentials)
    }
    for index in layers.indices {
      restored(&network.layers[index].neurons.state, "network.\(index)")
      restored(&layers[index].neurons.state, "forward.\(index)")
      restored(&layers[index].backward, "backward.\(index)")
    }
    network.context.generator = snapshot.generator
    ledger = snapshot.ledger
  }
}
