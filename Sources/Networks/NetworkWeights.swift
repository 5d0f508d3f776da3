/// The weights of a fully connected network: what both twins are made from.
///
/// Layer `l` (1...L) computes `z_l = W_l^T a_(l-1) + b_l` from the activations `a_(l-1)` of the
/// layer below; `a_0` is the input. Shapes: `layers[l - 1]` is `W_l`, `[inputs x outputs]`, a row a
/// source unit; `biases[l - 1]` is `b_l`, `[outputs]`. All values are finite.
public struct NetworkWeights: Sendable, Equatable {
  /// The widest layer that is accepted, in units.
  public static let maximumLayerWidth = 1_048_576
  /// The most weights that a network may have: 1 GiB of `Float`.
  public static let maximumParameters = 1 << 28

  /// `W_1 ... W_L`, each `[inputs x outputs]`.
  public private(set) var layers: [Matrix]
  /// `b_1 ... b_L`, each `[outputs]`, or `nil` for a network without biases (the paper's).
  public private(set) var biases: [[Float]]?

  /// A network of the given weights.
  ///
  /// - Throws: `NetworkError` when there is no layer, the layers do not chain, a bias has another
  ///   length than its layer, a size is out of range, or a value is not finite.
  /// - Complexity: one pass over the weights.
  public init(layers: [Matrix], biases: [[Float]]? = nil) throws(NetworkError) {
    guard let first = layers.first else { throw .tooFewLayers(found: layers.count + 1) }
    try Self.validate(layerSizes: [first.rows] + layers.map(\.columns))
    for (index, pair) in zip(layers, layers.dropFirst()).enumerated()
    where pair.0.columns != pair.1.rows {
      throw .layersDoNotChain(
        layer: index + 2, expectedInputs: pair.0.columns, foundInputs: pair.1.rows)
    }
    for (index, layer) in layers.enumerated() {
      if let found = layer.firstNonFinite {
        throw .nonFiniteWeight(
          tensor: "weights of layer \(index + 1)", index: [found.row, found.column],
          value: found.value)
      }
    }
    if let biases {
      guard biases.count == layers.count else {
        throw .biasCount(expected: layers.count, found: biases.count)
      }
      for (index, bias) in biases.enumerated() {
        guard bias.count == layers[index].columns else {
          throw .biasShape(
            layer: index + 1, expected: layers[index].columns, found: bias.count)
        }
        if let unit = bias.firstIndex(where: { !$0.isFinite }) {
          throw .nonFiniteWeight(
            tensor: "biases of layer \(index + 1)", index: [unit], value: bias[unit])
        }
      }
    }
    self.layers = layers
    self.biases = biases
  }

  /// A fresh network of the given sizes; biases, where wanted, start at 0.
  ///
  /// - Parameters:
  ///   - layerSizes: units of layers 0...L, at least two, each 1...1,048,576.
  ///   - initializer: how `W_l` is drawn; layers are drawn in order from `generator`.
  /// - Throws: `NetworkError` when a size is out of range.
  public init(
    layerSizes: [Int], initializer: WeightInitializer, withBiases: Bool = false,
    generator: inout SeededGenerator
  ) throws(NetworkError) {
    try Self.validate(layerSizes: layerSizes)
    var drawn: [Matrix] = []
    for (inputs, outputs) in zip(layerSizes, layerSizes.dropFirst()) {
      drawn.append(try initializer.draw(inputs: inputs, outputs: outputs, from: &generator))
    }
    try self.init(
      layers: drawn,
      biases: withBiases ? layerSizes.dropFirst().map { Array(repeating: 0, count: $0) } : nil)
  }

  /// Checks layer sizes before anything of that size is allocated.
  ///
  /// - Throws: `NetworkError` for fewer than two layers, a width outside
  ///   1...`maximumLayerWidth`, or more than `maximumParameters` weights.
  public static func validate(layerSizes: [Int]) throws(NetworkError) {
    guard layerSizes.count >= 2 else { throw .tooFewLayers(found: layerSizes.count) }
    for (index, width) in layerSizes.enumerated()
    where width < 1 || width > maximumLayerWidth {
      throw .layerWidth(layer: index, found: width)
    }
    // At most 2^20 * 2^20 a layer: the products cannot overflow, and neither can their sum.
    let parameters = zip(layerSizes, layerSizes.dropFirst()).map { $0 * $1 }.reduce(0, +)
    guard parameters <= maximumParameters else {
      throw .networkTooLarge(parameters: parameters, limit: maximumParameters)
    }
  }

  /// The units of layers 0...L.
  public var layerSizes: [Int] { [layers[0].rows] + layers.map(\.columns) }

  /// The number of weights, biases not included.
  public var parameterCount: Int { layers.reduce(0) { $0 + $1.rows * $1.columns } }

  /// The number of input units, `n_0`.
  public var inputs: Int { layers[0].rows }

  /// The number of output units, `n_L`.
  public var outputs: Int { layers[layers.count - 1].columns }

  /// Changes the weights of one layer in place, without a copy.
  ///
  /// - Parameters:
  ///   - layer: 1...L.
  ///   - body: must keep the shape.
  public mutating func updateWeights<Result>(
    ofLayer layer: Int, _ body: (inout Matrix) -> Result
  ) -> Result {
    let (rows, columns) = (layers[layer - 1].rows, layers[layer - 1].columns)
    let result = body(&layers[layer - 1])
    precondition(
      layers[layer - 1].rows == rows && layers[layer - 1].columns == columns,
      "an update of layer \(layer) must keep its shape of \(rows) x \(columns)")
    return result
  }

  /// Changes the biases of one layer in place; does nothing in a network without biases.
  ///
  /// - Parameters:
  ///   - layer: 1...L.
  ///   - body: must keep the length.
  public mutating func updateBiases(ofLayer layer: Int, _ body: (inout [Float]) -> Void) {
    guard biases != nil else { return }
    let count = biases![layer - 1].count
    body(&biases![layer - 1])
    precondition(
      biases![layer - 1].count == count,
      "an update of the biases of layer \(layer) must keep their count of \(count)")
  }
}
