internal import Networks

/// The mean of several states of a network, summed in `Double`.
struct WeightMean {
  var sums: [RowMajorMatrix<Double>]
  var biases: [[Double]]?
  var count = 1

  init(_ weights: NetworkWeights) {
    sums = weights.layers.map { $0.map { Double($0) } }
    biases = weights.biases?.map { $0.map { Double($0) } }
  }

  mutating func add(_ weights: NetworkWeights) {
    count += 1
    for (index, layer) in weights.layers.enumerated() {
      let sum = sums[index]
      sums[index] = RowMajorMatrix(rows: sum.rows, columns: sum.columns) {
        sum[$0, $1] + Double(layer[$0, $1])
      }
    }
    for (index, bias) in (weights.biases ?? []).enumerated() {
      for unit in bias.indices { biases![index][unit] += Double(bias[unit]) }
    }
  }

  var weights: NetworkWeights {
    get throws {
      try NetworkWeights(
        layers: sums.map { $0.map { Float($0 / Double(count)) } },
        biases: biases?.map { $0.map { Float($0 / Double(count)) } })
    }
  }
}

extension Optional<WeightMean> {
  /// Starts with the first weights, goes on with others.
  mutating func add(_ weights: NetworkWeights) {
    if case .none = self { self = WeightMean(weights) } else { self!.add(weights) }
  }
}
