public import SpikeKernels

/// How a spiking network learns. The defaults are the paper's baseline with fractional updates.
///
/// Source: docs/Algorithm.md, sections 3 and 4; O'Connor and Welling, section 4.
public struct TrainingOptions: Sendable, Equatable {
  /// When weights change.
  public enum Update: String, Sendable, CaseIterable, Codable {
    /// Once an example, at its end: `W_l -= outer(c, eta / T^2 * e)`.
    case sgd
    /// At once, with each error spike: `W_l[:, j] -= s * eta / T^2 * c`, c the counts so far.
    case fractional
  }

  /// In which order events are delivered.
  public enum Traversal: String, Sendable, CaseIterable, Codable {
    /// Layer by layer.
    case breadthFirst = "breadth-first"
    /// Each event, with all its consequences, before the next.
    case depthFirst = "depth-first"
  }

  /// eta.
  public internal(set) var learningRate: Float
  /// When weights change.
  public var update: Update = .fractional
  /// Whether updates use real-valued sums (`sum of x`, `z_l`) instead of input counts.
  public var usesSmoothGradients = false
  /// The quantizers of the layers while learning.
  public var forwardQuantizer: QuantizerKind = .rectHerding
  /// The quantizers of the errors sent down.
  public var backwardQuantizer: QuantizerKind = .noResetHerding
  /// Whether errors wait in a counter until the end of the step, where opposite ones cancel.
  public var holdsError = true
  /// In which order events are delivered.
  public var traversal: Traversal = .breadthFirst
  /// r: each forward spike also acts as an error of weight `s * r` on its unit. 0 for none.
  public var regularization: Float = 0

  /// Options for learning rate eta.
  ///
  /// - Throws: `SpikingError.invalidLearningRate` unless it is positive and finite.
  public init(learningRate: Float = 0.01) throws(SpikingError) {
    guard learningRate.isFinite, learningRate > 0 else {
      throw .invalidLearningRate(found: learningRate, timeSteps: 0)
    }
    self.learningRate = learningRate
  }

  /// The same options with another learning rate.
  ///
  /// - Throws: as `init`.
  public func with(learningRate: Float) throws(SpikingError) -> TrainingOptions {
    var options = self
    options.learningRate = try TrainingOptions(learningRate: learningRate).learningRate
    return options
  }
}
