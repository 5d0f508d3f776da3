public import SpikeKernels

/// Everything that a network did with some examples, as the authors' program was recorded: inputs,
/// weights, every spike forward and back, weights and predictions after. The JSON form is that of
/// the golden traces; `training_steps`, `prediction_steps_first_input` and `seed` are additions of this package
/// that other readers may leave aside.
public struct SpikeTrace: Codable, Sendable {
  /// In which numbers the network computes.
  public enum NumberType: String, Codable, Sendable, CaseIterable {
    /// `Float` potentials.
    case float = "FLOAT"
    /// Integers only; weights after and predictions are in integer units.
    case integer = "INT"
  }

  /// The spikes of one training example, by layer 1...L, in order; a spike is `+(unit + 1)` or
  /// `-(unit + 1)`.
  public struct TrainingSpikes: Codable, Equatable, Sendable {
    /// What the quantizers F_1 ... F_L sent.
    public var forward: [[Int]]
    /// The error spikes that passed the gates of layers 1 ... L.
    public var errorPassed: [[Int]]

    enum CodingKeys: String, CodingKey {
      case forward
      case errorPassed = "error_passed"
    }
  }

  /// What the trace calls itself.
  public var name: String
  /// Units of layers 0...L.
  public var layerSizes: [Int]
  /// T.
  public var timeSteps: Int
  /// The learning rate.
  public var eta: Float
  /// Fractional SGD, else SGD.
  public var fractional: Bool
  /// Whether updates use real-valued sums.
  public var smoothGradients: Bool
  /// Depth first, else breadth first.
  public var depthFirst: Bool
  /// Whether errors wait until the end of the step.
  public var holdError: Bool
  /// Whether predictions are net spike counts over T, else potentials over T.
  public var returnCounts: Bool
  /// The quantizers of the layers while learning.
  public var forwardQuantizer: QuantizerKind
  /// The quantizers of the errors sent down.
  public var backwardQuantizer: QuantizerKind
  /// The quantizers of the layers when it predicts.
  public var layerQuantizer: QuantizerKind
  /// r of the regularizing spikes, 0 for none.
  public var regularization: Float
  /// In which numbers the network computes.
  public var numberType: NumberType
  /// Seeds random quantizers.
  public var seed: UInt64?
  /// `[n][n_0]`: the examples.
  public var inputs: [[Float]]
  /// `[n][n_L]`, each in [0, 1].
  public var targets: [[Float]]
  /// `[L][n_(l-1)][n_l]`: the weights that it starts from.
  public var weightsBefore: [[[Float]]]
  /// The weights after training once on each example in order.
  public var weightsAfter: [[[TraceNumber]]]
  /// `[n][n_L]`: predictions of each input in order, before training.
  public var predictionsBefore: [[TraceNumber]]
  /// `[n][n_L]`: predictions of each input in order, after training.
  public var predictionsAfter: [[TraceNumber]]
  /// The spikes of layers 0...L while the first input was predicted before training.
  public var predictionSpikes: [[Int]]
  /// The spikes of each example.
  public var trainingSpikes: [TrainingSpikes]
  /// `[L + 1][T]`: how many of `predictionSpikes` there were at the end of each step.
  public var predictionSteps: [[Int]]?
  /// `[n]`, by layer `[T]`: how many of `trainingSpikes` there were at the end of each step.
  public var trainingSteps: [TrainingSpikes]?

  enum CodingKeys: String, CodingKey {
    case name, eta, fractional, regularization, seed, inputs, targets
    case numberType = "dtype"
    case layerSizes = "layer_sizes"
    case timeSteps = "time_steps"
    case smoothGradients = "smooth_gradients"
    case depthFirst = "depth_first"
    case holdError = "hold_error"
    case returnCounts = "return_counts"
    case forwardQuantizer = "forward_quantizer"
    case backwardQuantizer = "backward_quantizer"
    case layerQuantizer = "test_quantizer"
    case weightsBefore = "weights_before"
    case weightsAfter = "weights_after"
    case predictionsBefore = "predictions_before"
    case predictionsAfter = "predictions_after"
    case predictionSpikes = "prediction_spikes_first_input"
    case predictionSteps = "prediction_steps_first_input"
    case trainingSpikes = "training_spikes"
    case trainingSteps = "training_steps"
  }
}

extension SpikeTrace {
  /// A trace's code of a spike: `+(unit + 1)` or `-(unit + 1)`.
  public static func code(_ spike: Spike) -> Int { spike.sign * (spike.unit + 1) }
}

/// A `Float` or an `Int32`, whichever the network computes in: both are exact in `Double`.
public struct TraceNumber: Codable, Sendable {
  /// The number.
  public let value: Double

  /// A number that a network computed.
  init<Scalar: SpikeScalar>(_ number: Scalar) { value = number.asDouble }

  /// Reads whole numbers of 32 bits as they stand, and others as the `Float` they are nearest to.
  public init(from decoder: any Decoder) throws {
    let single = try decoder.singleValueContainer()
    let number = try single.decode(Double.self)
    value = Self.isWhole(number) ? number : Double(try single.decode(Float.self))
  }

  /// Writes the shortest decimal that gives the same number again.
  public func encode(to encoder: any Encoder) throws {
    var single = encoder.singleValueContainer()
    if Self.isWhole(value) { try single.encode(value) } else { try single.encode(Float(value)) }
  }

  private static func isWhole(_ number: Double) -> Bool {
    number == number.rounded() && number.magnitude <= 0x1p31
  }
}
