public import Networks
public import SpikingReLU

extension Conversion {
  /// What a conversion ends with.
  public struct Result: Sendable, Codable {
    /// Units of layers 0...L.
    public let topology: Topology
    /// Whether there are biases.
    public let hasBiases: Bool
    /// Images that were judged on.
    public let testImages: Int
    /// Wrong answers of the dense network, on BLAS.
    public let denseTestErrors: Int
    /// The same in percent.
    public let denseErrorPercent: Double
    /// Multiply-adds of the dense network where it skips zeros, over all of them.
    public let zeroSkippingShareOfDense: Double
    /// The dense network's outputs for the first three images.
    public let firstLogits: [[Float]]
    /// The quanta of spikes.
    public let coding: SpikeCoding
    /// Where the coding came from, in words.
    public let codingOrigin: String
    /// When thresholds are checked.
    public let firing: PredictionOptions.Firing
    /// The tables of patterns; absent where thresholds are checked after each spike.
    public let patterns: PatternTables?
    /// The best of each way to check thresholds that was searched, side by side.
    public let codes: [Code]
    /// The spiking network after 1, 2, 5, 10, ... T steps, or each of up to 8.
    public let points: [Point]
    /// The spiking network when an image ends as soon as its answer is clear; absent without a search.
    public let exit: Exit?
    /// The same with spikes of quantum 1 that are sent at once, the paper's.
    public let paper: [Point]
    /// What is not in the spiking network as it was in the dense one.
    public let losses: [Loss]
    /// What it is held to.
    public let verdicts: [Verdict]
  }

  /// The best of one way to check thresholds.
  public typealias Code = SearchedCode<Point, Exit>

  /// The spiking network after some steps.
  public struct Point: Sendable, Codable {
    /// Steps.
    public let timeSteps: Int
    /// Wrong answers.
    public let errors: Int
    /// The same in percent.
    public let errorPercent: Double
    /// How many answers are the dense network's, in percent.
    public let sameClassPercent: Double
    /// Additions over the dense network's multiply-adds, an image.
    public let shareOfDense: Double
  }

  /// The spiking network with the margin of early exit that the search found.
  public struct Exit: Sendable, Codable {
    /// The margin, as in `ExitRule`; absent where all steps are best.
    public let margin: Float?
    /// By what the margin of refining falls with each step.
    public let ratio: Float
    /// The steps after which an image ends in any case.
    public let timeSteps: Int
    /// Steps of an image, on average.
    public let meanSteps: Double
    /// What it answered and cost.
    public let outcome: Point
  }

  /// Something that was lost.
  public struct Loss: Sendable, Codable {
    /// What it is.
    public enum Kind: String, Sendable, Codable {
      /// Biases are an always-on unit's weights, and cost additions every step.
      case biases
      /// Units that are 0 on every calibration image: they cost additions and say nothing.
      case deadUnits
      /// Units that are active on some image, and never send a spike within T steps: their scale is too
      /// small for T.
      case silentUnits
      /// Units that send more than one spike a step: nothing is cut off, but a rate beyond 1.
      case busyUnits
      /// Images on which potentials or spikes ran away.
      case runawayImages
    }

    /// What it is.
    public let kind: Kind
    /// The layer, 1...L; `nil` where it is about the whole network.
    public let layer: Int?
    /// How many units or images.
    public let count: Int
    /// Of how many.
    public let of: Int
    /// In words, with the reason.
    public let text: String
  }
}
