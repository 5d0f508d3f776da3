public import Networks

/// Images with a class each.
public struct LabelledImages: Sendable {
  /// `[examples x pixels]`, each pixel in [0, 1], an image a row.
  public let images: Matrix
  /// The class of each image, 0..<`classes`.
  public let labels: [Int]
  /// The number of classes.
  public let classes: Int
  /// Classes of which the whole data set has no image: numbers that its labels leave out, as 0 of EMNIST's letters.
  public let unusedClasses: Set<Int>

  /// Images whose classes are given.
  ///
  /// - Precondition: as many labels as images, each in 0..<`classes`.
  public init(images: Matrix, labels: [Int], classes: Int, unusedClasses: Set<Int> = []) {
    precondition(images.rows == labels.count, "\(labels.count) labels, \(images.rows) images")
    precondition(labels.allSatisfy { 0..<classes ~= $0 }, "a label is outside 0..<\(classes)")
    self.images = images
    self.labels = labels
    self.classes = classes
    self.unusedClasses = unusedClasses
  }

  /// The number of images.
  public var count: Int { labels.count }

  /// The first `count` images, or all when there are fewer.
  public func prefix(_ count: Int) -> LabelledImages { selecting(0..<min(count, self.count)) }

  /// The images of the given indices, in that order.
  public func selecting(_ indices: some Collection<Int>) -> LabelledImages {
    LabelledImages(
      images: images.selectingRows(indices), labels: indices.map { labels[$0] }, classes: classes,
      unusedClasses: unusedClasses)
  }

  /// One-hot targets, `[examples x classes]`: 1 at the label, 0 elsewhere.
  public var targets: Matrix {
    var targets = Matrix(rows: count, columns: classes)
    for (index, label) in labels.enumerated() { targets[index, label] = 1 }
    return targets
  }
}
