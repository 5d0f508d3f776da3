internal import Networks
internal import SpikeKernels

/// The sums of rows of each group: what a pattern of spikes adds.
struct PatternTable<Scalar: SpikeScalar>: Sendable {
  /// `[sum of 2^g - 1 and frequent patterns, units]`: of each group its patterns 1, 2, ..., 2^g - 1 in order, bit k
  /// of a pattern standing for the group's unit k; then the frequent patterns, block after block.
  let rows: RowMajorMatrix<Scalar>
  /// Additions that building it took.
  let buildingAdditions: Int
  /// Of each unit, twice its group, and its bit.
  fileprivate let places: [(slot: Int32, bit: UInt8)]
  /// Of each group, the row of its pattern 1.
  fileprivate let firstRows: [Int32]
  /// Frequent patterns, block after block, and where those of block b begin and end: at b and b + 1. Both empty
  /// where there are none.
  fileprivate let frequent: [UInt16]
  fileprivate let frequentStarts: [Int]

  /// Sums of the rows of a matrix, formed in Double and rounded once. Each pattern adds one row to a smaller
  /// pattern.
  ///
  /// - Throws: `SpikingError.codedWeight` where a sum does not fit its number type.
  /// - Complexity: O(`rows.rows * rows.columns`).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  init(
    _ weights: RowMajorMatrix<Scalar>, groups: [[Int]], frequent: [[UInt16]] = [], layer: Int
  ) throws(SpikingError) {
    var places = [(slot: Int32, bit: UInt8)](repeating: (0, 0), count: weights.rows)
    var firstRows: [Int32] = []
    var (count, additions) = (0, 0)
    for (index, group) in groups.enumerated() {
      firstRows.append(Int32(count))
      count += (1 << group.count) - 1
      // Of each pattern, all rows but the first.
      additions += ((1 << group.count) * group.count / 2 - (1 << group.count) + 1) * weights.columns
      for (bit, unit) in group.enumerated() { places[unit] = (Int32(2 * index), 1 << UInt8(bit)) }
    }
    self.frequent = frequent.flatMap(\.self)
    var starts = frequent.isEmpty ? [] : [0]
    for patterns in frequent { starts.append(starts[starts.count - 1] + patterns.count) }
    frequentStarts = starts
    var rows = RowMajorMatrix<Scalar>(
      rows: count + self.frequent.count, columns: weights.columns)
    var sums = [Double](repeating: 0, count: 1 << SpikePatterns.largestGroup)
    for (group, first) in zip(groups, firstRows) {
      for column in 0..<weights.columns {
        for pattern in 1..<1 << group.count {
          // The pattern without its last unit, and that unit's row.
          let last = Int.bitWidth - 1 - pattern.leadingZeroBitCount
          sums[pattern] = sums[pattern - 1 << last] + weights[group[last], column].asDouble
          guard let sum = Scalar.weight(rounding: sums[pattern]) else {
            throw .codedWeight(layer: layer, row: group[last], column: column)
          }
          rows[Int(first) + pattern - 1, column] = sum
        }
      }
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
    self.rows = rows
    (self.places, self.firstRows, buildingAdditions) = (places, firstRows, additions)
  }

  /// The units of a pattern of a block.
  private static func units(of pattern: UInt16, _ groups: ArraySlice<[Int]>) -> [Int] {
    groups.prefix(SpikePatterns.groupsOfBlock).enumerated().flatMap { place, group in
      group.indices.filter { pattern >> UInt16(4 * place + $0) & 1 == 1 }.map { group[$0] }
    }
  }

  /// The row of a frequent pattern of a block; `nil` where it is none.
  fileprivate func row(ofFrequent pattern: UInt16, block: Int) -> Int? {
    var (low, high) = (frequentStarts[block], frequentStarts[block + 1])
    while low < high {
      let middle = (low + high) / 2
      if frequent[middle] < pattern { low = middle + 1 } else { high = middle }
    }
    guard low < frequentStarts[block + 1], frequent[low] == pattern else { return nil }
    return rows.rows - frequent.count + low
  }
}

/// The rows of a step's spikes, by binary places of the counts. Memory is kept from step to step.
struct PatternRows: Sendable {
  /// Of each place, the lowest first, the rows. Block after block: the frequent pattern of its units that sent +,
  /// and that of those that sent -; then of each group that is in neither its pattern of +, and of -. Those from `count` on are of an earlier step.
  private(set) var places: [SpikeTrain] = []
  /// The places of this step.
  private(set) var count = 0
  /// Of each place and group, the patterns of + and of -, a byte each; 0 but within `take`.
  private var masks: [UInt8] = []

  /// Takes a block whose pattern of + or - is frequent; returns what is left of its masks.
  @inline(__always)
  private static func takeFrequent<Scalar>(
    _ masks: UInt64, block: Int, _ table: PatternTable<Scalar>, into train: inout SpikeTrain
  ) -> UInt64 {
    var left = masks
    for (shift, sign) in [(UInt64(0), 1), (8, -1)] {
      // Every second byte is of this sign, four bits of each are used: side by side they are the pattern.
      let bytes = masks >> shift & 0x000F_000F_000F_000F
      let pattern = UInt16(truncatingIfNeeded: bytes | bytes >> 12 | bytes >> 24 | bytes >> 36)
      // The pattern of one group has its row already.
      guard bytes & (bytes &- 1) != 0,
        let row = table.row(ofFrequent: pattern, block: block)
      else { continue }
      train.append(Spike(unit: row, sign: sign))
      left &= ~(0x00FF_00FF_00FF_00FF << shift)
    }
    return left
  }

  /// No unit sends 2^27 spikes: the budget of an example is less.
  private static let mostPlaces = 27

  /// Takes the spikes of a step.
  ///
  /// - Parameter spikes: those of a unit side by side, and of one sign.
  /// - Complexity: O(spikes + groups).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  mutating func take<Scalar>(_ spikes: SpikeTrain, by table: PatternTable<Scalar>) {
    count = 0
    guard spikes.count > 0 else { return }
    // Eight masks at a time are told to be 0.
    let stride = (2 * table.firstRows.count + 7) / 8 * 8
    if masks.isEmpty { masks = [UInt8](repeating: 0, count: Self.mostPlaces * stride) }
    count = unsafe masks.withUnsafeMutableBufferPointer { masks in
      unsafe table.places.withUnsafeBufferPointer { units in
        var (index, powers) = (0, 1)
        var spike = spikes[0]
        while index < spikes.count {
          let unit = unsafe units[spike.unit]
          let slot = Int(unit.slot) + (spike.sign > 0 ? 0 : 1)
          var left = 0
          let first = spike.unit
          repeat {
            (index, left) = (index + 1, left + 1)
            if index < spikes.count { spike = spikes[index] }
          } while index < spikes.count && spike.unit == first
          var power = 0
          while left > 0 {
            if left & 1 == 1 { unsafe masks[power * stride + slot] |= unit.bit }
            (left, power) = (left >> 1, power + 1)
          }
          powers = max(powers, power)
        }
        return powers
      }
    }
    while places.count < count { places.append(SpikeTrain()) }
    for power in 0..<count {
      var train = SpikeTrain()
      swap(&train, &places[power])
      train.removeAll()
      unsafe masks.withUnsafeMutableBytes { all in
        for first in Swift.stride(from: power * stride, to: (power + 1) * stride, by: 8) {
          let eight = unsafe all.loadUnaligned(fromByteOffset: first, as: UInt64.self)
          var (left, slot) = (UInt64(littleEndian: eight), first - power * stride)
          guard left != 0 else { continue }
          unsafe all.storeBytes(of: 0, toByteOffset: first, as: UInt64.self)
          if !table.frequentStarts.isEmpty {
            left = Self.takeFrequent(left, block: slot / 8, table, into: &train)
          }
          while left != 0 {
            let pattern = Int(left & 0xFF)
            if pattern > 0 {
              train.append(
                Spike(
                  unit: Int(table.firstRows[slot / 2]) + pattern - 1, sign: slot & 1 == 0 ? 1 : -1))
            }
            (left, slot) = (left >> 8, slot + 1)
          }
        }
      }
      swap(&train, &places[power])
    }
  }
}
