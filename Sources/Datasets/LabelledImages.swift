public import Networks

/// Images with a class each.
public struct LabelledImages: Sendable {
  /// `[examples x pixels]`, each pixel in [0, 1], an image a row.
  public let images: Matrix
  /// The class of each image, 0..<`classes`.
  public let labels: [Int]
  /// The number of classes.
  public let classes: Int

  /// Images whose classes are given.
  ///
  /// - Precondition: as many labels as images, each in 0..<`classes`.
  public init(images: Matrix, labels: [Int], classes: Int) {
    precondition(images.rows == labels.count, "\(labels.count) labels, \(images.rows) images")
    precondition(labels.allSatisfy { 0..<classes ~= $0 }, "a label is outside 0..<\(classes)")
    self.images = images
    self.labels = labels
    self.classes = classes
  }

  /// The number of images.
  public var count: Int { labels.count }

  /// The first `count` images, or all when there are fewer.
  public func prefix(_ count: Int) -> LabelledImages { selecting(0..<min(count, self.count)) }

  /// The images of the given indices, in that order.
  public func selecting(_ indices: some Collection<Int>) -> LabelledImages {
    LabelledImages(
      images: images.selectingRows(indices), labels: indices.map { labels[$0] }, classes: classes)
  }

  /// One-hot targets, `[examples x classes]`: 1 at the label, 0 elsewhere.
  public var targets: Matrix {
    var targets = Matrix(rows: count, columns: classes)
    for (index, label) in labels.enumerated() { targets[index, label] = 1 }
    return targets
  }
}

/// A dataset in two parts.
public struct Dataset: Sendable {
  /// Its name, as `--dataset` takes it.
  public let name: String
  /// Where it came from: a path, or `embedded`.
  public let source: String
  /// Height of an image in pixels.
  public let height: Int
  /// Width of an image in pixels.
  public let width: Int
  /// The part to learn from.
  public let training: LabelledImages
  /// The part to be judged on.
  public let test: LabelledImages

  /// A dataset of two parts.
  ///
  /// - Precondition: images of `height * width` pixels in both.
  public init(
    name: String, source: String, height: Int, width: Int, training: LabelledImages,
    test: LabelledImages
  ) {
    precondition(
      training.images.columns == height * width && test.images.columns == height * width,
      "images of \(training.images.columns) pixels, expected \(height) x \(width)")
    self.name = name
    self.source = source
    self.height = height
    self.width = width
    self.training = training
    self.test = test
  }
}
