import Datasets
import DenseReLU
import Foundation
import ModelFiles
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Experiments
@testable import Training

/// A trained network becomes a spiking one, and what was lost is said.
@Suite struct ConversionTests {
  /// A trained network with biases, a dead unit and a unit that can hardly fire.
  private static func network(_ data: Dataset) async throws -> NetworkWeights {
    let trained = try await DenseTraining(epochs: 15).network(hidden: [24], dataset: data).weights
    var layers = trained.matrices
    var biases = [[Float](repeating: 0.05, count: 24), [Float](repeating: -0.1, count: 10)]
    for row in 0..<64 {
      layers[0][row, 3] = 0
      layers[0][row, 5] = 0
    }
    biases[0][3] = -1
    biases[0][5] = 0.01
    return try NetworkWeights(layers: layers, biases: biases)
  }

  @Test("digits: the verdict, the dense figures, and each loss by its name")
  func digits() async throws {
    let data = Dataset.embeddedDigits()
    let weights = try await Self.network(data)
    var conversion = Conversion(instructionSet: try .selected(), search: nil)
    conversion.errorPoints = 1
    let result = try await conversion.run(
      weights, calibration: data.training.prefix(200), test: data.test)
    var dense = DenseMLP(weights: weights)
    let answers = try (0..<data.test.count).map { try dense.predict(data.test.images.row($0)) }
    let wrong = zip(answers, data.test.labels).count { $0.argmax != $1 }
    #expect(result.denseTestErrors == wrong && result.firstLogits == Array(answers.prefix(3)))
    #expect(result.points.map(\.timeSteps) == [1, 2, 5, 10, 20])
    #expect(result.verdicts.map(\.holds) == [true, true])
    var options = try PredictionOptions(timeSteps: 5)
    options.recording = .counts
    var network = try SpikingMLP(weights: weights, options: options)
    let errors = try (0..<data.test.count).count {
      try network.predict(data.test.images.row($0)).argmax != data.test.labels[$0]
    }
    #expect(result.points[2].errors == errors)
    let images = Double(data.test.count)
    #expect(
      abs(
        result.points[2].shareOfDense
          - Double(network.ledger.additions) / images / Double(weights.parameterCount)) < 1e-9)
    func loss(_ kind: Conversion.Loss.Kind, _ layer: Int?) -> Int? {
      result.losses.first { $0.kind == kind && $0.layer == layer }?.count
    }
    #expect(loss(.biases, nil) == 34)
    #expect((loss(.deadUnits, 1) ?? 0) >= 1)
    // 20 steps of 0.01 never reach the threshold.
    #expect((loss(.silentUnits, 1) ?? 0) >= 1)
  }

  @Test(
    "with a search, fewer operations; the exit is the rule's",
    arguments: [PredictionOptions.Firing.oncePerStep, .refining])
  func search(firing: PredictionOptions.Firing) async throws {
    let data = Dataset.embeddedDigits()
    let weights = try await Self.network(data)
    var search = CodingSearch(instructionSet: try .selected(), imageSize: (8, 8))
    (search.timeSteps, search.rounds, search.lambda) = (10, 1, 8)
    search.firings = [firing]
    var conversion = Conversion(instructionSet: try .selected(), search: search)
    (conversion.timeSteps, conversion.workers) = (10, 2)
    let result = try await conversion.run(
      weights, calibration: data.training.prefix(200), test: data.test.prefix(100))
    let exit = try #require(result.exit)
    #expect(exit.outcome.shareOfDense < result.paper[result.paper.count - 1].shareOfDense)
    let rule =
      try exit.margin.map { try ExitRule(margin: $0, ratio: exit.ratio) } ?? .never
    var options = try PredictionOptions(timeSteps: exit.timeSteps)
    options.firing = firing
    #expect((result.patterns != nil) == firing.addsAtOnce)
    var network = try SpikingMLP(
      weights: weights, coding: result.coding, patterns: result.patterns?.groups, options: options)
    let answers = try (0..<100).map { try network.predict(data.test.images.row($0), until: rule) }
    #expect(exit.outcome.errors == zip(answers, data.test.labels).count { $0.label != $1 })
    #expect(
      abs(exit.meanSteps - Double(answers.reduce(0) { $0 + $1.timeSteps }) / 100) < 1e-9)
  }

  @Test("a dense network at chance does not hold, and what explains its errors is said")
  func chance() async throws {
    let data = Dataset.embeddedDigits()
    let weights = try await Self.network(data)
    func verdict(_ weights: NetworkWeights) async throws -> Verdict? {
      let result = try await Conversion(instructionSet: try .selected(), search: nil).run(
        weights, calibration: data.training.prefix(20), test: data.test)
      return result.verdicts.first { $0.name.hasPrefix("errors of the dense network") }
    }
    #expect(try await verdict(weights)?.holds == true)
    // Classes in another order: all is as it was, and every answer is wrong.
    let last = weights.matrices[weights.layers.count - 1]
    let turned = last.selectingColumns([1, 2, 3, 4, 5, 6, 7, 8, 9, 0])
    let other = try NetworkWeights(layers: weights.matrices.dropLast() + [turned])
    let failed = try #require(try await verdict(other))
    #expect(!failed.holds && failed.bound.atMost == 50)
    #expect(InputDiagnosis.constantErrorPercent(data.test) > 85)

    func options(_ weights: NetworkWeights, _ others: [(String, NetworkWeights)] = []) throws
      -> [String]
    {
      try InputDiagnosis.causes(
        weights, others: others.map { (option: $0.0, weights: $0.1) }, on: data.test,
        wholeNumberScale: 16
      ).map(\.option)
    }
    #expect(try options(other).isEmpty)
    #expect(try options(other, [("--layout in,out", weights)]) == ["--layout in,out"])
    // The same function of (x - 0.5) / 0.5: of x as it is, it errs.
    var (layers, biases) = (weights.matrices, weights.biases!)
    for row in 0..<64 {
      for column in 0..<24 {
        biases[0][column] += 0.5 * layers[0][row, column]
        layers[0][row, column] *= 0.5
      }
    }
    #expect(
      try options(NetworkWeights(layers: layers, biases: biases)).contains("--mean 0.5 --std 0.5"))
    #expect(try options(weights).isEmpty)
  }

  @Test("weights too large to run are errors and a loss, not a failure")
  func runaway() async throws {
    let data = Dataset.embeddedDigits()
    let weights = try NetworkWeights(layers: [
      Matrix(rows: 64, columns: 4) { _, _ in 1e6 }, Matrix(rows: 4, columns: 10) { _, _ in 1 },
    ])
    let result = try await Conversion(instructionSet: try .selected(), search: nil).run(
      weights, calibration: data.training.prefix(20), test: data.test.prefix(30))
    #expect(result.points[0].errors == 30)
    #expect(result.losses.first { $0.kind == .runawayImages }?.count == 30)
    #expect(!result.verdicts[0].holds)
  }

  static let models: String? = ProcessInfo.processInfo.environment["SPIKING_DATA"].flatMap {
    FileManager.default.fileExists(atPath: $0 + "/models/expected.json") ? $0 + "/models" : nil
  }

  private struct Expected: Decodable {
    let layer_sizes: [Int]
    let bias: Bool
    let first_10_classes: [Int]
    let first_3_logits: [[Float]]
  }

  @Test(
    "networks of PyTorch's exporters: layers, classes and logits are theirs",
    .enabled(if: models != nil, "SPIKING_DATA names no folder with models"))
  func exported() throws {
    let folder = try #require(Self.models)
    let mnist = try #require(
      [folder + "/../mnist", folder + "/.."].first { IDXFolder.isPresent(at: $0) })
    let data = try IDXFolder.load(from: mnist, name: "mnist").test
    let expected = try JSONDecoder().decode(
      [String: Expected].self, from: Data(contentsOf: URL(filePath: folder + "/expected.json")))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      [".safetensors", ".npz", ".onnx"].contains(where: $0.hasSuffix)
    }
    #expect(files.count == 10)
    for file in files {
      let (name, facts) = try #require(expected.first { file.hasPrefix($0.key) })
      let weights = try NetworkFile(path: folder + "/" + file).weights
      #expect(weights.topology.units == facts.layer_sizes && (weights.biases != nil) == facts.bias)
      var dense = DenseMLP(weights: weights)
      for (image, label) in facts.first_10_classes.enumerated() {
        let output = try dense.predict(data.images.row(image))
        #expect(output.argmax == label, "\(name)")
        guard image < 3 else { continue }
        for (found, logit) in zip(output, facts.first_3_logits[image]) {
          #expect(abs(found - logit) <= 1e-5 * abs(logit), "\(file): \(found) for \(logit)")
        }
      }
    }
  }
}
