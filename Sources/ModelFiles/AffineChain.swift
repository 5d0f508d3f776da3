internal import Networks

/// A chain of linear layers and ReLUs on its way out of a file: what is affine between two ReLUs becomes one layer.
///
/// Scales, offsets, permutations and products of matrices are collected in Double and rounded to Float once, where a
/// ReLU or the end closes the layer:
/// ```
/// a' = (a P) * s + t              // before a layer: of its inputs
/// z  = (a' W) * u + v             // W of one file, or the product of several
/// ```
/// becomes `W[i, j] <- s[i] W[p(i), j] u[j]`, `b[j] <- u[j] sum_i t[i] W[i, j] + v[j]`.
struct AffineChain {
  /// What cannot be a layer of a ReLU network.
  enum Fault: Error, Equatable {
    /// A layer takes another number of inputs than there are.
    case width(found: Int, expected: Int)
    /// A ReLU where nothing linear came before it.
    case reluOfInput
    /// The chain ends in a ReLU, or without a linear layer.
    case noLinearEnd
    /// A number that is no Float.
    case notFinite
    /// A product of layers that is too large to be formed.
    case productTooLarge(rows: Int, inner: Int, columns: Int)
  }

  /// A layer with numbers in Double; a matrix that is used as it stands stays in Float.
  private struct Open {
    var weights: Matrix
    /// u and v; `nil` for 1 and 0.
    var scale: [Double]?
    var shift: [Double]?
  }

  /// Layers closed by a ReLU.
  private(set) var layers: [(weights: Matrix, bias: [Float]?)] = []
  /// The numbers at this point of the chain; `nil` before it is known how many inputs there are.
  private(set) var width: Int?
  private var open: Open?
  /// Of the inputs of the next layer: which of the values before, their factors, and what is added.
  private var order: [Int]?
  private var scale: [Double]?
  private var shift: [Double]?

  init() {}

  /// Whether a linear layer is open: what is affine now is of its outputs.
  var isLinear: Bool { open != nil }
  /// Whether nothing was done since the start.
  var isAtStart: Bool { layers.isEmpty && open == nil }

  /// Says how many values there are.
  mutating func require(width: Int) throws(Fault) {
    guard self.width ?? width == width else {
      throw .width(found: width, expected: self.width!)
    }
    self.width = width
  }

  /// Multiplies each value.
  mutating func scale(by factors: [Double]) throws(Fault) {
    try require(width: factors.count)
    func times(_ values: [Double]?) -> [Double]? { values.map { zip($0, factors).map { $0 * $1 } } }
    if open != nil {
      open!.scale = times(open!.scale) ?? factors
      open!.shift = times(open!.shift)
    } else {
      scale = times(scale) ?? factors
      shift = times(shift)
    }
  }

  /// Adds to each value.
  mutating func shift(by offsets: [Double]) throws(Fault) {
    try require(width: offsets.count)
    func plus(_ values: [Double]?) -> [Double] {
      values.map { zip($0, offsets).map { $0 + $1 } } ?? offsets
    }
    if open != nil { open!.shift = plus(open!.shift) } else { shift = plus(shift) }
  }

  /// Puts the values in another order: the new value i is the old one of `order[i]`.
  mutating func permute(_ order: [Int]) throws(Fault) {
    try require(width: order.count)
    guard order != Array(order.indices) else { return }
    if open != nil {
      open!.weights = open!.weights.selectingColumns(order)
      open!.scale = open!.scale.map { values in order.map { values[$0] } }
      open!.shift = open!.shift.map { values in order.map { values[$0] } }
    } else {
      self.order = self.order.map { before in order.map { before[$0] } } ?? order
      scale = scale.map { values in order.map { values[$0] } }
      shift = shift.map { values in order.map { values[$0] } }
    }
  }

  /// A linear layer.
  ///
  /// - Parameter matrix: `[inputs x outputs]`.
  /// - Complexity: O(weights); after another linear layer, of the product of both.
  mutating func multiply(by matrix: Matrix) throws(Fault) {
    try require(width: matrix.rows)
    if let before = open {
      open = try Self.product(before, matrix)
    } else {
      open = folded(matrix)
      (order, scale, shift) = (nil, nil, nil)
    }
    width = matrix.columns
  }

  /// A ReLU.
  mutating func rectify() throws(Fault) {
    if open != nil {
      let layer = try closed()
      layers.append(layer)
      return
    }
    // Of what was rectified before: positive factors and no offsets change nothing that a ReLU would.
    guard !layers.isEmpty, shift?.allSatisfy({ $0 == 0 }) ?? true,
      scale?.allSatisfy({ $0 >= 0 }) ?? true
    else { throw .reluOfInput }
  }

  /// All layers.
  mutating func network() throws(Fault) -> (layers: [Matrix], biases: [[Float]]?) {
    guard open != nil else { throw .noLinearEnd }
    let all = layers + [try closed()]
    guard all.contains(where: { $0.bias != nil }) else { return (all.map(\.weights), nil) }
    return (
      all.map(\.weights), all.map { $0.bias ?? Array(repeating: 0, count: $0.weights.columns) }
    )
  }

  /// The first layer of a stage, with what is done to its inputs.
  private func folded(_ matrix: Matrix) -> Open {
    guard order != nil || scale != nil || shift != nil else { return Open(weights: matrix) }
    return Open(
      weights: matrix.scaled(rows: scale, columns: nil, order: order),
      shift: shift.map(matrix.sums(of:)))
  }

  private static func product(_ first: Open, _ second: Matrix) throws(Fault) -> Open {
    let (rows, inner, columns) = (first.weights.rows, second.rows, second.columns)
    let (size, isTooLarge) = rows.multipliedReportingOverflow(by: columns)
    let (work, isTooMuch) = size.multipliedReportingOverflow(by: inner)
    guard !isTooLarge, !isTooMuch, size <= NetworkWeights.maximumParameters,
      work <= Matrix.mostMultiplyAdds
    else { throw .productTooLarge(rows: rows, inner: inner, columns: columns) }
    return Open(
      weights: first.weights.product(scaledBy: first.scale, second),
      shift: first.shift.map(second.sums(of:)))
  }

  private mutating func closed() throws(Fault) -> (weights: Matrix, bias: [Float]?) {
    let layer = open!
    open = nil
    let weights = layer.scale.map { layer.weights.scaled(rows: nil, columns: $0) } ?? layer.weights
    let bias = layer.shift.map { $0.map { Float($0) } }
    guard weights.firstNonFinite == nil, bias?.allSatisfy(\.isFinite) ?? true else {
      throw .notFinite
    }
    return (weights, bias)
  }
}

extension AffineChain.Fault: CustomStringConvertible {
  /// What was found, and what was expected.
  var description: String {
    switch self {
    case .width(let found, let expected): "it takes \(found) values, where there are \(expected)"
    case .reluOfInput: "a ReLU that does not follow a linear layer"
    case .noLinearEnd: "it does not end in a linear layer"
    case .notFinite: "numbers that are no finite Floats"
    case .productTooLarge(let rows, let inner, let columns):
      "two linear layers without a ReLU between, \(rows) to \(inner) to \(columns): their product is too large to be "
        + "formed here; merge them before the export"
    }
  }
}
