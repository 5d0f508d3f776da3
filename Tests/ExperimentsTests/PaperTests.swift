import Datasets
import Files
import Foundation
import Networks
import SpikeKernels
import Testing

@testable import Experiments
@testable import Training

@Suite struct PaperTests {
  private var paper: Paper {
    get throws {
      let digits = Dataset.embeddedDigits()
      let part = Dataset(
        name: "digits", source: "embedded", height: 8, width: 8,
        training: digits.training.prefix(60), test: digits.test.prefix(20))
      var settings = Paper.Settings.quick(on: part, hidden: [8])
      settings.epochs = 2
      settings.ablationEpochs = 1
      return Paper(settings: settings, dataset: part, instructionSet: try .selected())
    }
  }

  private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.path)
  }

  @Test("rows have names of their own; each runs, fills its columns and repeats")
  func rows() async throws {
    let paper = try paper
    #expect(Set(PaperRow.all.map(\.name)).count == PaperRow.all.count)
    #expect(PaperRow.all.count { $0.table == .ablations } == 10)
    for row in PaperRow.all {
      let (result, weights) = try await paper.run(row, seed: 5)
      #expect(Set(result.cells.keys) == Set(row.columns.map(\.rawValue)), "\(row.name)")
      let again = try await paper.run(row, seed: 5)
      #expect(
        again.weights == weights
          && again.result.cells.mapValues(\.test) == result.cells.mapValues(\.test))
      #expect(Set(row.authors.keys).isSubset(of: row.columns))
    }
  }

  @Test("a row that diverges is a result, with its place and the error of its last weights")
  func divergence() async throws {
    var settings = try paper.settings
    settings.learningRate = 1e8
    let wild = Paper(
      settings: settings, dataset: .embeddedDigits(), instructionSet: try .selected())
    let (result, _) = try await wild.run(PaperRow.all[1], seed: 1)
    let divergence = try #require(result.divergence)
    #expect(divergence.epoch == 1 && divergence.cause.contains("layer"))
    #expect(result.cells["spiking"] != nil)
    #expect(Paper.quickVerdicts([result]).allSatisfy { !$0.holds })
  }

  @Test("the authors' split: the last 10,000 training images are the test")
  func split() {
    let images = LabelledImages(
      images: Matrix(rows: 10_003, columns: 1) { row, _ in Float(row) },
      labels: Array(repeating: 0, count: 10_003), classes: 1)
    let data = Dataset(
      name: "x", source: "y", height: 1, width: 1, training: images, test: images.prefix(1))
    let divided = data.divided(.authors)
    #expect(divided.training.count == 3 && divided.test.count == 10_000)
    #expect(divided.test.images[0, 0] == 3)
    #expect(data.divided(.standard).test.count == 1)
  }

  @Test("a state folder keeps rows, refuses other settings by name, and a second run")
  func state() async throws {
    try await withFolder { path in
      let paper = try paper
      let row = PaperRow.all[0]
      do {
        let state = try StateFolder(path: path, settings: paper.settings)
        #expect(throws: FolderLocked.self) {
          try StateFolder(path: path, settings: paper.settings)
        }
        #expect(try state.result(of: row, seed: 1) == nil)
        let (result, weights) = try await paper.run(row, seed: 1)
        try state.keep(result, weights: weights)
      }
      let again = try StateFolder(path: path, settings: paper.settings)
      #expect(try again.result(of: row, seed: 1)?.cells["relu"] != nil)
      #expect(try again.result(of: row, seed: 2) == nil)
    }
  }

  @Test("settings that differ are named")
  func mismatch() async throws {
    try await withFolder { path in
      var settings = try paper.settings
      do { _ = try StateFolder(path: path, settings: settings) }
      settings.epochs = 7
      settings.dataChecksum = "00000000"
      settings.packageVersion = "9.9.9"
      do {
        _ = try StateFolder(path: path, settings: settings)
        Issue.record("it was accepted")
      } catch let error as StateFolder.Mismatch {
        #expect(
          error.differences == [
            "dataChecksum is \(try paper.settings.dataChecksum) there, 00000000 here",
            "epochs is 2 there, 7 here",
            "packageVersion is \(RunManifest.packageVersion) there, 9.9.9 here",
          ])
      }
      // Another version may have other fields.
      try Data(#"{"packageVersion": "0.0.9", "gamma": [1, 2]}"#.utf8)
        .write(to: URL(filePath: path + "/settings.json"))
      do {
        _ = try StateFolder(path: path, settings: settings)
        Issue.record("it was accepted")
      } catch let error as StateFolder.Mismatch {
        #expect(error.differences.contains("packageVersion is 0.0.9 there, 9.9.9 here"))
        #expect(error.differences.contains("gamma is [1, 2] there, unknown here"))
      }
      try Data("{".utf8).write(to: URL(filePath: path + "/settings.json"))
      #expect(throws: StateFolder.Damaged.self) {
        try StateFolder(path: path, settings: settings)
      }
    }
  }
}
