internal import Networks

// The operators that are read, one function a kind.

extension ONNXChain {
  /// Takes a node: what it does to the chain, or what it is where it is constant.
  mutating func take(_ node: ONNXNodeProto) throws {
    if Self.ends.contains(node.operation) { return try takeEnd(node) }
    let isOfChain = node.input.contains { name in
      switch value(name) {
      case .activation?, .end?: true
      default: false
      }
    }
    guard isOfChain || node.operation == "Shape" else {
      return try set(node, fold(node))
    }
    if let (other, end) = node.input.compactMap(endValue).first {
      return try takeBehind(node, other, end)
    }
    switch node.operation {
    case "Gemm", "com.microsoft.FusedGemm": try takeGemm(node)
    case "MatMul", "com.microsoft.FusedMatMul": try takeMatMul(node)
    case "Add", "Sub", "Mul", "Div", "Sum": try takeArithmetic(node)
    case "Neg":
      let dims = try activation(node, 0)
      let width = Self.width(dims)
      try change(node, dims: dims, "folded into a layer") { chain throws(AffineChain.Fault) in
        try chain.scale(by: Array(repeating: -1, count: width))
      }
    case "BatchNormalization": try takeBatchNormalization(node)
    case "ai.onnx.ml.Scaler": try takeScaler(node)
    case "Relu", "Clip", "Max": try takeReLU(node)
    case "Identity", "Dropout", "Cast", "CastLike": try takeIdentity(node)
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze": try takeReshape(node)
    case "Transpose": try takeTranspose(node)
    case "Shape":
      guard case .activation(let dims, _)? = value(node.input.first ?? "") else {
        return try set(node, fold(node))
      }
      try set(node, ONNXConstant(Self.slice(dims, node)))
    default: throw ONNXFault.unsupported(["\(node.label) of a value that depends on the input"])
    }
  }

  private func endValue(_ name: String) -> (String, End)? {
    if case .end(let node, _, let end)? = value(name) { return (node, end) }
    return nil
  }

  /// Takes a node behind an operator that is left out: it must not change which class is the largest.
  private mutating func takeBehind(_ node: ONNXNodeProto, _ other: String, _ end: End) throws {
    let outcome = "of what is left out"
    switch (node.operation, end) {
    case ("Identity", _): self.end(node, .approximate, outcome, end)
    case ("Cast", .classes): self.end(node, .approximate, outcome, end)
    case ("Cast", _) where [1, 10, 11, 16].contains(node.integer("to", 0)):
      self.end(node, .approximate, outcome, end)
    case ("Squeeze", .classes), ("Unsqueeze", .classes), ("Reshape", .classes),
      ("Flatten", .classes):
      self.end(node, .approximate, outcome, end)
    case ("Squeeze", .scores(let dims)), ("Unsqueeze", .scores(let dims)),
      ("Reshape", .scores(let dims)),
      ("Flatten", .scores(let dims)):
      guard let result = try reshaped(dims, node) else { fallthrough }
      self.end(node, .approximate, outcome, .scores(result))
    default:
      throw ONNXFault.unsupported(["\(other), which is not at the end: \(node.label) follows"])
    }
  }

  /// Values of an image.
  static func width(_ dims: [Int]) -> Int { dims.filter { $0 != ONNXConstant.batch }.reduce(1, *) }

  /// Sizes from `start` to `end`, as Shape may be asked for.
  static func slice(_ dims: [Int], _ node: ONNXNodeProto) -> [Int] {
    func place(_ name: String, _ otherwise: Int) -> Int {
      let found = node.integer(name, otherwise)
      return min(max(found < 0 ? found + dims.count : found, 0), dims.count)
    }
    let (start, end) = (place("start", 0), place("end", dims.count))
    return start < end ? Array(dims[start..<end]) : []
  }

  // MARK: Linear layers

  private mutating func takeGemm(_ node: ONNXNodeProto) throws {
    let dims = try activation(node, 0)
    guard node.integer("transA", 0) == 0 else {
      throw ONNXFault.unsupported([node.shownAttribute("transA")])
    }
    let transposed = node.integer("transB", 0)
    guard (0...1).contains(transposed) else {
      throw ONNXFault.unsupported([node.shownAttribute("transB")])
    }
    let weights = try matrix(node, isTransposed: transposed == 1)
    let (alpha, beta) = (Double(node.real("alpha", 1)), Double(node.real("beta", 1)))
    var bias: [Double]?
    if node.input.count > 2, !node.input[2].isEmpty, beta != 0 {
      bias = try row(constant(node, 2), named: node.input[2], columns: weights.columns).map {
        $0 * beta
      }
    }
    let activation = node.word("activation") ?? ""
    guard ["", "Relu"].contains(activation) else {
      throw ONNXFault.unsupported([node.shownAttribute("activation")])
    }
    try change(node, dims: try Self.vector(dims, node, weights.columns), "a linear layer") {
      chain throws(AffineChain.Fault) in
      try chain.multiply(by: weights)
      if alpha != 1 { try chain.scale(by: Array(repeating: alpha, count: weights.columns)) }
      if let bias { try chain.shift(by: bias) }
      if activation == "Relu" { try chain.rectify() }
    }
  }

  private mutating func takeMatMul(_ node: ONNXNodeProto) throws {
    let dims = try activation(node, 0)
    for name in ["transA", "transBatchA", "transBatchB"] where node.integer(name, 0) != 0 {
      throw ONNXFault.unsupported([node.shownAttribute(name)])
    }
    let weights = try matrix(node, isTransposed: node.integer("transB", 0) == 1)
    let alpha = Double(node.real("alpha", 1))
    try change(node, dims: try Self.vector(dims, node, weights.columns), "a linear layer") {
      chain throws(AffineChain.Fault) in
      try chain.multiply(by: weights)
      if alpha != 1 { try chain.scale(by: Array(repeating: alpha, count: weights.columns)) }
    }
  }

  /// A matrix from the second input, `[inputs x outputs]`.
  private mutating func matrix(_ node: ONNXNodeProto, isTransposed: Bool) throws -> Matrix {
    let found = try constant(node, 1)
    guard let values = found.floats else {
      throw ModelFileError.Fault.unsupportedDType(tensor: node.input[1], found: "whole numbers")
    }
    // Of more dimensions all but the last two must be 1.
    let sizes = Array(found.dims.drop { $0 == 1 && found.dims.count > 2 }.suffix(2))
    guard found.dims.count >= 2, sizes.count == 2, sizes[0] > 0, sizes[1] > 0,
      sizes[0] * sizes[1] == values.count
    else {
      throw ONNXFault.tensorMismatch(
        tensor: node.input[1], reason: "dimensions \(found.dims), expected 2 that are not 0")
    }
    use(found)
    let stored = Matrix(rows: sizes[0], columns: sizes[1], elements: values)
    return isTransposed ? stored.transposed : stored
  }

  /// Biases: [n], [1, n], one number for all.
  private mutating func row(_ found: ONNXConstant, named name: String, columns: Int) throws
    -> [Double]
  {
    guard let values = found.doubles,
      values.count == 1 || (values.count == columns && found.dims.last == columns)
    else {
      throw ONNXFault.tensorMismatch(
        tensor: name, reason: "dimensions \(found.dims), expected [\(columns)]")
    }
    use(found)
    return values.count == 1 ? Array(repeating: values[0], count: columns) : values
  }

  /// Dimensions behind a linear layer, which works on the last axis alone.
  private static func vector(_ dims: [Int], _ node: ONNXNodeProto, _ columns: Int) throws -> [Int] {
    guard let last = dims.last, last == width(dims) else {
      throw ONNXFault.unsupported([
        "\(node.label) of images of \(dims.filter { $0 != ONNXConstant.batch }): a layer for each row"
      ])
    }
    return dims.dropLast() + [columns]
  }

  // MARK: Affine maps

  private mutating func takeArithmetic(_ node: ONNXNodeProto) throws {
    guard node.input.count == 2 else {
      throw ONNXFault.unsupported(["\(node.label) of \(node.input.count) inputs"])
    }
    guard !isWhole else {
      throw ONNXFault.unsupported([
        "\(node.label) of whole numbers, which are not cast to real ones before"
      ])
    }
    let place = try constant(node.input[0]) == nil ? 0 : 1
    guard let other = try constant(node.input[1 - place]) else {
      throw ONNXFault.unsupported([
        "\(node.label) of two values of the network: branches are not read"
      ])
    }
    let dims = try activation(node, place)
    let target = dims.map { $0 == ONNXConstant.batch ? 1 : $0 }
    guard var values = other.broadcast(to: target) else {
      throw ONNXFault.tensorMismatch(
        tensor: node.input[1 - place],
        reason: "dimensions \(other.dims), expected some that broadcast to \(target)")
    }
    let scales: Bool
    var sign = 1.0
    switch node.opType {
    case "Mul": scales = true
    case "Div":
      guard place == 0, !values.contains(0) else {
        throw ONNXFault.unsupported([
          "\(node.label) \(place == 0 ? "by 0" : "of a constant by a value")"
        ])
      }
      values = values.map { 1 / $0 }
      scales = true
    case "Sub":
      // x - c, or c - x.
      if place == 0 { values = values.map { -$0 } } else { sign = -1 }
      scales = false
    default: scales = false
    }
    use(other)
    if scales, chain.isAtStart, let factor = values.first, abs(factor) < 0.5,
      values.allSatisfy({ $0 == factor })
    {
      let divisor = (1 / factor * 1000).rounded() / 1000
      note(
        .assumed, node,
        "inputs are 0...1 as they come, though the model divides them by \(divisor): --scale \(divisor) where it was "
          + "made for 0...\(divisor)")
    }
    let changed = values
    let outcome = chain.isLinear ? "folded into the layer before" : "folded into the layer after"
    try change(node, dims: dims, outcome) { chain throws(AffineChain.Fault) in
      if sign < 0 { try chain.scale(by: Array(repeating: -1, count: changed.count)) }
      if scales { try chain.scale(by: changed) } else { try chain.shift(by: changed) }
    }
  }

  /// `y = (x - offset) scale`, as scikit-learn's pipelines have it.
  private mutating func takeScaler(_ node: ONNXNodeProto) throws {
    let dims = try activation(node, 0)
    let width = Self.width(dims)
    func values(_ name: String, _ otherwise: Double) throws -> [Double] {
      let found = node.attribute(name)?.floats.map(Double.init) ?? [otherwise]
      guard found.count == 1 || found.count == width else {
        throw ONNXFault.unsupported([
          "\(node.label) with \(found.count) numbers of \(name), expected \(width)"
        ])
      }
      return found.count == 1 ? Array(repeating: found[0], count: width) : found
    }
    let (offsets, scales) = try (values("offset", 0), values("scale", 1))
    isWhole = false
    try change(node, dims: dims, "folded into the layer after") { chain throws(AffineChain.Fault) in
      try chain.shift(by: offsets.map { -$0 })
      try chain.scale(by: scales)
    }
  }

  /// `y = gamma (x - mean) / sqrt(var + epsilon) + beta`, a channel each.
  private mutating func takeBatchNormalization(_ node: ONNXNodeProto) throws {
    guard node.integer("training_mode", 0) == 0 else {
      throw ONNXFault.unsupported(["\(node.label) in training mode: it depends on the other images"]
      )
    }
    let dims = try activation(node, 0)
    let features = dims.filter { $0 != ONNXConstant.batch }
    guard let channels = features.first else {
      throw ONNXFault.unsupported(["\(node.label) of a single number"])
    }
    var rows: [[Double]] = []
    for place in 1...4 {
      let found = try constant(node, place)
      guard found.dims == [channels], let values = found.doubles else {
        throw ONNXFault.tensorMismatch(
          tensor: node.input[place], reason: "dimensions \(found.dims), expected [\(channels)]")
      }
      use(found)
      rows.append(values)
    }
    let epsilon = Double(node.real("epsilon", 1e-5))
    let each = Self.width(dims) / channels
    let map = Normalization(
      gamma: rows[0], beta: rows[1], mean: rows[2], variance: rows[3], epsilon: epsilon)
    guard let map else {
      throw ONNXFault.unsupported(["\(node.label) with a variance that is not positive"])
    }
    let factors = map.factors.flatMap { Array(repeating: $0, count: each) }
    let offsets = map.offsets.flatMap { Array(repeating: $0, count: each) }
    let outcome = chain.isLinear ? "folded into the layer before" : "folded into the layer after"
    try change(node, dims: dims, outcome) { chain throws(AffineChain.Fault) in
      try chain.scale(by: factors)
      try chain.shift(by: offsets)
    }
  }

  // MARK: Activations, and what changes nothing

  private mutating func takeReLU(_ node: ONNXNodeProto) throws {
    var place = 0
    switch node.opType {
    case "Clip":
      let (low, high) = try (bound(node, "min", 1), bound(node, "max", 2))
      guard low == 0, high ?? .infinity > Double(Float.greatestFiniteMagnitude) / 2 else {
        throw ONNXFault.unsupported([
          "\(node.label) to \(low.map { "\($0)" } ?? "-inf")...\(high.map { "\($0)" } ?? "inf"): a ReLU is 0...inf"
        ])
      }
    case "Max":
      guard node.input.count == 2 else {
        throw ONNXFault.unsupported(["\(node.label) of \(node.input.count) inputs"])
      }
      place = try constant(node.input[0]) == nil ? 0 : 1
      guard let zero = try constant(node.input[1 - place])?.doubles, zero.allSatisfy({ $0 == 0 })
      else {
        throw ONNXFault.unsupported(["\(node.label) with something else than 0"])
      }
    default: break
    }
    let dims = try activation(node, place)
    rectified(by: node)
    try change(node, dims: dims, "a ReLU") { chain throws(AffineChain.Fault) in try chain.rectify()
    }
  }

  /// A limit of Clip, up to opset 10 an attribute; `nil` for none.
  private func bound(_ node: ONNXNodeProto, _ name: String, _ place: Int) throws -> Double? {
    if let attribute = node.attribute(name)?.f { return Double(attribute) }
    guard node.input.count > place, !node.input[place].isEmpty else { return nil }
    guard let value = try constant(node, place).scalar else {
      throw ONNXFault.unsupported(["\(node.label) whose \(name) is no number"])
    }
    return value
  }

  private mutating func takeIdentity(_ node: ONNXNodeProto) throws {
    let dims = try activation(node, 0)
    switch node.opType {
    case "Dropout": pass(node, dims: dims, "left out: it drops nothing when a network is used")
    case "Cast":
      let type = node.integer("to", 0)
      switch type {
      case 1, 11:
        isWhole = false
        pass(node, dims: dims, "the same numbers")
      case 10, 16:
        isWhole = false
        let precision = type == 10 ? "half" : "bfloat16"
        pass(node, dims: dims, "numbers in \(precision) precision there, Float here")
      default:
        guard isWhole, [2, 3, 4, 5, 6, 7, 12, 13].contains(type) else {
          throw ONNXFault.unsupported(["\(node.label) to type \(type) of ONNX, which rounds"])
        }
        pass(node, dims: dims, "the same numbers")
      }
    default: pass(node, dims: dims, "the same numbers")
    }
  }

  // MARK: Dimensions

  private mutating func takeReshape(_ node: ONNXNodeProto) throws {
    let dims = try activation(node, 0)
    guard let result = try reshaped(dims, node) else {
      // Behind the last layer: all outputs one below the other, as skl2onnx writes it.
      let target = node.opType == "Reshape" ? try constant(node, 1).integers : nil
      guard target == [-1, 1] || target == [-1] else {
        throw ONNXFault.unsupported(["\(node.label) that does not keep images apart"])
      }
      return end(node, .approximate, "left out: it writes the outputs one below the other", .column)
    }
    pass(node, dims: result, "the same numbers in the same order")
  }

  /// The dimensions that a node makes; `nil` where images do not stay apart.
  private func reshaped(_ dims: [Int], _ node: ONNXNodeProto) throws -> [Int]? {
    let width = Self.width(dims)
    switch node.opType {
    case "Flatten":
      let axis = node.integer("axis", 1)
      let place = axis < 0 ? axis + dims.count : axis
      if place == dims.count, dims.count == 1 { return nil }
      guard dims.first == ONNXConstant.batch else { return nil }
      return place == 1 || (place == 0 && batch == 1) ? [ONNXConstant.batch, width] : nil
    case "Reshape":
      guard let target = try constant(node, 1).integers else {
        throw ONNXFault.unsupported(["\(node.label) to a form that is not known"])
      }
      return Self.reshape(
        dims, to: target, copiesZeros: node.integer("allowzero", 0) == 0, batch: batch)
    case "Squeeze":
      let axes = try axes(node, rank: dims.count)
      if let axes {
        guard axes.allSatisfy({ dims[$0] == 1 }) else { return nil }
        return dims.indices.filter { !axes.contains($0) }.map { dims[$0] }
      }
      return dims.filter { $0 != 1 }
    default:
      guard
        let count = try node.attribute("axes")?.ints.count ?? constant(node, 1).integers?.count,
        let axes = try axes(node, rank: dims.count + count)
      else { throw ONNXFault.unsupported(["\(node.label) at axes that are not known"]) }
      var result = dims
      for axis in axes.sorted() { result.insert(1, at: min(axis, result.count)) }
      return result.first == dims.first ? result : nil
    }
  }

  /// Axes from an attribute or, from opset 13 on, an input; `nil` where neither is there.
  private func axes(_ node: ONNXNodeProto, rank: Int) throws -> [Int]? {
    let found: [Int]
    if let attribute = node.integers("axes") {
      found = attribute
    } else if node.input.count > 1, !node.input[1].isEmpty {
      guard let values = try constant(node, 1).integers else {
        throw ONNXFault.unsupported(["\(node.label) at axes that are not known"])
      }
      found = values
    } else {
      return nil
    }
    let places = found.map { $0 < 0 ? $0 + rank : $0 }
    guard places.allSatisfy({ (0..<rank).contains($0) }) else {
      throw ONNXFault.graphStructure("\(node.label): axes \(found) of \(rank)")
    }
    return places
  }

  /// What Reshape makes: images stay apart where the first size is theirs.
  static func reshape(_ dims: [Int], to target: [Int], copiesZeros: Bool, batch: Int?) -> [Int]? {
    let width = width(dims)
    var sizes = target.enumerated().map { index, size in
      size == 0 && copiesZeros && index < dims.count ? dims[index] : size
    }
    guard dims.first == ONNXConstant.batch, let first = sizes.first else { return nil }
    let rest = sizes.dropFirst()
    guard first == ONNXConstant.batch || first == -1 || first == batch,
      !rest.contains(ONNXConstant.batch)
    else {
      return nil
    }
    sizes[0] = ONNXConstant.batch
    let unknown = rest.indices.filter { rest[$0] == -1 }
    let product = rest.filter { $0 != -1 }.reduce(1) {
      $0.multipliedReportingOverflow(by: $1).partialValue
    }
    switch unknown.count {
    case 0: return product == width ? sizes : nil
    case 1 where first != -1:
      guard product > 0, width % product == 0 else { return nil }
      sizes[unknown[0]] = width / product
      return sizes
    default: return nil
    }
  }

  private mutating func takeTranspose(_ node: ONNXNodeProto) throws {
    let dims = try activation(node, 0)
    let order = node.integers("perm") ?? Array(dims.indices.reversed())
    guard order.sorted() == Array(dims.indices), order.first == 0, dims.first == ONNXConstant.batch
    else {
      throw ONNXFault.unsupported(["\(node.label) that moves the axis of the images"])
    }
    let places = ONNXConstant.places(
      of: Array(dims.dropFirst()), in: order.dropFirst().map { $0 - 1 })
    let result = order.map { dims[$0] }
    if places == Array(places.indices) {
      return pass(node, dims: result, "the same numbers in the same order")
    }
    try change(node, dims: result, "another order of a layer's inputs") {
      chain throws(AffineChain.Fault) in
      try chain.permute(places)
    }
  }

  // MARK: The end

  private mutating func takeEnd(_ node: ONNXNodeProto) throws {
    // Of class names and what is left out.
    if node.opType == "ArrayFeatureExtractor", let names = try constant(node.input.first ?? "") {
      guard node.input.count > 1, let (_, end) = endValue(node.input[1]), case .classes = end else {
        throw ONNXFault.unsupported(["\(node.label) of something else than classes"])
      }
      if let numbers = names.integers, numbers == Array(0..<numbers.count) {
        return self.end(node, .faithful, "classes are numbered from 0 on", .classes)
      }
      // Answers are numbers of outputs: what the model calls them is said.
      let shown = names.integers.map { $0.prefix(20).map(String.init).joined(separator: ", ") }
      return self.end(
        node, .approximate, "left out: the model names its classes " + (shown ?? "by texts"),
        .classes)
    }
    let (dims, isBehindEnd): ([Int], Bool)
    switch node.input.compactMap(endValue).first {
    case (_, .scores(let found))?: (dims, isBehindEnd) = (found, true)
    case (_, .classes)? where ["ZipMap", "LabelEncoder"].contains(node.opType):
      return self.end(node, .approximate, "of what is left out", .classes)
    case (let other, _)?:
      throw ONNXFault.unsupported(["\(other), which is not at the end: \(node.label) follows"])
    case nil:
      guard node.input.contains(where: { if case .activation? = value($0) { true } else { false } })
      else {
        return try set(node, fold(node))
      }
      (dims, isBehindEnd) = (try activation(node, 0), false)
      guard chain.isLinear, node.opType != "Log" else {
        throw ONNXFault.unsupported(["\(node.label) that does not follow a linear layer"])
      }
    }
    let hasAxis = ["Softmax", "LogSoftmax", "ArgMax", "TopK"].contains(node.opType)
    let axis = node.integer("axis", node.opType == "ArgMax" ? 0 : dims.count == 2 ? 1 : -1)
    let place = axis < 0 ? axis + dims.count : axis
    // All classes must be along the axis.
    guard !hasAxis || (dims.indices.contains(place) && dims[place] == Self.width(dims)) else {
      throw ONNXFault.unsupported([node.label + " along axis \(axis): not over the classes"])
    }
    guard node.opType != "TopK" || node.integer("largest", 1) == 1 else {
      throw ONNXFault.unsupported([node.shownAttribute("largest")])
    }
    let outcome =
      isBehindEnd ? "of what is left out" : "left out: the largest output stays the largest"
    switch node.opType {
    case "ArgMax": self.end(node, .approximate, outcome, .classes)
    // What TopK or a dictionary of names is read for is not known.
    case "TopK", "ZipMap", "LabelEncoder": self.end(node, .approximate, outcome, .column)
    default: self.end(node, .approximate, outcome, .scores(dims))
    }
  }
}
