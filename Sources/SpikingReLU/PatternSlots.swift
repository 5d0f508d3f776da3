internal import Networks
internal import SpikeKernels

/// The places of a layer's units where their spikes are bits of patterns: group g has the slots 4 g ... 4 g + 3, and
/// what its units do not fill stays silent. A comparison of potentials then yields the patterns of groups, and of
/// blocks of four groups, as they are looked up: nothing is to be computed.
struct PatternSlots: Sendable {
  /// Of each slot, its unit; -1 for none. A multiple of 16.
  let units: [Int32]
  /// Of each unit, its slot.
  let slots: [Int32]

  init(groups: [[Int]], units count: Int) {
    let blocks = SpikePatterns.blocks(ofGroups: groups.count)
    var units = [Int32](repeating: -1, count: 16 * blocks)
    var slots = [Int32](repeating: 0, count: count)
    for (index, group) in groups.enumerated() {
      for (bit, unit) in group.enumerated() {
        units[4 * index + bit] = Int32(unit)
        slots[unit] = Int32(4 * index + bit)
      }
    }
    (self.units, self.slots) = (units, slots)
  }

  /// How many there are.
  var count: Int { units.count }

  /// The groups of slots, as many as there are of units.
  func groups(like groups: [[Int]]) -> [[Int]] {
    groups.enumerated().map { index, group in group.indices.map { 4 * index + $0 } }
  }

  /// A matrix whose columns are units, with columns of slots; those of none are 0.
  func columns<Scalar>(of matrix: RowMajorMatrix<Scalar>) -> RowMajorMatrix<Scalar> {
    var result = RowMajorMatrix<Scalar>(rows: matrix.rows, columns: count)
    for row in 0..<matrix.rows {
      for (unit, slot) in slots.enumerated() { result[row, Int(slot)] = matrix[row, unit] }
    }
    return result
  }

  /// Spikes of slots as those of units, in the order of units.
  func spikes(of train: SpikeTrain) -> SpikeTrain {
    SpikeTrain(
      train.map { Spike(unit: Int(units[$0.unit]), sign: $0.sign) }.sorted { $0.unit < $1.unit })
  }
}
