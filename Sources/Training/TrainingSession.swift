public import Cluster
public import Datasets
internal import DenseReLU
public import Networks

/// A training of any kind on some data: which model learns and how, and where it is kept and shared.
public struct TrainingSession: Sendable {
  /// Which model learns, and how.
  public enum Model: Sendable {
    /// The spiking network.
    case spiking(SpikingTraining)
    /// The spiking network, in integers alone.
    case spikingInIntegers(SpikingTraining)
    /// The dense network.
    case dense(DenseTraining, initialWeights: NetworkWeights?)
  }

  /// What a training ends with, whichever model learned.
  public struct Outcome: Sendable {
    /// The weights that were evaluated last.
    public let weights: NetworkWeights
    /// One report an epoch.
    public let epochs: [EpochReport]
    /// Whether it was cancelled before its end.
    public let isInterrupted: Bool

    init<Learned>(_ result: LearningResult<Learned>) {
      (weights, epochs, isInterrupted) = (result.weights, result.epochs, result.isInterrupted)
    }
  }

  /// Which model learns, and how.
  public var model: Model
  /// Units of the hidden layers.
  public let hidden: [Int]
  /// What is learned, and what is judged on.
  public let dataset: Dataset

  /// A training on some data.
  public init(_ model: Model, hidden: [Int], dataset: Dataset) {
    self.model = model
    self.hidden = hidden
    self.dataset = dataset
  }

  /// The same training of another seed, evaluated by one task: one of several that run at once.
  ///
  /// The dense network starts from the session's first weights, where it has some; its order is the seed's.
  public func withSeed(_ seed: UInt64) -> TrainingSession {
    var session = self
    switch model {
    case .spiking(var training):
      (training.seed, training.schedule.workers) = (seed, 1)
      session.model = .spiking(training)
    case .spikingInIntegers(var training):
      (training.seed, training.schedule.workers) = (seed, 1)
      session.model = .spikingInIntegers(training)
    case .dense(var training, let initialWeights):
      (training.seed, training.schedule.workers) = (seed, 1)
      session.model = .dense(training, initialWeights: initialWeights)
    }
    return session
  }

  /// Learns.
  ///
  /// - Parameters:
  ///   - replicas: where several networks learn at once; not for integers.
  ///   - progress, onEpoch, checkpoints, team: as for `SpikingTraining.run`.
  /// - Throws: as the runs of `SpikingTraining` and `DenseTraining`.
  /// - Precondition: no replicas of integer networks.
  public func run(
    replicas: ReplicaLayout? = nil, progress: LearningSchedule.Progress? = nil,
    onEpoch: (@Sendable (EpochReport) throws -> Void)? = nil, checkpoints: CheckpointFolder? = nil,
    team: Team? = nil
  ) async throws -> Outcome {
    switch (model, replicas) {
    case (.spiking(let training), nil):
      return Outcome(
        try await training.run(
          hidden: hidden, dataset: dataset, progress: progress, onEpoch: onEpoch,
          checkpoints: checkpoints, team: team))
    case (.spiking(let training), let replicas?):
      return Outcome(
        try await training.run(
          replicas: replicas, hidden: hidden, dataset: dataset, progress: progress,
          onEpoch: onEpoch, checkpoints: checkpoints))
    case (.spikingInIntegers(let training), let replicas):
      precondition(replicas == nil, "replicas of integer networks are not averaged")
      return Outcome(
        try await training.runInIntegers(
          hidden: hidden, dataset: dataset, progress: progress, onEpoch: onEpoch,
          checkpoints: checkpoints, team: team))
    case (.dense(let training, let first), nil):
      return Outcome(
        try await training.run(
          hidden: hidden, dataset: dataset, initialWeights: first, progress: progress,
          onEpoch: onEpoch, checkpoints: checkpoints, team: team))
    case (.dense(let training, let first), let replicas?):
      return Outcome(
        try await training.run(
          replicas: replicas, hidden: hidden, dataset: dataset, initialWeights: first,
          progress: progress, onEpoch: onEpoch, checkpoints: checkpoints))
    }
  }
}
