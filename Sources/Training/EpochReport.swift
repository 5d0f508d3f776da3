public import Networks

/// What is known after an epoch of training, of either twin; of a run of no epochs, about its first
/// weights.
public struct EpochReport: Sendable, Codable {
  /// The epoch, counted from 1; 0 before training.
  public let epoch: Int
  /// The learning rate of the epoch.
  public let learningRate: Float
  /// Examples trained on in the epoch; fewer than all when it was interrupted.
  public let examples: Int
  /// Wrong answers while learning, in percent: each image as it was met.
  public let runningErrorPercent: Double?
  /// Wrong answers on the training set after the epoch, in percent.
  public let trainErrorPercent: Double?
  /// The 95% interval of that rate.
  public let trainErrorInterval95: [Double]?
  /// Wrong answers on the test set after the epoch, in percent.
  public let testErrorPercent: Double?
  /// The 95% interval of that rate.
  public let testErrorInterval95: [Double]?
  /// Images trained on a second.
  public let imagesPerSecond: Double?
  /// Work an image, on average over the epoch's training.
  public let work: Work?

  /// Work of training on one image.
  public struct Work: Sendable, Codable {
    /// Spikes sent forward, input included.
    public let forwardSpikes: Double
    /// Error spikes that passed a gate.
    public let backwardSpikes: Double
    /// Additions forward, the paper's count.
    public let forwardAdditions: Double
    /// Additions of error columns.
    public let backwardAdditions: Double
    /// Additions or multiply-adds that changed weights.
    public let updateOperations: Double
    /// Multiply-adds forward and backward: a dense network's.
    public let denseMultiplyAdds: Double

    /// The work of an image, from the ledger of an epoch.
    public init(_ ledger: OperationLedger) {
      let examples = Double(max(ledger.examples, 1))
      func each(_ figure: KeyPath<OperationLedger.Layer, Int>) -> Double {
        Double(ledger.total(figure)) / examples
      }
      forwardSpikes = each(\.positiveSpikes) + each(\.negativeSpikes)
      backwardSpikes = each(\.errorSpikes)
      forwardAdditions = each(\.forwardAdditions)
      backwardAdditions = each(\.backwardAdditions)
      updateOperations = each(\.updateAdditions) + each(\.updateMultiplyAdds)
      denseMultiplyAdds = each(\.forwardMultiplyAdds) + each(\.backwardMultiplyAdds)
    }
  }
}
