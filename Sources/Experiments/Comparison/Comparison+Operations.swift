internal import Datasets
internal import DenseReLU
public import Measures
public import Networks
internal import SpikeKernels
internal import SpikingReLU
internal import Training

extension Comparison {
  /// What each network computes at T steps an image, totals over all images.
  public struct Operations: Sendable, Codable {
    /// T.
    public let timeSteps: Int
    /// The spiking network's ledger.
    public let spiking: OperationLedger
    /// The ledger of the dense network that skips zero inputs.
    public let dense: OperationLedger
    /// The additions of the spiking network, an image: the paper's count.
    public let additionsPerImage: Double
    /// The multiply-adds of the dense network, an image.
    public let denseMultiplyAddsPerImage: Double
    /// The multiply-adds of a dense network that skips zero inputs, an image.
    public let zeroSkippingMultiplyAddsPerImage: Double
    /// NeuroBench's metrics, by its own names.
    public let neurobench: NeuroBenchReport
    /// snn_toolbox's count for the spiking network, an image.
    public let snnToolboxOperationsPerImage: Double
    /// The hand formula: mean rate * T * dense, an image.
    public let rateOperationsPerImage: Double
    /// Energy of an image, for each arithmetic, with and without weight reads.
    public let energy: [Energy]
    /// What the energies assume.
    public let energyAssumptions: String
    /// Ledger minus a recount from the spike trains: spikes of both signs, and additions.
    public let recountDifference: Int
  }

  /// Energy of one image in nanojoules.
  public struct Energy: Sendable, Codable {
    /// The number type.
    public let arithmetic: EnergyModel.Arithmetic
    /// Whether a weight read is charged an operation.
    public let withWeightReads: Bool
    /// The spiking network.
    public let spiking: Double
    /// The dense network.
    public let dense: Double
    /// The dense network that skips zero inputs.
    public let zeroSkipping: Double
  }

  private struct Worker: Sendable {
    var spiking: SpikingMLP
    var dense: DenseMLP
    var positive: [Int]
    var negative: [Int]
    var additions = 0
    var correct = 0
  }

  /// Runs every image once for T steps, and recounts spikes one by one beside the ledger.
  func operations(progress: ProgressHandler?) async throws -> Operations {
    let (data, weights, settings) = (data, weights, settings)
    let sizes = weights.topology.units
    var options = try options(timeSteps: settings.timeSteps)
    options.recording = .activity
    let network = try SpikingMLP(
      weights: weights, options: options, instructionSet: settings.instructionSet)
    let zeros = sizes.map { _ in 0 }
    let (_, workers) = try await mapExamples(
      count: data.count, workers: settings.workers, progress: progress,
      makeState: {
        Worker(
          spiking: network, dense: DenseMLP(weights: weights), positive: zeros, negative: zeros)
      },
      body: { worker, index in
        let image = data.images.row(index)
        try worker.spiking.present(image)
        for step in 0..<settings.timeSteps {
          try worker.spiking.step()
          // The always-on units of biases; a refining network takes biases once.
          if weights.hasBiases, step == 0 || settings.firing != .refining {
            worker.additions += weights.biasCount
          }
          for layer in sizes.indices {
            for spike in worker.spiking.spikes(ofLayer: layer) {
              if spike.sign > 0 {
                worker.positive[layer] += 1
              } else {
                worker.negative[layer] += 1
              }
              if layer + 1 < sizes.count { worker.additions += sizes[layer + 1] }
            }
          }
        }
        if worker.spiking.output.argmax == data.labels[index] { worker.correct += 1 }
        _ = try worker.dense.predictSkippingZeros(image)
      })
    var spiking = OperationLedger(weights.topology)
    var dense = OperationLedger(weights.topology)
    for worker in workers {
      spiking.add(worker.spiking.ledger)
      dense.add(worker.dense.ledger)
    }
    var difference = abs(
      spiking.total(\.forwardAdditions) - workers.reduce(0) { $0 + $1.additions })
    for layer in sizes.indices {
      let positive = workers.reduce(0) { $0 + $1.positive[layer] }
      let negative = workers.reduce(0) { $0 + $1.negative[layer] }
      difference += abs(spiking.layers[layer].positiveSpikes - positive)
      difference += abs(spiking.layers[layer].negativeSpikes - negative)
    }
    return summarize(
      spiking, dense, recountDifference: difference,
      correct: workers.reduce(0) { $0 + $1.correct })
  }

  private func summarize(
    _ spiking: OperationLedger, _ dense: OperationLedger, recountDifference: Int, correct: Int
  ) -> Operations {
    let images = Double(data.count)
    let additions = Double(spiking.additions) / images
    let multiplyAdds = Double(spiking.denseMultiplyAddsPerExample)
    let zeroSkipping = Double(dense.total(\.zeroSkippingMultiplyAdds)) / images
    let energy = EnergyModel.rows(weights: weights.parameterCount) {
      arithmetic, withReads, nanojoules in
      Energy(
        arithmetic: arithmetic, withWeightReads: withReads, spiking: nanojoules(additions, 0),
        dense: nanojoules(0, multiplyAdds), zeroSkipping: nanojoules(0, zeroSkipping))
    }
    return Operations(
      timeSteps: settings.timeSteps, spiking: spiking, dense: dense,
      additionsPerImage: additions, denseMultiplyAddsPerImage: multiplyAdds,
      zeroSkippingMultiplyAddsPerImage: zeroSkipping,
      neurobench: NeuroBenchReport(
        spiking, weights: weights, timeSteps: settings.timeSteps, correct: correct),
      snnToolboxOperationsPerImage: Double(spiking.snnToolboxOperations) / images,
      rateOperationsPerImage: spiking.rateOperationsPerExample, energy: energy,
      energyAssumptions: EnergyModel.assumptions, recountDifference: recountDifference)
  }
}
