import Foundation
import Networks
import SpikeKernels
import SpikingReLU

/// A recording of the authors' program; the format is in `Fixtures/README.md`.
struct GoldenTrace: Decodable {
  enum NumberType: String, Decodable {
    case float = "FLOAT"
    case integer = "INT"
  }

  let name: String
  let layerSizes: [Int]
  let timeSteps: Int
  let eta: Float
  let returnCounts: Bool
  let testQuantizer: QuantizerKind
  let dtype: NumberType
  let inputs: [[Float]]
  let weightsBefore: [[[Float]]]
  let predictionsBefore: [[Float]]
  let predictionSpikesFirstInput: [[Int]]

  enum CodingKeys: String, CodingKey {
    case name, eta, dtype, inputs
    case layerSizes = "layer_sizes"
    case timeSteps = "time_steps"
    case returnCounts = "return_counts"
    case testQuantizer = "test_quantizer"
    case weightsBefore = "weights_before"
    case predictionsBefore = "predictions_before"
    case predictionSpikesFirstInput = "prediction_spikes_first_input"
  }

  /// The traces beside the tests, and those of the folder that `SPIKING_GOLDEN` names.
  static let files: [URL] = {
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    let further = ProcessInfo.processInfo.environment["SPIKING_GOLDEN"].map { URL(filePath: $0) }
    return ([fixtures] + [further].compactMap(\.self)).flatMap { folder in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.filter { $0.hasSuffix(".json") }.sorted().map { folder.appending(path: $0) }
    }
  }()

  /// The names of all traces, each once; a name in both folders stands for both files.
  static let names = Set(files.map(\.lastPathComponent)).sorted()

  init(contentsOf file: URL) throws {
    self = try JSONDecoder().decode(GoldenTrace.self, from: Data(contentsOf: file))
  }

  var weights: NetworkWeights {
    get throws {
      try NetworkWeights(
        layers: weightsBefore.map { rows in
          Matrix(rows: rows.count, columns: rows[0].count, elements: rows.flatMap(\.self))
        })
    }
  }

  var options: PredictionOptions {
    get throws {
      var options = try PredictionOptions(timeSteps: timeSteps)
      options.testQuantizer = testQuantizer
      options.readout = returnCounts ? .counts : .potentials
      return options
    }
  }
}

/// A trace's code of a spike: +(unit + 1) or -(unit + 1).
func traceCode(_ spike: Spike) -> Int { spike.sign * (spike.unit + 1) }
