internal import Measures
internal import Networks
public import SpikingReLU

/// The best coding of one way to check thresholds, judged on test images.
public struct SearchedCode<Point: Sendable & Codable, Exit: Sendable & Codable>: Sendable, Codable {
  /// When thresholds are checked.
  public let firing: PredictionOptions.Firing
  /// Whether it is the network that was found: the one that costs least.
  public let isChosen: Bool
  /// What the search minimizes, on calibration images.
  public let calibrationCost: Double
  /// Answers to calibration images that are the dense network's with early exit, in percent; only where the search
  /// was held to that.
  public let calibrationAgreementPercent: Double?
  /// After each number of steps that is shown.
  public let points: [Point]
  /// With early exit.
  public let exit: Exit

  init(
    _ candidate: CodingSearch.Candidate, isChosen: Bool, points: [Point], exit: Exit
  ) {
    (firing, self.isChosen) = (candidate.firing, isChosen)
    calibrationCost = candidate.cost
    calibrationAgreementPercent = candidate.agreementPercent
    (self.points, self.exit) = (points, exit)
  }
}

/// The numbers that rows are read from: of the tables of patterns, or the weights.
func tableWords(_ patterns: SpikePatterns?, _ weights: NetworkWeights) -> Int {
  guard let patterns else { return weights.parameterCount }
  return zip(patterns.rowsOfTables, weights.topology.units.dropFirst()).reduce(0) {
    $0 + $1.0 * $1.1
  }
}

/// The tables of patterns: the sums of rows that the spikes of a group of units are added as.
public struct PatternTables: Sendable, Codable {
  /// The groups; absent where single rows are all that fits.
  public let groups: SpikePatterns?
  /// Of each layer that sends, the most units of a group.
  public let groupSizes: [Int]
  /// Bytes of the tables, of the weights, and what both may take.
  public let bytes, weightBytes, limit: Int
  /// The least limit with which some layer has a group of more than one unit.
  public let smallestLimit: Int
  /// Additions that building the tables takes, once.
  public let buildingAdditions: Int
  /// Seconds that the network took to be made, tables and all.
  public let buildingSeconds: Double

  /// Those of a candidate; `nil` where it adds none by patterns. Makes its network once, to see how long that takes.
  init?(_ candidate: CodingSearch.Candidate, _ search: CodingSearch) throws {
    guard let grouping = candidate.grouping else { return nil }
    try self.init(grouping, candidate.weights, limit: search.memory) {
      let network = try candidate.network(
        steps: candidate.timeSteps, instructionSet: search.instructionSet)
      return (network.patternBytes, network.patternAdditions)
    }
  }

  /// Those of a grouping.
  ///
  /// - Parameter network: makes the network with them; returns the bytes and the additions of its tables.
  init(
    _ grouping: PatternGrouping.Found, _ weights: NetworkWeights, limit: Int,
    network: () throws -> (bytes: Int, additions: Int)
  ) throws {
    let start = ContinuousClock.now
    (bytes, buildingAdditions) = try network()
    buildingSeconds = (ContinuousClock.now - start) / .seconds(1)
    groups = grouping.patterns
    groupSizes = grouping.patterns?.groupSizes ?? Array(repeating: 1, count: weights.layers.count)
    weightBytes = weights.parameterCount * MemoryLayout<Float>.size
    (self.limit, smallestLimit) = (limit, grouping.smallestTables)
  }
}

extension Verdict {
  /// Where a search was held to an agreement: that it was reached on calibration images.
  static func calibration(
    _ search: CodingSearch, _ best: CodingSearch.Candidate
  ) -> [Verdict] {
    guard let least = search.leastAgreement, let found = best.agreementPercent else { return [] }
    return [
      Verdict(
        "early exit: answers to calibration images that are the dense network's, percent",
        // As the search: a share of images is a fraction, and rounded.
        value: found, bound: .init(atLeast: 100 * least - 1e-7))
    ]
  }
}
