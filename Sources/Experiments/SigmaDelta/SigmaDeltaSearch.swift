internal import Datasets
internal import DenseReLU
internal import Measures
internal import Networks
internal import SpikeKernels
internal import SpikingReLU
internal import Training

/// Finds the scales of a sigma-delta network: on frames that follow each other, never on test images.
///
/// Minimized is, over the scales k of each layer,
/// ```
/// J = expected error in percent + lambda * additions a frame / multiply-adds of the dense network
/// ```
/// with the dense network's own calibrated probabilities of an answer (`ExpectedErrors`), as for early exit.
/// From scales at which the 99th percentile of a layer's activations is 1, 2 or 4 spikes, coordinate descent:
/// `log2 k_0` by 1, each hidden layer's scales by a factor of 2^(1/4) up and down; every change that lowers J
/// is kept, until none does.
///
/// Source of the cost, which the paper minimizes by gradients of log k: O'Connor and Welling, *Sigma Delta
/// Quantized Networks*, ICLR 2017, section 4.
struct SigmaDeltaSearch {
  /// Points of error that the operations of one dense pass may save.
  var lambda: Double
  /// Rounds of coordinate descent at most.
  var rounds = 12
  var instructionSet: InstructionSet

  struct Candidate {
    let coding: SpikeCoding
    let expectedErrorPercent: Double
    let shareOfDense: Double
    let cost: Double
  }

  /// Searches.
  ///
  /// - Parameter frames: images in the order in which they come.
  func run(
    _ weights: NetworkWeights, frames: LabelledImages, trained: SpikeCoding?,
    progress: ProgressHandler?
  ) throws -> (best: Candidate, tried: Int) {
    try CodingSearch.check(frames)
    let errors = try ExpectedErrors(weights, frames)
    let hidden = weights.layers.count - 1
    var tried: [(coding: SpikeCoding, candidate: Candidate)] = []
    let most = 28 + rounds * 2 * (hidden + 1)
    func attempt(_ coding: SpikeCoding) throws -> Candidate {
      if let known = tried.first(where: { $0.coding == coding }) { return known.candidate }
      let candidate: Candidate
      do {
        candidate = try evaluate(weights, coding, frames, errors)
      } catch is SpikingError {
        // Scales at which sums or weights leave their range.
        candidate = Candidate(
          coding: coding, expectedErrorPercent: 100, shareOfDense: .infinity, cost: .infinity)
      }
      tried.append((coding, candidate))
      progress?(min(tried.count, most), most)
      return candidate
    }
    var best = try trained.map(attempt)
    for (_, start) in try SpikeCoding.fromData(weights, frames) {
      for factor in [1, 2, 4] as [Float] {
        for exponent in [-1, 0, 1] {
          let coding = try SpikeCoding(
            inputExponent: start.inputExponent + exponent,
            hiddenScales: start.hiddenScales.map { $0.map { $0 * factor } })
          let candidate = try attempt(coding)
          if candidate.cost < best?.cost ?? .infinity { best = candidate }
        }
      }
    }
    guard var best, best.cost.isFinite else {
      throw SpikingError.invalidStream(
        "no scales were found at which the network runs: its weights are too large or too small")
    }
    for _ in 0..<rounds {
      let before = best.cost
      for layer in 0...hidden {
        for direction in [-1, 1] {
          guard let coding = Self.changed(best.coding, layer: layer, by: direction) else {
            continue
          }
          let candidate = try attempt(coding)
          if candidate.cost < best.cost { best = candidate }
        }
      }
      if best.cost >= before { break }
    }
    return (best, tried.count)
  }

  /// Layer 0 is the input, whose scale is a power of two.
  private static func changed(_ coding: SpikeCoding, layer: Int, by direction: Int) -> SpikeCoding?
  {
    var scales = coding.hiddenScales
    if let hidden = coding.hiddenScales(ofLayer: layer) {
      let factor: Float = direction > 0 ? 1.189207 : 1 / 1.189207
      scales[scales.startIndex + layer - 1] = hidden.map { $0 * factor }
    }
    return try? SpikeCoding(
      inputExponent: coding.inputExponent + (layer == 0 ? direction : 0), hiddenScales: scales)
  }

  private func evaluate(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ frames: LabelledImages,
    _ errors: ExpectedErrors
  ) throws -> Candidate {
    try Task.checkCancellation()
    var network = try SigmaDeltaMLP(
      weights: weights, coding: coding, instructionSet: instructionSet)
    var expected = 0.0
    for index in 0..<frames.count {
      expected += Double(errors.costs[index, try network.process(frames.images.row(index)).argmax])
    }
    let percent = 100 * expected / Double(frames.count)
    let share =
      Double(network.ledger.additions) / Double(frames.count) / Double(weights.parameterCount)
    return Candidate(
      coding: coding, expectedErrorPercent: percent, shareOfDense: share,
      cost: percent + lambda * share)
  }
}
