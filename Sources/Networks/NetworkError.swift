/// What can be wrong with the description or the weights of a network.
public enum NetworkError: Error, Equatable, Sendable {
  /// A network needs an input and at least one layer of weights.
  case tooFewLayers(found: Int)
  /// The width of layer `layer` (0 is the input) is not in 1...1,048,576.
  case layerWidth(layer: Int, found: Int)
  /// The product of the layer sizes asks for more weights than the limit.
  case networkTooLarge(parameters: Int, limit: Int)
  /// Layer `layer` takes another number of inputs than the layer below has units.
  case layersDoNotChain(layer: Int, expectedInputs: Int, foundInputs: Int)
  /// Another number of bias vectors than of layers.
  case biasCount(expected: Int, found: Int)
  /// A bias vector has another length than its layer has units.
  case biasShape(layer: Int, expected: Int, found: Int)
  /// A weight or bias is NaN or infinite.
  case nonFiniteWeight(tensor: String, index: [Int], value: Float)
  /// The weights of layer `layer` could not be drawn.
  case initializationFailed(initializer: String, reason: String)
}

extension NetworkError: CustomStringConvertible {
  /// What is wrong, where, what was found and what was expected.
  public var description: String {
    switch self {
    case .tooFewLayers(let found):
      "a network needs an input and at least one layer: expected 2 or more sizes, found \(found)"
    case .layerWidth(let layer, let found):
      "layerWidth(\(layer)) must be 1...\(NetworkWeights.maximumLayerWidth), found \(found)"
    case .networkTooLarge(let parameters, let limit):
      "the network would have \(parameters) weights, more than the limit of \(limit)"
    case .layersDoNotChain(let layer, let expected, let found):
      "layer \(layer) takes \(found) inputs, but the layer below it has \(expected) units"
    case .biasCount(let expected, let found):
      "\(found) bias vectors for \(expected) layers"
    case .biasShape(let layer, let expected, let found):
      "the biases of layer \(layer) are \(found), but the layer has \(expected) units"
    case .nonFiniteWeight(let tensor, let index, let value):
      "\(tensor), index \(index): found \(value), expected a finite number"
    case .initializationFailed(let initializer, let reason):
      "the initializer '\(initializer)' failed: \(reason)"
    }
  }
}
