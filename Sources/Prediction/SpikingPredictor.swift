public import ModelFiles
internal import Networks
public import SpikeKernels
public import SpikingReLU

/// A spiking network from a file, ready to answer: the network that was judged, with its quanta, patterns, steps and
/// early exit.
///
/// ```swift
/// import DeepSpikingNetworks
///
/// let image = Dataset.embeddedDigits().test.images.row(0)
/// var predictor = try SpikingPredictor(file: "spiking.safetensors")
/// let answer = try predictor.predict(image)
/// print(answer.name, answer.margin, answer.additions)
/// ```
public struct SpikingPredictor: Sendable {
  /// What the file holds.
  public let file: NetworkFile
  /// How it answers.
  public let settings: SpikingSettings
  /// Whether the file said so; without, they are `SpikingSettings.unsaid`.
  public let isSaid: Bool
  /// The network.
  public private(set) var network: SpikingMLP
  private let rule: ExitRule

  /// Reads a network, and all that `convert --save` and `anytime --save` wrote beside it.
  ///
  /// - Parameters:
  ///   - path: a safetensors, npz or ONNX file.
  ///   - options: what it does not say.
  ///   - settings: in place of those in the file.
  ///   - instructionSet: which kernels run; `nil` for the best.
  /// - Throws: `InputError`, `ModelFileError`, `SpikingError`.
  public init(
    file path: String, options: ReadingOptions = ReadingOptions(),
    settings said: SpikingSettings? = nil,
    instructionSet: InstructionSet? = nil
  ) throws {
    file = try NetworkFile(path: path, options: options)
    let stored = try file.spikingSettings()
    let coding = try file.decoded("spike_coding", as: SpikeCoding.self)
    let patterns = try file.decoded("spike_patterns", as: SpikePatterns.self)
    isSaid = stored != nil
    settings = said ?? stored ?? .unsaid
    var how = try PredictionOptions(timeSteps: settings.timeSteps)
    how.firing = settings.firing
    // Phases are of rates, patterns of sums that are formed before a threshold is checked.
    network = try SpikingMLP(
      weights: file.weights, coding: settings.firing == .refining ? coding?.inPhase : coding,
      patterns: settings.firing.addsAtOnce ? patterns : nil, options: how,
      instructionSet: instructionSet)
    rule = try settings.rule
  }

  /// Answers one image.
  ///
  /// - Parameters:
  ///   - values: `[n_0]`, finite, as the network was trained on.
  ///   - stream: of the random numbers of random quantizers; images in parallel have one each.
  /// - Throws: `SpikingError`.
  /// - Complexity: that of the steps taken.
  public mutating func predict(
    _ values: [Float], stream: UInt64? = nil
  ) throws(SpikingError) -> SpikingAnswer {
    network.resetLedger()
    let answer = try network.predict(values, until: rule, stream: stream)
    let spikes = network.ledger.layers.reduce(0) { $0 + $1.spikes }
    return SpikingAnswer(
      label: answer.label, name: settings.classes?[answer.label] ?? "\(answer.label)",
      margin: answer.margin, timeSteps: answer.timeSteps, spikes: spikes,
      additions: network.additions,
      outputs: network.output)
  }
}

extension SpikingPredictor {
  /// A spike, and when and where it was sent.
  public struct TimedSpike: Sendable, Equatable {
    /// The time step, from 1 on.
    public let step: Int
    /// The layer that sent it; 0 is the input.
    public let layer: Int
    /// Which unit, and the sign.
    public let spike: Spike
  }

  /// Every spike of an image until it ends, step by step, layer by layer, in the order in which they were sent.
  ///
  /// - Parameters:
  ///   - values: `[n_0]`.
  ///   - stream: of the random numbers of random quantizers, as for `predict`.
  /// - Throws: `SpikingError`.
  public func spikes(of values: [Float], stream: UInt64? = nil) throws(SpikingError) -> [TimedSpike]
  {
    var network = network
    // Twice: `predict` lets layers run ahead, and keeps the spikes of its last steps alone.
    let steps = try network.predict(values, until: rule, stream: stream).timeSteps
    try network.present(values, stream: stream)
    var spikes: [TimedSpike] = []
    for step in 1...steps {
      try network.step()
      for layer in 0...network.topology.count - 1 {
        spikes += network.spikes(ofLayer: layer).map {
          TimedSpike(step: step, layer: layer, spike: $0)
        }
      }
    }
    return spikes
  }

  /// Answers some images on several tasks, each with a copy of the network; the predictor stays as it is.
  ///
  /// - Parameters:
  ///   - images: each `[n_0]`.
  ///   - first: the number of the first of them, from which random quantizers draw.
  ///   - workers: tasks; answers do not depend on it.
  /// - Returns: the answers, in the order of the images.
  /// - Throws: `SpikingError` of the first image that cannot be answered; `CancellationError`.
  public func answers(
    of images: [[Float]], first: Int = 0, workers: Int
  ) async throws -> [SpikingAnswer] {
    precondition(workers >= 1, "\(workers) workers")
    let count = images.count
    // Contiguous parts, so that what is thrown is what the first image throws.
    let parts = min(workers, max(count, 1))
    typealias Part = Result<[SpikingAnswer], any Error>
    return try await withThrowingTaskGroup(of: (Int, Part).self) { group in
      for part in 0..<parts {
        group.addTask {
          var copy = self
          return (
            part,
            Part {
              try (count * part / parts..<count * (part + 1) / parts).map { index in
                try Task.checkCancellation()
                return try copy.predict(images[index], stream: UInt64(first + index))
              }
            }
          )
        }
      }
      var results: [Part?] = Array(repeating: nil, count: parts)
      for try await (part, result) in group { results[part] = result }
      return try results.flatMap { try $0!.get() }
    }
  }
}

/// What an image was answered, and what it cost.
public struct SpikingAnswer: Sendable, Equatable, Codable {
  /// The class, from 0 on.
  public let label: Int
  /// Its name.
  public let name: String
  /// The lead of the first class over the second, as `ExitRule` holds it against its margin.
  public let margin: Float
  /// Steps taken.
  public let timeSteps: Int
  /// Spikes of all layers.
  public let spikes: Int
  /// Additions (docs/Counting.md).
  public let additions: Int
  /// Of each class, its pre-activation.
  public let outputs: [Float]
}
