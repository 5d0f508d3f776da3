import Datasets
import DenseReLU
import Foundation
import ModelFiles
import Networks
import Prediction
import SpikingReLU
import Testing

/// A saved network answers as the one that was saved.
@Suite struct SpikingPredictorTests {
  private func weights() throws -> NetworkWeights {
    var generator = SeededGenerator(seed: 4)
    return try NetworkWeights(
      topology: [64, 16, 10], initializer: .he, withBiases: true, generator: &generator)
  }

  private func withFile(_ metadata: [String: String], _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(
      path: UUID().uuidString + ".safetensors"
    ).path
    try weights().write(safetensors: path, metadata: metadata)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func json(_ value: some Encodable) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }

  private let images = Dataset.embeddedDigits().test.images

  @Test(
    "quanta, patterns, steps and early exit come from the file",
    arguments: [PredictionOptions.Firing.refining, .oncePerStep, .afterEachSpike])
  func said(firing: PredictionOptions.Firing) throws {
    let coding = try SpikeCoding(topology: weights().topology, inputExponent: 1, layerScales: [2])
    let patterns = SpikePatterns.consecutive(3, topology: try weights().topology)
    let settings = SpikingSettings(
      firing: firing, timeSteps: 6, margin: 1.5, ratio: 0.5, classes: (0..<10).map { "class \($0)" }
    )
    try withFile([
      "spike_coding": json(coding), "spike_patterns": json(patterns),
      SpikingSettings.entry: json(settings),
    ]) { path in
      var predictor = try SpikingPredictor(file: path)
      #expect(predictor.isSaid && predictor.settings == settings)
      var options = try PredictionOptions(timeSteps: 6)
      options.firing = firing
      var network = try SpikingMLP(
        weights: weights(), coding: coding, patterns: firing.addsAtOnce ? patterns : nil,
        options: options)
      var steps: Set<Int> = []
      for index in 0..<60 {
        network.resetLedger()
        let expected = try network.predict(
          images.row(index), until: ExitRule(margin: 1.5, ratio: 0.5))
        let answer = try predictor.predict(images.row(index))
        #expect(answer.label == expected.label && answer.margin == expected.margin)
        #expect(answer.name == "class \(expected.label)" && answer.timeSteps == expected.timeSteps)
        #expect(answer.additions == network.additions && answer.outputs == network.output)
        #expect(answer.spikes == network.ledger.layers.reduce(0) { $0 + $1.spikes })
        steps.insert(answer.timeSteps)
      }
      // Some end early: the rule is used.
      #expect(steps.count > 1)
    }
  }

  @Test("of a file that says nothing it refines, to the dense network's answer, and says so")
  func unsaid() throws {
    try withFile([:]) { path in
      var predictor = try SpikingPredictor(file: path)
      #expect(!predictor.isSaid && predictor.settings == .unsaid)
      var dense = DenseMLP(weights: try weights())
      for index in 0..<20 {
        let answer = try predictor.predict(images.row(index))
        let expected = try dense.predict(images.row(index))
        for (output, value) in zip(answer.outputs, expected) { #expect(abs(output - value) < 0.1) }
        #expect(answer.timeSteps == 8)
      }
    }
  }

  @Test("settings that are damaged, newer or of another network are refused by their entry")
  func refusals() throws {
    for (text, words) in [
      ("{", "the entry \"spiking_network\" of the metadata is damaged"),
      ("{\"version\":2,\"firing\":\"refining\",\"timeSteps\":3}", "version 2, expected at most 1"),
      (
        "{\"version\":1,\"firing\":\"refining\",\"timeSteps\":3,\"classes\":[\"a\"]}",
        "1 names of classes, expected 10"
      ),
      (
        "{\"version\":1,\"firing\":\"refining\",\"timeSteps\":3,\"divisor\":-1}",
        "a divisor of -1.0, expected a positive number"
      ),
      ("{\"version\":1,\"firing\":\"refining\",\"timeSteps\":0}", "0"),
      ("{\"version\":1,\"firing\":\"refining\",\"timeSteps\":3,\"margin\":-1}", "-1"),
    ] {
      try withFile([SpikingSettings.entry: text]) { path in
        do {
          _ = try SpikingPredictor(file: path)
          Issue.record("it was accepted: \(text)")
        } catch { #expect("\(error)".contains(words), "\(error)") }
      }
    }
  }
}
