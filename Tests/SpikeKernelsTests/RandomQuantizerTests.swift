import Networks
import Testing

@testable import SpikeKernels

/// Random quantizers: repeatable, and right on average.
@Suite struct RandomQuantizerTests {
  @Test("random reset draws potentials from (-1/2, 1/2), none of them spiking")
  func randomReset() {
    var generator = SeededGenerator(seed: 2)
    let quantizer = Quantizer<Float>(kind: .randomResetHerding, quantum: 1)
    var state = QuantizerState<Float>(units: 4000)
    quantizer.reset(&state, generator: &generator)
    let potentials = (0..<4000).map { state.potentials[$0] }
    #expect(potentials.allSatisfy { abs($0) <= 0.5 })
    #expect(abs(potentials.reduce(0, +) / 4000) < 0.025)
    #expect(Set(potentials).count > 3900)
  }

  @Test("kinds that keep potentials keep them, others start at 0")
  func resets() {
    var generator = SeededGenerator(seed: 2)
    for kind in QuantizerKind.allCases {
      var state = QuantizerState<Float>(units: 3)
      state.potentials.fill(with: 0.25)
      Quantizer<Float>(kind: kind, quantum: 1).reset(&state, generator: &generator)
      switch kind.start {
      case .keep: #expect(state.potentials[1] == 0.25)
      case .uniform: #expect(state.potentials[1] != 0.25 && state.potentials[1] != 0)
      case .zero: #expect(state.potentials[1] == 0)
      }
      #expect(state.thresholds.count == (kind.threshold == .exponential ? 3 : 0))
    }
  }

  @Test("Poisson: fires by the stated rule, with a threshold redrawn from Exp(1)")
  func poissonRule() throws {
    for kind in [QuantizerKind.poisson, .poissonZero] {
      var generator = SeededGenerator(seed: 5)
      let quantizer = Quantizer<Float>(kind: kind, quantum: 1)
      var state = QuantizerState<Float>(units: 1)
      var scratch = KernelScratch<Float>(units: 1)
      quantizer.reset(&state, generator: &generator)
      var (potential, threshold) = (Float(0), state.thresholds[0])
      var replica = generator
      var (spikes, expected): ([Int], [Int]) = ([], [])
      for step in 0..<500 {
        var train = SpikeTrain()
        let input: Float = step % 7 < 4 ? 0.6 : -0.4
        try quantizer.feed(
          [input], into: &state, train: &train, scratch: &scratch,
          using: InstructionSet.supported[0], generator: &generator)
        spikes += train.map(\.sign)
        potential += input
        var tags: [(Float, Int)] = []
        while potential > threshold || potential <= -threshold {
          let sign = potential > threshold ? 1 : -1
          tags.append((abs(potential), sign))
          potential = kind == .poissonZero ? 0 : potential - Float(sign)
          threshold = Float(replica.nextExponential())
        }
        expected += tags.sorted { $0.0 > $1.0 }.map(\.1)
      }
      #expect(spikes == expected && spikes.count > 50, "\(kind)")
    }
  }

  @Test("Poisson: the net count follows the input on average")
  func poissonRate() throws {
    var generator = SeededGenerator(seed: 6)
    let quantizer = Quantizer<Float>(kind: .poisson, quantum: 1)
    var state = QuantizerState<Float>(units: 50)
    var scratch = KernelScratch<Float>(units: 50)
    quantizer.reset(&state, generator: &generator)
    var train = SpikeTrain()
    for _ in 0..<200 {
      try quantizer.feed(
        Array(repeating: 0.3, count: 50), into: &state, train: &train, scratch: &scratch,
        using: .reference, generator: &generator)
    }
    let net = train.reduce(0) { $0 + $1.sign }
    #expect(abs(Double(net) - 3000) < 150)
  }
}
