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
/// is kept, until none does. Changes are added by patterns: of groups that are found for the best start, and once
/// more for the scales that are found (`PatternGrouping`).
///
/// Source of the cost, which the paper minimizes by gradients of log k: O'Connor and Welling, *Sigma Delta
/// Quantized Networks*, ICLR 2017, section 4.
struct SigmaDeltaSearch {
  /// Points of error that the operations of one dense pass may save.
  var lambda: Double
  /// Bytes that the rows of patterns may take.
  var memory: Int
  /// Height and width of the frames, for blocks.
  var imageSize: (height: Int, width: Int)
  /// Rounds of coordinate descent at most.
  var rounds = 12
  var instructionSet: InstructionSet

  struct Candidate {
    let coding: SpikeCoding
    /// Which changes are added as one row.
    let grouping: PatternGrouping.Found?
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
    let most = 28 + 2 * rounds * 2 * weights.layers.count
    var trials = SigmaDeltaTrials(
      search: self, weights: weights, frames: frames, errors: try ExpectedErrors(weights, frames),
      progress: { progress?(min($0, most), most) })
    var best = try trained.map { try trials.attempt($0) }
    for (_, start) in try SpikeCoding.fromData(weights, frames) {
      for factor in [1, 2, 4] as [Float] {
        for exponent in [-1, 0, 1] {
          let coding = try SpikeCoding(
            inputExponent: start.inputExponent + exponent,
            hiddenScales: start.hiddenScales.map { $0.map { $0 * factor } })
          let candidate = try trials.attempt(coding)
          if candidate.cost < best?.cost ?? .infinity { best = candidate }
        }
      }
    }
    guard var best, best.cost.isFinite else {
      throw SpikingError.invalidStream(
        "no scales were found at which the network runs: its weights are too large or too small")
    }
    // Groups of units for the scales so far, and once more for those that are found with them. By patterns a Float
    // sum is rounded once more: an answer that is as good as tied may change, and is no reason for single rows.
    try trials.group(best.coding)
    best = try trials.descend(from: try trials.attempt(best.coding), rounds: rounds)
    try trials.group(best.coding)
    let regrouped = try trials.attempt(best.coding)
    if regrouped.cost < best.cost { best = try trials.descend(from: regrouped, rounds: rounds) }
    return (best, trials.tried.count)
  }
}

/// The codings that a search has tried.
private struct SigmaDeltaTrials {
  let search: SigmaDeltaSearch
  let weights: NetworkWeights
  let frames: LabelledImages
  let errors: ExpectedErrors
  let progress: (Int) -> Void
  private(set) var tried: [SigmaDeltaSearch.Candidate] = []
  private var grouping: PatternGrouping.Found?

  init(
    search: SigmaDeltaSearch, weights: NetworkWeights, frames: LabelledImages,
    errors: ExpectedErrors, progress: @escaping (Int) -> Void
  ) {
    (self.search, self.weights, self.frames) = (search, weights, frames)
    (self.errors, self.progress) = (errors, progress)
  }

  /// Evaluates a coding, unless that was done.
  mutating func attempt(_ coding: SpikeCoding) throws -> SigmaDeltaSearch.Candidate {
    if let known = tried.first(where: {
      $0.coding == coding && ($0.grouping == nil) == (grouping == nil)
        && $0.grouping?.patterns == grouping?.patterns
    }) {
      return known
    }
    let candidate: SigmaDeltaSearch.Candidate
    do {
      candidate = try evaluate(coding)
    } catch is SpikingError {
      // Scales at which sums or weights leave their range.
      candidate = SigmaDeltaSearch.Candidate(
        coding: coding, grouping: grouping, expectedErrorPercent: 100, shareOfDense: .infinity,
        cost: .infinity)
    }
    tried.append(candidate)
    progress(tried.count)
    return candidate
  }

  /// Coordinate descent: every change that costs less is kept, until none does.
  mutating func descend(
    from start: SigmaDeltaSearch.Candidate, rounds: Int
  ) throws -> SigmaDeltaSearch.Candidate {
    var best = start
    for _ in 0..<rounds {
      let before = best.cost
      for layer in 0..<weights.layers.count {
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
    return best
  }

  /// Groups units by the changes that they send with a coding.
  mutating func group(_ coding: SpikeCoding) throws {
    var network = try SigmaDeltaMLP(
      weights: weights, coding: coding, instructionSet: search.instructionSet)
    let count = min(frames.count, PatternGrouping.images)
    var trains = [[SpikeTrain]](repeating: [], count: network.depth)
    for index in 0..<count {
      try Task.checkCancellation()
      _ = try network.process(frames.images.row(index))
      for layer in trains.indices { trains[layer].append(network.spikes(ofLayer: layer)) }
    }
    var groups = PatternGrouping(
      memory: search.memory, instructionSet: search.instructionSet, imageSize: search.imageSize)
    groups.mostPlaces = 3
    grouping = try groups.run(weights, trains, examples: count)
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

  private func evaluate(_ coding: SpikeCoding) throws -> SigmaDeltaSearch.Candidate {
    try Task.checkCancellation()
    var network = try SigmaDeltaMLP(
      weights: weights, coding: coding, patterns: grouping?.patterns,
      instructionSet: search.instructionSet)
    var expected = 0.0
    for index in 0..<frames.count {
      expected += Double(errors.costs[index, try network.process(frames.images.row(index)).argmax])
    }
    let percent = 100 * expected / Double(frames.count)
    let share =
      Double(network.ledger.additions) / Double(frames.count) / Double(weights.parameterCount)
    return SigmaDeltaSearch.Candidate(
      coding: coding, grouping: grouping, expectedErrorPercent: percent, shareOfDense: share,
      cost: percent + search.lambda * share)
  }
}
