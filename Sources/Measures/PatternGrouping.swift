package import Datasets
package import Networks
package import SpikeKernels
package import SpikingReLU
internal import Training

/// Which units' spikes are added as one row: groups that fire together, within a memory limit.
///
/// Grouping changes what a step costs, never an answer (`SpikePatterns`). Inputs that are pixels are grouped by
/// blocks; other units by co-firing on calibration images: the most active unit that is left, then those whose
/// spikes correlate most with the group, by the mean of the phi coefficients
/// `(p_ij - p_i p_j) / sqrt(p_i (1 - p_i) p_j (1 - p_j))`. Spikes of + and of - are patterns of their own, and so
/// are observations of their own.
///
/// A layer's groups are of 1 to 4 units: their tables hold `2^g - 1` rows a group. Of all choices of sizes that fit
/// the limit, the one with fewest additions is taken; of networks with many layers, from single rows on, the change
/// that saves most additions a byte.
///
/// Groups that fire together are side by side, four a block. Of the memory that is left, up to as much again as the
/// groups take is for the patterns of whole blocks that save most additions a byte: one row in place of one a group.
package struct PatternGrouping: Sendable {
  /// Bytes that the rows of all layers may take.
  package var memory: Int
  /// Tasks; results do not depend on it.
  package var workers = 1
  /// Which kernels run.
  package var instructionSet: InstructionSet
  /// Height and width of the images, for blocks.
  package var imageSize: (height: Int, width: Int)

  /// Images that are looked at, at most.
  private static let images = 2000
  /// Steps of each where no rule ends it: most images are decided after them.
  private static let steps = 3

  package init(
    memory: Int, instructionSet: InstructionSet, imageSize: (height: Int, width: Int)
  ) {
    (self.memory, self.instructionSet, self.imageSize) = (memory, instructionSet, imageSize)
  }

  /// The limit without another wish: half of the third cache, which other work shares.
  package static func usualMemory(_ caches: CacheSizes = CacheSizes()) -> Int { caches.level3 / 2 }

  /// What grouping ends with.
  package struct Found: Sendable {
    /// The groups; `nil` where single rows are all that fits.
    package let patterns: SpikePatterns?
    /// Of the rows that spikes are added by: tables, or weights where units are single.
    package let bytes: Int
  }

  /// Finds groups.
  ///
  /// - Parameters:
  ///   - data: calibration images.
  ///   - rule: when an image ends; without, after three steps.
  /// - Throws: `SpikingError` of the network that is looked at; `CancellationError`.
  /// - Complexity: O(n^2) bit operations a layer of n units and 64 observations.
  package func run(
    _ weights: NetworkWeights, _ coding: SpikeCoding, on data: LabelledImages,
    until rule: AnytimeCurve.Rule? = nil
  ) async throws -> Found {
    let trains = try await trains(weights, coding, data.prefix(Self.images), rule)
    let choices = choices(weights, trains, images: min(data.count, Self.images))
    let chosen = Self.choose(choices, memory: memory)
    let bytes = zip(choices, chosen).reduce(0) { $0 + $1.0[$1.1].bytes }
    guard chosen.contains(where: { $0 > 0 }) else { return Found(patterns: nil, bytes: bytes) }
    let groups = zip(choices, chosen).enumerated().map { layer, choice in
      let groups = choice.0[choice.1].groups
      return isImage(layer, weights)
        ? blocks(groups) : CoFiring(trains[layer], of: groups).blocks
    }
    let (frequent, more) = Self.frequent(
      groups, trains, rowBytes: weights.layerSizes.dropFirst().map(Self.rowBytes),
      columns: Array(weights.layerSizes.dropFirst()), memory: min(memory - bytes, bytes))
    return Found(
      patterns: try SpikePatterns(
        groups: groups, frequent: frequent, layerSizes: weights.layerSizes),
      bytes: bytes + more)
  }

  private static func rowBytes(columns: Int) -> Int {
    RowMajorMatrix<Float>.stride(columns: columns) * MemoryLayout<Float>.size
  }

  private func isImage(_ layer: Int, _ weights: NetworkWeights) -> Bool {
    layer == 0 && imageSize.height > 1
      && imageSize.height * imageSize.width == weights.layerSizes[0]
  }

  /// Groups of pixels in the order of blocks of 4 x 4 pixels.
  private func blocks(_ groups: [[Int]]) -> [[Int]] {
    groups.enumerated().sorted { first, second in
      let places = [first, second].map { index, group in
        let (y, x) = (group[0] / imageSize.width, group[0] % imageSize.width)
        return (y / 4, x / 4, index)
      }
      return places[0] < places[1]
    }.map(\.element)
  }

  /// The patterns of blocks that save most additions a byte, while they fit.
  static func frequent(
    _ groups: [[[Int]]], _ trains: [[SpikeTrain]], rowBytes: [Int], columns: [Int], memory: Int
  ) -> (patterns: [[[UInt16]]], bytes: Int) {
    struct Candidate {
      let layer, block, bytes: Int
      let pattern: UInt16
      let saved: Double
    }
    var candidates: [Candidate] = []
    for layer in groups.indices {
      for (block, counts) in BlockPatterns(groups[layer], trains[layer]).counts.enumerated() {
        for (pattern, count) in counts where count > 1 {
          let rows = (0..<4).count { pattern >> UInt16(4 * $0) & 0xF != 0 }
          candidates.append(
            Candidate(
              layer: layer, block: block, bytes: rowBytes[layer], pattern: pattern,
              saved: Double(count * (rows - 1) * columns[layer])))
        }
      }
    }
    // Of equals, in the order of layers, blocks and patterns.
    candidates.sort {
      ($1.saved / Double($1.bytes), $0.layer, $0.block, $0.pattern)
        < ($0.saved / Double($0.bytes), $1.layer, $1.block, $1.pattern)
    }
    var patterns = groups.map {
      $0.isEmpty ? [] : Array(repeating: [UInt16](), count: ($0.count + 3) / 4)
    }
    var bytes = 0
    for candidate in candidates where bytes + candidate.bytes <= memory {
      patterns[candidate.layer][candidate.block].append(candidate.pattern)
      bytes += candidate.bytes
    }
    return (
      patterns.map { blocks in
        blocks.allSatisfy(\.isEmpty) ? [] : blocks.map { $0.sorted() }
      }, bytes
    )
  }

  /// A layer's groups of one size.
  struct Choice: Sendable {
    let groups: [[Int]]
    /// Of its rows.
    let bytes: Int
    /// An image, on average.
    let additions: Double
  }

  /// Of each layer that sends, the spikes of all images and steps.
  private func trains(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ images: LabelledImages,
    _ rule: AnytimeCurve.Rule?
  ) async throws -> [[SpikeTrain]] {
    var options = try PredictionOptions(timeSteps: rule?.timeSteps ?? Self.steps)
    options.firing = .refining
    let network = try SpikingMLP(
      weights: weights, coding: coding, options: options, instructionSet: instructionSet)
    let thresholds = rule?.thresholds ?? []
    let (trains, _) = try await mapExamples(
      count: images.count, workers: workers, progress: nil, makeState: { network },
      body: { network, index in
        var trains: [[SpikeTrain]] = Array(repeating: [], count: network.depth)
        try network.present(images.images.row(index))
        for step in 0..<network.options.timeSteps {
          try network.step()
          for layer in trains.indices { trains[layer].append(network.spikes(ofLayer: layer)) }
          if step < thresholds.count, network.standing.margin >= thresholds[step] { break }
        }
        return trains
      })
    return (0..<network.depth).map { layer in trains.flatMap { $0[layer] } }
  }

  /// Of each layer that sends, groups of 1 unit and more.
  private func choices(
    _ weights: NetworkWeights, _ trains: [[SpikeTrain]], images: Int
  ) -> [[Choice]] {
    trains.enumerated().map { layer, trains in
      let firing = CoFiring(trains, units: weights.layerSizes[layer])
      let columns = weights.layerSizes[layer + 1]
      return (1...SpikePatterns.largestGroup).compactMap { size in
        if isImage(layer, weights), size == 3 { return nil }
        let groups =
          isImage(layer, weights)
          ? SpikePatterns.blocks(size, height: imageSize.height, width: imageSize.width)
          : firing.groups(of: size)
        return Choice(
          groups: groups,
          bytes: groups.reduce(0) { $0 + (1 << $1.count) - 1 } * Self.rowBytes(columns: columns),
          additions: Double(firing.rows(of: groups) * columns) / Double(max(images, 1)))
      }
    }
  }

  /// Of each layer, which choice.
  static func choose(_ choices: [[Choice]], memory: Int) -> [Int] {
    // Six layers of four choices each.
    choices.count <= 6 ? best(choices, memory: memory) : greedy(choices, memory: memory)
  }

  /// The fewest additions that fit; single rows, where nothing does.
  static func best(_ choices: [[Choice]], memory: Int) -> [Int] {
    var best = (chosen: choices.map { _ in 0 }, additions: Double.infinity)
    var chosen = best.chosen
    func visit(_ layer: Int, _ bytes: Int, _ additions: Double) {
      guard layer < choices.count else {
        if additions < best.additions { best = (chosen, additions) }
        return
      }
      for (index, choice) in choices[layer].enumerated()
      where bytes + choice.bytes <= memory {
        chosen[layer] = index
        visit(layer + 1, bytes + choice.bytes, additions + choice.additions)
      }
    }
    visit(0, 0, 0)
    return best.chosen
  }

  /// From the first on, the change that saves most additions a byte, while all fit.
  static func greedy(_ choices: [[Choice]], memory: Int) -> [Int] {
    var chosen = choices.map { _ in 0 }
    var bytes = choices.reduce(0) { $0 + $1[0].bytes }
    while true {
      var best: (layer: Int, choice: Int, gain: Double)?
      for (layer, all) in choices.enumerated() {
        let now = all[chosen[layer]]
        for choice in (chosen[layer] + 1)..<max(all.count, chosen[layer] + 1) {
          let (more, saved) = (
            all[choice].bytes - now.bytes, now.additions - all[choice].additions
          )
          guard saved > 0, bytes + more <= memory else { continue }
          let gain = saved / Double(max(more, 1))
          if gain > best?.gain ?? 0 { best = (layer, choice, gain) }
        }
      }
      guard let best else { return chosen }
      bytes +=
        choices[best.layer][best.choice].bytes - choices[best.layer][chosen[best.layer]].bytes
      chosen[best.layer] = best.choice
    }
  }
}

/// How often the patterns of blocks come, of spikes in the lowest binary place: four groups in a row are a block.
struct BlockPatterns {
  /// Of each block.
  let counts: [[UInt16: Int]]

  init(_ groups: [[Int]], _ trains: [SpikeTrain]) {
    var places: [Int: (block: Int, bit: UInt16)] = [:]
    for (index, group) in groups.enumerated() {
      for (bit, unit) in group.enumerated() {
        places[unit] = (index / 4, 1 << UInt16(4 * (index % 4) + bit))
      }
    }
    var counts = Array(repeating: [UInt16: Int](), count: (groups.count + 3) / 4)
    var masks = [UInt16](repeating: 0, count: counts.count)
    for train in trains {
      for sign in [1, -1] {
        // A spike of an even count comes and goes: the lowest place of the count is its parity.
        for spike in train where spike.sign == sign {
          if let place = places[spike.unit] { masks[place.block] ^= place.bit }
        }
        for block in masks.indices where masks[block] != 0 {
          counts[block][masks[block], default: 0] += 1
          masks[block] = 0
        }
      }
    }
    self.counts = counts.map { counts in
      // A pattern of one group has its row already.
      counts.filter { pattern, _ in
        (0..<4).count { pattern >> UInt16(4 * $0) & 0xF != 0 } > 1
      }
    }
  }
}

/// Which units sent a spike in which observation: a step's spikes of one sign.
struct CoFiring {
  /// Of each unit, a bit an observation.
  private let fired: [[UInt64]]
  private let counts: [Int]
  private let observations: Int
  private var groups: [[Int]] = []

  init(_ trains: [SpikeTrain], units: Int) {
    observations = 2 * trains.count
    var fired = Array(
      repeating: [UInt64](repeating: 0, count: (observations + 63) / 64), count: units)
    for (index, train) in trains.enumerated() {
      for spike in train {
        let place = 2 * index + (spike.sign > 0 ? 0 : 1)
        fired[spike.unit][place / 64] |= 1 << UInt64(place % 64)
      }
    }
    self.fired = fired
    counts = fired.map { $0.reduce(0) { $0 + $1.nonzeroBitCount } }
  }

  /// Groups as units: a group fires where one of its units does.
  init(_ trains: [SpikeTrain], of groups: [[Int]]) {
    let units = groups.reduce(0) { $0 + $1.count }
    let single = CoFiring(trains, units: units)
    observations = single.observations
    self.groups = groups
    let fired = groups.map { group in
      single.fired[group[0]].indices.map { word in
        group.reduce(UInt64(0)) { $0 | single.fired[$1][word] }
      }
    }
    self.fired = fired
    counts = fired.map { $0.reduce(0) { $0 + $1.nonzeroBitCount } }
  }

  /// The groups, those that fire together side by side, four at a time.
  var blocks: [[Int]] { groups(of: 4).flatMap { $0.map { groups[$0] } } }

  /// Groups of so many units, the last of which may be smaller.
  func groups(of size: Int) -> [[Int]] {
    guard size > 1 else { return fired.indices.map { [$0] } }
    // The most active first; of equals the lower.
    var left = fired.indices.sorted { (-counts[$0], $0) < (-counts[$1], $1) }
    var groups: [[Int]] = []
    while !left.isEmpty {
      var group = [left.removeFirst()]
      var sums = [Double](repeating: 0, count: left.count)
      while group.count < size, !left.isEmpty {
        for (index, unit) in left.enumerated() {
          sums[index] += correlation(group[group.count - 1], unit)
        }
        var best = 0
        for index in left.indices where sums[index] > sums[best] { best = index }
        group.append(left.remove(at: best))
        sums.remove(at: best)
      }
      groups.append(group)
    }
    return groups
  }

  /// Rows that the spikes of all observations cost: of each, the groups with a unit that fired.
  func rows(of groups: [[Int]]) -> Int {
    groups.reduce(0) { rows, group in
      var count = 0
      for word in 0..<((observations + 63) / 64) {
        count += group.reduce(UInt64(0)) { $0 | fired[$1][word] }.nonzeroBitCount
      }
      return rows + count
    }
  }

  /// The phi coefficient of two units; 0 where one never fires, or always.
  func correlation(_ first: Int, _ second: Int) -> Double {
    let (a, b, n) = (Double(counts[first]), Double(counts[second]), Double(observations))
    let variance = a * (n - a) * b * (n - b)
    guard variance > 0 else { return 0 }
    var both = 0
    for word in fired[first].indices {
      both += (fired[first][word] & fired[second][word]).nonzeroBitCount
    }
    return (Double(both) * n - a * b) / variance.squareRoot()
  }
}
