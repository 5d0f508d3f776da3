public import Measures
public import Networks
public import SpikingReLU

extension Anytime {
  /// Everything that was found. Operations, energies and times are of one image, on average.
  public struct Result: Sendable, Codable {
    /// The units of layers 0...L.
    public let topology: Topology
    /// Images that scales and margins were learned on.
    public let calibrationImages: Int
    /// Images that everything is judged on.
    public let testImages: Int
    /// T: the most steps.
    public let timeSteps: Int
    /// When thresholds are checked.
    public let firing: PredictionOptions.Firing
    /// The best of each way to check thresholds, side by side.
    public let codes: [Code]
    /// The tables of patterns; absent where thresholds are checked after each spike.
    public let patterns: PatternTables?
    /// Points of error that the operations of one dense pass may save, in the search.
    public let lambda: Double
    /// The least share of the dense network's answers, where the search was held to one.
    public let leastAgreement: Double?
    /// Whether the last layer was fitted to spike counts.
    public let readoutRefitted: Bool
    /// The dense network.
    public let dense: Dense
    /// The dense network with activations of few bits.
    public let quantized: Quantized
    /// The quanta of spikes: to make the same network of the same weights.
    public let coding: SpikeCoding
    /// `k_0`.
    public let inputScale: Double
    /// Whether input phases are staggered over neighbouring pixels.
    public let hasPhases: Bool
    /// Layers 0...L-1: their quanta.
    public let layers: [Layer]
    /// The coding that was chosen, on calibration images.
    public let chosen: Candidate
    /// All codings that were tried, on calibration images.
    public let candidates: [Candidate]
    /// Each change of the found coding, on calibration images: why it is as it is.
    public let alternatives: [Alternative]
    /// Of all candidates, over T and scales: fewer operations only with more errors.
    public let front: [FrontPoint]
    /// The found network after 1...T steps, on test images.
    public let points: [Point]
    /// The paper's network: unit scales, a look after every spike.
    public let paper: [Point]
    /// The found network with early exit.
    public let exit: Exit
    /// The same with other margins.
    public let margins: [Exit]
    /// What the bound guarantees, beside what was measured.
    public let guarantee: Guarantee
    /// Wall time.
    public let timings: Timings
    /// What NeuroBench says of the network with all its steps, on the first 1,000 test images.
    public let neurobench: NeuroBenchReport
    /// What the energies assume.
    public let energyAssumptions: String
    /// The claims.
    public let verdicts: [Verdict]
  }
}

extension Anytime.Result {
  /// Energy of one image.
  public struct Energy: Sendable, Codable {
    /// The number type.
    public let arithmetic: EnergyModel.Arithmetic
    /// Whether a weight read is charged an operation.
    public let withWeightReads: Bool
    /// In nanojoules.
    public let nanojoules: Double
  }

  /// The dense network.
  public struct Dense: Sendable, Codable {
    /// Wrong answers in percent.
    public let testErrorPercent: Double
    /// The 95% interval of that rate.
    public let testErrorInterval95: [Double]
    /// Multiply-adds.
    public let multiplyAdds: Double
    /// Multiply-adds where zeros are skipped.
    public let zeroSkippingMultiplyAdds: Double
    /// Energy of all, and of those that are left when zeros are skipped.
    public let energy, zeroSkippingEnergy: [Energy]
  }

  /// The dense network with activations of few bits: `QuantizedDense`.
  public struct Quantized: Sendable, Codable {
    /// By how many halvings its quanta are finer than those of the spiking network: the fewest with which it is
    /// expected to err no more than early exit, on calibration images.
    public let halvings: Int
    /// Bits of its widest activation.
    public let bits: Int
    /// Wrong answers to test images in percent.
    public let testErrorPercent: Double
    /// The share of answers that are the dense network's.
    public let agreement: Double
    /// Multiply-adds of so many bits where zeros are skipped, and their energy.
    public let multiplyAdds: Double
    /// In integers.
    public let energy: [Energy]
    /// Additions by the tables of patterns of the spiking network; absent where it has none.
    public let tableAdditions: Double?
    /// Their energy in integers.
    public let tableEnergy: [Energy]?
  }

  /// A layer that sends spikes.
  public struct Layer: Sendable, Codable {
    /// 0...L-1.
    public let layer: Int
    /// The least, median and greatest scale of its units; the quantum is 1 over it.
    public let scale: [Double]
    /// Spikes an image with early exit.
    public let spikes: Double
    /// The mean rate: spikes a unit and step, with early exit.
    public let rate: Double
    /// Additions that its spikes cause above.
    public let additions: Double
  }

  /// The best of one way to check thresholds.
  public typealias Code = SearchedCode<Point, Exit>

  /// A coding that was tried, on calibration images.
  public struct Candidate: Sendable, Codable {
    /// Where it came from.
    public let origin: String
    /// When thresholds are checked.
    public let firing: PredictionOptions.Firing
    /// `k_0`, and the median scale of each hidden layer.
    public let scales: [Double]
    /// Whether input phases are staggered over neighbouring pixels.
    public let hasPhases: Bool
    /// The best margin; `nil` for none that is better than all steps.
    public let margin: Double?
    /// Wrong answers in percent, and expected ones; operations over dense; what the search minimizes.
    public let errorPercent, expectedErrorPercent, shareOfDense, cost: Double
    /// Without early exit, after each number of steps.
    public let errorPercentOfSteps, shareOfDenseOfSteps: [Double]

    init(_ candidate: CodingSearch.Candidate) {
      (origin, firing) = (candidate.origin, candidate.firing)
      scales =
        [Double(candidate.coding.inputScale)]
        + candidate.coding.hiddenScales.map { Double($0.sorted()[$0.count / 2]) }
      hasPhases = !candidate.coding.inputPhases.isEmpty
      margin = candidate.margin.isFinite ? Double(candidate.margin) : nil
      errorPercent = candidate.errorPercent
      expectedErrorPercent = candidate.expectedErrorPercent
      shareOfDense = candidate.shareOfDense
      cost = candidate.cost
      errorPercentOfSteps = candidate.steps.map(\.errorPercent)
      shareOfDenseOfSteps = candidate.steps.map(\.shareOfDense)
    }
  }

  /// A change of the found coding, on calibration images, with its best margin.
  public struct Alternative: Sendable, Codable {
    /// The change.
    public let change: String
    /// Expected errors in percent, operations over dense, and what the search minimizes.
    public let expectedErrorPercent, shareOfDense, cost: Double

    init(_ alternative: CodingSearch.Alternative) {
      change = alternative.change
      expectedErrorPercent = alternative.candidate.expectedErrorPercent
      shareOfDense = alternative.candidate.shareOfDense
      cost = alternative.candidate.cost
    }
  }

  /// A point of the front over T and scales, on calibration images.
  public struct FrontPoint: Sendable, Codable {
    /// `k_0`, and the median scale of each hidden layer.
    public let scales: [Double]
    /// T, or `nil` for early exit.
    public let timeSteps: Int?
    /// Operations over dense.
    public let shareOfDense: Double
    /// Wrong answers in percent.
    public let errorPercent: Double
  }

  /// How the answers to the test images did, and what one cost.
  public struct Outcome: Sendable, Codable {
    /// Wrong answers in percent.
    public let testErrorPercent: Double
    /// The 95% interval of that rate.
    public let testErrorInterval95: [Double]
    /// The share of images that get the dense network's class.
    public let agreement: Double
    /// Additions.
    public let additions: Double
    /// Over the dense network's multiply-adds.
    public let shareOfDense: Double
    /// Energy.
    public let energy: [Energy]
  }

  /// A network after a number of steps.
  public struct Point: Sendable, Codable {
    /// The steps.
    public let timeSteps: Int
    /// Its answers.
    public let outcome: Outcome
    /// Wall time, where it was measured.
    public let microseconds: Double?
  }

  /// Early exit with one margin.
  public struct Exit: Sendable, Codable {
    /// The margin; `nil` for all steps: no margin that occurs is better.
    public let margin: Double?
    /// By what the margin of refining falls with each step.
    public let ratio: Double
    /// The steps after which an image ends in any case.
    public let timeSteps: Int
    /// The answers.
    public let outcome: Outcome
    /// The time of an image, in turn with the others; absent where it was not measured.
    public let microseconds: Double?
    /// Steps: mean, and 50th, 90th and 99th percentile.
    public let meanSteps: Double
    /// The percentiles.
    public let stepPercentiles: [Int]
    /// Additions at the same percentiles.
    public let additionPercentiles: [Int]
    /// Images that ended after 1...T steps.
    public let imagesOfSteps: [Int]
    /// Wrong answers of those.
    public let errorsOfSteps: [Int]
  }

  /// What the rigorous bound promises, in exact arithmetic, beside what was measured on all test images.
  public struct Guarantee: Sendable, Codable {
    /// Test images that it was evaluated on, the first.
    public let images: Int
    /// A wanted share of images with the dense network's class.
    public struct Row: Sendable, Codable {
      /// The share that is wanted.
      public let agreement: Double
      /// The least T that the bound promises it for; `nil` where no T will do: the dense network is
      /// undecided, or the last layer was fitted to counts and tends to another.
      public let guaranteedSteps: Int?
      /// The least T from which on it was measured; `nil` where that is beyond the steps taken.
      public let measuredSteps: Int?
    }
    /// One a wanted share.
    public let rows: [Row]
  }

  /// Wall time of one image, one at a time on one thread.
  public struct Timings: Sendable, Codable {
    /// Rounds that were measured; each times every contender once, in turn.
    public let rounds: Int
    /// Images of a round.
    public let imagesPerRound: Int
    /// Whether this is an optimized build. The times of a debug build mean nothing.
    public let isOptimized: Bool
    /// Medians in microseconds: the found network with early exit.
    public let exitMicroseconds: Double
    /// The dense network's BLAS calls and nothing else.
    public let blasMicroseconds: Double
    /// The dense network.
    public let denseMicroseconds: Double
    /// The dense network that skips zeros.
    public let zeroSkippingMicroseconds: Double
    /// Medians of the ratios of each round.
    public let exitOverBLAS, exitOverDense, exitOverZeroSkipping: Double
  }
}
