internal import Networks
internal import SpikeKernels

/// Groups of units whose spikes of one step are added as one row.
///
/// In a step that adds all its spikes before a threshold is checked, what arrives is a sum of rows over the units
/// that fired, in any order. For a group of g units the `2^g - 1` sums of its rows are made once; then a group
/// costs one row for the pattern of its units that sent +, one for those that sent -, and further ones for the
/// higher binary places of counts above 1. Additions only, and nothing is approximated: in integers the bits are
/// those of single rows; in Float a sum of rows is rounded once more.
///
/// It is the method of the Four Russians, as T-MAC (arXiv 2407.00088) uses it for weights of few bits, and Phi
/// (arXiv 2505.10909) and Prosperity (arXiv 2503.03379) in designs of hardware for spikes.
public struct SpikePatterns: Sendable, Equatable, Codable {
  /// For what each layer 0...L-1 sends, its groups: every unit is in one of them.
  public let groups: [[[Int]]]

  /// The most units of a group.
  public static let largestGroup = 4

  /// Groups of given units.
  ///
  /// - Parameter layerSizes: units of layers 0...L.
  /// - Throws: `SpikingError.invalidPatterns` where a unit is in no group or in two, or a group is empty or too
  ///   large.
  public init(groups: [[[Int]]], layerSizes: [Int]) throws(SpikingError) {
    self.groups = groups
    try check(layerSizes: layerSizes)
  }

  /// Neighbouring units, so many at a time.
  ///
  /// - Precondition: `size` is in 1...4.
  public static func consecutive(_ size: Int, layerSizes: [Int]) -> SpikePatterns {
    precondition((1...largestGroup).contains(size), "groups of \(size) units, expected 1...4")
    return SpikePatterns(
      unchecked: layerSizes.dropLast().map { units in
        stride(from: 0, to: units, by: size).map { Array($0..<min($0 + size, units)) }
      })
  }

  /// Blocks of an image, for the groups of an input: 2 x 2 pixels, or 1 x 2.
  ///
  /// - Precondition: `size` is 1, 2 or 4.
  public static func blocks(_ size: Int, height: Int, width: Int) -> [[Int]] {
    precondition([1, 2, 4].contains(size), "blocks of \(size) pixels, expected 1, 2 or 4")
    let (down, right) = (size == 4 ? 2 : 1, size == 1 ? 1 : 2)
    var groups: [[Int]] = []
    for top in stride(from: 0, to: height, by: down) {
      for left in stride(from: 0, to: width, by: right) {
        groups.append(
          (top..<min(top + down, height)).flatMap { y in
            (left..<min(left + right, width)).map { y * width + $0 }
          })
      }
    }
    return groups
  }

  private init(unchecked groups: [[[Int]]]) { self.groups = groups }

  /// Rows of the tables over the rows of the weights, for each layer that sends.
  public var rowsOfTables: [Int] {
    groups.map { $0.reduce(0) { $0 + (1 << $1.count) - 1 } }
  }

  /// Checks that they are of a network of these layers.
  func check(layerSizes: [Int]) throws(SpikingError) {
    guard groups.count == layerSizes.count - 1 else {
      throw .invalidPatterns(
        "groups of \(groups.count) layers for \(layerSizes.count - 1) that send")
    }
    for (layer, (groups, units)) in zip(groups, layerSizes).enumerated() {
      var isGrouped = [Bool](repeating: false, count: units)
      for group in groups {
        guard (1...Self.largestGroup).contains(group.count) else {
          throw .invalidPatterns("layer \(layer): a group of \(group.count) units, expected 1...4")
        }
        for unit in group {
          guard (0..<units).contains(unit), !isGrouped[unit] else {
            throw .invalidPatterns("layer \(layer): unit \(unit) is in two groups, or not there")
          }
          isGrouped[unit] = true
        }
      }
      if let unit = isGrouped.firstIndex(of: false) {
        throw .invalidPatterns("layer \(layer): unit \(unit) is in no group")
      }
    }
  }
}

extension Array {
  /// Builds the table of each connection.
  ///
  /// - Throws: `SpikingError.invalidPatterns`, `.codedWeight`.
  mutating func addTables<Scalar>(
    _ patterns: SpikePatterns, layerSizes: [Int], _ firing: PredictionOptions.Firing
  ) throws(SpikingError) where Element == Connection<Scalar> {
    try patterns.check(layerSizes: layerSizes)
    guard firing == .refining else {
      throw .invalidPatterns(
        "spikes are added by patterns where a network is refining, not with firing '\(firing.rawValue)'"
      )
    }
    for index in indices {
      self[index].patterns = try PatternTable(
        self[index].weights, groups: patterns.groups[index], layer: index + 1)
    }
  }
}

/// The sums of rows of each group: what a pattern of spikes adds.
struct PatternTable<Scalar: SpikeScalar>: Sendable {
  /// `[sum of 2^g - 1, units]`: of each group its patterns 1, 2, ..., 2^g - 1 in order, bit k of a pattern
  /// standing for the group's unit k.
  let rows: RowMajorMatrix<Scalar>
  /// Additions that building it took.
  let buildingAdditions: Int
  /// Of each unit, its group and its bit.
  private let places: [(group: Int, bit: UInt8)]
  /// Of each group, the row of its pattern 1.
  private let firstRows: [Int]

  /// Sums of the rows of a matrix. Each pattern adds one row to a smaller pattern.
  ///
  /// - Throws: `SpikingError.codedWeight` where a sum does not fit its number type.
  init(
    _ weights: RowMajorMatrix<Scalar>, groups: [[Int]], layer: Int
  ) throws(SpikingError) {
    var places = [(group: Int, bit: UInt8)](repeating: (0, 0), count: weights.rows)
    var (firstRows, count, additions) = ([Int](), 0, 0)
    for (index, group) in groups.enumerated() {
      firstRows.append(count)
      count += (1 << group.count) - 1
      for (bit, unit) in group.enumerated() { places[unit] = (index, 1 << UInt8(bit)) }
    }
    var rows = RowMajorMatrix<Scalar>(rows: count, columns: weights.columns)
    for (group, first) in zip(groups, firstRows) {
      for pattern in 1..<1 << group.count {
        let members = group.indices.filter { pattern >> $0 & 1 == 1 }.map { group[$0] }
        for column in 0..<weights.columns {
          guard let sum = Scalar.sum(members.map { weights[$0, column] }) else {
            throw .codedWeight(layer: layer, row: members[0], column: column)
          }
          rows[first + pattern - 1, column] = sum
        }
        additions += (members.count - 1) * weights.columns
      }
    }
    self.rows = rows
    (self.places, self.firstRows, buildingAdditions) = (places, firstRows, additions)
  }

  /// The rows of a step's spikes, by binary places of the counts, the lowest first: in each place, of each
  /// group with a unit that sent +, then of each with one that sent -, the row of the pattern.
  ///
  /// - Parameter spikes: those of a unit side by side, and of one sign.
  func rows(of spikes: SpikeTrain) -> [SpikeTrain] {
    var masks: [(positive: [UInt8], negative: [UInt8])] = []
    var place = 0
    while place < spikes.count {
      let spike = spikes[place]
      var end = place + 1
      while end < spikes.count, spikes[end].unit == spike.unit { end += 1 }
      let (group, bit) = places[spike.unit]
      var (count, power) = (end - place, 0)
      while count > 0 {
        if masks.count == power {
          let none = [UInt8](repeating: 0, count: firstRows.count)
          masks.append((none, none))
        }
        if count & 1 == 1 {
          if spike.sign > 0 {
            masks[power].positive[group] |= bit
          } else {
            masks[power].negative[group] |= bit
          }
        }
        (count, power) = (count >> 1, power + 1)
      }
      place = end
    }
    return masks.map { masks in
      var train = SpikeTrain()
      for (group, first) in firstRows.enumerated() {
        for (pattern, sign) in [(masks.positive[group], 1), (masks.negative[group], -1)]
        where pattern > 0 {
          train.append(Spike(unit: first + Int(pattern) - 1, sign: sign))
        }
      }
      return train
    }
  }
}
