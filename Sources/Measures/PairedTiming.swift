/// Times several contenders in turn, round after round, so that a machine whose speed drifts slows them
/// all alike: ratios are taken within a round. The one timing loop of the package.
package struct PairedTiming {
  /// How long rounds go on for, all contenders together, once the least number of them is done.
  package var seconds: Double
  /// Rounds that are not counted, first.
  package var warmUpRounds = 2
  /// Rounds that count, at least and at most, whatever they take.
  package var rounds = 3...400

  /// Rounds for so many seconds.
  package init(seconds: Double, warmUpRounds: Int = 2, rounds: ClosedRange<Int> = 3...400) {
    (self.seconds, self.warmUpRounds, self.rounds) = (seconds, warmUpRounds, rounds)
  }

  /// The seconds of each contender in each counted round.
  ///
  /// - Throws: what a contender throws; `CancellationError`.
  package func run(_ contenders: [() throws -> Void]) throws -> [[Double]] {
    let clock = ContinuousClock()
    var times = contenders.map { _ in [Double]() }
    let start = clock.now
    var round = 0
    while round < warmUpRounds + rounds.lowerBound
      || (round < warmUpRounds + rounds.upperBound && clock.now - start < .seconds(seconds))
    {
      try Task.checkCancellation()
      for (index, contender) in contenders.enumerated() {
        let begin = clock.now
        try contender()
        let elapsed = (clock.now - begin) / .seconds(1)
        if round >= warmUpRounds { times[index].append(elapsed) }
      }
      round += 1
    }
    return times
  }
}

extension [Double] {
  /// The middle one, the upper of two.
  package var median: Double { sorted()[count / 2] }

  /// The median of the quotients, round by round.
  package func medianRatio(to other: [Double]) -> Double {
    zip(self, other).map { $0 / $1 }.median
  }
}
