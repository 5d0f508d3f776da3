import Foundation
import Networks
import Testing

@testable import SpikeKernels

/// Rules are made of parts: each combination runs as its parts say, whether a kernel is compiled for it
/// or not.
@Suite struct QuantizerKindTests {
  @Test("names are those of the authors' program; others are written as their parts")
  func names() throws {
    #expect(
      QuantizerKind.allCases.prefix(7).map(\.rawValue) == [
        "herding", "rect-herding", "noreset-herding", "noreset-rect-herding", "randreset-herding",
        "poisson", "poisson-zero",
      ])
    #expect(QuantizerKind.allCases.count == 2 * 2 * 2 * 3)
    #expect(Set(QuantizerKind.allCases.map(\.rawValue)).count == 24)
    for kind in QuantizerKind.allCases {
      #expect(QuantizerKind(rawValue: kind.rawValue) == kind)
      let json = try JSONEncoder().encode([kind])
      #expect(try JSONDecoder().decode([QuantizerKind].self, from: json) == [kind])
    }
    let hard = QuantizerKind(.rectified, afterSpike: .zero)
    #expect(hard.rawValue == "rectified+half+zero+zero")
    #expect(QuantizerKind(rawValue: "rectified+half+zero") == nil)
  }

  @Test("kernels are compiled for reset by subtraction at half a quantum, and nothing else")
  func compiledForms() {
    for kind in QuantizerKind.allCases {
      let isCompiled = kind.threshold == .half && kind.afterSpike == .subtract
      #expect((kind.compiledForm != nil) == isCompiled, "\(kind)")
      #expect(
        kind.compiledForm.map { ($0 == .signed) == kind.isSigned } ?? true, "\(kind)")
    }
  }

  /// What a rule that no kernel knows does, unit by unit: reset to zero, rectified, from 0.
  private func plainly(
    _ weights: Matrix, _ spikes: SpikeTrain
  ) -> (spikes: [Spike], potentials: [Float]) {
    var potentials = [Float](repeating: 0, count: weights.columns)
    var sent: [Spike] = []
    for spike in spikes {
      var fired: [(unit: Int, tag: Float)] = []
      for unit in potentials.indices {
        potentials[unit] += Float(spike.sign) * weights[spike.unit, unit]
        if potentials[unit] > 0.5 {
          fired.append((unit, potentials[unit]))
          potentials[unit] = 0
        }
      }
      for event in fired.sorted(by: { ($1.tag, $0.unit) < ($0.tag, $1.unit) }) {
        sent.append(Spike(unit: event.unit, sign: 1))
      }
    }
    return (sent, potentials)
  }

  @Test(
    "a rule that no kernel knows runs as it is defined, on every instruction set",
    arguments: InstructionSet.supported)
  func unknownToKernels(set: InstructionSet) throws {
    var generator = SeededGenerator(seed: 5)
    let weights = Matrix(rows: 12, columns: 37) { _, _ in 0.6 * Float(generator.nextNormal()) }
    let spikes = KernelEqualityTests.randomSpikes(200, units: 12, from: &generator)
    let expected = plainly(weights, spikes)
    let hard = QuantizerKind(.rectified, afterSpike: .zero)
    #expect(hard.compiledForm == nil)
    let quantizer = Quantizer<Float>(kind: hard, quantum: 1)
    var (state, train) = (QuantizerState<Float>(units: 37), SpikeTrain())
    var scratch = KernelScratch<Float>(units: 37)
    var sums = AlignedArray<Float>(repeating: 0, count: weights.stride)
    try quantizer.feed(
      rowsOf: weights, for: spikes, into: &state, sums: &sums, train: &train, scratch: &scratch,
      using: set, generator: &generator)
    #expect(Array(train) == expected.spikes && expected.spikes.count > 100)
    #expect((0..<37).map { state.potentials[$0] } == expected.potentials)
    // Herding, which a kernel knows, does something else: the test can fail.
    var (other, otherTrain) = (QuantizerState<Float>(units: 37), SpikeTrain())
    try Quantizer<Float>(kind: .rectHerding, quantum: 1).feed(
      rowsOf: weights, for: spikes, into: &other, train: &otherTrain, scratch: &scratch,
      using: set, generator: &generator)
    #expect(otherTrain != train)

    // Once a step: after all rows; and one feed of a vector.
    var (step, stepTrain) = (QuantizerState<Float>(units: 37), SpikeTrain())
    try quantizer.addRows(of: weights, for: spikes, to: &step, using: set)
    let sum = (0..<37).map { step.potentials[$0] }
    try quantizer.fireStep(
      into: &step, train: &stepTrain, scratch: &scratch, using: set)
    #expect(stepTrain.map(\.unit) == sum.indices.filter { sum[$0] > 0.5 })
    #expect((0..<37).allSatisfy { step.potentials[$0] == (sum[$0] > 0.5 ? 0 : sum[$0]) })
    var (vector, vectorTrain) = (QuantizerState<Float>(units: 37), SpikeTrain())
    try quantizer.feed(
      sum, into: &vector, train: &vectorTrain, scratch: &scratch, using: set,
      generator: &generator)
    #expect(Set(vectorTrain.map(\.unit)) == Set(stepTrain.map(\.unit)))
  }
}
