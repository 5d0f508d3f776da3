package import Datasets
package import Networks
package import SpikeKernels
package import SpikingReLU

/// The dense network with activations of few bits: the rival that a network of spikes has to beat.
///
/// Activations are whole quanta, `n_l = max(0, ceil(k_l a_l - 1/2))` (signed for the input), of the quanta of a
/// spiking network halved s times. What one pass costs, where zeros are skipped:
/// - multiply-adds of b bits by a weight: one a weight of each `n` that is not 0;
/// - or, with the spiking network's tables of patterns, additions: bit plane by bit plane, a row a group with a bit
///   in the plane, and a doubling of the sums between planes.
package struct QuantizedDense: Sendable {
  /// The most halvings that are tried.
  package static let mostHalvings = 8

  private let weights: NetworkWeights
  /// `1 / k_l`.
  private let quanta: [[Float]]
  private let indices: [PatternIndex]?
  private let instructionSet: InstructionSet

  /// The network at some quanta.
  ///
  /// - Parameters:
  ///   - coding: the quanta of the spiking network.
  ///   - patterns: its tables, where it has some.
  package init(
    _ weights: NetworkWeights, _ coding: SpikeCoding, halvings: Int, patterns: SpikePatterns?,
    instructionSet: InstructionSet
  ) {
    self.weights = weights
    self.instructionSet = instructionSet
    let factor = Float(sign: .plus, exponent: -halvings, significand: 1)
    quanta =
      [Array(repeating: factor / coding.inputScale, count: weights.inputs)]
      + coding.hiddenScales.map { $0.map { factor / $0 } }
    indices = patterns.map { patterns in
      patterns.groups.indices.map {
        PatternIndex(
          groups: patterns.groups[$0], frequent: patterns.frequent[$0],
          units: weights.topology[$0].count)
      }
    }
  }

  /// What the network did with some images.
  package struct Outcome: Sendable {
    /// The answer to each image.
    package var labels: [Int] = []
    /// Of each layer that sends, the largest `|n|`.
    package var largest: [Int]
    /// Whether some `n` was negative.
    package var isSigned = false
    /// Multiply-adds, all images.
    package var multiplyAdds = 0
    /// Additions by tables, doublings among them, all images.
    package var tableAdditions = 0

    /// Bits of the widest activation.
    package var bits: Int {
      Int.bitWidth - (largest.max() ?? 0).leadingZeroBitCount + (isSigned ? 1 : 0)
    }
  }

  /// Runs images, one at a time.
  ///
  /// - Throws: `CancellationError`.
  /// - Complexity: O(multiply-adds), and O(sum of |n|) for the patterns.
  package func run(_ data: LabelledImages) throws -> Outcome {
    var outcome = Outcome(largest: Array(repeating: 0, count: quanta.count))
    var rows = PatternRows()
    for image in 0..<data.count {
      try Task.checkCancellation()
      var activations = data.images.row(image)
      for (index, layer) in weights.layers.enumerated() {
        let matrix = layer.weights.matrix
        var sums = layer.bias ?? Array(repeating: 0, count: matrix.columns)
        var spikes = SpikeTrain()
        for unit in activations.indices {
          let quantum = quanta[index][unit]
          let share = activations[unit] / quantum
          // To the nearest, of ties toward 0.
          let size = max(0, (share.magnitude - 0.5).rounded(.up))
          guard size > 0, index == 0 || share > 0 else { continue }
          let count = Int(min(size, 0x1p20))
          outcome.largest[index] = max(outcome.largest[index], count)
          if share < 0 { outcome.isSigned = true }
          outcome.multiplyAdds += matrix.columns
          let value = (share < 0 ? -size : size) * quantum
          for column in 0..<matrix.columns { sums[column] += value * matrix[unit, column] }
          guard indices != nil else { continue }
          for _ in 0..<count { spikes.append(Spike(unit: unit, sign: share < 0 ? -1 : 1)) }
        }
        if let indices {
          rows.take(spikes, by: indices[index], using: instructionSet)
          let added = (0..<rows.count).reduce(0) { $0 + rows.places[$1].count }
          outcome.tableAdditions += (added + max(rows.count - 1, 0)) * matrix.columns
        }
        activations = sums
      }
      outcome.labels.append(activations.argmax)
    }
    return outcome
  }
}
