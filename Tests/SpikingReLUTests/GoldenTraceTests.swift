import Foundation
import Networks
import SpikeKernels
import SpikingReLU
import Testing

/// The specification is what the authors' program computes: spike for spike, bit for bit.
@Suite struct GoldenTraceTests {
  @Test(
    "spikes, predictions and learned weights equal the authors' program",
    arguments: GoldenTrace.names)
  func replays(file: String) throws {
    for url in GoldenTrace.files where url.lastPathComponent == file {
      let trace = try GoldenTrace(contentsOf: url)
      for set in InstructionSet.supported {
        switch trace.dtype {
        case .float:
          let network = try LearningMLP(
            weights: trace.weights, options: trace.options, training: trace.training,
            instructionSet: set)
          try check(network, against: trace) { $0 }
        case .integer:
          let network = try IntegerLearningMLP(
            weights: trace.weights, options: trace.options, training: trace.training,
            instructionSet: set)
          try check(network, against: trace) { Float($0) }
        }
      }
    }
  }

  private func check<Scalar>(
    _ network: LearningNetwork<Scalar>, against trace: GoldenTrace, asFloat: (Scalar) -> Float
  ) throws {
    try checkPrediction(network.network, against: trace, asFloat: asFloat)
    var network = network
    network.recordsSpikes = true
    let context = "\(trace.name), \(network.network.instructionSet)"
    // Potentials that do not reset live on through prediction before training, as in the program.
    try checkPredictions(&network, trace.inputs, trace.predictionsBefore, asFloat, context)
    for (index, expected) in trace.trainingSpikes.enumerated() {
      try network.train(input: trace.inputs[index], target: trace.targets[index])
      for layer in 1..<trace.layerSizes.count {
        #expect(
          network.trainingSpikes(ofLayer: layer).map(traceCode) == expected.forward[layer - 1],
          "\(context): forward, example \(index), layer \(layer)")
        #expect(
          network.errorSpikes(ofLayer: layer).map(traceCode) == expected.errorPassed[layer - 1],
          "\(context): errors, example \(index), layer \(layer)")
      }
    }
    for (layer, matrix) in network.weights.enumerated() {
      #expect(
        matrix.elements.map { asFloat($0).bitPattern }
          == trace.weightsAfter[layer].flatMap { $0 }.map(\.bitPattern),
        "\(context): weights of layer \(layer + 1)")
    }
    try checkPredictions(&network, trace.inputs, trace.predictionsAfter, asFloat, context)
  }

  private func checkPredictions<Scalar>(
    _ network: inout LearningNetwork<Scalar>, _ inputs: [[Float]], _ expected: [[Float]],
    _ asFloat: (Scalar) -> Float, _ context: String
  ) throws {
    for (index, input) in inputs.enumerated() {
      // Bit patterns: `==` would take -0.0 for 0.0.
      #expect(
        try network.predict(input).map { asFloat($0).bitPattern }
          == expected[index].map(\.bitPattern), "\(context): prediction \(index)")
    }
  }

  private func checkPrediction<Scalar>(
    _ network: SpikingNetwork<Scalar>, against trace: GoldenTrace, asFloat: (Scalar) -> Float
  ) throws {
    var network = network
    var spikes: [[Int]] = trace.layerSizes.map { _ in [] }
    try network.present(trace.inputs[0])
    for _ in 0..<trace.timeSteps {
      try network.step()
      for layer in trace.layerSizes.indices {
        spikes[layer] += network.spikes(ofLayer: layer).map(traceCode)
      }
    }
    #expect(network.output.map(asFloat) == trace.predictionsBefore[0])
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
