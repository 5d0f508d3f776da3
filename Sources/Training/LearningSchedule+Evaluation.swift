package import Cluster
package import Datasets
internal import ModelFiles
package import Networks

/// Which examples of a dataset.
package enum Part: String, Codable {
  case test, training

  package func images(of dataset: Dataset) -> LabelledImages {
    self == .test ? dataset.test : dataset.training
  }
}

extension LearningSchedule {
  /// The error rate of weights on a part of the data, each rank answering its share of it: counts of wrong
  /// answers, which add up to the same whoever gave them.
  package func rate<Model: Learner>(
    _ learner: Model, _ weights: NetworkWeights, _ dataset: Dataset, _ part: Part, _ team: Team?
  ) async throws -> ErrorRate {
    let images = part.images(of: dataset)
    var wrong: [Int]
    if let ranks = learner.ranks {
      // All ranks are here.
      wrong = try ranks.allGather(
        try await ownShare(learner, weights, images, ranks) ?? -1)
      if wrong.contains(-1) { throw CancellationError() }
    } else if let team, team.communicator.size > 1 {
      var question = CheckpointFile()
      try learner.save(to: &question)
      question.arrays.add(weights, "evaluated")
      try question.setJSON(part, "part")
      wrong = try await team.ask(question.encoded) {
        guard let wrong = try await ownShare(learner, weights, images, team.communicator) else {
          throw CancellationError()
        }
        return Array("\(wrong)".utf8)
      }.map { Int(String(decoding: $0, as: UTF8.self)) ?? -1 }
    } else {
      wrong = [
        try await learner.wrongAnswers(
          of: weights, on: images, examples: 0..<images.count, workers: workers)
      ]
    }
    return ErrorRate(errors: wrong.reduce(0, +), examples: images.count)
  }

  /// How many of this rank's share of the examples are answered wrongly; `nil` when it was cancelled.
  private func ownShare(
    _ learner: some Learner, _ weights: NetworkWeights, _ images: LabelledImages,
    _ ranks: any Communicator
  ) async throws -> Int? {
    let share =
      learner.answersInOrder
      ? (ranks.isRoot ? 0..<images.count : 0..<0)
      : ranks.segment(of: images.count, rank: ranks.rank, block: learner.block)
    do {
      return try await learner.wrongAnswers(
        of: weights, on: images, examples: share, workers: workers)
    } catch is CancellationError {
      return nil
    }
  }

  /// Answers rank 0's questions until its run ends.
  ///
  /// - Parameter learner: made as rank 0's, of whatever weights.
  package func serve<Model: Learner>(_ learner: Model, dataset: Dataset, team: Team) async throws {
    let first = try learner.weights
    var learner = learner
    try await team.serve { bytes in
      let question = try CheckpointFile(bytes: bytes, from: "the question of rank 0")
      try learner.restore(question)
      let weights = try question.arrays.weights(like: first, "evaluated")
      let images = try question.json(Part.self, "part").images(of: dataset)
      guard let wrong = try await ownShare(learner, weights, images, team.communicator) else {
        throw CancellationError()
      }
      return Array("\(wrong)".utf8)
    }
  }
}
