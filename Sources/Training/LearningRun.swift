internal import Foundation
package import ModelFiles
package import Networks

/// A run of learning between two steps: everything that it needs to go on, bit for bit.
package struct LearningRun<Model: Learner>: Sendable {
  package var learner: Model
  /// The weights at the end of the last whole epoch; while weights are averaged, their mean.
  package var weights: NetworkWeights
  package var mean: WeightMean?
  package var reports: [EpochReport] = []
  /// The epoch in progress, from 1 on.
  package var epoch = 1
  /// Its examples that were learned, and how many were answered wrongly.
  package var done = 0
  package var wrong = 0
  /// The time that they took.
  package var seconds = 0.0
  /// Orders the examples of the epoch; as it was at its start.
  package var order: SeededGenerator

  package init(learner: Model, order: SeededGenerator) throws {
    self.learner = learner
    self.order = order
    weights = try learner.weights
  }

  /// What is not in arrays.
  private struct Position: Codable {
    let epoch: Int
    let done: Int
    let wrong: Int
    let seconds: Double
    let order: [UInt64]
    let meanCount: Int
    let reports: [EpochReport]
  }

  /// The run as a file.
  package func checkpoint() throws -> CheckpointFile {
    var file = CheckpointFile()
    try learner.save(to: &file)
    file.arrays.add(weights, "whole")
    mean?.save(to: &file)
    try file.setJSON(
      Position(
        epoch: epoch, done: done, wrong: wrong, seconds: seconds, order: order.words,
        meanCount: mean?.count ?? 0, reports: reports), "position")
    return file
  }

  /// Goes on from a file.
  ///
  /// - Parameters:
  ///   - epochs, examples: of the run, an epoch; of what the file says, more is refused.
  /// - Throws: `CheckpointMismatch` when the file is of another run.
  package mutating func restore(_ file: CheckpointFile, epochs: Int, examples: Int) throws {
    let position = try file.json(Position.self, "position")
    guard (1...epochs + 1).contains(position.epoch), (0...examples).contains(position.done),
      (0...position.done).contains(position.wrong), position.seconds >= 0,
      position.reports.count == position.epoch - 1
    else { throw CheckpointMismatch(reason: "its position is not in this run") }
    guard let order = SeededGenerator(words: position.order) else {
      throw CheckpointMismatch(reason: "its generator has no state")
    }
    try learner.restore(file)
    weights = try file.arrays.weights(like: weights, "whole")
    mean =
      position.meanCount == 0
      ? nil : try WeightMean(file, like: weights, count: position.meanCount)
    reports = position.reports
    (epoch, done, wrong) = (position.epoch, position.done, position.wrong)
    (seconds, self.order) = (position.seconds, order)
  }
}

/// A checkpoint that is whole, but not of this run.
public struct CheckpointMismatch: Error, Equatable, Sendable, CustomStringConvertible {
  /// What does not fit.
  public let reason: String

  package init(reason: String) { self.reason = reason }

  /// What was found.
  public var description: String { "the checkpoint is of another run: \(reason)" }
}

extension CheckpointFile {
  /// Keeps a value as JSON.
  package mutating func setJSON(_ value: some Encodable, _ name: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    arrays[name] = .bytes(Array(try encoder.encode(value)))
  }

  /// A value that was kept as JSON.
  package func json<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard case .bytes(let bytes)? = arrays[name],
      let value = try? decoder.decode(type, from: Data(bytes))
    else { throw CheckpointMismatch(reason: "it has no \(name)") }
    return value
  }
}

extension [String: CheckpointFile.Values] {
  /// Keeps a network.
  package mutating func add(_ weights: NetworkWeights, _ prefix: String) {
    for parameter in weights.parameters {
      self["\(prefix).\(parameter.name)"] = .floats(parameter.elements)
    }
  }

  /// Some Floats.
  package func floats(_ name: String, count: Int) throws -> [Float] {
    guard case .floats(let values)? = self[name], values.count == count else {
      throw CheckpointMismatch(
        reason: "\(name) has \(self[name]?.count ?? 0) values, expected \(count)")
    }
    return values
  }

  /// A network of the shape of another.
  package func weights(like shape: NetworkWeights, _ prefix: String) throws -> NetworkWeights {
    try shape.replacingParameters(
      shape.parameters.map {
        try floats("\(prefix).\($0.name)", count: $0.elements.count)
      })
  }
}

extension SeededGenerator {
  /// The state as an array.
  package var words: [UInt64] { [state.0, state.1, state.2, state.3] }

  /// A generator that goes on from a state; `nil` where that is none.
  package init?(words: [UInt64]) {
    guard words.count == 4 else { return nil }
    self.init(state: (words[0], words[1], words[2], words[3]))
  }
}

extension WeightMean {
  package func save(to file: inout CheckpointFile) {
    for sum in sums { file.arrays["mean.\(sum.name)"] = .doubles(sum.values) }
  }

  package init(_ file: CheckpointFile, like weights: NetworkWeights, count: Int) throws {
    try self.init(like: weights, count: count) { name, count in
      guard case .doubles(let values)? = file.arrays["mean.\(name)"], values.count == count else {
        throw CheckpointMismatch(
          reason:
            "mean.\(name) has \(file.arrays["mean.\(name)"]?.count ?? 0) values, expected \(count)")
      }
      return values
    }
  }
}
