import Cluster
import Datasets
import DenseReLU
import Experiments
import ModelFiles
import Networks
import SpikeKernels
import SpikingReLU
import Training

/// What a `train` command works on: data, first weights, and how either twin would learn.
struct TrainWork {
  let data: Dataset
  let manifest: RunManifest
  let topology: Topology
  let first: NetworkWeights?
  let spiking: SpikingTraining
  let dense: DenseTraining
  let schedule: LearningSchedule

  var widths: [Int] { topology.hidden }

  var name: String {
    "\(data.name) (\(data.source)), network \(topology)"
  }

  func eta(of twin: ModelKind) -> Float {
    twin == .spiking ? spiking.options.learningRate : dense.learningRate
  }

  func settings(of command: TrainCommand) -> [String: String] {
    command.settings(data, topology, first: first, spiking, dense)
  }

  /// What is about to happen.
  func titles(of command: TrainCommand) -> [String] {
    let variant = command.learning.variant
    let title =
      switch command.twin {
      case .spiking:
        "\(name), \(spiking.options.update.rawValue), T = \(spiking.timeSteps), "
          + "eta = \(spiking.options.learningRate)" + (variant.recipe ? ", recipe" : "")
          + (variant.integer ? ", integers only" : "")
      case .dense:
        "\(name), dense, minibatches of \(dense.minibatch), \(dense.loss.rawValue), "
          + "eta = \(dense.learningRate)"
      }
    let ranks = Ranks.all
    guard let replicas = command.replicas else {
      return [title] + (ranks.size > 1 ? ["\(ranks.size) ranks evaluate; rank 0 learns."] : [])
    }
    let each =
      command.twin == .spiking
      ? "the mean of their weights every \(command.averageEvery ?? 100) images of each"
      : "a share of each minibatch"
    return [
      title,
      "\(replicas) replicas on \(ranks.size) rank\(ranks.size == 1 ? "" : "s"), \(each)",
    ]
  }
}

extension TrainCommand {
  /// Loads the data and first weights, and says how to learn.
  func work(_ run: CommandRun) throws -> TrainWork {
    let data = try network.dataset.loadOnRanks()
    let manifest = try run.begin(seed: seed, threads: threads, dataset: data)
    let first = try load.map { path in
      try Ranks.same(path) {
        let weights = try NetworkFile(path, hidden: network.hidden, of: data).weights
        return (weights, mark: Self.checksum(weights))
      }
    }
    var spiking = try learning.training(run.set)
    var dense = DenseTraining(
      epochs: epochs, minibatch: minibatch ?? 32, learningRate: learning.variant.eta ?? 0.1,
      seed: seed,
      loss: loss ?? .softmaxCrossEntropy)
    var schedule = twin == .spiking ? spiking.schedule : learning.schedule(dense.schedule)
    schedule.epochs = epochs
    schedule.workers = threads.count
    (spiking.schedule, dense.schedule) = (schedule, schedule)
    (spiking.seed, spiking.initialWeights) = (seed, first)
    return TrainWork(
      data: data, manifest: manifest, topology: try first?.topology ?? network.topology(of: data),
      first: first, spiking: spiking, dense: dense, schedule: schedule)
  }
}
