/// The form of a layer's units: a map of `height` x `width` places with `channels` units each. A fully
/// connected layer is 1 x 1 x n.
///
/// Unit (y, x, c) has the index `(y * width + x) * channels + c`.
public struct Shape: Hashable, Sendable, Codable {
  /// Rows of places.
  public let height: Int
  /// Places of a row.
  public let width: Int
  /// Units of a place.
  public let channels: Int

  /// A map of places.
  ///
  /// - Precondition: all are positive.
  public init(height: Int, width: Int, channels: Int) {
    precondition(
      height > 0 && width > 0 && channels > 0, "a shape of \(height) x \(width) x \(channels)")
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// A fully connected layer of so many units.
  public init(units: Int) { self.init(height: 1, width: 1, channels: units) }

  /// The number of units.
  public var count: Int { height * width * channels }

  /// Whether there is more than one place.
  public var isMap: Bool { height > 1 || width > 1 }
}

extension Shape {
  /// Reads `height`, `width` and `channels`.
  ///
  /// - Throws: `DecodingError` where one is not positive, or there are more units than a layer may have.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    func length(_ key: CodingKeys) throws -> Int {
      let length = try fields.decode(Int.self, forKey: key)
      // Three such lengths have a product of at most 2^60.
      guard 1...NetworkWeights.maximumLayerWidth ~= length else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: fields,
          debugDescription:
            "expected 1...\(NetworkWeights.maximumLayerWidth), found \(length)")
      }
      return length
    }
    self.init(
      height: try length(.height), width: try length(.width), channels: try length(.channels))
    guard count <= NetworkWeights.maximumLayerWidth else {
      throw DecodingError.dataCorruptedError(
        forKey: .channels, in: fields,
        debugDescription: "\(self) are more than \(NetworkWeights.maximumLayerWidth) units")
    }
  }
}

extension Shape: CustomStringConvertible {
  /// `200`, a map as `28x28x1`.
  public var description: String {
    isMap ? "\(height)x\(width)x\(channels)" : String(channels)
  }
}
