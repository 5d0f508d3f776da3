public import SpikeKernels

/// What a spiking network refuses, and what can go wrong while it runs.
public enum SpikingError: Error, Equatable, Sendable {
  /// The number of time steps is not in 1...1,048,576.
  case invalidSteps(found: Int)
  /// The learning rate is not a positive finite number, or `eta / T^2` is too small for a Float.
  case invalidLearningRate(found: Float, timeSteps: Int)
  /// The spike budget is not positive.
  case invalidEventBudget(found: Int)
  /// The input has another length than the input layer.
  case inputSize(expected: Int, found: Int)
  /// A spike of an input that the network has not.
  case inputUnit(found: Int, inputs: Int)
  /// A spike of a stream before the one that came before it.
  case timeBackwards(found: Int64, after: Int64)
  /// More time steps of a stream without a spike than are gone through.
  case streamGap(steps: Int64, limit: Int)
  /// A leak or a policy of a stream out of range.
  case invalidStream(String)
  /// An input is NaN or infinite.
  case nonFiniteInput(index: Int, value: Float)
  /// An input, scaled by S, does not fit in the integer network.
  case inputOutOfRange(index: Int, value: Float, scale: Int)
  /// The potential of a unit left the range in which spikes carry information.
  case potentialOverflow(layer: Int, unit: Int, step: Int, value: Double)
  /// More spikes in one example than the budget allows.
  case eventBudgetExceeded(layer: Int, step: Int, limit: Int)
  /// The scale S = T * T / eta of the integer network is not in 1...2^30.
  case scaleOverflow(timeSteps: Int, learningRate: Float, scale: Float)
  /// A weight, scaled by S, does not fit in the integer network.
  case weightOutOfRange(layer: Int, row: Int, column: Int, value: Float, scale: Int)
  /// A bias, scaled by S, does not fit in the integer network.
  case biasOutOfRange(layer: Int, unit: Int, value: Float, scale: Int)
  /// The weights have biases, which a learning network cannot change.
  case cannotLearnBiases
  /// The integer network has no such quantizer.
  case unsupportedQuantizer(QuantizerKind)
  /// The integer network has no such option.
  case unsupportedInIntegers(String)
  /// `log2` of the input's scale is out of range.
  case invalidInputExponent(found: Int)
  /// A scale of spikes is not positive and finite.
  case invalidScale(layer: Int, unit: Int, value: Float)
  /// A phase of the input is not in (-1/2, 1/2).
  case invalidPhase(unit: Int, value: Float)
  /// The coding is of a network of another shape.
  case codingShape(what: String, expected: Int, found: Int)
  /// A weight times its scales is too large for its number type.
  case codedWeight(layer: Int, row: Int, column: Int)
  /// A bias times the scale of its unit is too large for its number type.
  case codedBias(layer: Int, unit: Int)
  /// An exit rule's margin is negative or NaN, its first step is below 1, or its ratio not in (0, 1].
  case invalidExitRule(margin: Float, earliest: Int, ratio: Float)
  /// Units of random thresholds cannot fire once a step.
  case firesAfterEverySpike(QuantizerKind)
  /// A refining network has no such option.
  case unsupportedInRefining(String)
  /// Groups of units are not of the network, or its spikes are not added by patterns.
  case invalidPatterns(String)
  /// More steps than a refining network has places for.
  case refiningSteps(found: Int)
  /// A learning network checks thresholds after every spike, not once a step.
  case learnsAfterEverySpike
  /// The target has another length than the output layer.
  case targetSize(expected: Int, found: Int)
  /// A target is not in [0, 1].
  case targetOutOfRange(index: Int, value: Float)
  /// A snapshot is of a network of other sizes or options.
  case snapshotMismatch(name: String, expected: Int, found: Int)
  /// A number of a snapshot is NaN or infinite.
  case nonFiniteSnapshot(name: String, index: Int)
  /// Training diverged: the sum that a unit received stopped being finite.
  case diverged(layer: Int, unit: Int)
  /// The kernels cannot run as asked.
  case kernel(KernelError)

  /// Whether weights have grown so large that a network cannot run: no fault of its input.
  public var isRunaway: Bool {
    switch self {
    case .potentialOverflow, .eventBudgetExceeded, .diverged: true
    default: false
    }
  }

  /// Names the layer and the step of what went wrong in a feed.
  init(_ error: KernelError, layer: Int, step: Int, limit: Int) {
    self =
      switch error {
      case .potentialOverflow(let unit, let value):
        .potentialOverflow(layer: layer, unit: unit, step: step, value: value)
      case .eventBudgetExceeded: .eventBudgetExceeded(layer: layer, step: step, limit: limit)
      case .valueOutOfRange(let index, let value, let scale):
        .inputOutOfRange(index: index, value: value, scale: scale)
      case .unsupportedInstructionSet: .kernel(error)
      }
  }
}

extension SpikingError: CustomStringConvertible {
  /// What is wrong, where, what was found and what was expected.
  public var description: String {
    switch self {
    case .invalidSteps(let found):
      "the number of time steps must be 1...\(PredictionOptions.maximumTimeSteps), found \(found)"
    case .invalidLearningRate(let found, let steps):
      "a learning rate of \(found) at T = \(steps): eta / T^2 must be a positive normal Float"
    case .invalidEventBudget(let found):
      "the spike budget must be 1 or more, found \(found)"
    case .inputSize(let expected, let found):
      "an input of \(found) values for a network of \(expected) input units"
    case .inputUnit(let found, let inputs):
      "a spike of input \(found) for a network of \(inputs) input units"
    case .timeBackwards(let found, let after):
      "time runs backwards: a spike at \(found) us after one at \(after) us"
    case .streamGap(let steps, let limit):
      "\(steps) time steps without a spike: at most \(limit) are gone through"
    case .invalidStream(let what): what
    case .nonFiniteInput(let index, let value):
      "input \(index): found \(value), expected a finite number"
    case .inputOutOfRange(let index, let value, let scale):
      "input \(index): \(value) times the scale \(scale) does not fit in the integer network"
    case .potentialOverflow(let layer, let unit, let step, let value):
      "layer \(layer), unit \(unit), step \(step): the potential reached \(value), beyond the "
        + "limit of its number type; the weights, the inputs or T are too large"
    case .eventBudgetExceeded(let layer, let step, let limit):
      "layer \(layer), step \(step): more than \(limit) spikes in one example"
    case .scaleOverflow(let steps, let rate, let scale):
      "the scale of the integer network, T^2 / eta = \(scale) at T = \(steps) and eta = \(rate), "
        + "must be 1...\(Int32.potentialLimit)"
    case .weightOutOfRange(let layer, let row, let column, let value, let scale):
      "layer \(layer), weight [\(row), \(column)]: \(value) times the scale \(scale) does not fit "
        + "in the integer network"
    case .biasOutOfRange(let layer, let unit, let value, let scale):
      "layer \(layer), bias \(unit): \(value) times the scale \(scale) does not fit in the integer "
        + "network"
    case .cannotLearnBiases:
      "a learning spiking network has no biases: use weights without them"
    case .unsupportedQuantizer(let kind):
      "the integer network has no '\(kind.rawValue)' quantizer: it takes only the specified ones"
    case .unsupportedInIntegers(let what): "the integer network has no \(what)"
    case .invalidInputExponent(let found):
      "log2 of the input's scale must be within \(SpikeCoding.largestInputExponent), found \(found)"
    case .invalidScale(let layer, let unit, let value):
      "layer \(layer), unit \(unit): a scale of spikes must be positive and finite, found \(value)"
    case .invalidPhase(let unit, let value):
      "input \(unit): a phase must be greater than -1/2 and less than 1/2, found \(value)"
    case .codingShape(let what, let expected, let found):
      "a coding with \(found) \(what) for a network with \(expected)"
    case .codedWeight(let layer, let row, let column):
      "layer \(layer), weight [\(row), \(column)]: with the scales of its spikes it is too large"
    case .codedBias(let layer, let unit):
      "layer \(layer), bias \(unit): with the scale of its unit it is too large"
    case .unsupportedInRefining(let what): "a refining network has no \(what)"
    case .invalidPatterns(let what): what
    case .refiningSteps(let found):
      "\(found) steps of refining: at most \(PredictionOptions.maximumRefiningSteps), since a sum has no "
        + "binary places for more"
    case .invalidExitRule(let margin, let earliest, let ratio):
      "an exit rule of margin \(margin) from step \(earliest) on, falling by \(ratio): the margin must "
        + "be 0 or more, the step 1 or more, the ratio more than 0 and at most 1"
    case .firesAfterEverySpike(let kind):
      "the '\(kind.rawValue)' quantizer fires after every spike, not once a step"
    case .learnsAfterEverySpike:
      "a learning network fires after every spike: predict once a step with a SpikingNetwork of its weights"
    case .targetSize(let expected, let found):
      "a target of \(found) values for a network of \(expected) output units"
    case .targetOutOfRange(let index, let value):
      "target \(index): found \(value), expected a number in 0...1"
    case .snapshotMismatch(let name, let expected, let found):
      "a snapshot of another network: \(name) has \(found) values, expected \(expected)"
    case .nonFiniteSnapshot(let name, let index):
      "a snapshot with a number that is not finite: \(name), \(index)"
    case .diverged(let layer, let unit):
      "layer \(layer), unit \(unit): training diverged; use a smaller learning rate"
    case .kernel(let error): error.description
    }
  }
}
