package import Datasets
package import Networks
package import SpikeKernels
package import SpikingReLU
internal import Training

/// Which units' spikes are added as one row: groups that fire together, within a memory limit.
///
/// Grouping changes what a step costs, never an answer (`SpikePatterns`). Inputs that are pixels are grouped by
/// blocks; other units by co-firing on calibration images: the most active unit that is left, then those whose
/// spikes correlate most with the group, on average (`CoFiring`). Spikes of + and of - are patterns of their own, and
/// so are observations of their own.
///
/// A layer's groups are of 1 to 4 units: their tables hold `2^g - 1` rows a group. Of all choices of sizes that fit
/// the limit, the one with fewest additions is taken; of networks with many layers, from single rows on, the change
/// that saves most additions a byte.
///
/// Groups that fire together are side by side, four a block. Of the memory that is left, up to as much again as the
/// groups take is for the patterns of whole blocks that save most additions a byte: one row in place of one a group.
/// Where sums are not doubled, memory goes first to rows that are twice as large, for spikes that stand for two.
package struct PatternGrouping: Sendable {
  /// Bytes that the rows of all layers may take.
  package var memory: Int
  /// Tasks; results do not depend on it.
  package var workers = 1
  /// Which kernels run.
  package var instructionSet: InstructionSet
  /// Height and width of the images, for blocks.
  package var imageSize: (height: Int, width: Int)

  /// The most binary places with rows of their own: 1 where sums are doubled (refining).
  package var mostPlaces = 1

  /// Images that are looked at, at most.
  package static let images = 2000
  /// Steps of each where no rule ends it: most images are decided after them.
  private static let steps = 3

  package init(
    memory: Int, instructionSet: InstructionSet, imageSize: (height: Int, width: Int)
  ) {
    (self.memory, self.instructionSet, self.imageSize) = (memory, instructionSet, imageSize)
  }

  /// What grouping ends with.
  package struct Found: Sendable {
    /// The groups; `nil` where single rows are all that fits.
    package let patterns: SpikePatterns?
    /// Of the rows that spikes are added by: tables, or weights where units are single.
    package let bytes: Int
    /// The least that a limit must be for a group of more than one unit.
    package let smallestTables: Int
  }

  /// Finds groups.
  ///
  /// - Parameters:
  ///   - firing: once a step, or refining.
  ///   - data: calibration images.
  ///   - rule: when an image ends; without, after three steps.
  /// - Throws: `SpikingError` of the network that is looked at; `CancellationError`.
  /// - Complexity: O(n^2) bit operations a layer of n units and 64 observations.
  package func run(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ firing: PredictionOptions.Firing,
    on data: LabelledImages, until rule: AnytimeCurve.Rule? = nil
  ) async throws -> Found {
    try run(
      weights, try await trains(weights, coding, firing, data.prefix(Self.images), rule),
      examples: min(data.count, Self.images))
  }

  /// Finds groups for what layers sent.
  ///
  /// - Parameters:
  ///   - trains: of each layer that sends, the spikes of all steps.
  ///   - examples: in how many examples, or frames.
  /// - Throws: `SpikingError` of groups that are none.
  /// - Complexity: as for images.
  package func run(
    _ weights: NetworkWeights, _ trains: [[SpikeTrain]], examples: Int
  ) throws -> Found {
    let firing = zip(trains, weights.topology.units).map { CoFiring($0, units: $1) }
    let choices = choices(weights, firing, images: examples)
    let chosen = Self.choose(choices, memory: memory)
    let bytes = zip(choices, chosen).reduce(0) { $0 + $1.0[$1.1].bytes }
    guard chosen.contains(where: { $0 > 0 }) else {
      return Found(patterns: nil, bytes: bytes, smallestTables: Self.smallestTables(choices))
    }
    let groups = zip(choices, chosen).enumerated().map { layer, choice in
      let groups = choice.0[choice.1].groups
      return isImage(layer, weights)
        ? squares(groups) : firing[layer].ordered(groups, by: SpikePatterns.groupsOfBlock)
    }
    let (places, doubled) = places(groups, trains, weights.topology, memory: memory - bytes)
    let used = bytes + doubled
    let (frequent, more) = Self.frequent(
      groups, trains, places: places, topology: weights.topology,
      memory: min(memory - used, used))
    return Found(
      patterns: try SpikePatterns(
        groups: groups, frequent: frequent, places: places, topology: weights.topology),
      bytes: used + more, smallestTables: Self.smallestTables(choices))
  }

  /// Of all layers but one by single rows, and that one by its smallest groups.
  private static func smallestTables(_ choices: [[Choice]]) -> Int {
    let single = choices.reduce(0) { $0 + $1[0].bytes }
    let more = choices.flatMap { all in all.dropFirst().map { $0.bytes - all[0].bytes } }
    return single + (more.min() ?? 0)
  }

  private static func rowBytes(columns: Int) -> Int {
    RowMajorMatrix<Float>.stride(columns: columns) * MemoryLayout<Float>.size
  }

  private func isImage(_ layer: Int, _ weights: NetworkWeights) -> Bool {
    layer == 0 && imageSize.height > 1
      && imageSize.height * imageSize.width == weights.topology[0].count
  }

  /// Groups of pixels in the order of squares of 4 x 4 pixels.
  private func squares(_ groups: [[Int]]) -> [[Int]] {
    groups.enumerated().sorted { first, second in
      let places = [first, second].map { index, group in
        let (y, x) = (group[0] / imageSize.width, group[0] % imageSize.width)
        return (y / 4, x / 4, index)
      }
      return places[0] < places[1]
    }.map(\.element)
  }

  /// Binary places with rows of their own, from the layer on that saves most additions a byte, while they fit.
  private func places(
    _ groups: [[[Int]]], _ trains: [[SpikeTrain]], _ topology: Topology, memory: Int
  ) -> (places: [Int], bytes: Int) {
    var places = groups.map { _ in 1 }
    var bytes = 0
    guard mostPlaces > 1 else { return (places, 0) }
    struct Step {
      let layer, bytes, saved: Int
    }
    var steps: [Step] = []
    for (layer, columns) in topology.units.dropFirst().enumerated() {
      let index = PatternIndex(groups: groups[layer], frequent: [], units: topology[layer].count)
      // Rows of each place. With one place more, those of it and of all above are added half as often.
      var counts = [Int](repeating: 0, count: 32)
      var rows = PatternRows()
      for train in trains[layer] {
        rows.take(train, by: index, using: instructionSet)
        for place in 0..<rows.count { counts[place] += rows.places[place].count }
      }
      for more in 1..<mostPlaces {
        let saved = (more..<counts.count).reduce(0) { $0 + counts[$1] << ($1 - more) }
        steps.append(
          Step(
            layer: layer, bytes: index.rows * Self.rowBytes(columns: columns),
            saved: saved * columns))
      }
    }
    // A layer's steps save less and less, so that they stay in order.
    steps.sort { Double($0.saved) / Double($0.bytes) > Double($1.saved) / Double($1.bytes) }
    for step in steps where step.saved > 0 && bytes + step.bytes <= memory {
      places[step.layer] += 1
      bytes += step.bytes
    }
    return (places, bytes)
  }

  /// The patterns of blocks that save most additions a byte, while they fit.
  static func frequent(
    _ groups: [[[Int]]], _ trains: [[SpikeTrain]], places: [Int], topology: Topology, memory: Int
  ) -> (patterns: [[[UInt16]]], bytes: Int) {
    struct Candidate {
      let layer, block, bytes: Int
      let pattern: UInt16
      /// Additions a byte.
      let gain: Double
    }
    var candidates: [Candidate] = []
    for (layer, columns) in topology.units.dropFirst().enumerated() {
      let bytes = places[layer] * rowBytes(columns: columns)
      for (block, counts) in BlockPatterns(groups[layer], trains[layer]).counts.enumerated() {
        for (pattern, count) in counts where count > 1 {
          let saved = count * (SpikePatterns.groups(ofPattern: pattern) - 1) * columns
          candidates.append(
            Candidate(
              layer: layer, block: block, bytes: bytes, pattern: pattern,
              gain: Double(saved) / Double(bytes)))
        }
      }
    }
    candidates.sort { first, second in
      if first.gain != second.gain { return first.gain > second.gain }
      // Of equals, in the order of layers, blocks and patterns.
      return (first.layer, first.block, first.pattern)
        < (second.layer, second.block, second.pattern)
    }
    var patterns = groups.map {
      Array(repeating: [UInt16](), count: SpikePatterns.blocks(ofGroups: $0.count))
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
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ firing: PredictionOptions.Firing,
    _ images: LabelledImages, _ rule: AnytimeCurve.Rule?
  ) async throws -> [[SpikeTrain]] {
    var options = try PredictionOptions(timeSteps: rule?.timeSteps ?? Self.steps)
    options.firing = firing
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
    _ weights: NetworkWeights, _ firing: [CoFiring], images: Int
  ) -> [[Choice]] {
    firing.enumerated().map { layer, firing in
      let columns = weights.topology[layer + 1].count
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
