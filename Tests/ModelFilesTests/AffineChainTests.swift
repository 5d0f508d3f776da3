import Networks
import Testing

@testable import ModelFiles

/// Affine maps between two ReLUs are one layer: the same function as one after the other.
@Suite struct AffineChainTests {
  /// Any chain of maps, evaluated one after the other in Double, and as layers.
  @Test("a random chain of maps is the same function as its layers", arguments: 0..<100)
  func random(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    func number() -> Double { Double.random(in: -2...2, using: &generator) }
    var width = Int.random(in: 1...6, using: &generator)
    let input = (0..<width).map { _ in number() }
    var (values, chain, hasLayer) = (input, AffineChain(), false)
    for _ in 0..<12 {
      switch Int.random(in: 0..<5, using: &generator) {
      case 0:
        let factors = values.map { _ in number() }
        try chain.scale(by: factors)
        values = zip(values, factors).map { $0 * $1 }
      case 1:
        let offsets = values.map { _ in number() }
        try chain.shift(by: offsets)
        values = zip(values, offsets).map { $0 + $1 }
      case 2:
        let order = Array(values.indices).shuffled(using: &generator)
        try chain.permute(order)
        values = order.map { values[$0] }
      case 3:
        let columns = Int.random(in: 1...6, using: &generator)
        let matrix = Matrix(
          rows: width, columns: columns,
          elements: (0..<width * columns).map { _ in Float(number()) })
        try chain.multiply(by: matrix)
        values = matrix.sums(of: values)
        (width, hasLayer) = (columns, true)
      default:
        guard chain.isLinear else { continue }
        try chain.rectify()
        values = values.map { max($0, 0) }
      }
    }
    if !chain.isLinear {
      try chain.multiply(by: Matrix(rows: width, columns: 1, elements: values.map { _ in 1 }))
      values = [values.reduce(0, +)]
    }
    let (layers, biases) = try chain.network()
    var found = input
    for (index, layer) in layers.enumerated() {
      found = layer.sums(of: found)
      if let biases { found = zip(found, biases[index]).map { $0 + Double($1) } }
      if index + 1 < layers.count { found = found.map { max($0, 0) } }
    }
    let largest = max(1, values.map(\.magnitude).max() ?? 1)
    for (left, right) in zip(found, values) {
      #expect(abs(left - right) < 1e-3 * largest, "\(found), expected \(values); \(hasLayer)")
    }
  }

  @Test("what is no layer of a ReLU network")
  func faults() throws {
    var chain = AffineChain()
    try chain.scale(by: [1, 2])
    #expect(throws: AffineChain.Fault.reluOfInput) { try chain.rectify() }
    #expect(throws: AffineChain.Fault.width(found: 3, expected: 2)) {
      try chain.shift(by: [1, 2, 3])
    }
    #expect(throws: AffineChain.Fault.noLinearEnd) { try chain.network() }
    try chain.multiply(by: Matrix(rows: 2, columns: 1, elements: [1, 1]))
    try chain.rectify()
    // Of a rectified value a ReLU is nothing new; of one that may be negative it is.
    try chain.scale(by: [3])
    try chain.rectify()
    var turned = chain
    try turned.scale(by: [-1])
    #expect(throws: AffineChain.Fault.reluOfInput) { try turned.rectify() }
    try chain.shift(by: [-1])
    #expect(throws: AffineChain.Fault.reluOfInput) { try chain.rectify() }
    var large = AffineChain()
    let (first, second) = (Matrix(rows: 1 << 15, columns: 1), Matrix(rows: 1, columns: 1 << 15))
    try large.multiply(by: first)
    #expect(
      throws: AffineChain.Fault.productTooLarge(rows: 1 << 15, inner: 1, columns: 1 << 15)
    ) { try large.multiply(by: second) }
    var overflowing = AffineChain()
    try overflowing.multiply(by: Matrix(rows: 1, columns: 1, elements: [1e30]))
    try overflowing.scale(by: [1e30])
    #expect(throws: AffineChain.Fault.notFinite) { try overflowing.network() }
  }
}
