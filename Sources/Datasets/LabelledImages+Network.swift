public import Networks

extension LabelledImages {
  /// Units of a fully connected network that answers these images.
  ///
  /// - Throws: `NetworkError` when a size is out of range.
  public func topology(hidden: [Int]) throws(NetworkError) -> Topology {
    try Topology(units: [images.columns] + hidden + [classes])
  }

  /// A fully connected network for these images, its weights drawn.
  ///
  /// - Throws: `NetworkError` when a size is out of range.
  public func network(
    hidden: [Int], initializer: WeightInitializer, generator: inout SeededGenerator
  ) throws(NetworkError) -> NetworkWeights {
    try NetworkWeights(
      topology: try topology(hidden: hidden), initializer: initializer, generator: &generator)
  }
}
