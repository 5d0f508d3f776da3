internal import Networks
internal import SpikeKernels

/// The sums of rows of each group: what a pattern of spikes adds.
struct PatternTable<Scalar: SpikeScalar>: Sendable {
  /// `[sum of 2^g - 1, units]`: of each group its patterns 1, 2, ..., 2^g - 1 in order, bit k of a pattern
  /// standing for the group's unit k.
  let rows: RowMajorMatrix<Scalar>
  /// Additions that building it took.
  let buildingAdditions: Int
  /// Of each unit, twice its group, and its bit.
  fileprivate let places: [(slot: Int32, bit: UInt8)]
  /// Of each group, the row of its pattern 1.
  fileprivate let firstRows: [Int32]

  /// Sums of the rows of a matrix, formed in Double and rounded once. Each pattern adds one row to a smaller
  /// pattern.
  ///
  /// - Throws: `SpikingError.codedWeight` where a sum does not fit its number type.
  /// - Complexity: O(`rows.rows * rows.columns`).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  init(
    _ weights: RowMajorMatrix<Scalar>, groups: [[Int]], layer: Int
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
    var rows = RowMajorMatrix<Scalar>(rows: count, columns: weights.columns)
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
    self.rows = rows
    (self.places, self.firstRows, buildingAdditions) = (places, firstRows, additions)
  }
}

/// The rows of a step's spikes, by binary places of the counts. Memory is kept from step to step.
struct PatternRows: Sendable {
  /// Of each place, the lowest first, the rows: of each group its pattern of units that sent +, then of those
  /// that sent -. Those from `count` on are of an earlier step.
  private(set) var places: [SpikeTrain] = []
  /// The places of this step.
  private(set) var count = 0
  /// Of each place and group, the patterns of + and of -, a byte each; 0 but within `take`.
  private var masks: [UInt8] = []

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
