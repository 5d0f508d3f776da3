public import Datasets
public import Networks

/// What the data were that a network was judged on, as its file says it.
public struct TrainedInputs: Sendable, Equatable {
  /// What numbers were divided by, where their type did not say it.
  public var divisor: Double?
  /// The largest magnitude of an input.
  public var largest: Float?
  /// Height, width and channels of an image; rows of a table have a height of 1.
  public var shape: Shape?

  /// Nothing known.
  public init(divisor: Double? = nil, largest: Float? = nil, shape: Shape? = nil) {
    (self.divisor, self.largest, self.shape) = (divisor, largest, shape)
  }

  /// Of a dataset.
  ///
  /// - Complexity: O(numbers of its images).
  public init(of data: Dataset) {
    self.init(
      divisor: data.isDivisorKnown ? nil : data.divisor,
      largest: max(data.training.images.largestMagnitude, data.test.images.largestMagnitude),
      shape: data.shape)
  }
}

/// What is done to images before a network answers them.
public struct InputOptions: Sendable, Equatable {
  /// What numbers are divided by; `nil`: as the network's data were, else bytes by 255 and others by 1.
  public var divisor: Double?
  /// How colours of an image follow each other; `nil`: plane by plane, or as an array has them.
  public var channelOrder: Dataset.ChannelOrder?
  /// Whether coloured images are made grey where the network takes one number a pixel.
  public var isGrey = false
  /// Whether images are dark on light, where the network has learned light on dark: x becomes 1 - x.
  public var isInverted = false
  /// Which array of an npz file; `nil`: the only one whose examples fit.
  public var array: String?
  /// Whether the first row of a table names its columns; `nil`: as it looks.
  public var hasHeader: Bool?
  /// What the network was judged on.
  public var trained = TrainedInputs()

  /// Nothing said.
  public init() {}

  /// What numbers of a file are divided by.
  func divisor(of numbers: LabelledRows.Numbers) -> Double {
    let known = trained.divisor
    let areUnit = trained.largest.map { $0 <= 1 } ?? true
    switch numbers {
    // As if its pixels were bytes.
    case .unit: return (divisor ?? (areUnit ? nil : known)).map { $0 / 255 } ?? 1
    case .bytes: return divisor ?? (known == nil || (known == 1 && areUnit) ? 255 : known!)
    case .any: return divisor ?? known ?? 1
    }
  }
}
