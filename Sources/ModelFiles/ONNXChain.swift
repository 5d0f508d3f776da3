internal import Networks

/// The layers of a graph that leads from its input through a chain of nodes to its output.
struct ONNXChain {
  private(set) var layers: [Matrix] = []
  private(set) var biases: [[Float]]?
  /// What the numbers of the layers were in the file.
  private(set) var fileTypes: Set<String> = []

  /// A layer on its way: its weights, and what is added.
  private struct Layer {
    let node: String
    let weights: Matrix
    var bias: [Float]?
    var isRectified = false
  }

  private static let operators: Set<String> = ["Gemm", "MatMul", "Add", "Relu", "Flatten"]

  init(_ graph: ONNXGraphProto) throws {
    try Self.refuseOthers(graph)
    var tensors: [String: ONNXTensorProto] = [:]
    for tensor in graph.initializer {
      guard tensors.updateValue(tensor, forKey: tensor.name) == nil else {
        throw ModelFileError.Fault.duplicateName(tensor.name)
      }
    }
    // Up to IR version 3 initializers stand among the inputs, too.
    let inputs = graph.input.map(\.name).filter { tensors[$0] == nil }
    guard inputs.count == 1, graph.output.count == 1 else {
      throw ONNXFault.graphStructure(
        "\(inputs.count) inputs and \(graph.output.count) outputs, expected one of each")
    }
    let nodes = try Self.chain(graph, from: inputs[0], tensors: tensors)
    var found: [Layer] = []
    for node in nodes {
      try take(node, tensors: tensors, into: &found)
    }
    guard let last = found.last else { throw ONNXFault.graphStructure("no Gemm or MatMul") }
    guard !last.isRectified else {
      throw ONNXFault.unsupported([
        "the output passes through a Relu; the spiking network's output is a pre-activation"
      ])
    }
    layers = found.map(\.weights)
    if found.contains(where: { $0.bias != nil }) {
      biases = found.map { $0.bias ?? Array(repeating: 0, count: $0.weights.columns) }
    }
  }

  /// How a node is named in messages.
  private static func name(_ node: ONNXNodeProto) -> String {
    let name = node.name.isEmpty ? node.output.first ?? "" : node.name
    return "\(node.opType.isEmpty ? "a node without type" : node.opType) \(shown(name))"
  }

  /// Operators, attributes and forms that are not read, all in one error.
  private static func refuseOthers(_ graph: ONNXGraphProto) throws {
    var others: [String] = []
    for node in graph.node {
      let name = name(node)
      guard operators.contains(node.opType), ["", "ai.onnx"].contains(node.domain) else {
        others.append(node.domain.isEmpty ? name : "\(name) of domain \(shown(node.domain))")
        continue
      }
      for attribute in node.attribute {
        let isRead =
          switch (node.opType, attribute.name) {
          case ("Gemm", "alpha"), ("Gemm", "beta"): attribute.f == 1
          case ("Gemm", "transA"): [nil, 0].contains(attribute.i)
          case ("Gemm", "transB"): [nil, 0, 1].contains(attribute.i)
          case ("Flatten", "axis"): attribute.i == 1
          default: false
          }
        guard attribute.refAttrName.isEmpty, isRead else {
          let value = attribute.f.map { "\($0)" } ?? attribute.i.map { "\($0)" } ?? "?"
          others.append("\(name) with \(attribute.name.debugDescription) = \(value)")
          continue
        }
      }
    }
    guard others.isEmpty else { throw ONNXFault.unsupported(others) }
  }

  /// The nodes in the order in which a value passes them.
  private static func chain(
    _ graph: ONNXGraphProto, from input: String, tensors: [String: ONNXTensorProto]
  ) throws -> [ONNXNodeProto] {
    var producers: Set<String> = [input]
    var consumers: [String: ONNXNodeProto] = [:]
    for node in graph.node {
      guard node.output.count == 1 else {
        throw ONNXFault.graphStructure("\(name(node)) has \(node.output.count) outputs, expected 1")
      }
      guard tensors[node.output[0]] == nil, producers.insert(node.output[0]).inserted else {
        throw ONNXFault.graphStructure("the value \(shown(node.output[0])) has two producers")
      }
    }
    for node in graph.node {
      for value in node.input where tensors[value] == nil && !value.isEmpty {
        guard producers.contains(value) else {
          throw ONNXFault.graphStructure(
            "\(name(node)) takes \(shown(value)), which nothing produces")
        }
        guard consumers.updateValue(node, forKey: value) == nil else {
          throw ONNXFault.graphStructure("the value \(shown(value)) is used twice")
        }
      }
    }
    var nodes: [ONNXNodeProto] = []
    var value = input
    while let node = consumers.removeValue(forKey: value) {
      nodes.append(node)
      value = node.output[0]
    }
    guard value == graph.output[0].name else {
      throw ONNXFault.graphStructure(
        "from the input a chain leads to \(shown(value)), not to the output "
          + shown(graph.output[0].name))
    }
    guard nodes.count == graph.node.count else {
      throw ONNXFault.graphStructure(
        "\(graph.node.count - nodes.count) nodes are not on the way from the input to the output")
    }
    return nodes
  }

  /// Adds what a node does to the layers so far.
  private mutating func take(
    _ node: ONNXNodeProto, tensors: [String: ONNXTensorProto], into layers: inout [Layer]
  ) throws {
    let name = Self.name(node)
    func tensor(_ place: Int) throws -> NamedTensor {
      guard node.input.count > place, let stored = tensors[node.input[place]] else {
        throw ONNXFault.unsupported(["\(name) whose input \(place + 1) is no initializer"])
      }
      let tensor = try NamedTensor(stored)
      fileTypes.insert(tensor.fileType)
      return tensor
    }
    func matrix() throws -> NamedTensor {
      let matrix = try tensor(1)
      guard matrix.shape.count == 2, matrix.shape[0] > 0, matrix.shape[1] > 0 else {
        throw ONNXFault.tensorMismatch(
          tensor: matrix.name, reason: "dimensions \(matrix.shape), expected 2 that are not 0")
      }
      guard layers.last?.isRectified ?? true else {
        throw ONNXFault.unsupported(["no Relu between \(layers.last!.node) and \(name)"])
      }
      return matrix
    }
    func bias(_ place: Int, columns: Int) throws -> [Float] {
      let bias = try tensor(place)
      // [n], [1, n], one number for all.
      let isRow = bias.elements.count == columns && bias.shape.last == columns
      guard isRow || bias.elements.count == 1 else {
        throw ONNXFault.tensorMismatch(
          tensor: bias.name, reason: "dimensions \(bias.shape), expected [\(columns)]")
      }
      return isRow ? bias.elements : Array(repeating: bias.elements[0], count: columns)
    }
    switch node.opType {
    case "Gemm":
      let weights = try matrix()
      let isTransposed = node.attribute.contains { $0.name == "transB" && $0.i == 1 }
      let stored = Matrix(
        rows: weights.shape[0], columns: weights.shape[1], elements: weights.elements)
      var layer = Layer(node: name, weights: isTransposed ? stored.transposed : stored)
      if node.input.count > 2, !node.input[2].isEmpty {
        layer.bias = try bias(2, columns: layer.weights.columns)
      }
      layers.append(layer)
    case "MatMul":
      let weights = try matrix()
      layers.append(
        Layer(
          node: name,
          weights: Matrix(
            rows: weights.shape[0], columns: weights.shape[1], elements: weights.elements)))
    case "Add":
      guard let layer = layers.last, !layer.isRectified, node.input.count == 2 else {
        throw ONNXFault.unsupported(["\(name) that does not follow a Gemm or MatMul"])
      }
      let added = try bias(
        tensors[node.input[0]] == nil ? 1 : 0, columns: layer.weights.columns)
      let sum = layer.bias.map { zip($0, added).map { $0 + $1 } } ?? added
      layers[layers.count - 1].bias = sum
    case "Relu":
      guard let layer = layers.last, !layer.isRectified else {
        throw ONNXFault.unsupported(["\(name) that does not follow a Gemm, MatMul or Add"])
      }
      layers[layers.count - 1].isRectified = true
    default:
      // Flatten: of a batch of images into a batch of vectors; of vectors, nothing.
      break
    }
  }
}
