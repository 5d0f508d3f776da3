public import Networks

/// A dataset in two parts.
public struct Dataset: Sendable {
  /// How the numbers of a coloured image follow each other.
  public enum ChannelOrder: String, Sendable, CaseIterable, Codable {
    /// Channel by channel: PyTorch, the files of CIFAR-10.
    case first
    /// Pixel by pixel, all channels of each: Keras, Pillow.
    case last
  }

  /// Its name, as `--dataset` takes it.
  public let name: String
  /// Where it came from: a path, or `embedded`.
  public let source: String
  /// Height, width and channels of an image; rows of a table have a height of 1.
  public let shape: Shape
  /// How an image with several channels lies in a row.
  public let channelOrder: ChannelOrder
  /// The part to learn from.
  public let training: LabelledImages
  /// The part to be judged on.
  public let test: LabelledImages
  /// Names of the classes; `nil` where they are their numbers.
  public let classNames: [String]?
  /// What numbers of the files were divided by: 255 of bytes.
  public let divisor: Double
  /// Whether the files say so, as bytes do; numbers of tables may be anything.
  public let isDivisorKnown: Bool
  /// What was assumed, for people to read.
  public let notes: [String]

  /// A dataset of two parts.
  ///
  /// - Precondition: images of `shape.count` numbers in both; as many names as classes.
  public init(
    name: String, source: String, shape: Shape, channelOrder: ChannelOrder = .first,
    training: LabelledImages, test: LabelledImages, classNames: [String]? = nil,
    divisor: Double = 255, isDivisorKnown: Bool = true, notes: [String] = []
  ) {
    precondition(
      training.images.columns == shape.count && test.images.columns == shape.count,
      "images of \(training.images.columns) numbers, expected \(shape)")
    precondition(classNames.map { $0.count == test.classes } ?? true, "a name for each class")
    self.name = name
    self.source = source
    self.shape = shape
    self.channelOrder = channelOrder
    self.training = training
    self.test = test
    self.classNames = classNames
    self.divisor = divisor
    self.isDivisorKnown = isDivisorKnown
    self.notes = notes
  }

  /// A dataset of grey images.
  ///
  /// - Precondition: images of `height * width` pixels in both.
  public init(
    name: String, source: String, height: Int, width: Int, training: LabelledImages,
    test: LabelledImages
  ) {
    self.init(
      name: name, source: source, shape: Shape(height: height, width: width, channels: 1),
      training: training,
      test: test)
  }

  /// The same data with other parts.
  ///
  /// - Precondition: as for a new one.
  public func with(training: LabelledImages, test: LabelledImages) -> Dataset {
    Dataset(
      name: name, source: source, shape: shape, channelOrder: channelOrder, training: training,
      test: test, classNames: classNames, divisor: divisor,
      isDivisorKnown: isDivisorKnown, notes: notes)
  }

  /// Height of an image as it is drawn, in numbers: planes of colours one below the other.
  public var height: Int { channelOrder == .first ? shape.height * shape.channels : shape.height }

  /// Width of an image as it is drawn, in numbers: colours of a pixel side by side.
  public var width: Int { channelOrder == .last ? shape.width * shape.channels : shape.width }
}
