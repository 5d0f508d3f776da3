/// A share of wrong answers, with its uncertainty.
public struct ErrorRate: Sendable, Equatable {
  /// Wrong answers.
  public let errors: Int
  /// All answers.
  public let examples: Int
  /// The share of wrong answers in percent.
  public let percent: Double
  /// The 95% interval of the underlying rate in percent, by Wilson's score.
  ///
  /// Source: E. B. Wilson, JASA 22, 1927.
  public let interval95: [Double]

  /// The rate of `errors` in `examples`.
  ///
  /// - Precondition: `0 <= errors <= examples` and `examples > 0`.
  public init(errors: Int, examples: Int) {
    precondition(examples > 0 && (0...examples).contains(errors), "\(errors) in \(examples)")
    self.errors = errors
    self.examples = examples
    let (n, p, z) = (Double(examples), Double(errors) / Double(examples), 1.959963984540054)
    percent = 100 * p
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    interval95 = [100 * max(0, centre - half), 100 * min(1, centre + half)]
  }
}
