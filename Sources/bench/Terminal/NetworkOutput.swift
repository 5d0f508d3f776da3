import ArgumentParser
import EventRecordings
import Experiments
import Files
import Foundation
import ModelFiles
import Networks
import Prediction
import Reports
import SpikingReLU
import Training

/// A file for a network, opened before the work starts.
struct NetworkOutput {
  /// What is written.
  enum Kind {
    case network(NetworkFile.Format)
    /// What NIR can say, in the form that a reader takes: a name of `NIRFile.Reader`.
    case nir(reader: String)
  }

  let path: String
  let kind: Kind
  private let file: AtomicFile

  /// Opens the file.
  ///
  /// - Throws: a usage error for a name without a known ending; `OutputError`.
  init(path: String) throws { try self.init(path: path, nirReader: nil) }

  /// Opens the file; of NIR in the form for a reader, `nir` where none is named.
  init(path: String, nirReader: String?) throws {
    self.path = path
    kind = try Self.kind(of: path, nirReader: nirReader)
    switch kind {
    case .network(let format): file = try AtomicFile(forNetwork: path, format: format)
    case .nir: file = try AtomicFile(path: path) { $0.starts(with: [0x89] + Array("HDF".utf8)) }
    }
  }

  /// What is written to a file of this name.
  static func kind(of path: String, nirReader: String? = nil) throws -> Kind {
    guard nirReader == nil || path.hasSuffix(".nir") else {
      throw ValidationError(
        "'--nir-for' goes with a file whose name ends in .nir, found '\(path)'.")
    }
    if path.hasSuffix(".nir") {
      #if NIR
        let reader = nirReader ?? NIRFile.Reader.nir.rawValue
        guard NIRFile.Reader(rawValue: reader) != nil else {
          let all = NIRFile.Reader.allCases.map(\.rawValue).joined(separator: ", ")
          throw ValidationError("'--nir-for': expected one of \(all); found '\(reader)'")
        }
        return .nir(reader: reader)
      #else
        throw ValidationError(
          "'--save': this bench was built without NIR: build it with 'swift build --traits NIR'.")
      #endif
    }
    guard
      let format = NetworkFile.Format.allCases.first(where: { path.hasSuffix("." + $0.rawValue) })
    else {
      throw ValidationError(
        "'--save': the name must end in .safetensors, .npz or .onnx, found '\(path)'.")
    }
    return .network(format)
  }

  /// What the file cannot say of a network, by when its thresholds are checked.
  func differences(_ firing: PredictionOptions.Firing? = nil) -> [String] {
    #if NIR
      if case .nir(let reader) = kind {
        return NIRFile.differences(for: NIRFile.Reader(rawValue: reader)!)
          + (firing == .refining ? [NIRFile.refiningDifference] : [])
      }
    #endif
    return []
  }

  /// The same as lines to print beside "Written".
  func notes(_ firing: PredictionOptions.Firing? = nil) -> [String] {
    differences(firing).map { "  not the same: \($0)" }
  }

  /// Writes the network, and with it, as entries `spike_coding`, `spiking_network`, `spike_firing`, `spike_patterns`
  /// and `event_input` of the metadata, the quanta of its spikes, how it was judged, when thresholds are checked,
  /// which spikes are added as one row, and which events they are.
  func commit(
    _ weights: NetworkWeights, coding: SpikeCoding? = nil,
    firing: PredictionOptions.Firing? = nil, patterns: SpikePatterns? = nil,
    settings: SpikingSettings? = nil, input: EventInput? = nil
  ) throws {
    var metadata = ["producer": "DeepSpikingNetworks \(RunManifest.packageVersion)"]
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    if let coding {
      metadata["spike_coding"] = String(decoding: try encoder.encode(coding), as: UTF8.self)
    }
    if let firing { metadata["spike_firing"] = firing.rawValue }
    if let settings {
      metadata[SpikingSettings.entry] = String(
        decoding: try encoder.encode(settings), as: UTF8.self)
    }
    if let patterns {
      metadata["spike_patterns"] = String(decoding: try encoder.encode(patterns), as: UTF8.self)
    }
    if let input {
      metadata["event_input"] = String(decoding: try encoder.encode(input), as: UTF8.self)
    }
    switch kind {
    case .network(let format):
      metadata["format"] = "pt"
      try file.commit(NetworkFile.encode(weights, as: format, metadata: metadata))
    case .nir(let reader):
      #if NIR
        // Quanta are in the weights of a graph: beside them they would be applied once more.
        let coded = try coding.map(weights.coded(by:)) ?? weights
        metadata = metadata.filter { !$0.key.hasPrefix("spik") }
        if let coding { metadata[NIRFile.inputScale] = "\(coding.inputScale)" }
        try file.commit(
          NIRFile.encode(
            coded, for: NIRFile.Reader(rawValue: reader)!, differences: differences(firing),
            metadata: metadata))
      #endif
    }
  }
}
