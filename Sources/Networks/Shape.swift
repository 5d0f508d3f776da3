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
}

extension Collection<Int> {
  /// The sizes of a network's layers as people write them: `784-200-200-10`.
  public var joinedByDashes: String { map(String.init).joined(separator: "-") }
}
