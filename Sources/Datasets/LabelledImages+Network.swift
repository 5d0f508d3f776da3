public import Networks

extension LabelledImages {
  /// Units of a fully connected network that answers these images.
  public func layerSizes(hidden: [Int]) -> [Int] { [images.columns] + hidden + [classes] }

  /// A fully connected network for these images, its weights drawn.
  ///
  /// - Throws: `NetworkError` when a size is out of range.
  public func network(
    hidden: [Int], initializer: WeightInitializer, generator: inout SeededGenerator
  ) throws(NetworkError) -> NetworkWeights {
    try NetworkWeights(
      layerSizes: layerSizes(hidden: hidden), initializer: initializer, generator: &generator)
  }
}
