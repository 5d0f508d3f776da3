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
  private static let images = 1000
  /// Steps of each: most images are decided after them.
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
  /// - Parameter data: calibration images.
  /// - Throws: `SpikingError` of the network that is looked at; `CancellationError`.
  /// - Complexity: O(n^2) bit operations a layer of n units and 64 observations.
  package func run(
    _ weights: NetworkWeights, _ coding: SpikeCoding, on data: LabelledImages
  ) async throws -> Found {
    let choices = try await choices(weights, coding, data)
    let chosen = Self.choose(choices, memory: memory)
    let groups = zip(choices, chosen).map { $0[$1].groups }
    return Found(
      patterns: chosen.allSatisfy { $0 == 0 }
        ? nil : try SpikePatterns(groups: groups, layerSizes: weights.layerSizes),
      bytes: zip(choices, chosen).reduce(0) { $0 + $1.0[$1.1].bytes })
  }

  /// A layer's groups of one size.
  struct Choice: Sendable {
    let groups: [[Int]]
    /// Of its rows.
    let bytes: Int
    /// An image, on average.
    let additions: Double
  }

  /// Of each layer that sends, groups of 1 unit and more.
  private func choices(
    _ weights: NetworkWeights, _ coding: SpikeCoding, _ data: LabelledImages
  ) async throws -> [[Choice]] {
    var options = try PredictionOptions(timeSteps: Self.steps)
    options.firing = .refining
    let network = try SpikingMLP(
      weights: weights, coding: coding, options: options, instructionSet: instructionSet)
    let images = data.prefix(Self.images)
    // Of each image, layer and step, the spikes.
    let (trains, _) = try await mapExamples(
      count: images.count, workers: workers, progress: nil, makeState: { network },
      body: { network, index in
        var trains: [[SpikeTrain]] = Array(repeating: [], count: network.depth)
        try network.present(images.images.row(index))
        for _ in 0..<Self.steps {
          try network.step()
          for layer in trains.indices { trains[layer].append(network.spikes(ofLayer: layer)) }
        }
        return trains
      })
    return (0..<network.depth).map { layer in
      let firing = CoFiring(
        trains.flatMap { $0[layer] }, units: weights.layerSizes[layer])
      let columns = weights.layerSizes[layer + 1]
      let rowBytes = RowMajorMatrix<Float>.stride(columns: columns) * MemoryLayout<Float>.size
      let isImage =
        layer == 0 && imageSize.height * imageSize.width == weights.layerSizes[0]
        && imageSize.height > 1
      return (1...SpikePatterns.largestGroup).compactMap { size in
        if isImage, size == 3 { return nil }
        let groups =
          isImage
          ? SpikePatterns.blocks(size, height: imageSize.height, width: imageSize.width)
          : firing.groups(of: size)
        return Choice(
          groups: groups, bytes: groups.reduce(0) { $0 + (1 << $1.count) - 1 } * rowBytes,
          additions: Double(firing.rows(of: groups) * columns) / Double(max(images.count, 1)))
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

/// Which units sent a spike in which observation: a step's spikes of one sign.
struct CoFiring {
  /// Of each unit, a bit an observation.
  private let fired: [[UInt64]]
  private let counts: [Int]
  private let observations: Int

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
