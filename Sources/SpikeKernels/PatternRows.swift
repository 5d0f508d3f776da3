internal import CSpikeKernels

/// Of groups of units whose spikes are added as one row, which row a pattern is.
///
/// Rows are those of each group, for its patterns 1, 2, ..., 2^g - 1 in order, bit k of a pattern standing for the
/// group's unit k; then frequent patterns of blocks, block after block. A block is four groups in a row; its pattern
/// has the bits of its group k from 4k on.
public struct PatternIndex: Sendable {
  /// All rows.
  public let rows: Int
  /// Of each unit, twice its group in the bits from 8 on, and its bit in those below.
  private let units: [UInt32]
  /// Of each group, the row of its pattern 1.
  private let firstRows: [Int32]
  /// Frequent patterns, and where those of a block begin, and the end; both empty where there are none.
  private let frequent: [UInt16]
  private let frequentStarts: [Int32]

  /// Blocks of four groups that begin.
  var blocks: Int { (firstRows.count + 3) / 4 }

  /// Masks of a place: two a group, a multiple of 8.
  var stride: Int { (2 * firstRows.count + 7) / 8 * 8 }

  /// The index of some groups.
  ///
  /// - Parameters:
  ///   - groups: of 1 to 4 units; every unit is in one.
  ///   - frequent: of each block, rising; empty for none.
  ///   - units: how many there are.
  public init(groups: [[Int]], frequent: [[UInt16]], units count: Int) {
    var units = [UInt32](repeating: 0, count: count)
    var (firstRows, rows) = ([Int32](), 0)
    for (index, group) in groups.enumerated() {
      firstRows.append(Int32(rows))
      rows += (1 << group.count) - 1
      for (bit, unit) in group.enumerated() {
        units[unit] = UInt32(2 * index) << 8 | 1 << UInt32(bit)
      }
    }
    var starts: [Int32] = frequent.isEmpty ? [] : [0]
    for patterns in frequent { starts.append(starts[starts.count - 1] + Int32(patterns.count)) }
    (self.units, self.firstRows) = (units, firstRows)
    (self.frequent, frequentStarts) = (frequent.flatMap(\.self), starts)
    self.rows = rows + self.frequent.count
  }

  /// The same as C sees it.
  fileprivate func withC<Result>(_ body: (UnsafePointer<csk_patterns>) -> Result) -> Result {
    unsafe units.withUnsafeBufferPointer { units in
      unsafe firstRows.withUnsafeBufferPointer { firstRows in
        unsafe frequent.withUnsafeBufferPointer { frequent in
          unsafe frequentStarts.withUnsafeBufferPointer { starts in
            var table = unsafe csk_patterns(
              units: units.baseAddress, first_rows: firstRows.baseAddress,
              frequent: frequent.baseAddress,
              frequent_starts: starts.isEmpty ? nil : starts.baseAddress,
              frequent_row: Int32(rows - frequent.count))
            return unsafe withUnsafePointer(to: &table) { unsafe body($0) }
          }
        }
      }
    }
  }

  /// The rows of a step's spikes of one binary place, plainly: blocks in order.
  ///
  /// - Parameter masks: of each group, its pattern of units that sent +, and of those that sent -.
  fileprivate func rows(of masks: [(positive: UInt16, negative: UInt16)]) -> [Spike] {
    var spikes: [Spike] = []
    for block in 0..<(masks.count + 3) / 4 {
      let groups = 4 * block..<min(4 * block + 4, masks.count)
      let positive = groups.map { masks[$0].positive }
      let negative = groups.map { masks[$0].negative }
      var isTaken = (positive: false, negative: false)
      if let row = row(ofFrequent: positive, block: block) {
        spikes.append(Spike(unit: row, sign: 1))
        isTaken.positive = true
      }
      if let row = row(ofFrequent: negative, block: block) {
        spikes.append(Spike(unit: row, sign: -1))
        isTaken.negative = true
      }
      for group in groups {
        let first = Int(firstRows[group]) - 1
        if !isTaken.positive, masks[group].positive > 0 {
          spikes.append(Spike(unit: first + Int(masks[group].positive), sign: 1))
        }
        if !isTaken.negative, masks[group].negative > 0 {
          spikes.append(Spike(unit: first + Int(masks[group].negative), sign: -1))
        }
      }
    }
    return spikes
  }

  private func row(ofFrequent masks: [UInt16], block: Int) -> Int? {
    guard !frequentStarts.isEmpty else { return nil }
    let pattern = masks.reversed().reduce(UInt16(0)) { $0 << 4 | $1 }
    let range = Int(frequentStarts[block])..<Int(frequentStarts[block + 1])
    return frequent[range].firstIndex(of: pattern).map { rows - frequent.count + $0 }
  }

  /// Of each binary place, the lowest first, and each group, the patterns of + and of -, plainly.
  fileprivate func masks(of spikes: SpikeTrain) -> [[(positive: UInt16, negative: UInt16)]] {
    var counts: [Int: Int] = [:]
    for spike in spikes { counts[spike.unit, default: 0] += spike.sign }
    let places = Int.bitWidth - (counts.values.lazy.map(\.magnitude).max() ?? 0).leadingZeroBitCount
    return (0..<places).map { place in
      var masks = [(positive: UInt16, negative: UInt16)](repeating: (0, 0), count: firstRows.count)
      for (unit, count) in counts where count.magnitude >> UInt(place) & 1 == 1 {
        let (group, bit) = (Int(units[unit] >> 9), UInt16(units[unit] & 0xFF))
        if count > 0 { masks[group].positive |= bit } else { masks[group].negative |= bit }
      }
      return masks
    }
  }
}

/// The rows of a step's spikes, by binary places of the counts. Memory is kept from step to step.
public struct PatternRows: Sendable {
  /// Of each place, the lowest first, the rows. Block after block: the frequent pattern of its units that sent +,
  /// and that of those that sent -; then of each group that is in neither its pattern of +, and of -. Those from
  /// `count` on are of an earlier step.
  public private(set) var places: [SpikeTrain] = []
  /// The places of this step.
  public private(set) var count = 0
  /// Of each place and group, the patterns of + and of -, a byte each; 0 but within `take`.
  private var masks: [UInt8] = []

  /// No unit sends 2^27 spikes: the budget of an example is less.
  private static let mostPlaces = 27

  /// No rows.
  public init() {}

  /// All of them: what is added where sums are not doubled.
  ///
  /// A row of place b is added 2^b times, or once where the table has rows of its own for that place; beyond those,
  /// the rows of its highest place.
  ///
  /// - Parameters:
  ///   - own: places that the table has rows for, one after the other.
  ///   - index: that of a place.
  public func train(ownPlaces own: Int, by index: PatternIndex) -> SpikeTrain {
    guard count > 1 else { return count == 1 ? places[0] : SpikeTrain() }
    var train = places[0]
    for place in 1..<count {
      let table = min(place, own - 1)
      for _ in 0..<1 << (place - table) {
        train.append(places[place], shiftedBy: table * index.rows)
      }
    }
    return train
  }

  /// Takes the spikes of a step.
  ///
  /// - Parameters:
  ///   - spikes: in any order; those of a unit of one sign.
  ///   - set: the reference, or the compiled form, which is one for all other sets.
  /// - Complexity: O(spikes + groups).
  public mutating func take(
    _ spikes: SpikeTrain, by index: PatternIndex, using set: InstructionSet
  ) {
    count = 0
    guard spikes.count > 0 else { return }
    guard set != .reference else {
      let rows = index.masks(of: spikes).map { SpikeTrain(index.rows(of: $0)) }
      count = rows.count
      places.replaceSubrange(0..<min(count, places.count), with: rows)
      return
    }
    let stride = index.stride
    if masks.isEmpty { masks = [UInt8](repeating: 0, count: Self.mostPlaces * stride) }
    unsafe index.withC { table in
      unsafe masks.withUnsafeMutableBufferPointer { masks in
        count = unsafe spikes.withCodes(0..<spikes.count) { codes in
          unsafe csk_mark_patterns(table, codes, spikes.count, masks.baseAddress, stride)
        }
        while places.count < count { places.append(SpikeTrain()) }
        for place in 0..<count {
          unsafe places[place].replace(most: stride) { rows in
            unsafe csk_take_patterns(table, masks.baseAddress! + place * stride, stride, rows)
          }
        }
      }
    }
  }
}

extension PatternRows {
  /// Takes the spikes of a step as bits.
  ///
  /// - Parameter index: whose group g is of the units 4 g, 4 g + 1, ...
  /// - Complexity: O(blocks + rows).
  public mutating func take(_ bits: SpikeBits, by index: PatternIndex) {
    count = bits.count > 0 ? bits.places : 0
    guard count > 0 else { return }
    while places.count < count { places.append(SpikeTrain()) }
    let blocks = bits.blocks
    precondition(index.blocks == blocks, "bits of another layer")
    unsafe index.withC { table in
      unsafe bits.positive.withUnsafeBufferPointer { positive in
        unsafe bits.negative.withUnsafeBufferPointer { negative in
          for place in 0..<count {
            let first = place * blocks
            unsafe places[place].replace(most: 8 * blocks) { rows in
              unsafe csk_take_bits(
                table, positive.baseAddress! + first, negative.baseAddress! + first, blocks, rows)
            }
          }
        }
      }
    }
  }
}

extension SpikeTrain {
  /// Replaces the spikes by what `body` writes, which is at most so many; it returns how many they are.
  fileprivate mutating func replace(most: Int, _ body: (UnsafeMutablePointer<Int32>?) -> Int) {
    removeAll()
    reserve(most)
    used = unsafe codes.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress) }
  }
}
