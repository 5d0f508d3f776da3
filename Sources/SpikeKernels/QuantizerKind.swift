/// The rule by which a unit turns its potential into spikes, in four parts that are independent of
/// each other.
///
/// ```
/// phi += v
/// while phi > threshold:   emit +;  phi = afterSpike(phi)
/// while phi < -threshold:  emit -;  phi = afterSpike(phi)       (signed quantizers)
/// ```
/// The names of the authors' program are constants. Other combinations are written as their parts,
/// `signed+half+zero+keep`; where no kernel is compiled for one, the reference computes it: slower,
/// never otherwise.
///
/// Source: O'Connor and Welling, *Deep Spiking Networks*, arXiv 1602.08323, algorithm 1;
/// docs/Algorithm.md, section 1.
public struct QuantizerKind: Hashable, Sendable {
  /// Which signs a unit sends.
  public enum Polarity: String, Sendable, CaseIterable {
    /// Both.
    case signed
    /// Positive spikes alone, a ReLU: the potential may fall without bound.
    case rectified
  }

  /// When a unit fires.
  public enum Threshold: String, Sendable, CaseIterable {
    /// Beyond half of a quantum.
    case half
    /// Beyond a number from Exp(1) quanta, a unit's own, redrawn at the start of an example and after
    /// each spike.
    case exponential

    /// Whether each unit draws its own.
    package var isRandom: Bool {
      switch self {
      case .half: false
      case .exponential: true
      }
    }
  }

  /// What a spike leaves of the potential.
  public enum AfterSpike: String, Sendable, CaseIterable {
    /// What is left when a quantum is taken away: reset by subtraction.
    case subtract
    /// Nothing: reset to zero.
    case zero
  }

  /// What the potential of an example starts at.
  public enum Start: String, Sendable, CaseIterable {
    /// 0.
    case zero
    /// What the example before has left.
    case keep
    /// A number from U(-1/2, 1/2) quanta.
    case uniform
  }

  /// Which signs a unit sends.
  public var polarity: Polarity
  /// When it fires.
  public var threshold: Threshold
  /// What a spike leaves of the potential.
  public var afterSpike: AfterSpike
  /// What the potential of an example starts at.
  public var start: Start

  /// A rule of the given parts.
  public init(
    _ polarity: Polarity, threshold: Threshold = .half, afterSpike: AfterSpike = .subtract,
    start: Start = .zero
  ) {
    self.polarity = polarity
    self.threshold = threshold
    self.afterSpike = afterSpike
    self.start = start
  }

  /// `herding`: signed integrate-and-fire with reset by subtraction, from 0.
  public static let herding = QuantizerKind(.signed)
  /// `rect-herding`: the same without negative spikes, a ReLU neuron.
  public static let rectHerding = QuantizerKind(.rectified)
  /// `noreset-herding`: signed; the potential is carried from example to example.
  public static let noResetHerding = QuantizerKind(.signed, start: .keep)
  /// `noreset-rect-herding`: a ReLU neuron whose potential is carried from example to example.
  public static let noResetRectHerding = QuantizerKind(.rectified, start: .keep)
  /// `randreset-herding`: signed; the potential starts each example at a number from U(-1/2, 1/2).
  public static let randomResetHerding = QuantizerKind(.signed, start: .uniform)
  /// `poisson`: signed, with random thresholds.
  public static let poisson = QuantizerKind(.signed, threshold: .exponential)
  /// `poisson-zero`: like `poisson`, but a spike sets the potential to 0.
  public static let poissonZero = QuantizerKind(
    .signed, threshold: .exponential, afterSpike: .zero)

  /// The rules that have names in the authors' program.
  public static let named: [(name: String, kind: QuantizerKind)] = [
    ("herding", .herding), ("rect-herding", .rectHerding), ("noreset-herding", .noResetHerding),
    ("noreset-rect-herding", .noResetRectHerding), ("randreset-herding", .randomResetHerding),
    ("poisson", .poisson), ("poisson-zero", .poissonZero),
  ]

  /// Whether units send negative spikes too.
  public var isSigned: Bool { polarity == .signed }

  /// Whether potentials are carried from example to example.
  public var keepsPotentials: Bool { start == .keep }

  /// Whether it draws random numbers.
  public var isRandom: Bool { threshold.isRandom || start == .uniform }

  /// Whether a unit that is fed nothing stays at rest for a whole example: it starts at 0, and its
  /// threshold is fixed.
  public var restsWithoutInput: Bool { !threshold.isRandom && start == .zero }

  /// The compiled forms of the rule.
  enum CompiledForm { case signed, rectified }

  /// Which compiled form computes feeds of this rule; `nil` for the reference. What an example
  /// starts with is no part of a feed.
  ///
  /// The one place that says so: a new part does not compile before it is decided here.
  var compiledForm: CompiledForm? {
    switch (polarity, threshold, afterSpike) {
    case (.signed, .half, .subtract): .signed
    case (.rectified, .half, .subtract): .rectified
    case (.signed, .half, .zero), (.rectified, .half, .zero): nil
    case (.signed, .exponential, .subtract), (.rectified, .exponential, .subtract): nil
    case (.signed, .exponential, .zero), (.rectified, .exponential, .zero): nil
    }
  }
}

extension QuantizerKind: CaseIterable {
  /// Every combination of parts, those of the authors' program first.
  public static let allCases: [QuantizerKind] = {
    let named = QuantizerKind.named.map(\.kind)
    var others: [QuantizerKind] = []
    for polarity in Polarity.allCases {
      for threshold in Threshold.allCases {
        for afterSpike in AfterSpike.allCases {
          for start in Start.allCases {
            let kind = QuantizerKind(
              polarity, threshold: threshold, afterSpike: afterSpike, start: start)
            if !named.contains(kind) { others.append(kind) }
          }
        }
      }
    }
    return named + others
  }()
}

extension QuantizerKind {
  /// Whether all parts are equal: not by `rawValue`, which is found by comparing.
  public static func == (left: QuantizerKind, right: QuantizerKind) -> Bool {
    left.polarity == right.polarity && left.threshold == right.threshold
      && left.afterSpike == right.afterSpike && left.start == right.start
  }

  /// The hash of all parts.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(polarity)
    hasher.combine(threshold)
    hasher.combine(afterSpike)
    hasher.combine(start)
  }
}

extension QuantizerKind: RawRepresentable, Codable, CustomStringConvertible {
  /// The rule of a name of the authors' program, or of parts, `polarity+threshold+afterSpike+start`.
  public init?(rawValue: String) {
    if let named = Self.named.first(where: { $0.name == rawValue }) {
      self = named.kind
      return
    }
    guard let kind = Self.allCases.first(where: { $0.parts == rawValue }) else { return nil }
    self = kind
  }

  /// The name in the authors' program, else the parts.
  public var rawValue: String { Self.named.first { $0.kind == self }?.name ?? parts }

  /// As `rawValue`.
  public var description: String { rawValue }

  private var parts: String {
    [polarity.rawValue, threshold.rawValue, afterSpike.rawValue, start.rawValue]
      .joined(separator: "+")
  }
}
