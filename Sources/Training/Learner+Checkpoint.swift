internal import DenseReLU
package import ModelFiles
internal import Networks
internal import SpikingReLU

// What each twin keeps of itself in a checkpoint.

/// What a learner keeps beside its arrays.
private struct LearnerState: Codable {
  package let learningRate: Float
  package let generator: [UInt64]
  package let ledger: OperationLedger
}

extension LearningSnapshot {
  /// Keeps a snapshot.
  fileprivate func save(
    to file: inout CheckpointFile, learningRate: Float,
    values: ([Scalar]) -> CheckpointFile.Values
  ) throws {
    for (name, elements) in arrays { file.arrays["learner." + name] = values(elements) }
    try file.setJSON(
      LearnerState(learningRate: learningRate, generator: generator.words, ledger: ledger),
      "learner")
  }

  /// A snapshot that was kept, and the learning rate.
  fileprivate static func read(
    _ file: CheckpointFile, values: (CheckpointFile.Values) -> [Scalar]?
  ) throws -> (snapshot: LearningSnapshot, learningRate: Float) {
    let state = try file.json(LearnerState.self, "learner")
    guard let generator = SeededGenerator(words: state.generator) else {
      throw CheckpointMismatch(reason: "its learner's generator has no state")
    }
    var arrays: [String: [Scalar]] = [:]
    for (name, stored) in file.arrays where name.hasPrefix("learner.") {
      guard let elements = values(stored) else {
        throw CheckpointMismatch(reason: "\(name) has numbers of another type")
      }
      arrays[String(name.dropFirst("learner.".count))] = elements
    }
    return (
      LearningSnapshot(arrays: arrays, generator: generator, ledger: state.ledger),
      state.learningRate
    )
  }
}

extension SpikingLearner {
  package func save(to file: inout CheckpointFile) throws {
    try network.snapshot.save(to: &file, learningRate: learningRate) { .floats($0) }
  }

  package mutating func restore(_ file: CheckpointFile) throws {
    let (snapshot, learningRate) = try LearningSnapshot<Float>.read(file) {
      if case .floats(let values) = $0 { values } else { nil }
    }
    try network.restore(snapshot)
    try network.setLearningRate(learningRate)
  }
}

extension IntegerLearner {
  package func save(to file: inout CheckpointFile) throws {
    try network.snapshot.save(to: &file, learningRate: learningRate) { .integers($0) }
  }

  package mutating func restore(_ file: CheckpointFile) throws {
    let (snapshot, learningRate) = try LearningSnapshot<Int32>.read(file) {
      if case .integers(let values) = $0 { values } else { nil }
    }
    guard learningRate == self.learningRate else {
      throw CheckpointMismatch(reason: "its learning rate is \(learningRate)")
    }
    try network.restore(snapshot)
  }
}

extension DenseLearner {
  package func save(to file: inout CheckpointFile) throws {
    file.arrays.add(network.weights, "learner")
    try file.setJSON(
      LearnerState(
        learningRate: learningRate, generator: shiftGenerator?.words ?? [], ledger: network.ledger),
      "learner")
  }

  package mutating func restore(_ file: CheckpointFile) throws {
    let state = try file.json(LearnerState.self, "learner")
    guard state.learningRate.isFinite, state.learningRate > 0,
      state.ledger.layers.map(\.units) == network.weights.topology.units
    else { throw CheckpointMismatch(reason: "its learner is of another network") }
    if shiftGenerator != nil {
      guard let generator = SeededGenerator(words: state.generator) else {
        throw CheckpointMismatch(reason: "its learner's generator has no state")
      }
      shiftGenerator = generator
    }
    network.restore(
      weights: try file.arrays.weights(like: network.weights, "learner"), ledger: state.ledger)
    setLearningRate(state.learningRate)
  }
}
