public import Datasets

extension Dataset {
  /// The same, with fewer training images.
  public func learning(first count: Int) -> Dataset {
    with(training: training.prefix(count), test: test)
  }
}
