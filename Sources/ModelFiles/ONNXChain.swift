internal import Networks

/// What a graph computes, followed from its input: an affine chain, and what is known without the input.
///
/// Each node is taken as one of four: a constant, which is computed; the value of the chain at this point, which an
/// affine map, a ReLU or another order of its elements changes; the value with other dimensions; or, behind the last
/// linear layer, something that keeps the class (softmax) and is left out with a word.
struct ONNXChain {
  /// A value of the graph.
  enum Value {
    case constant(ONNXConstant)
    /// The chain's value after so many changes, and its dimensions, `ONNXConstant.batch` for images at once.
    case activation(dims: [Int], version: Int)
    /// What an operator that is left out made of it.
    case end(of: String, version: Int, End)
  }

  /// What there is behind an operator that is left out.
  enum End {
    /// A number for each class, the largest where it was, and its dimensions.
    case scores([Int])
    /// A class for each image.
    case classes
    /// The outputs one below the other.
    case column
  }

  private let graph: ONNXGraph
  /// Values by name, but for tensors of the file, which are read when they are used.
  private var values: [String: Value] = [:]
  private(set) var chain = AffineChain()
  /// Whether the chain's value is of whole numbers: then arithmetic is that of whole numbers, too.
  var isWhole = false
  /// How often the chain has changed: what an earlier value is used for would be a branch.
  private var version = 0
  /// As many images as the file was written for; `nil` for any.
  private(set) var batch: Int?
  private(set) var notes: [ConversionNote] = []
  /// What the numbers of the layers were in the file.
  private(set) var fileTypes: Set<String> = []
  /// Numbers of all constants that were computed, and the most that are: a few nodes could make any number of them.
  private var computed = 0
  private let mostComputed: Int
  /// The last ReLU, for the message where nothing follows it.
  private var lastReLU: String?

  /// - Throws: `ONNXFault`; `.unsupported` with all operators that cannot be taken.
  init(_ graph: ONNXGraph, _ options: ReadingOptions) throws {
    self.graph = graph
    mostComputed =
      (4 << 20) + 4
      * graph.initializers.values.reduce(0) { $0 + $1.rawData.count / 4 + $1.floatData.count }
    try refuseOthers()
    for node in graph.unread {
      notes.append(ConversionNote(.ignored, node.label, "no output depends on it"))
    }
    let dims = try inputDims()
    guard graph.input.elemType != 9 else {
      throw ONNXFault.unsupported(["the input \(shown(graph.input.name)) of truth values"])
    }
    isWhole = [2, 3, 4, 5, 6, 7, 12, 13].contains(graph.input.elemType)
    let width = dims.filter { $0 != ONNXConstant.batch }.reduce(1, *)
    try take("the input") { chain throws(AffineChain.Fault) in try chain.require(width: width) }
    var preprocessing = options.preprocessing
    if preprocessing == nil, isWhole {
      preprocessing = options.wholeNumberScale.map { Preprocessing(scale: [$0]) }
      notes.append(
        ConversionNote(
          .assumed, "the input",
          "whole numbers; "
            + (preprocessing.map { "an input of 1 is \($0.scale[0])" }
              ?? "as they are: --scale says another")))
    }
    if let preprocessing {
      let (factors, offsets) = try preprocessing.affine(inputs: width)
      try take("the preprocessing") { chain throws(AffineChain.Fault) in
        try chain.scale(by: factors)
        try chain.shift(by: offsets)
      }
      if options.preprocessing != nil { notes.append(preprocessing.note) }
    }
    values[graph.input.name] = .activation(dims: dims, version: 0)
    for node in graph.nodes { try take(node) }
    for output in graph.outputs { try check(output: output) }
  }

  /// The network.
  mutating func network() throws -> (layers: [Matrix], biases: [[Float]]?) {
    do { return try chain.network() } catch {
      switch error {
      case .noLinearEnd where lastReLU != nil:
        throw ONNXFault.unsupported([
          "the output passes through \(lastReLU!); the spiking network's output is a pre-activation"
        ])
      case .noLinearEnd: throw ONNXFault.graphStructure("no Gemm or MatMul")
      default: throw ONNXFault.graphStructure("the last layer: \(error)")
      }
    }
  }

  private static let operators: Set<String> = [
    "Add", "Sub", "Mul", "Div", "Neg", "Sum", "Gemm", "MatMul", "com.microsoft.FusedGemm",
    "com.microsoft.FusedMatMul", "BatchNormalization", "Relu", "Clip", "Max", "Identity", "Dropout",
    "Cast",
    "CastLike", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Constant",
    "ConstantOfShape",
    "Shape", "Gather", "Slice", "Concat", "Sqrt", "Pow", "Abs", "Reciprocal", "ReduceL2",
    "ReduceSum",
    "ReduceSumSquare", "ReduceProd", "Expand", "ai.onnx.ml.Scaler",
  ]

  /// Operators that keep which output is the largest, so that they can be left out behind the last layer.
  static let ends: Set<String> = [
    "Softmax", "LogSoftmax", "Sigmoid", "Tanh", "Log", "ArgMax", "TopK", "ai.onnx.ml.ZipMap",
    "ai.onnx.ml.ArrayFeatureExtractor", "ai.onnx.ml.LabelEncoder",
  ]

  /// Operators that are not read, all in one error.
  private func refuseOthers() throws {
    var others: [String] = []
    for node in graph.nodes
    where !Self.operators.contains(node.operation) && !Self.ends.contains(node.operation) {
      let isStandard = ["", "ai.onnx"].contains(node.domain)
      others.append(isStandard ? node.label : "\(node.label) of domain \(shown(node.domain))")
    }
    for node in graph.nodes {
      for attribute in node.attribute where !attribute.refAttrName.isEmpty {
        others.append("\(node.label) whose \(attribute.name.debugDescription) is of no function")
      }
    }
    guard others.isEmpty else { throw ONNXFault.unsupported(others) }
  }

  /// The input's dimensions: the first of two or more is images at once.
  private mutating func inputDims() throws -> [Int] {
    let known = graph.input.shape.map { dimension -> Int? in
      if case .value(let size) = dimension, size > 0 { return Int(exactly: size) }
      return nil
    }
    let first = firstInputs
    guard known.count > 1 else {
      if known.count == 1, let width = known[0] { return [width] }
      return [ONNXConstant.batch, try Self.required(first)]
    }
    batch = known[0]
    for case .value(0) in graph.input.shape.dropFirst() {
      throw ONNXFault.graphStructure("an input with a dimension of 0")
    }
    let features = known.dropFirst()
    var sizes = features.compactMap { $0 }
    let product = try elementCount(of: sizes, tensor: graph.input.name)
    if sizes.count < features.count {
      // One that is not said follows from the first layer; of several only the product is known.
      let width = try Self.required(first)
      guard features.count == sizes.count + 1, product > 0, width % product == 0 else {
        return [ONNXConstant.batch, width]
      }
      sizes = features.map { $0 ?? width / product }
    }
    guard product <= NetworkWeights.maximumLayerWidth else {
      throw ONNXFault.graphStructure(
        "an input of \(product) values, more than \(NetworkWeights.maximumLayerWidth)")
    }
    return [ONNXConstant.batch] + sizes
  }

  /// What the first linear layer takes.
  private var firstInputs: Int? {
    let linear: Set<String> = [
      "Gemm", "MatMul", "com.microsoft.FusedGemm", "com.microsoft.FusedMatMul",
    ]
    for node in graph.nodes where linear.contains(node.operation) && node.input.count > 1 {
      guard let dims = tensorDims(node.input[1]), dims.count >= 2 else { continue }
      return dims[dims.count - (node.integer("transB", 0) == 1 ? 1 : 2)]
    }
    return nil
  }

  private static func required(_ width: Int?) throws -> Int {
    guard let width, width > 0 else { throw ONNXFault.graphStructure("no Gemm or MatMul") }
    return width
  }

  /// The dimensions of a tensor of the file, or of a Constant.
  private func tensorDims(_ name: String) -> [Int]? {
    if let tensor = graph.initializers[name] { return tensor.dims.map { Int($0) } }
    return graph.nodes.first { $0.opType == "Constant" && $0.output.first == name }?.attribute(
      "value")?.t?.dims
      .map { Int($0) }
  }

  /// An output must be the chain's last value, or what an operator that is left out made of it.
  private mutating func check(output name: String) throws {
    switch value(name) {
    case .activation(_, let found)? where found == version: return
    case .end(_, let found, _)? where found == version: return
    case .activation?, .end?:
      throw ONNXFault.unsupported([
        "the output \(shown(name)) is a value from the middle of the network, which has other outputs, too"
      ])
    case .constant?, nil:
      throw ONNXFault.graphStructure("the output \(shown(name)) does not depend on the input")
    }
  }

  // MARK: For the operators

  func value(_ name: String) -> Value? { values[name] }

  /// A constant by its name.
  func constant(_ name: String) throws -> ONNXConstant? {
    if let tensor = graph.initializers[name] { return try ONNXConstant(tensor) }
    if case .constant(let constant)? = values[name] { return constant }
    return nil
  }

  /// A constant input of a node.
  func constant(_ node: ONNXNodeProto, _ place: Int) throws -> ONNXConstant {
    guard place < node.input.count, let found = try constant(node.input[place]) else {
      throw ONNXFault.unsupported(["\(node.label) whose input \(place + 1) is no initializer"])
    }
    return found
  }

  /// The dimensions of the chain's value where it is a node's input.
  func activation(_ node: ONNXNodeProto, _ place: Int) throws -> [Int] {
    switch place < node.input.count ? value(node.input[place]) : nil {
    case .activation(let dims, let found)?:
      guard found == version else {
        throw ONNXFault.unsupported([
          "\(node.label): the value \(shown(node.input[place])) is used twice: branches are not read"
        ])
      }
      return dims
    case .end(let other, _, _)?:
      throw ONNXFault.unsupported(["\(other), which is not at the end: \(node.label) follows"])
    default:
      throw ONNXFault.unsupported(["\(node.label) whose input \(place + 1) is an initializer"])
    }
  }

  mutating func set(_ node: ONNXNodeProto, _ value: Value) { values[node.output[0]] = value }

  /// A constant that was computed.
  mutating func set(_ node: ONNXNodeProto, _ constant: ONNXConstant) throws {
    computed += constant.count
    guard computed <= mostComputed else { throw ONNXFault.memoryLimit(4 * mostComputed) }
    values[node.output[0]] = .constant(constant)
  }

  /// The chain's value has not changed but in its dimensions.
  mutating func pass(_ node: ONNXNodeProto, dims: [Int], _ outcome: String) {
    set(node, .activation(dims: dims, version: version))
    note(.faithful, node, outcome)
  }

  /// Changes the chain.
  mutating func change(
    _ node: ONNXNodeProto, dims: [Int], _ outcome: String,
    _ body: (inout AffineChain) throws(AffineChain.Fault) -> Void
  ) throws {
    try take(node.label, body)
    version += 1
    set(node, .activation(dims: dims, version: version))
    note(.faithful, node, outcome)
  }

  /// An operator that is left out.
  mutating func end(
    _ node: ONNXNodeProto, _ kind: ConversionNote.Kind, _ outcome: String, _ end: End
  ) {
    for name in node.output { values[name] = .end(of: node.label, version: version, end) }
    note(kind, node, outcome)
  }

  mutating func note(_ kind: ConversionNote.Kind, _ node: ONNXNodeProto, _ outcome: String) {
    notes.append(ConversionNote(kind, node.label, outcome))
  }

  mutating func use(_ constant: ONNXConstant) { fileTypes.insert(constant.fileType) }

  mutating func rectified(by node: ONNXNodeProto) { lastReLU = "a \(node.opType)" }

  private mutating func take(
    _ part: String, _ body: (inout AffineChain) throws(AffineChain.Fault) -> Void
  ) throws {
    do { try body(&chain) } catch {
      switch error {
      case .width(let found, let expected):
        throw ONNXFault.graphStructure("\(part) takes \(found) values, where there are \(expected)")
      case .reluOfInput:
        throw ONNXFault.unsupported(["\(part) that does not follow a Gemm, MatMul or Add"])
      case .noLinearEnd, .notFinite, .productTooLarge:
        throw ONNXFault.unsupported(["\(part): \(error)"])
      }
    }
  }
}
