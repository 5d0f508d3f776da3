import Foundation
import Networks
import SpikeKernels
import Testing

@testable import SpikingReLU

/// A refining network is what its definition says in exact fractions: spikes, rows and outputs are equal, not near.
@Suite struct RefiningTraceTests {
  private struct Trace: Decodable {
    struct Step: Decodable {
      let spikes: [[Int]]
      let rows: [Int]
      /// By the size of groups, a row for each sign and binary place of a group.
      let patternRows: [String: [Int]]
      let output: [Double]
    }
    struct Example: Decodable {
      let input: [Float]
      let steps: [Step]
    }
    let layerSizes: Topology
    let quanta: [Float]
    let weights: [[[Float]]]
    let biases: [[Float]]?
    let examples: [Example]

    func network() throws -> NetworkWeights {
      try NetworkWeights(
        layers: weights.map {
          Matrix(rows: $0.count, columns: $0[0].count, elements: $0.flatMap { $0 })
        }, biases: biases)
    }

    /// `k_l = 1 / d_l`.
    func coding() throws -> SpikeCoding {
      try SpikeCoding(
        topology: layerSizes, inputExponent: -Int(quanta[0].exponent),
        layerScales: quanta.dropFirst().map { 1 / $0 })
    }

    func options(_ recording: PredictionOptions.Recording = []) throws -> PredictionOptions {
      var options = try PredictionOptions(timeSteps: examples[0].steps.count)
      options.firing = .refining
      options.recording = recording
      return options
    }
  }

  /// The traces beside the tests, and those of the folder that `SPIKING_GOLDEN_REFINING` names.
  static let files: [URL] = {
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    let further = ProcessInfo.processInfo.environment["SPIKING_GOLDEN_REFINING"]
    return ([fixtures] + [further].compactMap { $0.map { URL(filePath: $0) } }).flatMap { folder in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.filter { $0.hasSuffix(".json") }.sorted().map { folder.appending(path: $0) }
    }
  }()

  static let names = Set(files.map(\.lastPathComponent)).sorted()

  private func traces(_ file: String) throws -> [Trace] {
    try Self.files.filter { $0.lastPathComponent == file }.map {
      try JSONDecoder().decode(Trace.self, from: Data(contentsOf: $0))
    }
  }

  /// Net spikes of each unit of a train.
  private func counts(_ train: SpikeTrain, _ units: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: units)
    for spike in train { counts[spike.unit] += spike.sign }
    return counts
  }

  private func check<Scalar>(
    _ trace: Trace, _ network: SpikingNetwork<Scalar>, _ name: String,
    output: (SpikingNetwork<Scalar>) -> [Double]
  ) throws {
    var network = network
    for (number, example) in trace.examples.enumerated() {
      try network.present(example.input)
      var hasPotentials = false
      defer { #expect(hasPotentials, "\(name), example \(number)") }
      for (place, step) in example.steps.enumerated() {
        network.resetLedger()
        try network.step()
        let what = Comment(rawValue: "\(name), example \(number), step \(place)")
        let spikes = (0..<network.depth).map {
          counts(network.spikes(ofLayer: $0), network.units(ofLayer: $0))
        }
        #expect(spikes == step.spikes, what)
        #expect((0..<network.depth).map { network.spikes(ofLayer: $0).count } == step.rows, what)
        #expect(output(network) == step.output, what)
        // A potential is what was received less what was sent: half a quantum at most, but where a
        // rectified unit has sunk.
        for layer in 0..<network.depth {
          for potential in network.potentials(ofLayer: layer) {
            #expect(potential.asDouble <= 0.5 * network.quantum.asDouble, what)
            #expect(layer > 0 || potential.asDouble >= -0.5 * network.quantum.asDouble, what)
          }
        }
        hasPotentials =
          hasPotentials
          || (0..<network.depth).contains { layer in
            network.potentials(ofLayer: layer).contains { $0 != .zero }
          }
        // A row is the additions of the layer above; the biases are one more, first of all.
        let rows = (1...network.depth).map {
          step.rows[$0 - 1] + (place == 0 && trace.biases != nil ? 1 : 0)
        }
        #expect(
          network.ledger.layers.dropFirst().map(\.forwardAdditions)
            == zip(rows, trace.layerSizes.units.dropFirst()).map { $0 * $1 }, what)
      }
    }
  }

  @Test("Float: spikes, rows and outputs are those in exact fractions", arguments: names)
  func floats(file: String) throws {
    for trace in try traces(file) {
      for set in InstructionSet.supported {
        let network = try SpikingMLP(
          weights: trace.network(), coding: trace.coding(), options: trace.options(),
          instructionSet: set)
        try check(trace, network, "\(file), \(set)") { $0.output.map(Double.init) }
      }
    }
  }

  @Test("integers: the same, by sums of whole numbers", arguments: names)
  func integers(file: String) throws {
    // Enough places for weights in 64ths between quanta 8 and 1/8, and inputs in 256ths.
    let scale: Int32 = 1 << 14
    for trace in try traces(file) {
      for set in InstructionSet.supported {
        let network = try IntegerSpikingMLP(
          weights: trace.network(), coding: trace.coding(), scale: scale,
          options: trace.options(), instructionSet: set)
        try check(trace, network, "\(file), \(set)") { network in
          // In quanta of the step, times S.
          network.outputSums.map {
            Double($0) / Double(scale)
              / Double(sign: .plus, exponent: network.stepsTaken - 1, significand: 1)
          }
        }
      }
    }
  }

  @Test(
    "by patterns: the rows that the definition counts, and the same spikes and outputs",
    arguments: names)
  func patterns(file: String) throws {
    for trace in try traces(file) {
      for size in [2, 4] {
        let patterns = SpikePatterns.consecutive(size, topology: trace.layerSizes)
        for set in InstructionSet.supported {
          var network = try SpikingMLP(
            weights: trace.network(), coding: trace.coding(), patterns: patterns,
            options: trace.options(), instructionSet: set)
          var integers = try IntegerSpikingMLP(
            weights: trace.network(), coding: trace.coding(), scale: 1 << 14, patterns: patterns,
            options: trace.options(), instructionSet: set)
          for (number, example) in trace.examples.enumerated() {
            try network.present(example.input)
            try integers.present(example.input)
            for (place, step) in example.steps.enumerated() {
              let what = Comment(
                rawValue: "\(file), \(set), groups of \(size), example \(number), step \(place)")
              try network.step()
              try integers.step()
              for layer in 0..<network.depth {
                let units = network.units(ofLayer: layer)
                #expect(counts(network.spikes(ofLayer: layer), units) == step.spikes[layer], what)
                #expect(counts(integers.spikes(ofLayer: layer), units) == step.spikes[layer], what)
                let rows = network.layers[layer + 1].patternRows
                #expect(
                  rows.places.prefix(rows.count).reduce(0) { $0 + $1.count }
                    == step.patternRows["\(size)"]?[layer], what)
              }
              #expect(network.output.map(Double.init) == step.output, what)
              let scale = Double(1 << 14) * Double(1 << place)
              #expect(integers.outputSums.map { Double($0) / scale } == step.output, what)
            }
          }
        }
      }
    }
  }

  @Test("eight traces are here")
  func allTracesArePresent() { #expect(Self.names.count >= 8) }
}
