public import DataFiles
public import Datasets
public import ModelFiles
public import Networks
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
  /// What numbers of tables and arrays are divided by; `nil` where the data were bytes, or nothing is known.
  public var divisor: Double?
  /// How colours of an image follow each other; `nil` where images are grey, or nothing is known.
  public var channelOrder: Dataset.ChannelOrder?
  /// The largest magnitude of an input of the data; `nil` where nothing is known.
  public var largestInput: Float?
  /// Height, width and channels of an image of the data; `nil` where nothing is known.
  public var inputShape: Shape?
  /// What training did to inputs, which was folded into the first layer: the network takes them as they were before.
  /// To be read; it is not done again.
  public var foldedPreprocessing: Preprocessing?

  /// Settings of the version that is written.
  public init(
    firing: PredictionOptions.Firing, timeSteps: Int, margin: Float? = nil, ratio: Float? = nil,
    classes: [String]? = nil
  ) {
    (self.firing, self.timeSteps, self.margin) = (firing, timeSteps, margin)
    (self.ratio, self.classes) = (ratio, classes)
  }

  /// The same of a network that was judged on some data: names of its classes, and how its numbers were made.
  public init(
    firing: PredictionOptions.Firing, timeSteps: Int, margin: Float?, ratio: Float?,
    of data: Dataset
  ) {
    self.init(
      firing: firing, timeSteps: timeSteps, margin: margin, ratio: ratio, classes: data.classNames)
    let inputs = TrainedInputs(of: data)
    (divisor, largestInput, inputShape) = (inputs.divisor, inputs.largest, inputs.shape)
    channelOrder = data.shape.isMap && data.shape.channels > 1 ? data.channelOrder : nil
  }

  /// Where no file says anything: refining without early exit, whose error is 2^-8 of a quantum of 1 a unit.
  public static let unsaid = SpikingSettings(firing: .refining, timeSteps: 8)

  /// What its data were, for who reads inputs.
  public var trainedInputs: TrainedInputs {
    TrainedInputs(divisor: divisor, largest: largestInput, shape: inputShape)
  }

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

extension NetworkFile {
  /// How the network was judged; `nil` where the file does not say.
  ///
  /// - Throws: `ModelFileError` where the entry cannot be decoded, is of a newer version, or has other classes.
  public func spikingSettings() throws(ModelFileError) -> SpikingSettings? {
    let entry = SpikingSettings.entry
    guard let stored = try decoded(entry, as: SpikingSettings.self) else { return nil }
    func fault(_ reason: String) -> ModelFileError {
      ModelFileError(path: path, fault: .badMetadata(name: entry, reason: reason))
    }
    guard stored.version <= SpikingSettings.version else {
      throw fault("version \(stored.version), expected at most \(SpikingSettings.version)")
    }
    if let classes = stored.classes, classes.count != weights.outputs {
      throw fault("\(classes.count) names of classes, expected \(weights.outputs)")
    }
    guard stored.divisor.map({ $0 > 0 && $0.isFinite }) ?? true else {
      throw fault("a divisor of \(stored.divisor!), expected a positive number")
    }
    guard stored.largestInput.map({ $0 >= 0 && $0.isFinite }) ?? true else {
      throw fault("a largest input of \(stored.largestInput!), expected a number from 0 on")
    }
    return stored
  }
}
