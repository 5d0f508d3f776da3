internal import SpikeKernels

/// Which units sent a spike in which observation: a step's spikes of one sign.
///
/// Held against each other by the phi coefficient of two units,
/// `(p_ij - p_i p_j) / sqrt(p_i (1 - p_i) p_j (1 - p_j))`, p shares of observations.
struct CoFiring {
  /// Of each unit, a bit an observation.
  private let fired: [[UInt64]]
  private let counts: [Int]
  private let observations: Int
  private var words: Int { (observations + 63) / 64 }

  init(_ trains: [SpikeTrain], units: Int) {
    let observations = 2 * trains.count
    var fired = Array(
      repeating: [UInt64](repeating: 0, count: (observations + 63) / 64), count: units)
    for (index, train) in trains.enumerated() {
      for spike in train {
        let place = 2 * index + (spike.sign > 0 ? 0 : 1)
        fired[spike.unit][place / 64] |= 1 << UInt64(place % 64)
      }
    }
    self.init(fired: fired, observations: observations)
  }

  private init(fired: [[UInt64]], observations: Int) {
    (self.fired, self.observations) = (fired, observations)
    counts = fired.map { $0.reduce(0) { $0 + $1.nonzeroBitCount } }
  }

  /// Groups in another order: those that fire together side by side, so many at a time. A group fires where one of
  /// its units does.
  func ordered(_ groups: [[Int]], by count: Int) -> [[Int]] {
    let together = CoFiring(
      fired: groups.map { group in
        (0..<words).map { word in group.reduce(UInt64(0)) { $0 | fired[$1][word] } }
      }, observations: observations)
    return together.groups(of: count).flatMap { $0.map { groups[$0] } }
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
      for word in 0..<words {
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
