import ArgumentParser
import Experiments
import SpikeKernels
import SpikingReLU
import Training

/// How a network learns from an example; what is not given is the paper's, or the recipe's.
struct VariantOptions: ParsableArguments {
  @Flag(help: "The documented recipe that goes past the paper; see above.")
  var recipe = false

  @Option(
    help: ArgumentHelp("Time steps T, 1...1048576. Default: 10.", valueName: "T"),
    transform: { try Bounded.integer($0, 1...PredictionOptions.maximumTimeSteps) })
  var steps: Int?

  @Option(
    help: ArgumentHelp("Learning rate. Default: 0.01; 0.1 for the dense twin.", valueName: "eta"),
    transform: Bounded.positive)
  var eta: Float?

  @Option(
    name: .customLong("update"),
    help: ArgumentHelp(
      "When weights change: \(Choice.names(TrainingOptions.Update.self)).", valueName: "update"),
    transform: Choice.parse)
  var givenUpdate: TrainingOptions.Update?

  @Option(
    help: ArgumentHelp(
      "Order of events: \(Choice.names(TrainingOptions.Traversal.self)).", valueName: "order"),
    transform: Choice.parse)
  var traversal = TrainingOptions.Traversal.breadthFirst

  @Option(
    help: ArgumentHelp(
      "Quantizers of the layers: \(Choice.names(QuantizerKind.self)).", valueName: "kind"),
    transform: Choice.parse)
  var forwardQuantizer = QuantizerKind.rectHerding

  @Option(
    help: ArgumentHelp("Quantizers of errors sent down: the same kinds.", valueName: "kind"),
    transform: Choice.parse)
  var backwardQuantizer = QuantizerKind.noResetHerding

  @Option(
    help: ArgumentHelp("Regularization by forward spikes, 0 for none.", valueName: "r"),
    transform: { try $0 == "0" ? 0 : Bounded.positive($0) })
  var regularization: Float = 0

  @Flag(help: "Update with real-valued sums instead of input counts.")
  var smooth = false

  @Flag(help: "Compute in integers only.")
  var integer = false

  @Flag(inversion: .prefixedNo, help: "Hold errors in a counter until the end of a step.")
  var holdError = true

  /// What the spiking twin does: the paper's or the recipe's, with what was given.
  func training(_ set: InstructionSet) throws -> SpikingTraining {
    var training =
      recipe
      ? try SpikingTraining.recipe(instructionSet: set)
      : SpikingTraining(options: try TrainingOptions(), instructionSet: set)
    if let eta { training.options = try training.options.with(learningRate: eta) }
    if let givenUpdate { training.options.update = givenUpdate }
    training.options.traversal = traversal
    training.options.forwardQuantizer = forwardQuantizer
    training.options.backwardQuantizer = backwardQuantizer
    training.options.regularization = regularization
    if smooth { training.options.usesSmoothGradients = true }
    training.options.holdsError = holdError
    if let steps { training.timeSteps = steps }
    return training
  }

  /// Options that say nothing to a dense network.
  func refuseForDense() throws {
    let given: [(String, Bool)] = [
      ("--recipe", recipe), ("--steps", steps != nil), ("--update", givenUpdate != nil),
      ("--smooth", smooth), ("--integer", integer), ("--no-hold-error", !holdError),
      ("--regularization", regularization != 0), ("--traversal", traversal != .breadthFirst),
      ("--forward-quantizer", forwardQuantizer != .rectHerding),
      ("--backward-quantizer", backwardQuantizer != .noResetHerding),
    ]
    if let name = given.first(where: \.1)?.0 {
      throw ValidationError("'\(name)' goes with '--twin spiking'.")
    }
  }
}
