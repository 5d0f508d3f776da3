package import Cluster
package import Datasets
internal import DenseReLU
internal import Foundation
package import ModelFiles
package import Networks

/// The dense twin with each minibatch divided among several replicas: every one computes the gradient of its
/// examples, and all take a step along the sum.
///
/// ```
/// W <- W - eta * Float(sum over r of g_r),  g_r = (1 / B) * sum over r's examples of dloss/dW
/// ```
/// Equal to a step of one network on the whole minibatch up to the rounding of `g_r` and of their sum; see
/// `docs/Scaling.md`.
public struct DenseReplicas: Learner {
  private let layout: ReplicaLayout
  private var learner: DenseLearner

  package init(_ learner: DenseLearner, layout: ReplicaLayout) {
    precondition(
      learner.network.rounding == nil && learner.shiftGenerator == nil,
      "rounded activations and moved images are of a whole minibatch")
    self.layout = layout
    self.learner = learner
  }

  package var minibatch: Int { learner.minibatch }
  package var learningRate: Float { learner.learningRate }
  package var weights: NetworkWeights { get throws { try learner.weights } }
  package var ranks: (any Communicator)? { layout.ranks }
  package mutating func setLearningRate(_ learningRate: Float) {
    learner.setLearningRate(learningRate)
  }
  package mutating func resetLedger() { learner.resetLedger() }

  package mutating func learn(
    _ examples: ArraySlice<Int>, of data: LabelledImages, targets: Matrix
  ) async throws -> Int {
    var (wrong, fault) = (0, (replica: Int, reason: String)?.none)
    var shares: [[Float]] = []
    for replica in layout.own {
      let mine = layout.examples(examples, of: replica)
      do {
        let (share, errors) = try self.share(mine, of: examples.count, data, targets)
        shares.append(share)
        wrong += errors
      } catch {
        fault = fault ?? (replica, "\(error)")
        shares.append([Float](repeating: 0, count: length))
      }
    }
    wrong = try layout.agree(wrong: wrong, fault: fault)
    let sum = try layout.ranks.orderedSum(
      shares, counts: layout.counts, length: length, times: 1)
    let gradients = self.gradients(sum)
    guard gradients.loss.isFinite else { throw LossNotFinite(loss: gradients.loss) }
    try learner.network.descend(along: gradients, learningRate: learner.learningRate)
    return wrong
  }

  /// Weights, biases and the loss.
  private var length: Int {
    let weights = learner.network.weights
    return weights.parameterCount + weights.biasCount + 1
  }

  /// The share of some examples in the gradient of a minibatch, with the loss behind it, and how many of
  /// them were answered wrongly.
  private mutating func share(
    _ examples: [Int], of batch: Int, _ data: LabelledImages, _ targets: Matrix
  ) throws -> (gradient: [Float], wrong: Int) {
    // The last minibatch of an epoch may have fewer examples than there are replicas.
    guard !examples.isEmpty else { return ([Float](repeating: 0, count: length), 0) }
    let found = try learner.network.gradients(
      inputs: data.images.selectingRows(examples), targets: targets.selectingRows(examples),
      ofBatch: batch)
    let outputs = learner.network.lastOutputs
    var values: [Float] = []
    values.reserveCapacity(length)
    for matrix in found.weights { matrix.appendElements(to: &values) }
    for bias in found.biases { values += bias }
    values.append(Float(found.loss))
    return (values, examples.indices.count { outputs.row($0).argmax != data.labels[examples[$0]] })
  }

  /// The gradient that stands in some values.
  private func gradients(_ values: [Float]) -> DenseMLP.Gradients {
    let weights = learner.network.weights
    var start = 0
    func next(_ count: Int) -> ArraySlice<Float> {
      defer { start += count }
      return values[start..<start + count]
    }
    let matrices = weights.matrices.map {
      Matrix(rows: $0.rows, columns: $0.columns, elements: next($0.rows * $0.columns))
    }
    return DenseMLP.Gradients(
      loss: Double(values[values.count - 1]), weights: matrices,
      biases: weights.layers.compactMap(\.bias).map { Array(next($0.count)) })
  }

  package func wrongAnswers(
    of weights: NetworkWeights, on data: LabelledImages, examples: Range<Int>, workers: Int
  ) async throws -> Int {
    try await learner.wrongAnswers(of: weights, on: data, examples: examples, workers: workers)
  }

  package var block: Int { learner.block }

  /// What all ranks did.
  package var ledger: OperationLedger {
    get throws { try layout.ranks.sum(learner.ledger) }
  }

  // All ranks have the same weights: what rank 0 keeps is enough.

  package func save(to file: inout CheckpointFile) throws {
    var whole = learner
    whole.network.restore(weights: learner.network.weights, ledger: try ledger)
    try whole.save(to: &file)
  }

  package mutating func restore(_ file: CheckpointFile) throws {
    try learner.restore(file)
    // What was counted is counted once.
    if !layout.ranks.isRoot { learner.resetLedger() }
  }
}

extension Communicator {
  /// What all ranks did. Collective.
  package func sum(_ ledger: OperationLedger) throws -> OperationLedger {
    guard size > 1 else { return ledger }
    var sum = ledger.emptied
    for bytes in try allGather(Array(try JSONEncoder().encode(ledger))) {
      sum.add(try JSONDecoder().decode(OperationLedger.self, from: Data(bytes)))
    }
    return sum
  }
}
