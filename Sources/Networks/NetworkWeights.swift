/// The weights of a network: what both models, dense and spiking, are made from.
///
/// Layer `l` (1...L) computes `z_l = W_l^T a_(l-1) + b_l` from the activations `a_(l-1)` of the
/// layer below; `a_0` is the input. All values are finite.
public struct NetworkWeights: Sendable, Equatable {
  /// The widest layer that is accepted, in units.
  public static let maximumLayerWidth = 1_048_576
  /// The most weights that a network may have: 1 GiB of `Float`.
  public static let maximumParameters = 1 << 28

  /// Layers 1...L, in order.
  public private(set) var layers: [NetworkLayer]

  /// A fully connected network of the given weights.
  ///
  /// - Parameters:
  ///   - layers: `W_1 ... W_L`, each `[inputs x outputs]`.
  ///   - biases: `b_1 ... b_L`, each `[outputs]`, or `nil` for a network without.
  /// - Throws: `NetworkError` when there is no layer, the layers do not chain, a bias has another
  ///   length than its layer, a size is out of range, or a value is not finite.
  /// - Complexity: one pass over the weights.
  public init(layers: [Matrix], biases: [[Float]]? = nil) throws(NetworkError) {
    guard let first = layers.first else { throw .tooFewLayers(found: layers.count + 1) }
    _ = try Topology(units: [first.rows] + layers.map(\.columns))
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
    self.layers = layers.enumerated().map { index, matrix in
      NetworkLayer(weights: .dense(matrix), bias: biases?[index], feeders: [index])
    }
  }

  /// A fresh network of fully connected layers; biases, where wanted, start at 0.
  ///
  /// - Parameters:
  ///   - topology: layers 0...L, at least two, each of 1...1,048,576 units.
  ///   - initializer: how `W_l` is drawn; layers are drawn in order from `generator`.
  /// - Throws: `NetworkError` when a size is out of range.
  public init(
    topology: Topology, initializer: WeightInitializer, withBiases: Bool = false,
    generator: inout SeededGenerator
  ) throws(NetworkError) {
    let units = try Topology(units: topology.units).units
    var drawn: [Matrix] = []
    for (inputs, outputs) in zip(units, units.dropFirst()) {
      drawn.append(try initializer.draw(inputs: inputs, outputs: outputs, from: &generator))
    }
    try self.init(
      layers: drawn,
      biases: withBiases ? units.dropFirst().map { Array(repeating: 0, count: $0) } : nil)
  }

  /// The forms of layers 0...L.
  public var topology: Topology {
    Topology([layers[0].weights.inputs] + layers.map(\.weights.outputs))
  }

  /// `W_1 ... W_L` as matrices: for what is made for fully connected networks alone.
  public var matrices: [Matrix] { layers.map(\.weights.matrix) }

  /// `b_1 ... b_L`, zeros for a layer without biases; `nil` where none has some.
  public var biases: [[Float]]? {
    guard hasBiases else { return nil }
    return layers.map { $0.bias ?? Array(repeating: 0, count: $0.weights.outputs.count) }
  }

  /// Whether a layer has biases.
  public var hasBiases: Bool { layers.contains { $0.bias != nil } }

  /// The number of biases.
  public var biasCount: Int { layers.reduce(0) { $0 + ($1.bias?.count ?? 0) } }

  /// The number of weights, biases not included.
  public var parameterCount: Int {
    layers.reduce(0) { $0 + $1.weights.matrix.rows * $1.weights.matrix.columns }
  }

  /// Multiply-adds of one dense forward pass.
  public var multiplyAdds: Int { layers.reduce(0) { $0 + $1.weights.multiplyAdds } }

  /// The units that a spike of unit `unit` of layer `layer` reaches, in all layers that it feeds.
  public func fanOut(ofLayer layer: Int, unit: Int) -> Int {
    layers.reduce(0) { $0 + ($1.feeders.contains(layer) ? $1.weights.fanOut(of: unit) : 0) }
  }

  /// The number of input units, `n_0`.
  public var inputs: Int { layers[0].weights.inputs.count }

  /// Units of hidden layers, 1...L - 1.
  public var hidden: [Int] { layers.dropLast().map(\.weights.outputs.count) }

  /// The number of output units, `n_L`.
  public var outputs: Int { layers[layers.count - 1].weights.outputs.count }

  /// All weights, then all biases, layer by layer: what is written, averaged, sent and checked.
  public var parameters: [NetworkParameter] {
    let weights = layers.enumerated().map { index, layer in
      NetworkParameter(
        name: "weights.\(index + 1)", role: .weights, layer: index + 1,
        shape: [layer.weights.matrix.rows, layer.weights.matrix.columns],
        elements: layer.weights.matrix.elements)
    }
    let biases = layers.enumerated().compactMap { index, layer in
      layer.bias.map {
        NetworkParameter(
          name: "biases.\(index + 1)", role: .bias, layer: index + 1, shape: [$0.count],
          elements: $0)
      }
    }
    return weights + biases
  }

  /// The same network with other numbers.
  ///
  /// - Parameter elements: of each of `parameters`, in their order.
  /// - Throws: `NetworkError.nonFiniteWeight`.
  /// - Precondition: as many numbers as there are.
  public func replacingParameters(
    _ elements: [[Float]]
  ) throws(NetworkError) -> NetworkWeights {
    let parameters = parameters
    precondition(
      elements.map(\.count) == parameters.map(\.elements.count), "numbers of another network")
    var matrices = matrices
    var biases = layers.map(\.bias)
    for (parameter, elements) in zip(parameters, elements) {
      switch parameter.role {
      case .weights:
        matrices[parameter.layer - 1] = Matrix(
          rows: parameter.shape[0], columns: parameter.shape[1], elements: elements)
      case .bias: biases[parameter.layer - 1] = elements
      }
    }
    var network = try NetworkWeights(layers: matrices)
    for (index, bias) in biases.enumerated() {
      if let unit = bias?.firstIndex(where: { !$0.isFinite }) {
        throw .nonFiniteWeight(
          tensor: "biases of layer \(index + 1)", index: [unit], value: bias![unit])
      }
      network.layers[index].bias = bias
    }
    return network
  }

  /// Changes the weights of one layer in place, without a copy.
  ///
  /// - Parameters:
  ///   - layer: 1...L.
  ///   - body: must keep the shape.
  public mutating func updateWeights<Result>(
    ofLayer layer: Int, _ body: (inout Matrix) -> Result
  ) -> Result {
    let index = layer - 1
    let (rows, columns) = (
      layers[index].weights.inputs.count, layers[index].weights.outputs.count
    )
    let result = layers[index].weights.update(body)
    precondition(
      layers[index].weights.inputs.count == rows
        && layers[index].weights.outputs.count == columns,
      "an update of layer \(layer) must keep its shape of \(rows) x \(columns)")
    return result
  }

  /// Changes the biases of one layer in place; does nothing in a layer without biases.
  ///
  /// - Parameters:
  ///   - layer: 1...L.
  ///   - body: must keep the length.
  public mutating func updateBiases(ofLayer layer: Int, _ body: (inout [Float]) -> Void) {
    let index = layer - 1
    guard layers[index].bias != nil else { return }
    let count = layers[index].bias!.count
    body(&layers[index].bias!)
    precondition(
      layers[index].bias!.count == count,
      "an update of the biases of layer \(layer) must keep their count of \(count)")
  }
}
