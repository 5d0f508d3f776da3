public import SpikingReLU

/// How a spiking network was judged: beside its weights, quanta and patterns all that makes it the same network again.
///
/// In a file it is JSON under the name `spiking_network` of the metadata (docs/Schema.md).
public struct SpikingSettings: Sendable, Equatable, Codable {
  /// The name of the entry.
  public static let entry = "spiking_network"
  /// The version that is written, and the newest that is read.
  public static let version = 1

  /// Of the form of this entry.
  public var version = Self.version
  /// When thresholds are checked.
  public var firing: PredictionOptions.Firing
  /// T: an image takes at most so many steps.
  public var timeSteps: Int
  /// The margin at which an image ends (`ExitRule`); `nil` where all steps are taken.
  public var margin: Float?
  /// By what the margin of a refining network falls with each step.
  public var ratio: Float?
  /// Names of the classes, in the order of the outputs; `nil` where they are their numbers.
  public var classes: [String]?

  /// Settings of the version that is written.
  public init(
    firing: PredictionOptions.Firing, timeSteps: Int, margin: Float? = nil, ratio: Float? = nil,
    classes: [String]? = nil
  ) {
    (self.firing, self.timeSteps, self.margin) = (firing, timeSteps, margin)
    (self.ratio, self.classes) = (ratio, classes)
  }

  /// Where no file says anything: refining without early exit, whose error is 2^-8 of a quantum of 1 a unit.
  public static let unsaid = SpikingSettings(firing: .refining, timeSteps: 8)

  /// When an image ends.
  ///
  /// - Throws: `SpikingError.invalidExitRule`.
  public var rule: ExitRule {
    get throws(SpikingError) {
      guard let margin else { return .never }
      return try ExitRule(margin: margin, ratio: ratio ?? ExitRule.usualRatio)
    }
  }
}
