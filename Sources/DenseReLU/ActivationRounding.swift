internal import Networks

/// Trains a network for activations that will be sent in few pulses: in a part of each minibatch
/// activations are rounded to what a unit can say in one step, or two, or more, and what is active
/// costs something.
///
/// ```
/// a_0 = round(t k_0 x + p) / (t k_0)                      the input, of t steps
/// a_l = max(0, ceil(t k_l z_l - 1/2)) / (t k_l)           hidden layers
/// ```
/// The derivative of a rounded activation is taken as that of the exact one (the straight-through
/// estimator: Bengio, Leonard and Courville, arXiv 1308.3432). The rest of the minibatch is exact, so
/// that the same weights serve a dense network.
public struct ActivationRounding: Sendable, Equatable, Codable {
  /// `k_0 ... k_(L-1)`, positive: pulses of a layer for an activation of 1 in one step.
  public var scales: [Float]
  /// `p`, one an input; empty for 0.
  public var phases: [Float]
  /// `shares[t - 1]` of each minibatch are rounded as of t steps; the rest, if any, is exact.
  public var shares: [Float]
  /// What an active hidden unit costs: this times its activation is added to the loss.
  public var activityPenalty: Float

  /// Rounding of the given scales.
  ///
  /// - Precondition: scales are positive, shares not negative, of a sum of at most 1.
  public init(
    scales: [Float], phases: [Float] = [], shares: [Float] = [0.4, 0.3],
    activityPenalty: Float = 0
  ) {
    precondition(scales.allSatisfy { $0 > 0 && $0.isFinite }, "a scale that is not positive")
    precondition(
      shares.allSatisfy { $0 >= 0 } && shares.reduce(0, +) <= 1.0001, "shares of more than all")
    self.scales = scales
    self.phases = phases
    self.shares = shares
    self.activityPenalty = activityPenalty
  }

  /// The rows of a batch that are rounded, with their number of steps.
  func parts(batch: Int) -> [(rows: Range<Int>, steps: Int)] {
    var start = 0
    return shares.enumerated().map { index, share in
      let end = min(start + Int(share * Float(batch)), batch)
      defer { start = end }
      return (start..<end, index + 1)
    }
  }

  /// Rounds the activations of a layer below the last.
  func round(_ activations: inout Matrix, layer: Int) {
    for (rows, steps) in parts(batch: activations.rows) {
      activations.round(
        rows: rows, pulses: scales[layer] * Float(steps), phases: layer == 0 ? phases : [])
    }
  }
}
