/// One claim, held to its bound.
public struct Verdict: Sendable, Equatable, Codable {
  /// What kind of figure the claim is about.
  public enum Kind: String, Sendable, Codable {
    /// The same on every run: counts, errors, agreement. A failure always counts.
    case exact
    /// Wall time: counts in an exit status only where that was asked for.
    case timing
  }

  /// The claim, in words.
  public let name: String
  /// What kind of figure it is about.
  public let kind: Kind
  /// The figure.
  public let value: Double
  /// The bound, as an interval: `value` must lie in it, ends included.
  public let bound: Bound
  /// Whether the figure is within the bound.
  public let holds: Bool

  /// An interval, open-ended where an end is `nil`.
  public struct Bound: Sendable, Equatable, Codable {
    /// The least value that holds.
    public let atLeast: Double?
    /// The greatest value that holds.
    public let atMost: Double?

    /// An interval.
    public init(atLeast: Double? = nil, atMost: Double? = nil) {
      self.atLeast = atLeast
      self.atMost = atMost
    }
  }

  /// Holds `value` to `bound`. NaN never holds.
  public init(_ name: String, kind: Kind = .exact, value: Double, bound: Bound) {
    self.name = name
    self.kind = kind
    self.value = value.isFinite ? value : .greatestFiniteMagnitude
    self.bound = bound
    holds =
      value.isFinite && bound.atLeast.map { value >= $0 } ?? true
      && bound.atMost.map { value <= $0 } ?? true
  }
}
