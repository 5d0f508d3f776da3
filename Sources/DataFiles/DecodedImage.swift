public import Datasets

/// An image from a file, as its file has it.
public struct DecodedImage: Sendable, Equatable {
  /// Rows of pixels.
  public let height: Int
  /// Pixels of a row.
  public let width: Int
  /// 1: grey, 3: red, green, blue.
  public let channels: Int
  /// Numbers from 0 to 1, a row after the other, all channels of a pixel side by side.
  public let values: [Float]

  /// An image.
  ///
  /// - Precondition: as many values as the sizes say.
  public init(height: Int, width: Int, channels: Int, values: [Float]) {
    precondition(values.count == height * width * channels, "\(values.count) values")
    (self.height, self.width, self.channels, self.values) = (height, width, channels, values)
  }

  /// Whether red, green and blue are equal everywhere: a grey image in a coloured file.
  public var isGrey: Bool {
    guard channels == 3 else { return true }
    return stride(from: 0, to: values.count, by: 3).allSatisfy { (place: Int) -> Bool in
      values[place] == values[place + 1] && values[place] == values[place + 2]
    }
  }

  /// One number a pixel: the first channel of an image whose channels are equal, else the luma of ITU-R BT.601,
  /// `0.299 R + 0.587 G + 0.114 B`, as Pillow's `convert("L")` has before it rounds.
  public var grey: [Float] {
    guard channels == 3 else { return values }
    return stride(from: 0, to: values.count, by: 3).map {
      Channels.luma(values[$0], values[$0 + 1], values[$0 + 2])
    }
  }

  /// Three numbers a pixel; those of a grey image are equal.
  ///
  /// - Parameter order: whether colours follow each other plane by plane, or pixel by pixel.
  public func coloured(_ order: Dataset.ChannelOrder) -> [Float] {
    let pixels = height * width
    return (0..<3 * pixels).map { index in
      let (pixel, channel) =
        order == .first ? (index % pixels, index / pixels) : (index / 3, index % 3)
      return values[channels == 1 ? pixel : 3 * pixel + channel]
    }
  }
}
