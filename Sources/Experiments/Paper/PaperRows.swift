public import Datasets
internal import SpikeKernels
internal import SpikingReLU
internal import Training

/// A row of the paper's tables: how a network learns, and what the authors recorded.
///
/// Source: O'Connor and Welling, section 5; the figures are the authors' records, percent error.
public struct PaperRow: Sendable {
  /// Which table.
  public enum Table: String, Sendable, Codable, CaseIterable {
    /// Variants of learning, 20 epochs.
    case variants
    /// Changes to the baseline, 4 epochs.
    case ablations
  }

  /// A test and a training error of the authors.
  public struct Authors: Sendable, Codable, Equatable {
    /// Percent.
    public let test: Double
    /// Percent; not recorded for ablations.
    public let train: Double?
  }

  /// Its name on the command line and in files.
  public let name: String
  /// In words.
  public let title: String
  /// Which table it belongs to.
  public let table: Table
  /// The authors' figures by column.
  public let authors: [PaperColumn: Authors]
  /// What differs from the baseline of the spiking network; `nil` for the ReLU network.
  let change: (@Sendable (inout SpikingTraining) -> Void)?

  private init(
    _ name: String, _ title: String, _ table: Table, _ authors: [PaperColumn: (Double, Double?)],
    change: (@Sendable (inout SpikingTraining) -> Void)?
  ) {
    self.name = name
    self.title = title
    self.table = table
    self.authors = authors.mapValues { Authors(test: $0.0, train: $0.1) }
    self.change = change
  }

  private static func ablation(
    _ name: String, _ title: String, _ authors: Double,
    _ change: @escaping @Sendable (inout SpikingTraining) -> Void
  ) -> PaperRow {
    PaperRow(name, title, .ablations, [.spiking: (authors, nil)], change: change)
  }

  /// All rows, in the order of the tables.
  public static let all: [PaperRow] = [
    PaperRow(
      "relu", "ReLU", .variants,
      [
        .relu: (1.81, 0.23), .spikingWithReLUWeights: (1.92, 0.254),
        .noResetWithReLUWeights: (3.15, 1.888),
      ], change: nil),
    PaperRow(
      "sgd", "SGD", .variants,
      [.spiking: (2.68, 1.588), .reluWithSpikingWeights: (2.79, 1.678)]
    ) { $0.options.update = .sgd },
    PaperRow(
      "fractional", "fractional SGD", .variants,
      [.spiking: (2.34, 0.926), .reluWithSpikingWeights: (2.20, 0.878)]
    ) { $0.options.update = .fractional },
    PaperRow(
      "no-reset", "no reset, forward too, SGD", .variants,
      [.spiking: (2.44, 1.462), .reluWithSpikingWeights: (2.47, 1.510)]
    ) {
      $0.options.update = .sgd
      // Tested with a reset, as the authors' settings of this row have it.
      $0.options.forwardQuantizer = .noResetRectHerding
    },
    PaperRow(
      "random-reset", "random reset backward, SGD", .variants,
      [.spiking: (2.76, 1.684), .reluWithSpikingWeights: (2.88, 1.742)]
    ) {
      $0.options.update = .sgd
      $0.options.backwardQuantizer = .randomResetHerding
    },
    ablation("baseline", "baseline: SGD, breadth first, T = 10", 3.38) { $0.options.update = .sgd },
    ablation("baseline-fractional", "fractional", 3.10) { $0.options.update = .fractional },
    ablation("smooth", "smooth gradients", 2.85) {
      $0.options.update = .sgd
      $0.options.usesSmoothGradients = true
    },
    ablation("smooth-fractional", "smooth, fractional", 3.07) {
      $0.options.update = .fractional
      $0.options.usesSmoothGradients = true
    },
    ablation("depth-first", "depth first", 3.38) {
      $0.options.update = .sgd
      $0.options.traversal = .depthFirst
    },
    ablation("depth-first-no-hold", "depth first, errors not held", 81.47) {
      $0.options.update = .sgd
      $0.options.traversal = .depthFirst
      $0.options.holdsError = false
    },
    ablation("zero-reset", "zero reset backward", 87.87) {
      $0.options.update = .sgd
      $0.options.backwardQuantizer = .herding
    },
    ablation("random-reset-backward", "random reset backward", 3.15) {
      $0.options.update = .sgd
      $0.options.backwardQuantizer = .randomResetHerding
    },
    ablation("steps-5", "T = 5", 4.41) {
      $0.options.update = .sgd
      $0.timeSteps = 5
    },
    ablation("steps-20", "T = 20", 2.65) {
      $0.options.update = .sgd
      $0.timeSteps = 20
    },
  ]
}

/// A column: which network answers, with whose weights.
public enum PaperColumn: String, Sendable, Codable, CaseIterable {
  /// The ReLU network, trained as one.
  case relu
  /// The spiking network, trained by spikes.
  case spiking
  /// The ReLU network with the weights that the spiking network learned.
  case reluWithSpikingWeights
  /// The spiking network with the weights that the ReLU network learned.
  case spikingWithReLUWeights
  /// The same, with potentials that do not reset between images.
  case noResetWithReLUWeights

  /// In words.
  public var title: String {
    switch self {
    case .relu: "ReLU net"
    case .spiking: "spiking net"
    case .reluWithSpikingWeights: "ReLU net, spiking weights"
    case .spikingWithReLUWeights: "spiking net, ReLU weights"
    case .noResetWithReLUWeights: "spiking net without reset, ReLU weights"
    }
  }
}

extension Dataset {
  /// How examples are divided into training and test.
  public enum Split: String, Sendable, Codable, CaseIterable {
    /// The paper's authors': trained on all but the last 10,000 training images, tested on those.
    case authors
    /// The dataset's own.
    case standard
  }

  /// The dataset under another split.
  ///
  /// - Precondition: `authors` needs more than 10,000 training images.
  public func divided(_ split: Split) -> Dataset {
    guard split == .authors else { return self }
    precondition(training.count > 10_000, "\(training.count) images for the authors' split")
    let cut = training.count - 10_000
    return with(
      training: training.selecting(0..<cut), test: training.selecting(cut..<training.count))
  }
}
