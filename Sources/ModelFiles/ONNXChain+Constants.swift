internal import Files
internal import Foundation

// What is known without the input: forms for Reshape, weights that are computed from others.

extension ONNXChain {
  /// What a node whose inputs are constant makes.
  func fold(_ node: ONNXNodeProto) throws -> ONNXConstant {
    let inputs = try node.input.map { try $0.isEmpty ? nil : constant($0) }
    func input(_ place: Int) throws -> ONNXConstant {
      guard place < inputs.count, let found = inputs[place] else {
        throw ONNXFault.unsupported(["\(node.label) whose input \(place + 1) is no initializer"])
      }
      return found
    }
    func unsupported(_ what: String = "of constants") -> ONNXFault {
      .unsupported(["\(node.label) \(what)"])
    }
    switch node.operation {
    case "Constant": return try Self.constant(of: node)
    case "Identity", "Dropout", "CastLike": return try input(0)
    case "Cast": return try Self.cast(input(0), to: node.integer("to", 0), unsupported)
    case "Shape": return ONNXConstant(Self.slice(try input(0).dims, node))
    case "Transpose":
      let found = try input(0)
      let order = node.integers("perm") ?? Array(found.dims.indices.reversed())
      guard let result = found.transposed(order) else {
        throw unsupported("with another order of axes")
      }
      return result
    case "Reshape":
      var found = try input(0)
      guard let sizes = try input(1).integers, !sizes.contains(ONNXConstant.batch) else {
        throw unsupported()
      }
      let copies = node.integer("allowzero", 0) == 0
      var dims = sizes.enumerated().map { index, size in
        size == 0 && copies && index < found.dims.count ? found.dims[index] : size
      }
      if let unknown = dims.firstIndex(of: -1) {
        let rest = dims.filter { $0 != -1 }.reduce(1) {
          $0.multipliedReportingOverflow(by: $1).partialValue
        }
        guard rest > 0 else { throw unsupported() }
        dims[unknown] = found.count / rest
      }
      guard dims.allSatisfy({ $0 >= 0 }),
        try elementCount(of: dims, tensor: node.label) == found.count
      else {
        throw unsupported("of \(found.dims) to \(sizes)")
      }
      found.dims = dims
      return found
    case "Squeeze", "Unsqueeze", "Flatten":
      var found = try input(0)
      let axes = try node.integers("axes") ?? (inputs.count > 1 ? input(1).integers : nil)
      if node.opType == "Flatten" {
        let axis = node.integer("axis", 1)
        let place = axis < 0 ? axis + found.dims.count : axis
        guard (0...found.dims.count).contains(place) else { throw unsupported() }
        found.dims = [found.dims[..<place].reduce(1, *), found.dims[place...].reduce(1, *)]
      } else if node.opType == "Squeeze" {
        let rank = found.dims.count
        let places =
          axes?.map { $0 < 0 ? $0 + rank : $0 } ?? found.dims.indices.filter { found.dims[$0] == 1 }
        guard places.allSatisfy({ found.dims.indices.contains($0) && found.dims[$0] == 1 }) else {
          throw unsupported()
        }
        found.dims = found.dims.indices.filter { !places.contains($0) }.map { found.dims[$0] }
      } else {
        guard let axes else { throw unsupported() }
        let rank = found.dims.count + axes.count
        for axis in axes.map({ $0 < 0 ? $0 + rank : $0 }).sorted() {
          guard (0...found.dims.count).contains(axis) else { throw unsupported() }
          found.dims.insert(1, at: axis)
        }
      }
      return found
    case "Concat":
      let parts = try inputs.indices.map { try input($0) }
      guard parts.allSatisfy({ $0.dims.count == 1 }), parts.reduce(0, { $0 + $1.count }) <= 1 << 16
      else {
        throw unsupported("of more than lists")
      }
      return ONNXConstant(
        try parts.flatMap { part throws -> [Int] in
          guard let numbers = part.integers else { throw unsupported() }
          return numbers
        })
    case "Gather":
      let found = try input(0)
      let places = try input(1)
      guard found.dims.count == 1, let numbers = found.integers, let indices = places.integers
      else {
        throw unsupported("of more than lists")
      }
      let picked = try indices.map { index throws -> Int in
        let place = index < 0 ? index + numbers.count : index
        guard numbers.indices.contains(place) else { throw unsupported("beyond the end") }
        return numbers[place]
      }
      return ONNXConstant(dims: places.dims, .integers(picked))
    case "Slice":
      guard let numbers = try input(0).integers, try input(0).dims.count == 1,
        let start = try node.integers("starts")?.first
          ?? (inputs.count > 1 ? input(1).integers?.first : nil),
        let end = try node.integers("ends")?.first
          ?? (inputs.count > 2 ? input(2).integers?.first : nil),
        inputs.count < 5 || inputs[4] == nil || inputs[4]?.scalar == 1
      else { throw unsupported("of more than lists") }
      let count = numbers.count
      func place(_ index: Int) -> Int {
        min(max(index < 0 ? max(index, -count) + count : index, 0), count)
      }
      return ONNXConstant(
        place(start) < place(end) ? Array(numbers[place(start)..<place(end)]) : [])
    case "ConstantOfShape":
      guard let dims = try input(0).integers, dims.allSatisfy({ $0 >= 0 }),
        try elementCount(of: dims, tensor: node.label) <= 1 << 22
      else { throw unsupported("of another form") }
      let value = try node.attribute("value")?.t.map { try ONNXConstant($0) }
      let count = dims.reduce(1, *)
      if case .integers(let numbers)? = value?.elements, let first = numbers.first {
        return ONNXConstant(dims: dims, .integers(Array(repeating: first, count: count)))
      }
      return ONNXConstant(
        dims: dims, .floats(Array(repeating: Float(value?.scalar ?? 0), count: count)))
    case "Add", "Sub", "Mul", "Div", "Pow":
      return try Self.arithmetic(node, input(0), input(1), unsupported)
    case "Neg", "Abs", "Sqrt", "Reciprocal":
      return try Self.map(input(0), unsupported) { value in
        switch node.opType {
        case "Neg": -value
        case "Abs": value.magnitude
        case "Sqrt": value.squareRoot()
        default: 1 / value
        }
      }
    case "ReduceL2", "ReduceSum", "ReduceSumSquare", "ReduceProd":
      let axes =
        try node.integers("axes")
        ?? (inputs.count > 1 && inputs[1] != nil ? input(1).integers : nil)
      return try Self.reduce(node, input(0), axes, unsupported)
    case "Expand":
      guard let dims = try input(1).integers, dims.allSatisfy({ $0 > 0 }),
        try elementCount(of: dims, tensor: node.label) <= 1 << 22,
        let values = try input(0).broadcast(to: dims)
      else { throw unsupported("to another form") }
      return ONNXConstant(dims: dims, .floats(values.map { Float($0) }))
    default: throw unsupported()
    }
  }

  private static func constant(of node: ONNXNodeProto) throws -> ONNXConstant {
    if let tensor = node.attribute("value")?.t {
      var named = tensor
      if named.name.isEmpty { named.name = node.output[0] }
      return try ONNXConstant(named)
    }
    if let value = node.attribute("value_float")?.f {
      return ONNXConstant(dims: [], .floats([value]))
    }
    if let values = node.attribute("value_floats")?.floats {
      return ONNXConstant(dims: [values.count], .floats(values))
    }
    if let value = node.attribute("value_int")?.i {
      return ONNXConstant(dims: [], .integers([Int(value)]))
    }
    if let values = node.integers("value_ints") { return ONNXConstant(values) }
    let names = node.attribute.map(\.name).joined(separator: ", ")
    return ONNXConstant(dims: [], .other("a constant of \(names)"))
  }

  private static func cast(
    _ found: ONNXConstant, to type: Int, _ unsupported: (String) -> ONNXFault
  ) throws -> ONNXConstant {
    var result = found
    switch type {
    case 1, 10, 11, 16:
      guard let values = found.doubles else { throw unsupported("of a size that is not known") }
      // To half precision numbers are rounded there; they are Floats here.
      result.elements = .floats(values.map { Float($0) })
    case 2, 3, 6, 7, 9:
      if case .integers = found.elements { return found }
      guard let values = found.integers else { throw unsupported("to whole numbers") }
      result.elements = .integers(values)
    default: throw unsupported("to type \(type)")
    }
    return result
  }

  private static func arithmetic(
    _ node: ONNXNodeProto, _ left: ONNXConstant, _ right: ONNXConstant,
    _ unsupported: (String) -> ONNXFault
  ) throws -> ONNXConstant {
    let rank = max(left.dims.count, right.dims.count)
    func padded(_ dims: [Int]) -> [Int] { Array(repeating: 1, count: rank - dims.count) + dims }
    let dims = zip(padded(left.dims), padded(right.dims)).map { max($0, $1) }
    guard try elementCount(of: dims, tensor: node.label) <= max(left.count, right.count),
      let first = left.broadcast(to: dims), let second = right.broadcast(to: dims)
    else { throw unsupported("of \(left.dims) and \(right.dims)") }
    let values = zip(first, second).map { left, right in
      switch node.opType {
      case "Add": left + right
      case "Sub": left - right
      case "Mul": left * right
      case "Div": left / right
      default: pow(left, right)
      }
    }
    if case .integers = left.elements, case .integers = right.elements {
      // Whole numbers are divided towards 0.
      guard values.allSatisfy({ $0.isFinite && $0.magnitude < 0x1p53 }) else {
        throw unsupported("beyond 2^53")
      }
      return ONNXConstant(dims: dims, .integers(values.map { Int($0) }))
    }
    return ONNXConstant(
      dims: dims, .floats(try ElementType.floats(values, tensor: node.label)),
      fileType: left.fileType)
  }

  private static func map(
    _ found: ONNXConstant, _ unsupported: (String) -> ONNXFault, _ body: (Double) -> Double
  ) throws -> ONNXConstant {
    guard let values = found.doubles?.map(body), values.allSatisfy(\.isFinite) else {
      throw unsupported("of constants that it is not defined for")
    }
    if case .integers = found.elements,
      values.allSatisfy({ $0 == $0.rounded() && $0.magnitude < 0x1p53 })
    {
      return ONNXConstant(dims: found.dims, .integers(values.map { Int($0) }))
    }
    return ONNXConstant(
      dims: found.dims, .floats(values.map { Float($0) }), fileType: found.fileType)
  }

  /// Sums and products over some axes, or all.
  private static func reduce(
    _ node: ONNXNodeProto, _ found: ONNXConstant, _ axes: [Int]?,
    _ unsupported: (String) -> ONNXFault
  ) throws -> ONNXConstant {
    guard let values = found.doubles, !values.isEmpty else {
      throw unsupported("of an empty tensor")
    }
    let rank = found.dims.count
    let reduced = Set(
      (axes.flatMap { $0.isEmpty ? nil : $0 } ?? Array(0..<rank)).map { $0 < 0 ? $0 + rank : $0 })
    guard reduced.allSatisfy({ (0..<rank).contains($0) }) else {
      throw unsupported("over axes that are not there")
    }
    let kept = (0..<rank).map { reduced.contains($0) ? 1 : found.dims[$0] }
    let isProduct = node.opType == "ReduceProd"
    var sums = [Double](repeating: isProduct ? 1 : 0, count: kept.reduce(1, *))
    for (index, value) in values.enumerated() {
      // The place without the axes that are reduced.
      var (rest, place, step) = (index, 0, 1)
      for axis in (0..<rank).reversed() {
        let along = rest % found.dims[axis]
        rest /= found.dims[axis]
        if !reduced.contains(axis) {
          place += along * step
          step *= found.dims[axis]
        }
      }
      switch node.opType {
      case "ReduceSum": sums[place] += value
      case "ReduceProd": sums[place] *= value
      default: sums[place] += value * value
      }
    }
    if node.opType == "ReduceL2" { sums = sums.map { $0.squareRoot() } }
    let keeps = node.integer("keepdims", 1) == 1
    let dims = keeps ? kept : (0..<rank).filter { !reduced.contains($0) }.map { found.dims[$0] }
    if case .integers = found.elements, node.opType != "ReduceL2",
      sums.allSatisfy({ $0.magnitude < 0x1p53 })
    {
      return ONNXConstant(dims: dims, .integers(sums.map { Int($0) }))
    }
    return ONNXConstant(
      dims: dims, .floats(try ElementType.floats(sums, tensor: node.label)),
      fileType: found.fileType)
  }
}
