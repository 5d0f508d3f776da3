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
    for (index, layer) in network.weights.enumerated() {
      arrays["weights.\(index + 1)"] = layer.elements
    }
    for (name, state) in quantizers {
      arrays[name + ".potentials"] = (0..<state.units).map { state.potentials[$0] }
    }
    return LearningSnapshot(
      arrays: arrays, generator: network.generator, ledger: network.ledger)
  }

  /// The quantizers that keep potentials from example to example; others start anew, random thresholds
  /// too.
  private var quantizers: [(name: String, state: QuantizerState<Scalar>)] {
    var found: [(String, QuantizerState<Scalar>)] = []
    for layer in 0...network.depth {
      if (layer == 0 ? network.options.inputQuantizer : network.options.layerQuantizer)
        .keepsPotentials
      {
        found.append(("network.\(layer)", network.states[layer]))
      }
      if layer > 0, learning.options.forwardQuantizer.keepsPotentials {
        found.append(("forward.\(layer)", learning.forward[layer]))
      }
      if layer > 0, layer < network.depth, learning.options.backwardQuantizer.keepsPotentials {
        found.append(("backward.\(layer)", learning.backward[layer]))
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
    guard snapshot.ledger.layers.map(\.units) == network.layerSizes else {
      throw .snapshotMismatch(
        name: "ledger", expected: network.layerSizes.count, found: snapshot.ledger.layers.count)
    }
    for (index, layer) in network.weights.enumerated() {
      network.weights[index] = RowMajorMatrix(
        rows: layer.rows, columns: layer.columns,
        elements: snapshot.arrays["weights.\(index + 1)"]!)
      network.narrow[index] = nil
      network.bounds[index] = Scalar.bound(of: network.weights[index], quantum: network.quantum)
    }
    transposeWeights()
    func restored(_ state: inout QuantizerState<Scalar>, _ name: String) {
      guard let potentials = snapshot.arrays[name + ".potentials"] else { return }
      state.restore(potentials)
    }
    for layer in 0...network.depth {
      restored(&network.states[layer], "network.\(layer)")
      restored(&learning.forward[layer], "forward.\(layer)")
      restored(&learning.backward[layer], "backward.\(layer)")
    }
    network.generator = snapshot.generator
    network.ledger = snapshot.ledger
  }
}
