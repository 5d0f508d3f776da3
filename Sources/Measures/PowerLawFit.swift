#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// `y = factor * x^exponent`, fitted by least squares on logarithms.
public struct PowerLawFit: Sendable, Equatable, Codable {
  /// The slope of log y against log x.
  public let exponent: Double
  /// The value at x = 1.
  public let factor: Double

  /// Fits the points with positive coordinates.
  ///
  /// - Returns: `nil` when fewer than two distinct x are left.
  public init?(_ points: [(x: Double, y: Double)]) {
    let logs = points.filter { $0.x > 0 && $0.y > 0 }.map { (x: log($0.x), y: log($0.y)) }
    let n = Double(logs.count)
    guard n >= 2 else { return nil }
    let meanX = logs.reduce(0) { $0 + $1.x } / n
    let meanY = logs.reduce(0) { $0 + $1.y } / n
    let spread = logs.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
    guard spread > 0 else { return nil }
    exponent = logs.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) } / spread
    factor = exp(meanY - exponent * meanX)
  }
}
