public import Datasets

/// What a user says of data that its files do not.
public struct DataOptions: Sendable, Equatable {
  /// What numbers are divided by; `nil`: 255 of bytes, else as they look, with a word.
  public var divisor: Double?
  /// The column of labels in a table: its name, or its number from 1 on.
  public var label: String?
  /// Whether the first row of a table names its columns; `nil`: as it looks.
  public var hasHeader: Bool?
  /// How colours of an image follow each other; `nil`: plane by plane, or as an array has them.
  public var channelOrder: Dataset.ChannelOrder?
  /// Whether coloured images are made grey.
  public var isGrey: Bool

  /// Nothing said.
  public init(
    divisor: Double? = nil, label: String? = nil, channelOrder: Dataset.ChannelOrder? = nil,
    isGrey: Bool = false, hasHeader: Bool? = nil
  ) {
    (self.divisor, self.label) = (divisor, label)
    (self.channelOrder, self.isGrey, self.hasHeader) = (channelOrder, isGrey, hasHeader)
  }
}
