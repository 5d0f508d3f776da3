package import Cluster
package import Datasets
package import ModelFiles
package import Networks

/// A twin that learns.
package protocol Learner: Sendable {
  /// Examples a step.
  var minibatch: Int { get }
  /// eta.
  var learningRate: Float { get }
  mutating func setLearningRate(_ learningRate: Float) throws
  /// One step on some examples; returns how many of them it answered wrongly.
  mutating func learn(
    _ examples: ArraySlice<Int>, of data: LabelledImages, targets: Matrix
  ) async throws -> Int
  /// The weights as they are.
  var weights: NetworkWeights { get throws }
  /// How many of some examples a network like this one answers wrongly, with other weights.
  func wrongAnswers(
    of weights: NetworkWeights, on data: LabelledImages, examples: Range<Int>, workers: Int
  ) async throws -> Int
  /// Whether an answer depends on the examples before: then one rank answers all.
  var answersInOrder: Bool { get }
  /// Examples whose answers are of one product: no share of a rank begins in between.
  var block: Int { get }
  /// What was done since the last reset.
  var ledger: OperationLedger { get throws }
  mutating func resetLedger()
  /// Keeps all that the next step depends on.
  func save(to file: inout CheckpointFile) throws
  /// Goes on from what was kept.
  ///
  /// - Throws: `CheckpointMismatch`, `SpikingError.snapshotMismatch`.
  mutating func restore(_ file: CheckpointFile) throws

  /// Of which ranks this learner is one; `nil` when it learns alone.
  var ranks: (any Communicator)? { get }
}

extension Learner {
  package var answersInOrder: Bool { false }
  package var block: Int { 1 }
  package var ranks: (any Communicator)? { nil }

  /// What any of the ranks has to say between two steps: one word that goes round.
  package func agreed(_ signals: LearningSignals) throws -> LearningSignals {
    guard let ranks, ranks.size > 1 else { return signals }
    return try ranks.allGather(signals.rawValue).reduce([]) {
      $0.union(LearningSignals(rawValue: $1))
    }
  }

  /// What rank 0 has, for all ranks.
  package func shared(_ file: CheckpointFile?) throws -> CheckpointFile? {
    guard let ranks, ranks.size > 1 else { return file }
    let bytes = try ranks.broadcast(file?.encoded ?? [])
    return bytes.isEmpty
      ? nil : try file ?? CheckpointFile(bytes: bytes, from: "the checkpoint of rank 0")
  }
}

/// What may happen between two steps of learning.
package struct LearningSignals: OptionSet {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  /// The task was cancelled.
  package static let cancelled = LearningSignals(rawValue: 1)
  /// A checkpoint is to be written.
  package static let checkpoint = LearningSignals(rawValue: 2)

  /// Of this task.
  package static var ofTask: LearningSignals { Task.isCancelled ? .cancelled : [] }
}
