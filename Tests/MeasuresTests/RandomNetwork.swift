import Networks

/// A network of any depth, with or without biases, of weights small or large and some that are 0; and an input
/// of both signs.
struct RandomNetwork {
  let weights: NetworkWeights
  let input: [Float]

  init(using generator: inout SeededGenerator) throws {
    func pick(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + Int(generator.next() % UInt64(range.count))
    }
    let sizes = (0...pick(1...4)).map { _ in pick(1...12) }
    let scale = [0.05, 0.5, 1, 3][pick(0...3)]
    let layers = zip(sizes, sizes.dropFirst()).map { inputs, outputs in
      Matrix(rows: inputs, columns: outputs) { _, _ in
        pick(0...5) == 0 ? 0 : Float(scale * generator.nextNormal())
      }
    }
    input = (0..<sizes[0]).map { _ in Float(generator.nextNormal() * [0.2, 1, 3][pick(0...2)]) }
    let biases =
      pick(0...1) == 0
      ? nil
      : sizes.dropFirst().map { count in
        (0..<count).map { _ in Float(scale * generator.nextNormal()) }
      }
    weights = try NetworkWeights(layers: layers, biases: biases)
  }
}
