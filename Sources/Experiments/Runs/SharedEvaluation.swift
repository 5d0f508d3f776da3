internal import Cluster
internal import Datasets
internal import Measures
internal import ModelFiles
internal import Networks
internal import SpikeKernels
internal import SpikingReLU
internal import Training

/// What is asked of a network about examples, in a form that travels between ranks.
struct ExampleQuestion: Sendable {
  /// What is to be found out.
  enum Kind: String, Codable {
    /// What it answers after each step, how clearly, and at what cost: `AnytimeCurve`.
    case curve
    /// The least T for which the bound promises the dense network's class.
    case bound
    /// How often each unit of the last hidden layer fires.
    case counts
  }

  /// What is not in arrays.
  private struct Header: Codable {
    let kind: Kind
    let part: SharedEvaluation.Part
    let count: Int
    let timeSteps: Int
    let firing: PredictionOptions.Firing
    let hasBiases: Bool
    let topology: Topology
    let inputExponent: Int?
    let patterns: SpikePatterns?
  }

  var kind: Kind
  var part: SharedEvaluation.Part
  /// The first so many examples.
  var count: Int
  var timeSteps: Int
  var firing: PredictionOptions.Firing
  var weights: NetworkWeights
  /// `nil` for the paper's.
  var coding: SpikeCoding?
  /// `nil` for single rows.
  var patterns: SpikePatterns?

  func network(_ set: InstructionSet) throws -> SpikingMLP {
    var options = try PredictionOptions(timeSteps: timeSteps)
    options.firing = firing
    options.recording = kind == .counts ? .counts : []
    return try SpikingMLP(
      weights: weights, coding: coding, patterns: patterns, options: options, instructionSet: set)
  }

  var bytes: [UInt8] {
    get throws {
      var file = CheckpointFile()
      try file.setJSON(
        Header(
          kind: kind, part: part, count: count, timeSteps: timeSteps, firing: firing,
          hasBiases: weights.hasBiases, topology: weights.topology,
          inputExponent: coding?.inputExponent, patterns: patterns), "question")
      file.arrays.add(weights, "network")
      if let coding {
        for (index, scales) in coding.hiddenScales.enumerated() {
          file.arrays["scales.\(index + 1)"] = .floats(scales)
        }
        file.arrays["phases"] = .floats(coding.inputPhases)
      }
      return file.encoded
    }
  }

  init(
    _ kind: Kind, _ part: SharedEvaluation.Part, count: Int, timeSteps: Int,
    firing: PredictionOptions.Firing, weights: NetworkWeights, coding: SpikeCoding?,
    patterns: SpikePatterns? = nil
  ) {
    (self.kind, self.part, self.count) = (kind, part, count)
    (self.timeSteps, self.firing) = (timeSteps, firing)
    (self.weights, self.coding, self.patterns) = (weights, coding, patterns)
  }

  init(bytes: [UInt8]) throws {
    let file = try CheckpointFile(bytes: bytes, from: "the question of rank 0")
    let header = try file.json(Header.self, "question")
    (kind, part, count) = (header.kind, header.part, header.count)
    (timeSteps, firing, patterns) = (header.timeSteps, header.firing, header.patterns)
    let sizes = header.topology.units
    let shape = try NetworkWeights(
      layers: zip(sizes, sizes.dropFirst()).map { Matrix(rows: $0, columns: $1) },
      biases: header.hasBiases ? sizes.dropFirst().map { Array(repeating: 0, count: $0) } : nil)
    weights = try file.arrays.weights(like: shape, "network")
    guard let exponent = header.inputExponent else { return }
    coding = try SpikeCoding(
      inputExponent: exponent,
      hiddenScales: sizes.dropFirst().dropLast().enumerated().map { index, count in
        try file.arrays.floats("scales.\(index + 1)", count: count)
      },
      inputPhases: try file.arrays.floats("phases", count: file.arrays["phases"]?.count ?? 0))
  }
}

/// Examples that are answered by several tasks, and by several ranks where there are some: each its share,
/// as one would answer them all.
struct SharedEvaluation: Sendable {
  /// Which images.
  enum Part: String, Codable { case calibration, test }

  /// The ranks; `nil` for this process alone.
  let team: Team?
  let workers: Int
  let instructionSet: InstructionSet
  let calibration: LabelledImages
  let test: LabelledImages

  private func images(_ part: Part) -> LabelledImages { part == .test ? test : calibration }

  /// Asks a question; each array of the answer is in the order of examples. For rank 0.
  func answers(
    _ question: ExampleQuestion, progress: ProgressHandler? = nil
  ) async throws -> CheckpointFile {
    guard let team, team.communicator.size > 1 else {
      return try await share(question, 0..<question.count, progress)
    }
    let ranks = team.communicator
    let parts = try await team.ask(try question.bytes) {
      try await share(question, ranks.segment(of: question.count, rank: 0)) { done, _ in
        // The others are about as far.
        progress?(min(done * ranks.size, question.count), question.count)
      }.encoded
    }
    var all = CheckpointFile()
    for (rank, bytes) in parts.enumerated() {
      let part = try CheckpointFile(bytes: bytes, from: "the answer of rank \(rank)")
      for (name, values) in part.arrays {
        all.arrays[name] = try (all.arrays[name] ?? values.none).appending(values)
      }
    }
    return all
  }

  /// Answers rank 0's questions until it has no more. For the other ranks.
  func serve() async throws {
    guard let team else { return }
    try await team.serve { bytes in
      let question = try ExampleQuestion(bytes: bytes)
      return try await share(
        question,
        team.communicator.segment(of: question.count, rank: team.communicator.rank), nil
      ).encoded
    }
  }

  private func share(
    _ question: ExampleQuestion, _ examples: Range<Int>, _ progress: ProgressHandler?
  ) async throws -> CheckpointFile {
    var answer = CheckpointFile()
    let images = images(question.part)
    switch question.kind {
    case .curve:
      let curve = try await AnytimeCurve.record(
        question.network(instructionSet), on: images, examples: examples, workers: workers,
        progress: progress)
      answer.arrays["labels"] = .integers(curve.labels)
      answer.arrays["margins"] = .floats(curve.margins)
      // Whole numbers below 2^53 are exact.
      answer.arrays["additions"] = .doubles(curve.additions.map(Double.init))
    case .bound:
      let bound = try RigorousBound(
        weights: question.weights,
        coding: question.coding ?? .unit(of: question.weights),
        firing: question.firing)
      let (steps, _) = try await mapExamples(
        count: examples.count, workers: workers, progress: progress, makeState: { () },
        body: { _, index in
          bound.promisedSteps(for: images.images.row(examples.lowerBound + index))
        })
      answer.arrays["steps"] = .doubles(steps)
    case .counts:
      let last = question.weights.layers.count - 1
      let network = try question.network(instructionSet)
      let (counts, _) = try await mapExamples(
        count: examples.count, workers: workers, progress: progress, makeState: { network },
        body: { network, index in
          let example = examples.lowerBound + index
          _ = try network.predict(
            images.images.row(example), until: .never, stream: UInt64(example))
          return network.spikeCounts(ofLayer: last).map { Int32($0) }
        })
      answer.arrays["counts"] = .integers(counts.flatMap(\.self))
    }
    return answer
  }

  // MARK: What is asked

  /// What a network answers after each step.
  func curve(
    _ weights: NetworkWeights, _ coding: SpikeCoding?, _ firing: PredictionOptions.Firing,
    _ patterns: SpikePatterns? = nil, timeSteps: Int, on part: Part,
    progress: ProgressHandler? = nil
  ) async throws -> AnytimeCurve {
    let count = images(part).count
    let answer = try await answers(
      ExampleQuestion(
        .curve, part, count: count, timeSteps: timeSteps, firing: firing, weights: weights,
        coding: coding, patterns: patterns), progress: progress)
    guard case .integers(let labels)? = answer.arrays["labels"],
      case .floats(let margins)? = answer.arrays["margins"],
      case .doubles(let additions)? = answer.arrays["additions"]
    else { preconditionFailure("an answer of another question") }
    return AnytimeCurve(
      timeSteps: timeSteps, count: count, labels: labels, margins: margins,
      additions: additions.map { Int($0) })
  }

  /// The least T for which the bound promises each example's class; infinite where none does.
  func promisedSteps(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ firing: PredictionOptions.Firing,
    first count: Int, progress: ProgressHandler?
  ) async throws -> [Double] {
    let answer = try await answers(
      ExampleQuestion(
        .bound, .test, count: count, timeSteps: 1, firing: firing, weights: weights,
        coding: coding), progress: progress)
    guard case .doubles(let steps)? = answer.arrays["steps"] else {
      preconditionFailure("an answer of another question")
    }
    return steps
  }

  /// Net spikes of each unit of the last hidden layer, calibration example after example.
  func counts(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ firing: PredictionOptions.Firing,
    timeSteps: Int
  ) async throws -> [Int32] {
    let answer = try await answers(
      ExampleQuestion(
        .counts, .calibration, count: calibration.count, timeSteps: timeSteps, firing: firing,
        weights: weights, coding: coding))
    guard case .integers(let counts)? = answer.arrays["counts"] else {
      preconditionFailure("an answer of another question")
    }
    return counts
  }
}

extension CheckpointFile.Values {
  /// An array of the same type with nothing in it.
  fileprivate var none: CheckpointFile.Values {
    switch self {
    case .floats: .floats([])
    case .integers: .integers([])
    case .doubles: .doubles([])
    case .bytes: .bytes([])
    }
  }

  /// One array after the other.
  fileprivate func appending(
    _ other: CheckpointFile.Values
  ) throws -> CheckpointFile.Values {
    switch (self, other) {
    case (.floats(let first), .floats(let second)): .floats(first + second)
    case (.integers(let first), .integers(let second)): .integers(first + second)
    case (.doubles(let first), .doubles(let second)): .doubles(first + second)
    case (.bytes(let first), .bytes(let second)): .bytes(first + second)
    default: throw CheckpointMismatch(reason: "ranks answered in numbers of other types")
    }
  }
}
