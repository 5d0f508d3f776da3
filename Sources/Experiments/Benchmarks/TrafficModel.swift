/// What a sum over all ranks takes, on paper: a message has a price, and so has a byte.
///
/// ```
/// t(N, n) = 2 (N - 1) latency + bytes(N, n) * secondsPerByte
/// bytes(N, n) = 2 * 4 n (N - 1) / N
/// ```
/// A rank receives its segment of n Floats from N - 1 others, and the N - 1 other segments of the sum: as
/// many bytes as a ring takes, which cannot be fewer, in one hop each. Sources: P. Patarasuk, X. Yuan, J.
/// Parallel Distrib. Comput. 69, 2009 (the bound); R. W. Hockney, Parallel Comput. 20, 1994 (the prices).
public struct TrafficModel: Sendable, Codable, Equatable {
  /// What network it is, in words.
  public let name: String
  /// Seconds of a message of no bytes.
  public let latency: Double
  /// Seconds of a byte, what is done with it included.
  public let secondsPerByte: Double

  /// A network of known prices.
  public init(name: String, latency: Double, secondsPerByte: Double) {
    (self.name, self.latency, self.secondsPerByte) = (name, latency, secondsPerByte)
  }

  /// A network as it was measured: the two prices whose relative errors over all sums have the least squares.
  ///
  /// - Precondition: two sums of other lengths, and two ranks at least.
  public init(name: String, ranks: Int, sums: [(length: Int, seconds: Double)]) {
    precondition(ranks > 1 && Set(sums.map(\.length)).count > 1, "nothing to fit")
    self.name = name
    // Normal equations of messages * latency / t + bytes * price / t = 1.
    var (mm, mb, bb, m1, b1) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (length, seconds) in sums {
      let messages = Double(2 * (ranks - 1)) / seconds
      let bytes = Self.bytes(ofSum: length, ranks: ranks) / seconds
      mm += messages * messages
      mb += messages * bytes
      bb += bytes * bytes
      m1 += messages
      b1 += bytes
    }
    let determinant = mm * bb - mb * mb
    let (latency, price) = ((m1 * bb - b1 * mb) / determinant, (b1 * mm - m1 * mb) / determinant)
    // Neither price is below 0: where one would be, the other alone.
    self.latency = price < 0 ? m1 / mm : max(latency, 0)
    secondsPerByte = latency < 0 ? b1 / bb : max(price, 0)
  }

  /// Networks that machines are joined by, by their makers' figures, an eighth off for protocols.
  public static let common = [
    TrafficModel(name: "25 Gbit/s Ethernet, 10 us", latency: 10e-6, secondsPerByte: 1 / 2.7e9),
    TrafficModel(name: "200 Gbit/s InfiniBand, 2 us", latency: 2e-6, secondsPerByte: 1 / 22e9),
  ]

  /// Bytes that a rank receives in a sum of `length` Floats, an array a rank.
  public static func bytes(ofSum length: Int, ranks: Int) -> Double {
    8 * Double(length) * Double(ranks - 1) / Double(ranks)
  }

  /// Seconds of such a sum.
  public func seconds(ofSum length: Int, ranks: Int) -> Double {
    Double(2 * (ranks - 1)) * latency + Self.bytes(ofSum: length, ranks: ranks) * secondsPerByte
  }

  /// The share of N times one rank's speed that N ranks reach, when a step computes for `computing` seconds on
  /// each, copies for `copying`, sums, and tells all ranks how it went: a message of each.
  ///
  /// - Parameter dividing: whether the ranks divide one step's work among them (dense minibatches) or each do
  ///   a step's (spiking replicas).
  public func efficiency(
    computing: Double, copying: Double, length: Int, ranks: Int, dividing: Bool
  ) -> Double {
    let own = dividing ? computing / Double(ranks) : computing
    let told = Double(ranks - 1) * latency
    return own / (own + copying + seconds(ofSum: length, ranks: ranks) + told)
  }
}
