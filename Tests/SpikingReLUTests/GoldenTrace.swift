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

  struct TrainingSpikes: Decodable {
    let forward: [[Int]]
    let errorPassed: [[Int]]

    enum CodingKeys: String, CodingKey {
      case forward
      case errorPassed = "error_passed"
    }
  }

  let name: String
  let layerSizes: [Int]
  let timeSteps: Int
  let eta: Float
  let fractional: Bool
  let smoothGradients: Bool
  let depthFirst: Bool
  let holdError: Bool
  let returnCounts: Bool
  let forwardQuantizer: QuantizerKind
  let backwardQuantizer: QuantizerKind
  let testQuantizer: QuantizerKind
  let regularization: Float
  let dtype: NumberType
  let inputs: [[Float]]
  let targets: [[Float]]
  let weightsBefore: [[[Float]]]
  let weightsAfter: [[[Float]]]
  let predictionsBefore: [[Float]]
  let predictionsAfter: [[Float]]
  let predictionSpikesFirstInput: [[Int]]
  let trainingSpikes: [TrainingSpikes]

  enum CodingKeys: String, CodingKey {
    case name, eta, fractional, regularization, dtype, inputs, targets
    case layerSizes = "layer_sizes"
    case timeSteps = "time_steps"
    case smoothGradients = "smooth_gradients"
    case depthFirst = "depth_first"
    case holdError = "hold_error"
    case returnCounts = "return_counts"
    case forwardQuantizer = "forward_quantizer"
    case backwardQuantizer = "backward_quantizer"
    case testQuantizer = "test_quantizer"
    case weightsBefore = "weights_before"
    case weightsAfter = "weights_after"
    case predictionsBefore = "predictions_before"
    case predictionsAfter = "predictions_after"
    case predictionSpikesFirstInput = "prediction_spikes_first_input"
    case trainingSpikes = "training_spikes"
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
      // Integer networks take only the specified quantizers, whatever a trace says beside them.
      options.testQuantizer = dtype == .integer ? .rectHerding : testQuantizer
      options.readout = returnCounts ? .counts : .potentials
      return options
    }
  }

  var training: TrainingOptions {
    get throws {
      var training = try TrainingOptions(learningRate: eta)
      training.update = fractional ? .fractional : .sgd
      training.usesSmoothGradients = smoothGradients
      training.traversal = depthFirst ? .depthFirst : .breadthFirst
      training.holdsError = holdError
      training.regularization = regularization
      if dtype == .float {
        training.forwardQuantizer = forwardQuantizer
        training.backwardQuantizer = backwardQuantizer
      }
      return training
    }
  }
}

/// A trace's code of a spike: +(unit + 1) or -(unit + 1).
func traceCode(_ spike: Spike) -> Int { spike.sign * (spike.unit + 1) }
