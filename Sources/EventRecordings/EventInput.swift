/// How events become spikes of a network's input: an event is a spike of its pixel.
public struct EventInput: Sendable, Equatable, Codable {
  /// What becomes of the polarity.
  public enum Polarity: String, Sendable, CaseIterable, Codable {
    /// ON and OFF events have units of their own: first all pixels of OFF, then all of ON.
    case apart
    /// An OFF event is a spike of sign -1.
    case signed
    /// An OFF event is a spike as an ON one is.
    case ignored
  }

  /// The sensor.
  public let sensor: SensorSize
  /// Pixels on a side that share a unit.
  public let pooling: Int
  /// What becomes of the polarity.
  public let polarity: Polarity

  /// An input of a sensor.
  ///
  /// - Precondition: `pooling` is positive.
  public init(sensor: SensorSize, pooling: Int = 1, polarity: Polarity = .apart) {
    precondition(pooling >= 1, "\(pooling) pixels on a side")
    self.sensor = sensor
    self.pooling = pooling
    self.polarity = polarity
  }

  /// The most pixels on a side that share a unit.
  public static let largestPooling = 64

  private enum CodingKeys: String, CodingKey { case sensor, pooling, polarity }

  /// An input from a file, checked as one that is made in code.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let pooling = try values.decode(Int.self, forKey: .pooling)
    guard (1...Self.largestPooling).contains(pooling) else {
      throw DecodingError.dataCorruptedError(
        forKey: .pooling, in: values, debugDescription: "\(pooling) pixels on a side")
    }
    self.init(
      sensor: try values.decode(SensorSize.self, forKey: .sensor), pooling: pooling,
      polarity: try values.decode(Polarity.self, forKey: .polarity))
  }

  /// Units in a row.
  public var columns: Int { (sensor.width + pooling - 1) / pooling }
  /// Units in a column.
  public var rows: Int { (sensor.height + pooling - 1) / pooling }
  /// The units of the network's input.
  public var units: Int { columns * rows * (polarity == .apart ? 2 : 1) }

  /// The unit that an event is a spike of.
  ///
  /// - Precondition: the event is within the sensor.
  @inlinable
  public func unit(of event: Event) -> Int {
    let pixel = Int(event.y) / pooling * columns + Int(event.x) / pooling
    return polarity == .apart && event.isOn ? pixel + columns * rows : pixel
  }

  /// The sign of an event's spike: -1 for OFF where polarity is the sign.
  @inlinable
  public func sign(of event: Event) -> Int { polarity == .signed && !event.isOn ? -1 : 1 }
}
