import ArgumentParser
import Experiments
import Files
import Foundation
import ModelFiles
import Networks
import SpikingReLU

/// A file for a network, opened before the work starts.
struct NetworkOutput {
  let path: String
  private let format: NetworkFile.Format
  private let file: AtomicFile

  /// Opens the file.
  ///
  /// - Throws: a usage error for a name without a known ending; `OutputError`.
  init(path: String) throws {
    self.path = path
    format = try Self.format(of: path)
    file = try AtomicFile(forNetwork: path, format: format)
  }

  /// The format of a file to be written, by its name.
  static func format(of path: String) throws -> NetworkFile.Format {
    guard
      let format = NetworkFile.Format.allCases.first(where: { path.hasSuffix("." + $0.rawValue) })
    else {
      throw ValidationError(
        "'--save': the name must end in .safetensors, .npz or .onnx, found '\(path)'.")
    }
    return format
  }

  /// Writes the network, and what its spikes are worth as the entry `spike_coding` of the metadata.
  func commit(_ weights: NetworkWeights, coding: SpikeCoding? = nil) throws {
    var metadata = [
      "format": "pt", "producer": "DeepSpikingNetworks \(RunManifest.packageVersion)",
    ]
    if let coding {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      metadata["spike_coding"] = String(decoding: try encoder.encode(coding), as: UTF8.self)
    }
    try file.commit(NetworkFile.encode(weights, as: format, metadata: metadata))
  }
}
