public import Datasets

extension Dataset {
  /// The same, with fewer training images.
  public func learning(first count: Int) -> Dataset {
    Dataset(
      name: name, source: source, height: height, width: width, training: training.prefix(count),
      test: test)
  }
}
