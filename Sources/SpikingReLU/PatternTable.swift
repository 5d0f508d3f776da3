internal import Networks
internal import SpikeKernels

/// The sums of rows of each group: what a pattern of spikes adds. It does not change: networks share it.
final class PatternTable<Scalar: SpikeScalar>: Sendable {
  /// In place of a connection's, with its biases, its rows: `[sum of 2^g - 1 and frequent patterns, units]`, of each
  /// group its patterns 1, 2, ..., 2^g - 1 in order, bit k of a pattern standing for the group's unit k; then the
  /// frequent patterns, block after block. Then all of them twice as large, four times, ..., for spikes that stand for
  /// 2, 4, ... of a unit's.
  let connection: Connection<Scalar>
  /// Binary places of counts that have rows of their own, at least 1.
  let places: Int
  /// Additions that building it took.
  let buildingAdditions: Int
  /// Which row a pattern is.
  let index: PatternIndex

  /// Sums of the rows of a matrix, formed in Double and rounded once. Each pattern adds one row to a smaller
  /// pattern.
  ///
  /// - Throws: `SpikingError.codedWeight` where a sum does not fit its number type.
  /// - Complexity: O(`rows.rows * rows.columns`).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  init(
    _ connection: Connection<Scalar>, groups: [[Int]], frequent: [[UInt16]] = [], places: Int = 1,
    layer: Int, slots: (source: PatternSlots?, target: PatternSlots?) = (nil, nil)
  ) throws(SpikingError) {
    let weights = connection.weights
    index = PatternIndex(
      groups: slots.source?.groups(like: groups) ?? groups, frequent: frequent,
      units: slots.source?.count ?? weights.rows)
    var rows = RowMajorMatrix<Scalar>(rows: places * index.rows, columns: weights.columns)
    var (count, additions) = (0, 0)
    var sums = [Double](repeating: 0, count: 1 << SpikePatterns.largestGroup)
    for group in groups {
      // Of each pattern, all rows but the first.
      additions += ((1 << group.count) * group.count / 2 - (1 << group.count) + 1) * weights.columns
      for column in 0..<weights.columns {
        for pattern in 1..<1 << group.count {
          // The pattern without its last unit, and that unit's row.
          let last = Int.bitWidth - 1 - pattern.leadingZeroBitCount
          sums[pattern] = sums[pattern - 1 << last] + weights[group[last], column].asDouble
          guard let sum = Scalar.weight(rounding: sums[pattern]) else {
            throw .codedWeight(layer: layer, row: group[last], column: column)
          }
          rows[count + pattern - 1, column] = sum
        }
      }
      count += (1 << group.count) - 1
    }
    for (block, patterns) in frequent.enumerated() {
      for pattern in patterns {
        let members = Self.units(of: pattern, groups.dropFirst(SpikePatterns.groupsOfBlock * block))
        additions += (members.count - 1) * weights.columns
        for column in 0..<weights.columns {
          let sum = members.reduce(0.0) { $0 + weights[$1, column].asDouble }
          guard let sum = Scalar.weight(rounding: sum) else {
            throw .codedWeight(layer: layer, row: members[0], column: column)
          }
          rows[count, column] = sum
        }
        count += 1
      }
    }
    for row in index.rows..<rows.rows {
      for column in 0..<weights.columns {
        let half = rows[row - index.rows, column].asDouble
        guard let twice = Scalar.weight(rounding: half + half) else {
          throw .codedWeight(layer: layer, row: row % index.rows, column: column)
        }
        rows[row, column] = twice
      }
    }
    additions += (rows.rows - index.rows) * weights.columns
    self.places = places
    let target = slots.target
    self.connection = Connection(
      weights: target?.columns(of: rows) ?? rows,
      bias: connection.bias.map { bias in
        Connection.Bias(row: target?.columns(of: bias.row) ?? bias.row, bound: bias.bound)
      }, quantum: connection.quantum, fanOut: weights.columns, usesInt16: false)
    buildingAdditions = additions
  }

  /// What the rows take.
  var bytes: Int { rows.rows * rows.stride * MemoryLayout<Scalar>.size }

  /// The rows of the table.
  var rows: RowMajorMatrix<Scalar> { connection.weights }

  /// The units of a pattern of a block.
  private static func units(of pattern: UInt16, _ groups: ArraySlice<[Int]>) -> [Int] {
    var members: [Int] = []
    for (place, group) in groups.prefix(SpikePatterns.groupsOfBlock).enumerated() {
      for (bit, unit) in group.enumerated() {
        let shift = UInt16(4 * place + bit)
        if pattern >> shift & 1 == 1 { members.append(unit) }
      }
    }
    return members
  }
}
