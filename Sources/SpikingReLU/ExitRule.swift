internal import Networks
internal import SpikeKernels

/// When an example is decided before its last step.
///
/// After step t the output of class c is `o_c = sum_c / t`. Its noise falls like 1/sqrt(t) where spikes
/// of many units err independently, so that the lead of the first class over the second is held
/// against a margin that falls alike: an example ends after the first step with
/// `(o_first - o_second) sqrt(t) >= margin`.
///
/// Of a refining network the error falls by a ratio with each step, at most 1/2 in the limit: the margin is
/// `margin ratio^(t - 1)`.
public struct ExitRule: Sendable, Equatable {
  /// The margin of the first step, in units of the output; infinity for never.
  public let margin: Float
  /// By what the margin of a refining network falls with each step.
  public let ratio: Float
  /// The first step after which an example may end.
  public let earliest: Int

  /// A rule of the given margin.
  ///
  /// - Throws: `SpikingError.invalidExitRule` for a margin that is negative or NaN, a step below 1, or a
  ///   ratio that is not positive and at most 1.
  public init(
    margin: Float, earliest: Int = 1, ratio: Float = Self.usualRatio
  ) throws(SpikingError) {
    guard margin >= 0, earliest >= 1, ratio > 0, ratio <= 1 else {
      throw .invalidExitRule(margin: margin, earliest: earliest, ratio: ratio)
    }
    self.margin = margin
    self.ratio = ratio
    self.earliest = earliest
  }

  /// The ratio that was best on the networks that were tried (docs/Results.md).
  public static let usualRatio: Float = 0.6

  private init() {
    margin = .infinity
    ratio = Self.usualRatio
    earliest = 1
  }

  /// All steps are taken.
  public static let never = ExitRule()
}

/// What an example that may end early was answered.
public struct EarlyAnswer: Sendable, Equatable {
  /// The class: the output's argmax, the lowest of equals.
  public let label: Int
  /// The steps taken.
  public let timeSteps: Int
  /// The lead of the first class over the second, times sqrt(steps) (of a refining network, over
  /// ratio^(steps - 1)): what the rule's margin was held against; infinity where there is one class.
  public let margin: Float
}

extension SpikingNetwork {
  /// Predicts one example, and stops when its class is clear.
  ///
  /// - Parameters:
  ///   - values, stream: as for `present(_:stream:)`.
  ///   - rule: when; at the latest after the T steps of the options.
  /// - Returns: the class, the steps taken and the margin. The outputs are `output`.
  /// - Throws: `SpikingError`.
  /// - Complexity: that of the steps taken, and O(n_L) a step.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func predict(
    _ values: [Float], until rule: ExitRule, stream: UInt64? = nil
  ) throws(SpikingError) -> EarlyAnswer {
    try present(values, stream: stream)
    while true {
      try step()
      let (label, lead) = leader
      let margin = self.margin(ofLead: lead, rule.ratio)
      if stepsTaken == options.timeSteps || (stepsTaken >= rule.earliest && margin >= rule.margin) {
        return EarlyAnswer(label: label, timeSteps: stepsTaken, margin: margin)
      }
    }
  }

  /// The class that leads after the steps taken so far, and its lead: the margin that an exit rule
  /// would see, of a refining network one of the usual ratio.
  ///
  /// - Precondition: at least one step was taken.
  public var standing: EarlyAnswer {
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Int32)
    get {
      precondition(stepsTaken > 0, "the standing before the first step")
      let (label, lead) = leader
      return EarlyAnswer(
        label: label, timeSteps: stepsTaken, margin: margin(ofLead: lead, ExitRule.usualRatio))
    }
  }

  /// What a rule's margin is held against.
  private func margin(ofLead lead: Float, _ ratio: Float) -> Float {
    // The lead of sums is 2^s times that of outputs; then / ratio^s, s the steps before this one.
    if options.firing == .refining {
      return (1..<stepsTaken).reduce(lead) { lead, _ in lead / (2 * ratio) }
    }
    // It is t times that of outputs: / t, then * sqrt(t).
    return lead / Float(stepsTaken).squareRoot()
  }

  /// The first class, and the lead of its sum over the next.
  private var leader: (label: Int, lead: Float) {
    var label = 0
    switch options.readout {
    case .potentials:
      let all = layers.span[depth].neurons.sums
      var (first, second) = (all[0], Scalar.Sum?.none)
      for unit in 1..<max(outputs, 1) {
        let sum = all[unit]
        if sum > first {
          (label, first, second) = (unit, sum, first)
        } else if second.map({ sum > $0 }) ?? true {
          second = sum
        }
      }
      guard let second else { return (0, .infinity) }
      return (label, Scalar.outputs(of: first - second, quantum: quantum))
    case .counts:
      let all = layers.span[depth].counts
      var (first, second) = (all[0], Int32?.none)
      for unit in 1..<max(outputs, 1) {
        let count = all[unit]
        if count > first {
          (label, first, second) = (unit, count, first)
        } else if second.map({ count > $0 }) ?? true {
          second = count
        }
      }
      guard let second else { return (0, .infinity) }
      return (label, Float(first) - Float(second))
    }
  }
}
