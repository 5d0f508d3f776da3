import Networks
import Testing

@Suite struct RandomnessTests {
  @Test("the generator is xoshiro256++ seeded by SplitMix64: its first words")
  func knownWords() {
    // From the authors' C code, https://prng.di.unimi.it, with state splitmix64(0).
    var generator = SeededGenerator(seed: 0)
    #expect(generator.state.0 == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x5317_5D61_490B_23DF)
  }

  @Test("a seed repeats, another seed or stream does not")
  func streams() {
    func words(_ generator: SeededGenerator) -> [UInt64] {
      var generator = generator
      return (0..<4).map { _ in generator.next() }
    }
    #expect(words(SeededGenerator(seed: 1)) == words(SeededGenerator(seed: 1)))
    let all =
      [words(SeededGenerator(seed: 1)), words(SeededGenerator(seed: 2))]
      + (0..<3).map { words(SeededGenerator(seed: 1, stream: $0)) }
    #expect(Set(all).count == 5)
  }

  @Test("moments of the distributions: 100,000 draws, five standard errors")
  func moments() {
    var generator = SeededGenerator(seed: 3)
    let n = 100_000.0
    func moments(_ draw: () -> Double) -> (mean: Double, variance: Double) {
      var (sum, squares) = (0.0, 0.0)
      for _ in 0..<Int(n) {
        let value = draw()
        sum += value
        squares += value * value
      }
      return (sum / n, squares / n - sum / n * sum / n)
    }
    let uniform = moments { generator.nextUniform() }
    #expect(abs(uniform.mean - 0.5) < 5 * (1 / 12 / n).squareRoot())
    #expect(abs(uniform.variance - 1 / 12) < 0.002)
    let normal = moments { generator.nextNormal() }
    #expect(abs(normal.mean) < 5 / n.squareRoot() && abs(normal.variance - 1) < 0.025)
    let exponential = moments { generator.nextExponential() }
    #expect(abs(exponential.mean - 1) < 5 / n.squareRoot())
    #expect(abs(exponential.variance - 1) < 0.05)
  }

  @Test func initializers() throws {
    var generator = SeededGenerator(seed: 4)
    func deviation(_ matrix: Matrix) -> Double {
      let squares = matrix.elements.reduce(0.0) { $0 + Double($1) * Double($1) }
      return (squares / Double(matrix.elements.count)).squareRoot()
    }
    let normal = try WeightInitializer.normal(standardDeviation: 0.01).draw(
      inputs: 200, outputs: 100, from: &generator)
    #expect(abs(deviation(normal) - 0.01) < 0.0003)
    let he = try WeightInitializer.he.draw(inputs: 200, outputs: 100, from: &generator)
    #expect(abs(deviation(he) - 0.1) < 0.003)
    var first = SeededGenerator(seed: 5)
    var second = SeededGenerator(seed: 5)
    #expect(
      try NetworkWeights(topology: [9, 5, 2], initializer: .he, generator: &first)
        == NetworkWeights(topology: [9, 5, 2], initializer: .he, generator: &second))
  }
}
