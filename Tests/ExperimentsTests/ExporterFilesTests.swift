import Datasets
import DenseReLU
import Foundation
import ModelFiles
import Networks
import Testing

private let exporterFiles: String? =
  ProcessInfo.processInfo.environment["SPIKING_DATA"].flatMap {
    let folder = $0 + "/models/exporters"
    return FileManager.default.fileExists(atPath: folder + "/expected.json") ? folder : nil
  }

/// Files of real exporters: taken exactly, refused by name, or with what they cannot say put in words. Never another
/// network.
@Suite(.enabled(if: exporterFiles != nil, "SPIKING_DATA names no folder with models/exporters"))
struct ExporterFilesTests {
  struct Expected: Decodable, Sendable, CustomTestStringConvertible {
    enum Takes: String, Decodable { case plain, fold, no, unseen }
    let file: String
    let dataset: String
    let takes: Takes
    let errors: Int
    let first_outputs: [[Double]]

    var testDescription: String { file }
  }

  static let files: [Expected] =
    exporterFiles.flatMap { folder in
      let data = try? Data(contentsOf: URL(filePath: folder + "/expected.json"))
      return data.flatMap { try? JSONDecoder().decode([String: Expected].self, from: $0) }?.values
        .sorted { $0.file < $1.file }
    } ?? []

  private func images(_ dataset: String, in folder: String) throws -> LabelledImages {
    guard dataset == "mnist" else { return Dataset.embeddedDigits().test }
    let mnist = try #require(
      [folder + "/../../mnist", folder + "/../.."].first { IDXFolder.isPresent(at: $0) })
    return try IDXFolder.load(from: mnist, name: "mnist").test
  }

  private func errors(_ weights: NetworkWeights, on data: LabelledImages) throws -> Int {
    var dense = DenseMLP(weights: weights)
    return try (0..<data.count).count { index in
      try dense.predict(data.images.row(index)).argmax != data.labels[index]
    }
  }

  @Test("the files of expected.json", arguments: files)
  func file(_ expected: Expected) throws {
    let folder = try #require(exporterFiles)
    let path = folder + "/" + expected.file
    let data = try images(expected.dataset, in: folder)
    switch expected.takes {
    case .no:
      #expect(throws: ModelFileError.self) { try NetworkFile(path: path) }
    case .unseen:
      // What a file cannot say is said as an assumption.
      let network = try NetworkFile(path: path)
      #expect(network.notes.contains { $0.kind == .assumed && $0.part == "activations" })
    case .plain, .fold:
      var options = ReadingOptions(wholeNumberScale: 16)
      // The numbers are in another order than the shape says, and no reader can see it.
      if expected.file == "np-safetensors-noncontiguous.safetensors" { options.layout = .fortran }
      let network = try NetworkFile(path: path, options: options)
      #expect(try errors(network.weights, on: data) == expected.errors, "\(network.notes)")
      var dense = DenseMLP(weights: network.weights)
      // Behind a softmax that is left out only the largest output is the same.
      let isExact = !network.notes.contains { $0.kind == .approximate }
      for (image, outputs) in expected.first_outputs.enumerated() {
        let found = try dense.predict(data.images.row(image))
        guard isExact, outputs.count == found.count else { continue }
        let largest = outputs.map(\.magnitude).max() ?? 0
        for (output, value) in zip(found, outputs) {
          #expect(abs(Double(output) - value) <= 2e-5 * largest, "\(output), expected \(value)")
        }
      }
    }
  }

  @Test("what a file cannot say can be said")
  func said() throws {
    let folder = try #require(exporterFiles)
    let normalized = try NetworkFile(
      path: folder + "/m-normalize.safetensors",
      options: ReadingOptions(preprocessing: Preprocessing(mean: [0.1307], std: [0.3081])))
    #expect(try errors(normalized.weights, on: images("mnist", in: folder)) == 755)
    let digits = try images("digits", in: folder)
    let raw = try NetworkFile(
      path: folder + "/np-raw-digits.npz",
      options: ReadingOptions(preprocessing: Preprocessing(scale: [16])))
    #expect(try errors(raw.weights, on: digits) == 50)
    let actor = try NetworkFile(
      path: folder + "/st-aux-branch.safetensors",
      options: ReadingOptions(layers: ["actor.0", "actor.2"]))
    #expect(try errors(actor.weights, on: digits) == 38)
  }

  @Test("parts of a network: by their index, never one as the whole")
  func shards() throws {
    let folder = try #require(exporterFiles)
    // The copies have another name in front than the index says.
    let copies = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: copies, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: copies) }
    for name in [
      "-00001-of-00002.safetensors", "-00002-of-00002.safetensors", ".safetensors.index.json",
    ] {
      try FileManager.default.copyItem(
        atPath: folder + "/st-sharded2-model" + name, toPath: copies + "/model" + name)
    }
    let whole = try NetworkFile(path: copies + "/model.safetensors.index.json")
    #expect(whole.weights.topology == [64, 64, 10])
    #expect(throws: ModelFileError.self) {
      try NetworkFile(path: folder + "/st-sharded2-model.safetensors.index.json")
    }
    for part in ["00001", "00002"] {
      let path = folder + "/st-sharded2-model-\(part)-of-00002.safetensors"
      #expect(
        throws: ModelFileError(
          path: path, fault: .shard(index: "st-sharded2-model.safetensors.index.json"))
      ) { try NetworkFile(path: path) }
    }
  }

  @Test("a pickle is named, and what makes a file that is read")
  func pickle() throws {
    let path = try #require(exporterFiles) + "/pt-statedict.pth"
    #expect(throws: ModelFileError(path: path, fault: .pickle)) { try NetworkFile(path: path) }
  }
}
