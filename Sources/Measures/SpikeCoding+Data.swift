package import Datasets
internal import DenseReLU
package import Networks
package import SpikingReLU

extension SpikeCoding {
  /// Scales at which the maximum, or the 99th percentile, of a layer's positive activations is one spike a
  /// step, and the same for each unit; the input's rounded to a power of two.
  package static func fromData(
    _ weights: NetworkWeights, _ data: LabelledImages
  ) throws -> [(origin: String, coding: SpikeCoding)] {
    let some = data.prefix(1000)
    var network = DenseMLP(weights: weights)
    var activations = weights.topology.units.dropLast().map {
      Array(repeating: [Float](), count: $0)
    }
    for index in 0..<some.count {
      _ = try network.predict(some.images.row(index))
      for layer in activations.indices {
        for (unit, value) in network.activation(ofLayer: layer).enumerated() where value > 0 {
          activations[layer][unit].append(value)
        }
      }
    }
    func percentile(_ values: [Float], _ share: Int) -> Float? {
      values.isEmpty ? nil : values.sorted()[min(values.count * share / 100, values.count - 1)]
    }
    func inputExponent(_ share: Int) -> Int {
      let scale = 1 / (percentile(activations[0].flatMap { $0 }, share) ?? 1)
      return min(max(Int(scale.exponent), -8), 8)
    }
    let hidden = activations.indices.dropFirst()
    func perLayer(_ share: Int) throws -> SpikeCoding {
      try SpikeCoding(
        topology: weights.topology, inputExponent: inputExponent(share),
        layerScales: hidden.map { 1 / (percentile(activations[$0].flatMap { $0 }, share) ?? 1) })
    }
    func perUnit(_ share: Int) throws -> SpikeCoding {
      try SpikeCoding(
        inputExponent: inputExponent(share),
        hiddenScales: hidden.map { layer in
          // A unit that was never active has its layer's scale.
          let common = percentile(activations[layer].flatMap { $0 }, share) ?? 1
          return activations[layer].map { 1 / (percentile($0, share) ?? common) }
        })
    }
    return [
      ("the maximum of each layer", try perLayer(100)),
      ("99th percentile of each layer", try perLayer(99)),
      ("99th percentile of each unit", try perUnit(99)),
    ]
  }
}
