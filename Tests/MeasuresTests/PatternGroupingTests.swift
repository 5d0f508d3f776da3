import Datasets
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Measures

/// Grouping finds the units that fire together, and keeps to its limit.
@Suite struct PatternGroupingTests {
  @Test("units that fire together are a group: the most active first, the rest in order")
  func together() {
    func train(_ units: [Int], sign: Int = 1) -> SpikeTrain {
      SpikeTrain(units.map { Spike(unit: $0, sign: sign) })
    }
    // 0, 3 and 5 fire together, 1 and 4 do, 2 never; a spike of - is an observation of its own.
    let firing = CoFiring(
      [train([0, 3, 5]), train([1, 4]), train([0, 3, 5]), train([1, 4], sign: -1), train([0])],
      units: 6)
    #expect(firing.groups(of: 3) == [[0, 3, 5], [1, 4, 2]])
    #expect(firing.groups(of: 2) == [[0, 3], [1, 4], [5, 2]])
    #expect(firing.groups(of: 1) == [[0], [1], [2], [3], [4], [5]])
    #expect(firing.rows(of: firing.groups(of: 3)) == 5)
    #expect(firing.rows(of: firing.groups(of: 1)) == 11)
    // Of 10 observations 0 is in 3, 3 in 2 of them: (2 * 10 - 3 * 2) / sqrt(3 * 7 * 2 * 8).
    #expect(abs(firing.correlation(0, 3) - 14 / 336.0.squareRoot()) < 1e-12)
    #expect(firing.correlation(0, 2) == 0)
  }

  @Test("within a limit: the fewest additions that fit; the greedy choice fits, too")
  func limit() {
    func choice(_ bytes: Int, _ additions: Double) -> PatternGrouping.Choice {
      PatternGrouping.Choice(groups: [], bytes: bytes, additions: additions)
    }
    let choices = [
      [choice(10, 100), choice(15, 70), choice(38, 40)], [choice(10, 50), choice(15, 30)],
    ]
    #expect(PatternGrouping.best(choices, memory: 19) == [0, 0], "nothing fits: single rows")
    #expect(PatternGrouping.best(choices, memory: 25) == [1, 0])
    #expect(PatternGrouping.best(choices, memory: 30) == [1, 1])
    #expect(PatternGrouping.best(choices, memory: 52) == [2, 0])
    #expect(PatternGrouping.best(choices, memory: 53) == [2, 1])
    for memory in 0...60 {
      let greedy = PatternGrouping.greedy(choices, memory: memory)
      let bytes = zip(choices, greedy).reduce(0) { $0 + $1.0[$1.1].bytes }
      #expect(bytes <= max(memory, 20))
    }
    #expect(PatternGrouping.greedy(choices, memory: 53) == [2, 1])
  }

  @Test("blocks: groups that fire together are side by side; patterns by what they save a byte")
  func blocks() {
    func train(_ units: [Int], sign: Int = 1) -> SpikeTrain {
      SpikeTrain(units.map { Spike(unit: $0, sign: sign) })
    }
    let groups = [[0], [1], [2], [3], [4], [5, 6]]
    let trains = [
      train([0, 5]), train([0, 6]), train([0, 2, 3, 4, 6, 5], sign: -1), train([1, 2]),
    ]
    // The last group fires with 0, 2, 3 and 4, and 0 is the first of the most active.
    #expect(
      CoFiring(trains, units: 7).ordered(groups, by: 4) == [[0], [5, 6], [3], [4], [2], [1]])
    let seen = BlockPatterns(
      groups, trains + [train([0, 2]), train([0, 2, 2]), train([0, 0, 2, 3])])
    // Of an even count nothing is left in the lowest place; patterns of one group are not kept.
    #expect(seen.counts[0] == [0x1101: 1, 0x0110: 1, 0x0101: 1, 0x1100: 1])
    #expect(seen.counts[1] == [0x31: 1])
    let (patterns, bytes) = PatternGrouping.frequent(
      [groups, [[0], [1]]],
      [
        trains + [train([0, 2]), train([0, 2]), train([1, 2])], [train([0, 1]), train([0, 1])],
      ],
      places: [1, 1], topology: [7, 2, 2], memory: 150)
    // Twice seen, one row saved each: of 64 bytes two fit. One that is seen once is no use.
    #expect(patterns == [[[0x0101, 0x0110], []], []] && bytes == 128)
  }

  @Test("of a network: inputs in blocks, hidden units by what they send, answers unchanged")
  func network() async throws {
    let data = Dataset.embeddedDigits().training
    var generator = SeededGenerator(seed: 3)
    let weights = try NetworkWeights(
      topology: [64, 20, 10], initializer: .he, generator: &generator)
    let coding = SpikeCoding.unit(of: weights)
    func find(
      _ memory: Int, until rule: AnytimeCurve.Rule? = nil
    ) async throws -> PatternGrouping.Found {
      try await PatternGrouping(
        memory: memory, instructionSet: .reference, imageSize: (height: 8, width: 8)
      ).run(weights, coding, .refining, on: data.prefix(100), until: rule)
    }
    let found = try await find(1 << 20)
    let patterns = try #require(found.patterns)
    #expect(patterns.groupSizes == [4, 4])
    // Blocks of 2 x 2 pixels, those of 4 x 4 pixels side by side.
    let squares = SpikePatterns.blocks(4, height: 8, width: 8)
    #expect(Set(patterns.groups[0]) == Set(squares))
    #expect(
      patterns.groups[0].prefix(5)
        == [[0, 1, 8, 9], [2, 3, 10, 11], [16, 17, 24, 25], [18, 19, 26, 27], [4, 5, 12, 13]])
    // 16 groups of 15 rows of 32 numbers, 5 of 15 rows of 16; as much again for frequent patterns.
    let groups = (16 * 15 * 32 + 5 * 15 * 16) * 4
    let frequent = patterns.frequent.map { $0.reduce(0) { $0 + $1.count } }
    #expect(frequent[0] > 0)
    #expect(found.bytes == groups + (frequent[0] * 32 + frequent[1] * 16) * 4)
    #expect(found.bytes <= 2 * groups)
    // An image that ends after its first step is looked at no longer.
    let first = try await find(1 << 20, until: AnytimeCurve.Rule(margin: .infinity, timeSteps: 1))
    let ended = try await find(1 << 20, until: AnytimeCurve.Rule(margin: 0, timeSteps: 3))
    #expect(ended.patterns == first.patterns && ended.patterns != patterns)
    let single = try await find(1)
    #expect(single.patterns == nil && single.bytes == (64 * 32 + 20 * 16) * 4)
    // The smallest groups: of two hidden units, three rows of 16 in place of two.
    #expect(single.smallestTables == single.bytes + 10 * 16 * 4)
    #expect(try await find(single.smallestTables).patterns?.groupSizes == [1, 2])
    #expect(try await find(single.smallestTables - 1).patterns == nil)
    // Once a step, where sums are not doubled: rows for spikes of two, where they come and fit.
    let fine = try SpikeCoding(topology: [64, 20, 10], inputExponent: 2, layerScales: [1])
    func doubled(_ memory: Int) async throws -> PatternGrouping.Found {
      var grouping = PatternGrouping(
        memory: memory, instructionSet: .reference, imageSize: (height: 8, width: 8))
      grouping.mostPlaces = 2
      return try await grouping.run(weights, fine, .oncePerStep, on: data.prefix(100))
    }
    let twice = try await doubled(1 << 20)
    #expect(twice.patterns?.places[0] == 2 && twice.bytes >= groups + 16 * 15 * 32 * 4)
    #expect(try await doubled(groups).patterns?.places == [1, 1])
    let some = try await find(groups - 1)
    #expect(some.bytes < groups && some.patterns != nil)
  }
}
