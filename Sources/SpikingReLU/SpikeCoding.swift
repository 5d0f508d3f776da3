public import Networks

/// How values are written as spikes: the quantum of each unit, and where the potentials of
/// the input start.
///
/// A spike of unit i of layer l has the quantum `1 / k_l[i]`: fewer spikes where k is small, finer steps
/// where it is large. Nothing is multiplied while the network runs:
/// - hidden scales are folded into the weights once,
///   `W'_l[i, j] = W_l[i, j] k_l[j] / k_(l-1)[i]` with `k_L = 1`, since relu(k z) = k relu(z), so that
///   the output still tends to the dense network's;
/// - biases are scaled with the units they belong to, `b'_l[j] = b_l[j] k_l[j]`;
/// - `k_0` is a power of two, so that `k_0 x` is a change of the exponent, exact, once an example;
/// - the potential of input i starts at its phase `p_i` instead of 0. Its count after T steps is
///   still within `1/2 + |p_i|` of `T k_0 x_i`: phases decide when a spike is sent, not how many.
///   Staggered over neighbouring pixels, they make the first steps see a sparser image.
public struct SpikeCoding: Sendable, Equatable {
  /// `log2 k_0`.
  public let inputExponent: Int
  /// `k_1 ... k_(L-1)`, one a unit, positive.
  public let hiddenScales: [[Float]]
  /// `p`, one an input unit, in (-1/2, 1/2); empty where all are 0.
  public let inputPhases: [Float]

  /// The largest `|log2 k_0|`.
  public static let largestInputExponent = 16

  /// A coding of the given scales and phases.
  ///
  /// - Throws: `SpikingError.invalidInputExponent`, `.invalidScale`, `.invalidPhase`.
  public init(
    inputExponent: Int, hiddenScales: [[Float]], inputPhases: [Float] = []
  ) throws(SpikingError) {
    guard abs(inputExponent) <= Self.largestInputExponent else {
      throw .invalidInputExponent(found: inputExponent)
    }
    for (index, scales) in hiddenScales.enumerated() {
      for (unit, scale) in scales.enumerated() where !(scale.isNormal && scale > 0) {
        throw .invalidScale(layer: index + 1, unit: unit, value: scale)
      }
    }
    for (unit, phase) in inputPhases.enumerated() where !(phase.magnitude < 0.5) {
      throw .invalidPhase(unit: unit, value: phase)
    }
    self.inputExponent = inputExponent
    self.hiddenScales = hiddenScales
    self.inputPhases = inputPhases.allSatisfy { $0 == 0 } ? [] : inputPhases
  }

  /// One scale a hidden layer.
  ///
  /// - Parameters:
  ///   - topology: the layers of the network.
  ///   - layerScales: `k_1 ... k_(L-1)`.
  /// - Throws: as above, and `SpikingError.codingShape` for another number of scales.
  public init(
    topology: Topology, inputExponent: Int = 0, layerScales: [Float], inputPhases: [Float] = []
  ) throws(SpikingError) {
    guard layerScales.count == topology.count - 2 else {
      throw .codingShape(
        what: "scales of hidden layers", expected: topology.count - 2, found: layerScales.count)
    }
    try self.init(
      inputExponent: inputExponent,
      hiddenScales: zip(layerScales, topology.units.dropFirst()).map {
        Array(repeating: $0, count: $1)
      },
      inputPhases: inputPhases)
  }

  /// The paper's: every quantum is 1, every potential starts at 0.
  public static func unit(of weights: NetworkWeights) -> SpikeCoding {
    .unit(topology: weights.topology)
  }

  /// The same for these layers.
  public static func unit(topology: Topology) -> SpikeCoding {
    SpikeCoding(ones: topology)
  }

  private init(ones topology: Topology) {
    inputExponent = 0
    hiddenScales = topology.dropFirst().dropLast().map { Array(repeating: 1, count: $0.count) }
    inputPhases = []
  }

  /// `k_l`, one a unit, of a hidden layer; `nil` for the input and the last layer.
  public func hiddenScales(ofLayer layer: Int) -> [Float]? {
    layer > 0 ? hiddenScales.dropFirst(layer - 1).first : nil
  }

  /// The same scales without phases.
  public var inPhase: SpikeCoding {
    SpikeCoding(inputExponent: inputExponent, hiddenScales: hiddenScales)
  }

  private init(inputExponent: Int, hiddenScales: [[Float]]) {
    (self.inputExponent, self.hiddenScales, inputPhases) = (inputExponent, hiddenScales, [])
  }

  /// `k_0`.
  public var inputScale: Float { Float(sign: .plus, exponent: inputExponent, significand: 1) }

  /// Checks that it is of a network of these layers.
  ///
  /// - Throws: `SpikingError.codingShape`.
  public func check(topology: Topology) throws(SpikingError) {
    guard hiddenScales.count == topology.count - 2 else {
      throw .codingShape(
        what: "hidden layers with scales", expected: topology.count - 2,
        found: hiddenScales.count)
    }
    for (index, scales) in hiddenScales.enumerated()
    where scales.count != topology[index + 1].count {
      throw .codingShape(
        what: "scales of layer \(index + 1)", expected: topology[index + 1].count,
        found: scales.count)
    }
    guard inputPhases.isEmpty || inputPhases.count == topology[0].count else {
      throw .codingShape(
        what: "phases of the input", expected: topology[0].count, found: inputPhases.count)
    }
  }

  /// Phases staggered over groups of neighbouring pixels: of a constant input of `1 / groups` spikes a
  /// step, the pixels of one group fire in each step. Two groups are the fields of a chessboard, four the
  /// corners of 2 x 2 pixels.
  ///
  /// - Parameters:
  ///   - width: pixels of a row; the others follow row by row.
  ///   - groups: 1 (no phases), 2 or 4.
  public static func staggeredPhases(_ groups: Int, height: Int, width: Int) -> [Float] {
    precondition([1, 2, 4].contains(groups), "\(groups) groups of phases, expected 1, 2 or 4")
    // The group of a pixel by its place in 2 x 2 pixels; diagonal neighbours follow each other.
    let corners = [[0, 2], [3, 1]]
    guard groups > 1 else { return [] }
    return (0..<height * width).map { pixel in
      let (y, x) = (pixel / width, pixel % width)
      let group = groups == 2 ? (y + x) % 2 : corners[y % 2][x % 2]
      return 0.5 - (Float(group) + 0.5) / Float(groups)
    }
  }
}

extension SpikeCoding: Codable {
  private enum CodingKeys: String, CodingKey { case inputExponent, hiddenScales, inputPhases }

  /// A coding from a file, checked as one that is made in code.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      inputExponent: values.decode(Int.self, forKey: .inputExponent),
      hiddenScales: values.decode([[Float]].self, forKey: .hiddenScales),
      inputPhases: values.decode([Float].self, forKey: .inputPhases))
  }
}

extension NetworkWeights {
  /// The weights between spikes: `W'_l[i, j] = W_l[i, j] k_l[j] / k_(l-1)[i]`, with `k_L = 1`.
  ///
  /// Each is rounded twice at most; not at all for scales that are powers of two.
  ///
  /// Biases, where there are some, become `b'_l[j] = b_l[j] k_l[j]`.
  ///
  /// - Throws: `SpikingError.codingShape`; `.codedWeight` for a weight that is finite no more,
  ///   `.codedBias` for a bias.
  public func coded(by coding: SpikeCoding) throws(SpikingError) -> NetworkWeights {
    try coding.check(topology: topology)
    var coded: [Matrix] = []
    var codedBiases: [[Float]] = []
    for (index, layer) in layers.enumerated() {
      let matrix = layer.weights.matrix
      let below = index == 0 ? nil : coding.hiddenScales[index - 1]
      let above = index == layers.count - 1 ? nil : coding.hiddenScales[index]
      coded.append(
        Matrix(rows: matrix.rows, columns: matrix.columns) { row, column in
          matrix[row, column] * (above?[column] ?? 1) / (below?[row] ?? coding.inputScale)
        })
      if let found = coded[index].firstNonFinite {
        throw .codedWeight(layer: index + 1, row: found.row, column: found.column)
      }
      guard var bias = layer.bias else { continue }
      if let above {
        for unit in bias.indices { bias[unit] *= above[unit] }
        if let unit = bias.firstIndex(where: { !$0.isFinite }) {
          throw .codedBias(layer: index + 1, unit: unit)
        }
      }
      codedBiases.append(bias)
    }
    let parameters = coded.map(\.elements) + codedBiases
    do { return try replacingParameters(parameters) } catch {
      preconditionFailure("weights of the same shape, checked: \(error)")
    }
  }
}
