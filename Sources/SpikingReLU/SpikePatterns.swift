public import Networks
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

  /// For what each layer sends, the frequent patterns of blocks: each has a row of its own.
  ///
  /// A block is four groups in a row, 4b ... 4b + 3, the last block of what is left. A pattern has the bits of the
  /// group 4b + k from 4k on, of two groups at least; the patterns of a block rise. Empty where a layer has none.
  public let frequent: [[[UInt16]]]

  /// For what each layer sends, the binary places of counts with rows of their own, at least 1: a spike that stands
  /// for 2, 4, ... of its unit's is one row, too. Refining doubles its sums in place of that.
  public let places: [Int]

  /// The groups of a block.
  public static let groupsOfBlock = 4
  /// The most units of a group.
  public static let largestGroup = 4

  /// Groups of given units.
  ///
  /// - Parameters:
  ///   - frequent: patterns of blocks with rows of their own.
  ///   - places: binary places with rows of their own, 1...8; 1 unless told otherwise.
  ///   - topology: the layers of the network.
  /// - Throws: `SpikingError.invalidPatterns` where a unit is in no group or in two, a group is empty or too
  ///   large, a frequent pattern is none of its block, or places are out of range.
  public init(
    groups: [[[Int]]], frequent: [[[UInt16]]] = [], places: [Int] = [], topology: Topology
  ) throws(SpikingError) {
    (self.groups, self.frequent) = (groups, frequent.isEmpty ? groups.map { _ in [] } : frequent)
    self.places = places.isEmpty ? groups.map { _ in 1 } : places
    try check(topology: topology)
  }

  /// Neighbouring units, so many at a time.
  ///
  /// - Precondition: `size` is in 1...4.
  public static func consecutive(_ size: Int, topology: Topology) -> SpikePatterns {
    precondition((1...largestGroup).contains(size), "groups of \(size) units, expected 1...4")
    return SpikePatterns(
      unchecked: topology.units.dropLast().map { units in
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

  /// How many groups of its block a pattern has units of.
  public static func groups(ofPattern pattern: UInt16) -> Int {
    (0..<groupsOfBlock).count { pattern >> UInt16(largestGroup * $0) & 0xF != 0 }
  }

  /// How many blocks so many groups are.
  public static func blocks(ofGroups count: Int) -> Int {
    (count + groupsOfBlock - 1) / groupsOfBlock
  }

  /// Reads groups, frequent patterns and, where they are told, binary places.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    groups = try fields.decode([[[Int]]].self, forKey: .groups)
    frequent = try fields.decode([[[UInt16]]].self, forKey: .frequent)
    places = try fields.decodeIfPresent([Int].self, forKey: .places) ?? groups.map { _ in 1 }
  }

  private init(unchecked groups: [[[Int]]]) {
    (self.groups, frequent) = (groups, groups.map { _ in [] })
    places = groups.map { _ in 1 }
  }

  /// Of each layer that sends, the most units of a group.
  public var groupSizes: [Int] { groups.map { $0.lazy.map(\.count).max() ?? 1 } }

  /// Rows of the tables, for each layer that sends.
  public var rowsOfTables: [Int] {
    groups.indices.map { layer in
      let rows =
        groups[layer].reduce(0) { $0 + (1 << $1.count) - 1 }
        + frequent[layer].reduce(0) { $0 + $1.count }
      return places[layer] * rows
    }
  }

  /// Checks that they are of a network of these layers.
  func check(topology: Topology) throws(SpikingError) {
    guard groups.count == topology.count - 1 else {
      throw .invalidPatterns(
        "groups of \(groups.count) layers for \(topology.count - 1) that send")
    }
    for (layer, (groups, units)) in zip(groups, topology.units).enumerated() {
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
    guard frequent.count == groups.count else {
      throw .invalidPatterns(
        "frequent patterns of \(frequent.count) layers for \(groups.count) that send")
    }
    guard places.count == groups.count, places.allSatisfy((1...8).contains) else {
      throw .invalidPatterns("binary places of \(places), expected 1...8 for each layer that sends")
    }
    for layer in groups.indices where !frequent[layer].isEmpty {
      try checkFrequent(layer)
    }
  }

  /// Checks the frequent patterns of a layer that has some.
  private func checkFrequent(_ layer: Int) throws(SpikingError) {
    let blocks = Self.blocks(ofGroups: groups[layer].count)
    guard frequent[layer].count == blocks else {
      throw .invalidPatterns(
        "layer \(layer): frequent patterns of \(frequent[layer].count) blocks, expected \(blocks)")
    }
    for (block, patterns) in frequent[layer].enumerated() {
      guard zip(patterns, patterns.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw .invalidPatterns("layer \(layer), block \(block): patterns that do not rise")
      }
      for pattern in patterns {
        for place in 0..<Self.groupsOfBlock {
          let (mask, group) = (
            Int(pattern >> (4 * UInt16(place)) & 0xF), Self.groupsOfBlock * block + place
          )
          let units = group < groups[layer].count ? groups[layer][group].count : 0
          guard mask < 1 << units else {
            throw .invalidPatterns(
              "layer \(layer), block \(block): pattern \(pattern) has units that are not there")
          }
        }
        guard Self.groups(ofPattern: pattern) > 1 else {
          throw .invalidPatterns(
            "layer \(layer), block \(block): pattern \(pattern) is of one group, which has a row already"
          )
        }
      }
    }
  }
}

extension SpikePatterns {
  /// The table of each connection of a chain whose layer below has groups of more than one unit, or frequent
  /// patterns; `nil` for the others.
  ///
  /// - Parameter slots: of each layer that sends, where it has some.
  /// - Throws: `SpikingError.invalidPatterns`, `.codedWeight`.
  func tables<Scalar>(
    of connections: [Connection<Scalar>], slots: [PatternSlots]? = nil
  ) throws(SpikingError) -> [PatternTable<Scalar>?] {
    try check(topology: Topology(connections: connections))
    var tables = [PatternTable<Scalar>?](repeating: nil, count: connections.count)
    for (index, rows) in rowsOfTables.enumerated()
    where hasTable(index) {
      // A row of a table is sent as a spike is: by 31 bits.
      guard rows <= Int32.max else {
        throw .invalidPatterns(
          "layer \(index): a table of \(rows) rows, at most 2^31 - 1 can be told")
      }
      tables[index] = try PatternTable(
        connections[index], groups: groups[index], frequent: frequent[index],
        places: places[index], layer: index + 1,
        slots: (slots?[index], index + 1 < groups.count ? slots?[index + 1] : nil))
    }
    return tables
  }

  private func hasTable(_ layer: Int) -> Bool {
    places[layer] > 1 || !frequent[layer].isEmpty || groups[layer].contains { $0.count > 1 }
  }

  /// The slots of each layer that sends; `nil` where the spikes of one are not added by patterns, and where rows of
  /// slots would take more memory than rows of units, as in groups of fewer than four.
  func slots(in topology: Topology) -> [PatternSlots]? {
    guard groups.indices.allSatisfy(hasTable) else { return nil }
    let slots = groups.indices.map {
      PatternSlots(groups: groups[$0], units: topology[$0].count)
    }
    // The input is no column of a table.
    let fit = slots.indices.dropFirst().allSatisfy {
      slots[$0].count <= RowMajorMatrix<Float>.stride(columns: topology[$0].count)
    }
    return fit ? slots : nil
  }
}
