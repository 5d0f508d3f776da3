/// What a user says of a network that its file does not.
public struct ReadingOptions: Equatable, Sendable {
  /// How a weight matrix lies in a file of tensors.
  public enum Layout: String, Sendable, CaseIterable {
    /// `[outputs, inputs]`: PyTorch, MLX.
    case outputsInputs = "out,in"
    /// `[inputs, outputs]`: Keras, Flax, Haiku, scikit-learn.
    case inputsOutputs = "in,out"
    /// Numbers of `[inputs, outputs]` under a shape of `[outputs, inputs]`: what safetensors.numpy makes of an array in
    /// Fortran order (`W.T`). No file shows it.
    case fortran
  }

  /// What a spike of a NIR graph's IF leaves of the potential.
  public enum NIRReset: String, Sendable, CaseIterable {
    /// What is beyond the threshold, and a neuron fires as often as it can: the neurons of this package.
    case subtract
  }

  /// The layers in their order, by the names that stand before `weight`; empty: found by names and shapes.
  public var layers: [String]
  /// How weights lie; `nil`: found by names, shapes and biases.
  public var layout: Layout?
  /// Beginnings of names of tensors that are left out.
  public var ignored: [String]
  /// What is done to inputs before the first layer; it is folded into it.
  public var preprocessing: Preprocessing?
  /// What an input of 1 is for a network that takes whole numbers (uint8); it is folded into the first layer.
  public var wholeNumberScale: Double?

  /// What NIR does not say; `nil`: a graph with IF is refused.
  public var nirReset: NIRReset?

  /// Nothing said.
  public init(
    layers: [String] = [], layout: Layout? = nil, ignored: [String] = [],
    preprocessing: Preprocessing? = nil, wholeNumberScale: Double? = nil
  ) {
    (self.layers, self.layout, self.ignored) = (layers, layout, ignored)
    (self.preprocessing, self.wholeNumberScale) = (preprocessing, wholeNumberScale)
  }
}

/// What a network's training did to its inputs: `x' = (scale x - mean) / std`.
public struct Preprocessing: Equatable, Sendable, Codable {
  /// One number, or one a channel or an input; 1 where nothing is said.
  public var scale: [Double]
  /// The same; 0 where nothing is said.
  public var mean: [Double]
  /// The same, none 0; 1 where nothing is said.
  public var std: [Double]
  /// Whether colours come pixel by pixel, as in Keras, where there is a number a channel.
  public var isInterleaved = false

  /// - Parameter std: none of them 0.
  public init(scale: [Double] = [1], mean: [Double] = [0], std: [Double] = [1]) {
    precondition(std.allSatisfy { $0 != 0 && $0.isFinite }, "a standard deviation of 0")
    (self.scale, self.mean, self.std) = (scale, mean, std)
  }
}
