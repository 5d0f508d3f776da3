import ArgumentParser
import Experiments
import SpikeKernels
import Training

/// How a network learns over the epochs; what is not given is the paper's, or the recipe's.
struct LearningOptions: ParsableArguments {
  @OptionGroup var variant: VariantOptions

  @Option(
    help: ArgumentHelp(
      "The learning rate of an epoch is this share of the one before. Default: 1.",
      valueName: "share"),
    transform: Bounded.positive)
  var etaDecay: Float?

  @Option(
    help: ArgumentHelp(
      "Average the weights over so many of the last epochs. Default: 0, none.", valueName: "n"),
    transform: { try Bounded.integer($0, 0...10_000) })
  var average: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Meet the images in a new order each epoch. Default: no; yes for the dense twin.")
  var shuffle: Bool?

  /// What the spiking twin does: the paper's or the recipe's, with what was given.
  func training(_ set: InstructionSet) throws -> SpikingTraining {
    var training = try variant.training(set)
    training.schedule = schedule(training.schedule)
    return training
  }

  /// A schedule with what was given.
  func schedule(_ base: LearningSchedule) -> LearningSchedule {
    var schedule = base
    if let etaDecay { schedule.learningRateDecay = etaDecay }
    if let shuffle { schedule.shuffles = shuffle }
    if let average { schedule.averagedEpochs = average }
    return schedule
  }
}
