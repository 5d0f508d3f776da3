#if NIR
  public import Networks

  /// A spiking network as a NIR graph: `Input`, then for each layer `Affine` or `Linear` and an `IF` of
  /// threshold 1/2, the last one followed by an integrator `I` in its place, `Output`.
  ///
  /// NIR says less than our neurons do; `differences` has what is lost, and stands in the graph's metadata.
  ///
  /// Format: NIR 1.0, https://neuroir.org/docs/; J. E. Pedersen et al., Nature Communications 15, 2024.
  public enum NIRFile {
    /// The version of NIR whose form this is, as its reader knows it.
    private static let version = "1.0.8"

    /// The entry of the metadata that says how many spikes of the graph's input are an input of 1.
    public static let inputScale = "input_scale"

    /// Whose importer a graph is written for: each takes another form (docs/Networks.md has what each makes of it).
    public enum Reader: String, Sendable, CaseIterable {
      /// NIR's own library: IF with v_reset.
      case nir
      /// sinabs subtracts the threshold, and fires as often as it can; it knows Affine, and no v_reset.
      case sinabs
      /// norse sets v to v_reset.
      case norse
      /// SpikingJelly wants r = 1 / dt.
      case spikingjelly
    }

    /// What a NIR graph cannot say of our networks, in the form for a reader.
    public static func differences(for reader: Reader = .nir) -> [String] {
      let neuron =
        reader == .sinabs
        ? ["rounding: a unit fires at 1 there, and beyond 1/2 here: counts are rounded down"]
        : [
          "reset: IF sets the potential to v_reset; here a spike subtracts 1, and the rest stays",
          "spikes: IF fires once a step; here a unit fires until its potential is at most 1/2",
        ]
      return neuron + [
        "input: here a quantizer writes x as signed spikes, T steps long; the graph takes those spikes"
      ]
    }

    /// What it cannot say of a refining network, beyond that.
    public static let refiningDifference =
      "quanta: a spike of step s is worth 2^-s here, and hidden units take spikes back; those of IF are all alike"

    /// The bytes of an HDF5 file.
    ///
    /// - Parameters:
    ///   - reader: who is to read it.
    ///   - weights: between spikes: those that a coding has been folded into.
    ///   - differences: what the graph does not say of the network.
    ///   - metadata: further entries of the graph's metadata.
    /// - Throws: `HDF5Fault`.
    public static func encode(
      _ weights: NetworkWeights, for reader: Reader = .nir, differences: [String]? = nil,
      metadata: [String: String] = [:]
    ) throws -> [UInt8] {
      try HDF5Library.exclusively {
        try image(
          of: weights, for: reader, differences: differences ?? self.differences(for: reader),
          metadata: metadata)
      }
    }

    private static func image(
      of weights: NetworkWeights, for reader: Reader, differences: [String],
      metadata: [String: String]
    ) throws -> [UInt8] {
      let file = try HDF5Writer()
      try file.write(version, "/version")
      try file.group("/node")
      try file.write("NIRGraph", "/node/type")
      try file.group("/node/nodes")
      func node(_ name: String, _ type: String) throws -> String {
        let path = "/node/nodes/" + name
        try file.group(path)
        try file.write(type, path + "/type")
        return path
      }
      try file.write([Int64(weights.inputs)], node("input", "Input") + "/shape")
      var chain = ["input"]
      let last = weights.layers.count - 1
      for (index, layer) in weights.layers.enumerated() {
        let name = "\(2 * index)"
        let isAffine = layer.bias != nil || reader == .sinabs
        let path = try node(name, isAffine ? "Affine" : "Linear")
        try file.write(
          layer.weights.matrix.transposed.elements,
          shape: [layer.weights.outputs.count, layer.weights.inputs.count], path + "/weight")
        if isAffine {
          let bias = layer.bias ?? Array(repeating: 0, count: layer.weights.outputs.count)
          try file.write(bias, shape: [bias.count], path + "/bias")
        }
        chain.append(name)
        // Only NIR's own reader takes an integrator: of the others' last layer the outputs of all steps are summed.
        if index == last, reader != .nir { continue }
        let neuron = try node("\(2 * index + 1)", index == last ? "I" : "IF")
        let ones = [Float](repeating: 1, count: layer.weights.outputs.count)
        // 1 / dt, dt = 10^-4 as NIR's examples have it: a step adds the weighted input.
        try file.write(ones.map { $0 * 10_000 }, shape: [ones.count], neuron + "/r")
        if index < last {
          // Here a unit fires beyond 1/2, and a spike leaves 1/2 - 1. Where the threshold is what is subtracted, it is 1.
          let threshold: Float = reader == .sinabs ? 1 : 0.5
          try file.write(
            ones.map { $0 * threshold }, shape: [ones.count], neuron + "/v_threshold")
          if reader != .sinabs {
            try file.write(ones.map { $0 / -2 }, shape: [ones.count], neuron + "/v_reset")
          }
        }
        chain.append("\(2 * index + 1)")
      }
      try file.write([Int64(weights.outputs)], node("output", "Output") + "/shape")
      chain.append("output")
      try file.write(pairs: Array(zip(chain, chain.dropFirst())), "/node/edges")
      try file.group("/node/metadata")
      var entries = metadata
      for (index, difference) in differences.enumerated() {
        entries["difference_\(index + 1)"] = difference
      }
      for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
        try file.write(value, "/node/metadata/" + key)
      }
      return try file.image()
    }
  }
#endif
