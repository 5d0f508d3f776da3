import Foundation
import Networks
import SpikeKernels
import SpikingReLU
import Testing

/// The specification is what the authors' program computes: spike for spike, bit for bit.
@Suite struct GoldenTraceTests {
  @Test(
    "spikes and predictions equal the authors' program",
    arguments: GoldenTrace.names)
  func predicts(file: String) throws {
    for url in GoldenTrace.files where url.lastPathComponent == file {
      let trace = try GoldenTrace(contentsOf: url)
      for set in InstructionSet.supported {
        switch trace.dtype {
        case .float:
          let network = try SpikingMLP(
            weights: trace.weights, options: trace.options, instructionSet: set)
          try check(network, against: trace) { $0 }
        case .integer:
          let network = try IntegerSpikingMLP(
            weights: trace.weights, learningRate: trace.eta, options: trace.options,
            instructionSet: set)
          try check(network, against: trace) { Float($0) }
        }
      }
    }
  }

  private func check<Scalar>(
    _ network: SpikingNetwork<Scalar>, against trace: GoldenTrace, asFloat: (Scalar) -> Float
  ) throws {
    var network = network
    var spikes: [[Int]] = trace.layerSizes.map { _ in [] }
    for (index, input) in trace.inputs.enumerated() {
      try network.present(input)
      for _ in 0..<trace.timeSteps {
        try network.step()
        guard index == 0 else { continue }
        for layer in trace.layerSizes.indices {
          spikes[layer] += network.spikes(ofLayer: layer).map(traceCode)
        }
      }
      // Bit patterns: `==` would take -0.0 for 0.0.
      #expect(
        network.output.map { asFloat($0).bitPattern }
          == trace.predictionsBefore[index].map(\.bitPattern),
        "\(trace.name), input \(index), \(network.instructionSet)")
    }
    for layer in trace.layerSizes.indices {
      #expect(
        spikes[layer] == trace.predictionSpikesFirstInput[layer],
        "\(trace.name), layer \(layer), \(network.instructionSet)")
    }
  }

  @Test("all 24 traces of the authors' program are here")
  func allTracesArePresent() {
    #expect(GoldenTrace.files.count >= 24)
  }
}
