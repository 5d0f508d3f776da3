import ArgumentParser
import Datasets
import Experiments
import ModelFiles
import Networks

/// The data and the sizes of the network on it.
struct NetworkOptions: ParsableArguments {
  @OptionGroup var dataset: DatasetOptions

  @Option(
    help: ArgumentHelp(
      "Units of the hidden layers, each 1...1048576. Default: 200,200; 64 on the digits.",
      valueName: "n,n,..."),
    transform: { try Bounded.integers($0, 1...NetworkWeights.maximumLayerWidth) })
  var hidden: [Int]?

  /// The layers of a network for this data.
  ///
  /// - Throws: a usage error when a size is out of range.
  func topology(of data: Dataset) throws -> Topology {
    try data.topology(hidden: hidden ?? data.defaultHidden)
  }
}

extension NetworkFile {
  /// The network in a file, which must fit the data, and the hidden layers where they are given.
  ///
  /// - Throws: `InputError`, `ModelFileError`.
  init(
    _ path: String, hidden: [Int]?, of data: Dataset, _ options: ReadingOptions = ReadingOptions()
  ) throws {
    try self.init(path: path, options: options)
    try require(topology: data.topology(hidden: hidden ?? weights.hidden))
  }
}

extension Dataset {
  /// Hidden layers of a network for images of this size, unless told otherwise.
  var defaultHidden: [Int] { height * width <= 64 ? [64] : [200, 200] }

  /// Training images that are kept for calibration, unless told otherwise: 300 of the digits, 5,000 of MNIST, a fifth
  /// of less, and enough for each class.
  var usualCalibration: Int {
    name == "digits"
      ? 300 : min(5000, max(training.count / 5, CodingSearch.imagesPerClass * training.classes))
  }

  /// The layers of a network with these hidden ones.
  ///
  /// - Throws: a usage error when a size is out of range.
  func topology(hidden: [Int]) throws -> Topology {
    do {
      return try Topology(units: [height * width] + hidden + [test.classes])
    } catch {
      throw ValidationError("'--hidden': \(error)")
    }
  }
}
