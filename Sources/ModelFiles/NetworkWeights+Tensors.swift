internal import Networks

// A network as named tensors, in PyTorch's names and layout: `0.weight`, `0.bias`, `2.weight`, ...
// as `nn.Sequential` of `Linear` and `ReLU` saves its state; a weight has shape
// [outputs, inputs]. Ours are [inputs x outputs]: they are transposed on the way. Read, too, is the
// paper's form: `W1`, `b1`, `W2`, ... with weights of [inputs, outputs].

extension NetworkWeights {
  /// The network of some tensors: one `*.weight` of two dimensions a layer, with or without
  /// `*.bias`, in the order of the numbers in their names; or `W1`, `b1`, ... where all are named so.
  ///
  /// - Throws: `ModelFileError.Fault.modelMismatch` with all differences; `NetworkError`.
  init(tensors: [NamedTensor], topology: Topology?) throws {
    let isPaper = tensors.allSatisfy { paperName($0.name) != nil }
    let network = try Self.assemble(
      isPaper ? tensors.map(Self.inPyTorchForm) : tensors, topology: topology)
    try self.init(layers: network.layers, biases: network.biases)
  }

  /// A tensor in the paper's form, named and laid out as PyTorch does.
  private static func inPyTorchForm(_ tensor: NamedTensor) -> NamedTensor {
    let (isWeight, layer) = paperName(tensor.name)!
    guard isWeight, tensor.shape.count == 2 else {
      return NamedTensor(
        name: "\(layer)." + (isWeight ? "weight" : "bias"), shape: tensor.shape,
        fileType: tensor.fileType, elements: tensor.elements)
    }
    let transposed = Matrix(
      rows: tensor.shape[0], columns: tensor.shape[1], elements: tensor.elements
    ).transposed
    return NamedTensor(
      name: "\(layer).weight", shape: tensor.shape.reversed(), fileType: tensor.fileType,
      elements: transposed.elements)
  }

  /// The tensors of the network.
  var namedTensors: [NamedTensor] {
    var tensors: [NamedTensor] = []
    for (index, layer) in layers.enumerated() {
      tensors.append(
        NamedTensor(
          name: "\(2 * index).weight",
          shape: [layer.weights.outputs.count, layer.weights.inputs.count],
          elements: layer.weights.matrix.transposed.elements))
      if let bias = layer.bias {
        tensors.append(
          NamedTensor(name: "\(2 * index).bias", shape: [bias.count], elements: bias))
      }
    }
    return tensors
  }

  private static func assemble(
    _ tensors: [NamedTensor], topology: Topology?
  ) throws(ModelFileError.Fault) -> (layers: [Matrix], biases: [[Float]]?) {
    var differences: [String] = []
    var weights: [(prefix: String, tensor: NamedTensor)] = []
    var biases: [String: NamedTensor] = [:]
    for tensor in tensors {
      let name = tensor.name.debugDescription
      if tensor.name.hasSuffix("weight") && tensor.shape.count == 2 {
        weights.append((String(tensor.name.dropLast(6)), tensor))
      } else if tensor.name.hasSuffix("bias") && tensor.shape.count == 1 {
        biases[String(tensor.name.dropLast(4))] = tensor
      } else {
        differences.append(
          "tensor \(name) of shape \(tensor.shape) is no weight of two dimensions and no bias")
      }
    }
    weights.sort { numbers($0.prefix).lexicographicallyPrecedes(numbers($1.prefix)) }
    if weights.isEmpty { differences.append("there is no tensor *.weight of two dimensions") }
    for prefix in biases.keys.sorted() where !weights.contains(where: { $0.prefix == prefix }) {
      differences.append("\((prefix + "bias").debugDescription) has no weight beside it")
    }
    let sizes = weights.prefix(1).map { $0.tensor.shape[1] } + weights.map { $0.tensor.shape[0] }
    if let topology, !weights.isEmpty, sizes != topology.units {
      let found = sizes.map(String.init).joined(separator: "-")
      differences.append("layers \(found), expected \(topology)")
    }
    for (index, (prefix, tensor)) in weights.enumerated() {
      let name = tensor.name.debugDescription
      if tensor.shape[1] != sizes[index] {
        differences.append("\(name) takes \(tensor.shape[1]) inputs, expected \(sizes[index])")
      }
      if let bias = biases[prefix], bias.shape[0] != tensor.shape[0] {
        differences.append(
          "\(bias.name.debugDescription) has \(bias.shape[0]) elements, expected "
            + "\(tensor.shape[0])")
      }
      if !biases.isEmpty, biases[prefix] == nil { differences.append("\(name) has no bias") }
    }
    guard differences.isEmpty else { throw .modelMismatch(differences) }
    let layers = weights.map { _, tensor in
      Matrix(rows: tensor.shape[0], columns: tensor.shape[1], elements: tensor.elements).transposed
    }
    return (
      layers, biases.isEmpty ? nil : weights.map { prefix, _ in biases[prefix]!.elements }
    )
  }

  /// The numbers in a name: `layers.10.` comes after `layers.9.`.
  private static func numbers(_ name: String) -> [Int] {
    name.split { !$0.isASCII || !$0.isNumber }.map { Int($0) ?? .max }
  }
}

/// Whether a name is that of weights or biases in the paper's form, and of which layer; `nil` for others.
private func paperName(_ name: String) -> (isWeight: Bool, layer: Int)? {
  guard let first = name.first, first == "W" || first == "b", name.count <= 5,
    name.dropFirst().allSatisfy({ ("0"..."9").contains($0) }), let layer = Int(name.dropFirst())
  else { return nil }
  return (first == "W", layer)
}
