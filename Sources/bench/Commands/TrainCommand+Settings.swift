import Datasets
import DenseReLU
import Experiments
import Files
import ModelFiles
import Networks
import SpikeKernels
import SpikingReLU
import Training

extension TrainCommand {
  /// All that the result depends on, by the option that says it: what a checkpoint must agree on.
  func settings(
    _ data: Dataset, _ topology: Topology, first: NetworkWeights?, _ spiking: SpikingTraining,
    _ dense: DenseTraining
  ) -> [String: String] {
    let schedule = twin == .spiking ? spiking.schedule : dense.schedule
    var settings = [
      "--twin": twin.rawValue, "--dataset": data.name,
      "the checksum of the data": RunManifest.Data(data).checksum,
      "the layers": topology.description,
      "--load": first.map { "weights of CRC-32 \(Self.checksum($0))" } ?? "drawn weights",
      "--epochs": "\(epochs)", "--seed": "\(seed)",
      "--eta-decay": "\(schedule.learningRateDecay)", "--average": "\(schedule.averagedEpochs)",
      "--shuffle": "\(schedule.shuffles)",
    ]
    if let replicas { settings["--replicas"] = "\(replicas)" }
    if replicas != nil, twin == .spiking { settings["--average-every"] = "\(averageEvery ?? 100)" }
    switch twin {
    case .spiking:
      let options = spiking.options
      settings.merge([
        "--steps": "\(spiking.timeSteps)", "--eta": "\(options.learningRate)",
        "--update": options.update.rawValue, "--smooth": "\(options.usesSmoothGradients)",
        "--traversal": options.traversal.rawValue,
        "--forward-quantizer": options.forwardQuantizer.rawValue,
        "--backward-quantizer": options.backwardQuantizer.rawValue,
        "--hold-error": "\(options.holdsError)", "--regularization": "\(options.regularization)",
        "--integer": "\(learning.variant.integer)",
      ]) { $1 }
    case .dense:
      settings.merge([
        "--eta": "\(dense.learningRate)", "--minibatch": "\(dense.minibatch)",
        "--loss": dense.loss.rawValue,
      ]) { $1 }
    }
    return settings
  }

  static func checksum(_ weights: NetworkWeights) -> String {
    String(CRC32.update(0, with: weights.safetensors()), radix: 16)
  }
}
