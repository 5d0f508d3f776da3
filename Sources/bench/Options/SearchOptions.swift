import ArgumentParser
import Experiments
import SpikingReLU

/// What is searched, and for what.
struct SearchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Search only this way to check thresholds: \(Choice.names(PredictionOptions.Firing.self)). Default: the \
      last two, and the one with the lower cost is chosen.
      """, valueName: "when"),
    transform: Choice.parse)
  var firing: PredictionOptions.Firing?

  @Option(
    help: ArgumentHelp(
      "Points of error that the operations of one dense pass may save.", valueName: "points"),
    transform: Bounded.notNegative)
  var lambda: Float?

  @Option(
    help: ArgumentHelp(
      """
      In place of '--lambda': search for the fewest operations with which so many percent of the answers to \
      calibration images are the dense network's.
      """, valueName: "percent"), transform: Bounded.percent)
  var agreement: Float?

  @OptionGroup var tables: MemoryOptions

  /// Whether any of them was given.
  var areGiven: Bool { firing != nil || lambda != nil || agreement != nil || tables.memory != nil }

  func validate() throws {
    guard lambda == nil || agreement == nil else {
      throw ValidationError("'--lambda' and '--agreement': what the search is for is one of them.")
    }
    guard tables.memory == nil || firing == nil || firing!.addsAtOnce else {
      throw ValidationError(
        "'--memory' is for tables of spike patterns: not with '--firing \(firing!.rawValue)'.")
    }
  }

  /// A search as these say.
  ///
  /// - Parameter lambda: where none was given.
  func apply(to search: inout CodingSearch, lambda usual: Double) {
    search.lambda = lambda.map(Double.init) ?? usual
    // A decimal fraction as it was typed, not as Float has it.
    search.leastAgreement = agreement.map { Double("\($0)")! / 100 }
    if let memory = tables.memory { search.memory = memory }
    if let firing { search.firings = [firing] }
  }
}
