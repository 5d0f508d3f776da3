/// The nodes that make a graph's outputs, with functions written out, in an order in which each has what it takes.
struct ONNXGraph {
  /// Nodes that functions may be written out to.
  private static let mostNodes = 100_000
  /// How deep functions may use each other.
  private static let mostDepth = 16

  let nodes: [ONNXNodeProto]
  /// Tensors of the file by their name.
  let initializers: [String: ONNXTensorProto]
  let input: ONNXValueInfoProto
  let outputs: [String]
  /// Nodes that nothing reads.
  let unread: [ONNXNodeProto]

  init(_ graph: ONNXGraphProto, functions: [ONNXFunctionProto]) throws {
    var tensors: [String: ONNXTensorProto] = [:]
    for tensor in graph.initializer {
      guard tensors.updateValue(tensor, forKey: tensor.name) == nil else {
        throw ModelFileError.Fault.duplicateName(tensor.name)
      }
    }
    // Up to IR version 3 initializers stand among the inputs, too.
    let inputs = graph.input.filter { tensors[$0.name] == nil }
    guard inputs.count == 1, !graph.output.isEmpty else {
      throw ONNXFault.graphStructure(
        "\(inputs.count) inputs and \(graph.output.count) outputs, expected one input and an output"
      )
    }
    (initializers, input, outputs) = (tensors, inputs[0], graph.output.map(\.name))
    var all: [ONNXNodeProto] = []
    for node in graph.node { try Self.expand(node, functions, depth: 0, into: &all) }
    (nodes, unread) = try Self.sorted(all, input: input.name, outputs: outputs, tensors)
  }

  /// Writes a call of a function out.
  private static func expand(
    _ node: ONNXNodeProto, _ functions: [ONNXFunctionProto], depth: Int,
    into nodes: inout [ONNXNodeProto]
  ) throws {
    let function = functions.first {
      $0.name == node.opType && $0.domain == node.domain && $0.overload == node.overload
    }
    guard let function else {
      guard nodes.count < mostNodes else {
        throw ONNXFault.graphStructure("more than \(mostNodes) nodes, functions written out")
      }
      nodes.append(node)
      return
    }
    guard depth < mostDepth else {
      throw ONNXFault.graphStructure("functions that use each other more than \(mostDepth) deep")
    }
    guard node.input.count <= function.input.count, node.output.count <= function.output.count
    else {
      throw ONNXFault.graphStructure("\(node.label) has other inputs or outputs than its function")
    }
    var names: [String: String] = ["": ""]
    for (index, name) in function.input.enumerated() {
      names[name] = index < node.input.count ? node.input[index] : ""
    }
    for (name, outer) in zip(function.output, node.output) { names[name] = outer }
    // What is inside has names of its own for each call.
    let prefix = "\(node.name.isEmpty ? node.output.first ?? "" : node.name)/"
    for inner in function.node {
      var copy = inner
      copy.name = prefix + (inner.name.isEmpty ? inner.opType : inner.name)
      copy.input = inner.input.map { names[$0] ?? prefix + $0 }
      copy.output = inner.output.map { names[$0] ?? prefix + $0 }
      copy.attribute = inner.attribute.compactMap { attribute in
        guard !attribute.refAttrName.isEmpty else { return attribute }
        let name = attribute.refAttrName
        guard
          var given = node.attribute(name)
            ?? function.attributeProto.first(where: { $0.name == name })
        else { return nil }
        given.name = attribute.name
        return given
      }
      try expand(copy, functions, depth: depth + 1, into: &nodes)
    }
  }

  /// Nodes after those that they read from; what no output depends on apart.
  ///
  /// - Complexity: O(nodes + edges).
  private static func sorted(
    _ nodes: [ONNXNodeProto], input: String, outputs: [String], _ tensors: [String: ONNXTensorProto]
  ) throws -> (nodes: [ONNXNodeProto], unread: [ONNXNodeProto]) {
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      guard !node.output.isEmpty else {
        throw ONNXFault.graphStructure("\(node.label) has 0 outputs, expected 1")
      }
      for name in node.output where !name.isEmpty {
        guard tensors[name] == nil, name != input, producers.updateValue(index, forKey: name) == nil
        else { throw ONNXFault.graphStructure("the value \(shown(name)) has two producers") }
      }
    }
    // Back from the outputs, without recursion: a file may hold a long chain.
    var isRead = [Bool](repeating: false, count: nodes.count)
    var waiting: [Int] = []
    func read(_ name: String, by reader: String) throws {
      if name.isEmpty || name == input || tensors[name] != nil { return }
      guard let producer = producers[name] else {
        throw ONNXFault.graphStructure("\(reader) takes \(shown(name)), which nothing produces")
      }
      if !isRead[producer] {
        isRead[producer] = true
        waiting.append(producer)
      }
    }
    for name in outputs { try read(name, by: "the graph's output") }
    while let index = waiting.popLast() {
      for name in nodes[index].input { try read(name, by: nodes[index].label) }
    }
    // Forward: a node is next when all that it reads is there.
    var missing = [Int](repeating: 0, count: nodes.count)
    var readers: [Int: [Int]] = [:]
    for (index, node) in nodes.enumerated() where isRead[index] {
      let needed = Set(node.input.compactMap { producers[$0] })
      for producer in needed { readers[producer, default: []].append(index) }
      missing[index] = needed.count
    }
    var ready = nodes.indices.filter { isRead[$0] && missing[$0] == 0 }
    var order: [Int] = []
    var next = 0
    while next < ready.count {
      let index = ready[next]
      next += 1
      order.append(index)
      for reader in readers[index] ?? [] {
        missing[reader] -= 1
        if missing[reader] == 0 { ready.append(reader) }
      }
    }
    guard order.count == isRead.count(where: { $0 }) else {
      throw ONNXFault.graphStructure("nodes that wait for each other")
    }
    return (order.map { nodes[$0] }, nodes.indices.filter { !isRead[$0] }.map { nodes[$0] })
  }
}
