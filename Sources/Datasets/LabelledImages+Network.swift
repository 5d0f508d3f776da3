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

extension Dataset {
  /// What a pixel of 1 was in the files: pixels of the digits were divided by 16, others by 255.
  public var wholeNumberScale: Double { name == "digits" ? 16 : 255 }
}
