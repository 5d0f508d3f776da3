/// One event of an event camera: a pixel saw its brightness change.
public struct Event: Hashable, Sendable {
  /// When, in microseconds, from a start that depends on the recording; never negative.
  public let time: Int64
  /// The column, counted from 0, as stored: nothing is mirrored.
  public let x: UInt16
  /// The row, counted from 0, as stored.
  public let y: UInt16
  /// The polarity: ON, brighter, or OFF, darker.
  public let isOn: Bool

  /// An event at a time and a place.
  ///
  /// - Precondition: `time` is not negative.
  @inlinable
  public init(time: Int64, x: UInt16, y: UInt16, isOn: Bool) {
    precondition(time >= 0, "an event at \(time) us: times are not negative")
    self.time = time
    self.x = x
    self.y = y
    self.isOn = isOn
  }
}

/// Columns and rows of a sensor.
public struct SensorSize: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The most columns, or rows, that formats here can name: coordinates have 15 bits at most.
  public static let maximumSide = 1 << 15

  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int

  /// A size of `width` columns and `height` rows.
  ///
  /// - Returns: `nil` unless both are in 1...32,768.
  public init?(width: Int, height: Int) {
    guard (1...Self.maximumSide).contains(width), (1...Self.maximumSide).contains(height) else {
      return nil
    }
    self.width = width
    self.height = height
  }

  /// A size that is known when the program is written.
  init(_ width: Int, _ height: Int) {
    self.width = width
    self.height = height
  }

  /// A size as people write it, "346x260".
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]) else {
      return nil
    }
    self.init(width: width, height: height)
  }

  private enum CodingKeys: String, CodingKey { case width, height }

  /// A size from a file, checked as one that is made in code.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let (width, height) = (
      try values.decode(Int.self, forKey: .width), try values.decode(Int.self, forKey: .height)
    )
    guard let size = SensorSize(width: width, height: height) else {
      throw DecodingError.dataCorruptedError(
        forKey: .width, in: values, debugDescription: "a sensor of \(width)x\(height)")
    }
    self = size
  }

  /// "346x260".
  public var description: String { "\(width)x\(height)" }

  /// The number of pixels.
  public var pixels: Int { width * height }
}
