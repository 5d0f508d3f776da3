import Networks
import Testing

@testable import DenseReLU

/// The dense network in Double, as plain loops: what `DenseMLP` is held to.
struct NaiveMLP {
  var layers: [[[Double]]]
  var biases: [[Double]]?
  let loss: Loss

  init(_ weights: NetworkWeights, loss: Loss) {
    layers = weights.matrices.map { layer in
      (0..<layer.rows).map { row in layer.row(row).map(Double.init) }
    }
    biases = weights.biases?.map { $0.map(Double.init) }
    self.loss = loss
  }

  func preActivations(_ input: [Double]) -> [[Double]] {
    var activation = input
    var all: [[Double]] = []
    for (index, layer) in layers.enumerated() {
      var z = biases?[index] ?? Array(repeating: 0, count: layer[0].count)
      for (row, value) in activation.enumerated() {
        for column in z.indices { z[column] += value * layer[row][column] }
      }
      all.append(z)
      activation = z.map { max(0, $0) }
    }
    return all
  }

  func meanLoss(_ inputs: [[Double]], _ targets: [[Double]]) -> Double {
    var total = 0.0
    for (input, target) in zip(inputs, targets) {
      let z = preActivations(input).last!
      switch loss {
      case .halfSquaredError:
        total += zip(z, target).reduce(0) {
          $0 + 0.5 * (max(0, $1.0) - $1.1) * (max(0, $1.0) - $1.1)
        }
      case .softmaxCrossEntropy:
        let logarithm = naturalLogarithm(z.reduce(0) { $0 + exponential($1) })
        total -= zip(z, target).reduce(0) { $0 + $1.1 * ($1.0 - logarithm) }
      }
    }
    return total / Double(inputs.count)
  }
}

@Suite struct DenseMLPTests {
  private func weights(
    _ topology: Topology, seed: UInt64 = 1, withBiases: Bool = false
  ) throws -> NetworkWeights {
    var generator = SeededGenerator(seed: seed)
    var weights = try NetworkWeights(
      topology: topology, initializer: .he, withBiases: withBiases, generator: &generator)
    for layer in 1..<topology.count {
      weights.updateBiases(ofLayer: layer) { bias in
        for unit in bias.indices { bias[unit] = Float(generator.nextNormal()) / 4 }
      }
    }
    return weights
  }

  private func batch(_ rows: Int, _ columns: Int, seed: UInt64 = 2) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return Matrix(rows: rows, columns: columns) { _, _ in
      max(0, Float(generator.nextNormal()))
    }
  }

  private func doubles(_ matrix: Matrix) -> [[Double]] {
    (0..<matrix.rows).map { matrix.row($0).map(Double.init) }
  }

  @Test("forward: one example, a batch and plain loops agree", arguments: [false, true])
  func forward(withBiases: Bool) throws {
    let weights = try weights([13, 17, 9, 4], withBiases: withBiases)
    let inputs = batch(6, 13)
    var network = DenseMLP(weights: weights)
    let naive = NaiveMLP(weights, loss: .softmaxCrossEntropy)
    let outputs = try network.predict(batch: inputs)
    for example in 0..<6 {
      let single = try network.predict(inputs.row(example))
      let skipping = try network.predictSkippingZeros(inputs.row(example))
      let exact = naive.preActivations(doubles(inputs)[example]).last!
      for unit in 0..<4 {
        let tolerance = 1e-5 * max(1, abs(exact[unit]))
        #expect(abs(Double(single[unit]) - exact[unit]) < tolerance)
        #expect(abs(Double(skipping[unit]) - exact[unit]) < tolerance)
        #expect(abs(Double(outputs[example, unit]) - exact[unit]) < tolerance)
      }
    }
  }

  @Test("one layer is within the rounding bound 2 k eps sum |a||b| of real arithmetic")
  func roundingBound() throws {
    let weights = try weights([300, 40])
    let input = batch(1, 300).row(0)
    var network = DenseMLP(weights: weights)
    let output = try network.predict(input)
    for unit in 0..<40 {
      var (exact, magnitude) = (0.0, 0.0)
      for row in 0..<300 {
        let term = Double(input[row]) * Double(weights.matrices[0][row, unit])
        exact += term
        magnitude += abs(term)
      }
      #expect(abs(Double(output[unit]) - exact) <= 2 * 300 * 0x1p-24 * magnitude)
    }
  }

  @Test(
    "gradients equal finite differences in Double",
    arguments: Loss.allCases, [(1, false), (5, false), (1, true), (5, true)])
  func gradients(loss: Loss, shape: (batch: Int, withBiases: Bool)) throws {
    let weights = try weights([5, 6, 4, 3], seed: 7, withBiases: shape.withBiases)
    let inputs = batch(shape.batch, 5)
    var targets = Matrix(rows: shape.batch, columns: 3)
    for example in 0..<shape.batch { targets[example, example % 3] = 1 }
    var network = DenseMLP(weights: weights, loss: loss)
    let found = try network.gradients(inputs: inputs, targets: targets)
    let naive = NaiveMLP(weights, loss: loss)
    let (x, y) = (doubles(inputs), doubles(targets))
    #expect(abs(found.loss - naive.meanLoss(x, y)) < 1e-5)
    let h = 1e-6
    for layer in 0..<3 {
      for row in 0..<weights.matrices[layer].rows {
        for column in 0..<weights.matrices[layer].columns {
          var (up, down) = (naive, naive)
          up.layers[layer][row][column] += h
          down.layers[layer][row][column] -= h
          let slope = (up.meanLoss(x, y) - down.meanLoss(x, y)) / (2 * h)
          #expect(abs(Double(found.weights[layer][row, column]) - slope) < 2e-5)
        }
      }
      for unit in 0..<(shape.withBiases ? weights.matrices[layer].columns : 0) {
        var (up, down) = (naive, naive)
        up.biases![layer][unit] += h
        down.biases![layer][unit] -= h
        let slope = (up.meanLoss(x, y) - down.meanLoss(x, y)) / (2 * h)
        #expect(abs(Double(found.biases[layer][unit]) - slope) < 2e-5)
      }
    }
  }

  @Test("gradients equal a naive triple loop")
  func tripleLoop() throws {
    let weights = try weights([8, 7, 3], seed: 3)
    let inputs = batch(4, 8)
    let targets = batch(4, 3, seed: 9)
    var network = DenseMLP(weights: weights, loss: .halfSquaredError)
    let found = try network.gradients(inputs: inputs, targets: targets)
    let naive = NaiveMLP(weights, loss: .halfSquaredError)
    var expected = weights.matrices.map { Array(repeating: 0.0, count: $0.rows * $0.columns) }
    for example in 0..<4 {
      let x = doubles(inputs)[example]
      let z = naive.preActivations(x)
      let top = zip(z[1], doubles(targets)[example]).map { $0 > 0 ? $0 - $1 : 0 }
      for j in 0..<3 {
        for i in 0..<7 { expected[1][i * 3 + j] += max(0, z[0][i]) * top[j] / 4 }
      }
      for i in 0..<7 where z[0][i] > 0 {
        let delta = (0..<3).reduce(0.0) { $0 + top[$1] * naive.layers[1][i][$1] }
        for k in 0..<8 { expected[0][k * 7 + i] += x[k] * delta / 4 }
      }
    }
    for layer in 0..<2 {
      for (value, exact) in zip(found.weights[layer].elements, expected[layer]) {
        #expect(abs(Double(value) - exact) < 1e-5)
      }
    }
  }

  @Test(
    "a step is minus the learning rate times the gradient, for any minibatch", arguments: [1, 3])
  func step(batchSize: Int) throws {
    let weights = try weights([6, 5, 3], withBiases: true)
    let (inputs, targets) = (batch(batchSize, 6), batch(batchSize, 3, seed: 4))
    var network = DenseMLP(weights: weights, loss: .halfSquaredError)
    let gradients = try network.gradients(inputs: inputs, targets: targets)
    let loss = try network.train(inputs: inputs, targets: targets, learningRate: 0.5)
    #expect(loss == gradients.loss)
    for layer in 0..<2 {
      for (index, value) in network.weights.matrices[layer].elements.enumerated() {
        let expected =
          weights.matrices[layer].elements[index] - 0.5 * gradients.weights[layer].elements[index]
        #expect(abs(value - expected) < 1e-6)
      }
      for (index, value) in network.weights.biases![layer].enumerated() {
        let expected = weights.biases![layer][index] - 0.5 * gradients.biases[layer][index]
        #expect(abs(value - expected) < 1e-6)
      }
    }
  }

  @Test("training repeats bit for bit on one thread count, and learns")
  func repeatable() throws {
    let targets = Matrix(rows: 8, columns: 2) { $0 % 2 == $1 ? 1 : 0 }
    func run() throws -> (NetworkWeights, [Double]) {
      var network = DenseMLP(weights: try weights([10, 12, 2]))
      let losses = try (0..<60).map { _ in
        try network.train(inputs: batch(8, 10), targets: targets, learningRate: 0.2)
      }
      return (network.weights, losses)
    }
    let (first, second) = (try run(), try run())
    #expect(first.0 == second.0 && first.1 == second.1)
    #expect(first.1.last! < 0.2 * first.1[0])
  }

  @Test("what was in an output buffer does not matter: NaN there changes nothing")
  func poisonedBuffers() throws {
    let weights = try weights([5, 4, 3])
    var network = DenseMLP(weights: weights)
    let expected = try network.predict(batch: batch(3, 5))
    for layer in 1...2 {
      for row in 0..<3 {
        network.activations[layer].setRow(
          row, to: Array(repeating: .nan, count: network.activations[layer].columns))
      }
    }
    #expect(try network.predict(batch: batch(3, 5)) == expected)
  }

  @Test func ledger() throws {
    var network = DenseMLP(weights: try weights([4, 3, 2]), loss: .halfSquaredError)
    _ = try network.predict(batch: batch(5, 4))
    #expect(network.ledger.total(\.forwardMultiplyAdds) == 5 * 18)
    #expect(network.ledger.examples == 5)
    network.resetLedger()
    _ = try network.train(inputs: batch(1, 4), targets: batch(1, 2), learningRate: 0.1)
    #expect(network.ledger.total(\.updateMultiplyAdds) == 18)
    #expect(network.ledger.total(\.backwardMultiplyAdds) == 6)
    network.resetLedger()
    _ = try network.predictSkippingZeros([0, 1, 0, 2])
    let hidden = network.activation(ofLayer: 1).count { $0 != 0 }
    #expect(network.ledger.total(\.zeroSkippingMultiplyAdds) == 2 * 3 + hidden * 2)
  }

  @Test("a large loss does not overflow the softmax")
  func largeLogits() throws {
    let weights = try NetworkWeights(layers: [Matrix(rows: 1, columns: 2, elements: [1000, -1000])])
    var network = DenseMLP(weights: weights)
    let gradients = try network.gradients(
      inputs: Matrix(rows: 1, columns: 1, elements: [1]),
      targets: Matrix(rows: 1, columns: 2, elements: [0, 1]))
    #expect(gradients.loss == 2000 && gradients.weights[0].elements == [1, -1])
  }

  @Test func refusals() throws {
    var network = DenseMLP(weights: try weights([4, 2]))
    #expect(throws: DenseError.size(what: "an input", expected: 4, found: 3)) {
      try network.predict([1, 2, 3])
    }
    #expect(throws: DenseError.emptyBatch) {
      try network.predict(batch: Matrix(rows: 0, columns: 4))
    }
    #expect(throws: DenseError.size(what: "inputs", expected: 4, found: 5)) {
      try network.predict(batch: Matrix(rows: 1, columns: 5))
    }
    #expect(throws: DenseError.countMismatch(inputs: 2, targets: 1)) {
      try network.gradients(inputs: batch(2, 4), targets: batch(1, 2))
    }
    #expect(throws: DenseError.nonFinite(what: "input", example: 0, index: 1, value: .infinity)) {
      try network.predict([0, .infinity, 0, 0])
    }
    var bad = batch(2, 4)
    bad[1, 2] = -.infinity
    #expect(throws: DenseError.nonFinite(what: "input", example: 1, index: 2, value: -.infinity)) {
      try network.predict(batch: bad)
    }
    var targets = batch(1, 2)
    targets[0, 1] = .infinity
    #expect(throws: DenseError.nonFinite(what: "target", example: 0, index: 1, value: .infinity)) {
      try network.gradients(inputs: batch(1, 4), targets: targets)
    }
    #expect(throws: DenseError.invalidLearningRate(found: 0)) {
      try network.train(inputs: batch(1, 4), targets: batch(1, 2), learningRate: 0)
    }
  }
}
