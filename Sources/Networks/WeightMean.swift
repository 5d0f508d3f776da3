/// The mean of several states of a network, summed in `Double`, parameter by parameter.
package struct WeightMean {
  /// The network whose shape it has.
  private let shape: NetworkWeights
  /// The sums of each parameter, by name.
  package private(set) var sums: [(name: String, values: [Double])]
  package private(set) var count = 1

  package init(_ weights: NetworkWeights) {
    shape = weights
    sums = weights.parameters.map { ($0.name, $0.elements.map(Double.init)) }
  }

  /// Sums that were there before, each found by its name.
  package init(
    like weights: NetworkWeights, count: Int,
    sums: (_ name: String, _ count: Int) throws -> [Double]
  ) rethrows {
    shape = weights
    self.count = count
    self.sums = try weights.parameters.map { ($0.name, try sums($0.name, $0.elements.count)) }
  }

  package mutating func add(_ weights: NetworkWeights) {
    count += 1
    for (index, parameter) in weights.parameters.enumerated() {
      for place in parameter.elements.indices {
        sums[index].values[place] += Double(parameter.elements[place])
      }
    }
  }

  package var weights: NetworkWeights {
    get throws {
      try shape.replacingParameters(sums.map { $0.values.map { Float($0 / Double(count)) } })
    }
  }
}

extension Optional<WeightMean> {
  /// Starts with the first weights, goes on with others.
  package mutating func add(_ weights: NetworkWeights) {
    if case .none = self { self = WeightMean(weights) } else { self!.add(weights) }
  }
}
