internal import Networks

/// A network that is found in named tensors: which are layers, in which order, and how their weights lie.
///
/// A file of tensors says neither order nor activations. What it leaves open is found as written at `LayerOrder`, is
/// said by the user (`ReadingOptions`), or is refused with the options that say it; what is taken without being said
/// there is a note. A tensor that belongs to no linear layer is refused by its name.
struct TensorNetwork {
  /// What is left out of a file beside its weights: types that are no weights, and of what form.
  struct Other: Equatable, Sendable {
    let name: String
    let shape: [Int]
    let type: String
  }

  let layers: [Matrix]
  let biases: [[Float]]?
  private(set) var notes: [ConversionNote] = []

  /// A module of the network: tensors whose names have the same path.
  struct Module {
    let path: [String]
    var tensors: [(role: TensorName.Role, tensor: NamedTensor)] = []
    var layout: ReadingOptions.Layout?

    var name: String { path.joined(separator: ".") }

    func tensor(_ role: TensorName.Role) -> NamedTensor? {
      tensors.first { $0.role == role }?.tensor
    }

    /// Keras's layer Normalization, whose mean and variance are those of the inputs.
    var isInputNormalization: Bool {
      let last = path.last?.lowercased() ?? ""
      return tensors.count == 2 && row(.mean) != nil && row(.variance) != nil
        && last.hasPrefix("normalization") && tensor(.mean)?.name.hasSuffix("moving_mean") == false
    }

    /// 1 x n and n x 1 are rows, too.
    func row(_ roles: TensorName.Role...) -> [Double]? {
      for role in roles {
        if let tensor = tensor(role), tensor.shape.filter({ $0 != 1 }).count <= 1 {
          return tensor.elements.map(Double.init)
        }
      }
      return nil
    }
  }

  /// A linear layer.
  struct Linear {
    let module: Module
    let weight: NamedTensor
    let bias: NamedTensor?
  }

  /// - Parameters:
  ///   - tensors: all that become Float.
  ///   - others: all that do not.
  ///   - metadata: of the file: names of tensors that are others (`save_model` of safetensors).
  /// - Throws: `ModelFileError.Fault.modelMismatch` with all differences.
  init(
    _ tensors: [NamedTensor], others: [Other] = [], metadata: [String: String] = [:],
    options: ReadingOptions
  ) throws {
    var differences: [String] = []
    var notes: [ConversionNote] = []
    let all = Self.withAliases(tensors, metadata, &notes)
    func isIgnored(_ name: String) -> Bool { options.ignored.contains { name.hasPrefix($0) } }
    var modules: [Module] = []
    // A file may have thousands of tensors: a search through all modules for each would take seconds.
    var places: [[String]: Int] = [:]
    for tensor in Self.renamed(all) {
      guard !isIgnored(tensor.name) else {
        notes.append(ConversionNote(.ignored, tensor.name, "left out, as said"))
        continue
      }
      let name = TensorName(tensor.name, rank: tensor.shape.count)
      if name.role == .counter
        || (tensor.shape.count < 2 && (tensor.elements.isEmpty || Self.isOfTraining(name)))
      {
        notes.append(ConversionNote(.ignored, tensor.name, "a number of the training"))
        continue
      }
      if let place = places[name.module] {
        modules[place].tensors.append((name.role, tensor))
        modules[place].layout = modules[place].layout ?? name.layout
      } else {
        places[name.module] = modules.count
        modules.append(
          Module(path: name.module, tensors: [(name.role, tensor)], layout: name.layout))
      }
    }
    for other in others where !isIgnored(other.name) {
      let role = TensorName(other.name, rank: other.shape.count).role
      // Counters, sizes and texts beside weights say nothing of what the network computes.
      let isLarge = other.shape.count > 1
      guard role != .weight, role != .bias, !isLarge else {
        throw ModelFileError.Fault.unsupportedDType(tensor: other.name, found: other.type)
      }
      notes.append(ConversionNote(.ignored, other.name, "\(other.type), no weights"))
    }
    var linear: [Linear] = []
    var norms: [Module] = []
    var inputs: Module?
    func isNamed(_ module: Module, _ name: String) -> Bool {
      module.name == name || module.tensors.contains { $0.tensor.name == name }
    }
    for name in options.layers where !modules.contains(where: { isNamed($0, name) }) {
      let all = modules.map(\.name).joined(separator: ", ")
      throw ModelFileError.Fault.modelMismatch([
        "--layers \(name): there is no such layer; there are \(all)"
      ])
    }
    for module in modules {
      let isNamed = options.layers.contains { isNamed(module, $0) }
      if !options.layers.isEmpty, !isNamed, module.tensor(.mean) == nil {
        notes.append(ConversionNote(.ignored, module.name, "left out: --layers does not name it"))
        continue
      }
      do {
        if let layer = try Self.linear(module, &notes) {
          linear.append(layer)
        } else if module.isInputNormalization, inputs == nil {
          inputs = module
        } else if module.row(.mean) != nil, module.row(.variance) != nil {
          try Self.checkNorm(module)
          norms.append(module)
        } else if module.row(.mean) != nil, module.row(.std) != nil, module.tensors.count == 2,
          inputs == nil
        {
          inputs = module
        } else {
          differences.append(contentsOf: module.tensors.map { Self.belongsNowhere($0.tensor) })
        }
      } catch let fault as Differences {
        differences += fault.all
      }
    }
    if linear.isEmpty, differences.isEmpty {
      differences.append("there is no tensor *.weight of two dimensions")
    }
    guard differences.isEmpty else { throw ModelFileError.Fault.modelMismatch(differences) }
    let (ordered, layout) = try Self.ordered(linear, options, &notes)
    var chain = AffineChain()
    do {
      try Self.build(&chain, ordered, layout, norms, inputs: inputs, options, &notes)
      (layers, biases) = try chain.network()
    } catch let fault as AffineChain.Fault {
      throw ModelFileError.Fault.modelMismatch(["\(fault)"])
    }
    self.notes = notes
  }

  struct Differences: Error { let all: [String] }

  /// Numbers that a script keeps beside weights. Others may be parameters: temperatures, thresholds of spiking neurons.
  static func isOfTraining(_ name: TensorName) -> Bool {
    let words: Set<String> = [
      "epoch", "epochs", "step", "steps", "iteration", "iterations", "accuracy", "acc", "loss",
      "error", "errors",
      "lr", "learning", "seed", "score", "time", "version", "momentum", "dropout", "batch",
    ]
    return name.role == .other && name.module.count == 1
      && !words.isDisjoint(
        with: name.module[0].lowercased().split(whereSeparator: { !$0.isLetter }).map(String.init))
  }

  static func belongsNowhere(_ tensor: NamedTensor) -> String {
    let name = tensor.name.debugDescription
    let isRow = tensor.shape.filter { $0 != 1 }.count == 1
    return "tensor \(name) of shape \(tensor.shape) belongs to no linear layer"
      + (isRow ? " (a bias under another name, a normalization, a state?)" : "")
      + "; where the network is the same without it, --ignore \(tensor.name) leaves it out"
  }

  /// Tensors that are others under a second name, as `safetensors.torch.save_model` says it in the metadata.
  static func withAliases(
    _ tensors: [NamedTensor], _ metadata: [String: String], _ notes: inout [ConversionNote]
  ) -> [NamedTensor] {
    var byName: [String: NamedTensor] = [:]
    for tensor in tensors { byName[tensor.name] = tensor }
    var all = tensors
    for (alias, name) in metadata.sorted(by: { $0.key < $1.key }) {
      guard let tensor = byName[name], byName[alias] == nil else { continue }
      all.append(
        NamedTensor(
          name: alias, shape: tensor.shape, fileType: tensor.fileType, elements: tensor.elements))
      notes.append(
        ConversionNote(.faithful, alias, "the same tensor as \(name), by the file's metadata"))
    }
    return all
  }

  /// Lists of arrays: `arr_0`, `arr_1`, ... of numpy.savez, `0`, `param_1`. Matrices are layers in their order; as many
  /// rows are their biases in the same order, fewer those of the matrix before.
  static func renamed(_ tensors: [NamedTensor]) -> [NamedTensor] {
    if let pairs = pairs(tensors) { return pairs }
    var stems: Set<String> = []
    var numbers: [Int] = []
    for tensor in tensors {
      let digits = tensor.name.reversed().prefix { $0.isASCII && $0.isWholeNumber }.reversed()
      guard let number = Int(String(digits)) else { return tensors }
      stems.insert(String(tensor.name.dropLast(digits.count)))
      numbers.append(number)
    }
    let ranks = Set(tensors.map(\.shape.count))
    guard stems.count == 1, let stem = stems.first, !stem.contains(where: { "./[".contains($0) }),
      Set(numbers).count == numbers.count, ranks == [1, 2] || stem == "arr_"
    else { return tensors }
    let ordered = zip(numbers, tensors).sorted { $0.0 < $1.0 }.map(\.1)
    let (matrices, rows) = (
      ordered.count { $0.shape.count == 2 }, ordered.count { $0.shape.count == 1 }
    )
    // More rows than layers are of normalizations: which is which is not in their names.
    guard rows <= matrices else { return tensors }
    var (layer, row) = (-1, -1)
    return ordered.map { tensor in
      let name: String
      switch tensor.shape.count {
      case 2:
        layer += 1
        name = "W\(layer)"
      case 1:
        row += 1
        name = "b\(rows == matrices ? row : max(layer, 0))"
      default: name = tensor.name
      }
      return NamedTensor(
        name: name, shape: tensor.shape, fileType: tensor.fileType, elements: tensor.elements)
    }
  }

  /// Pairs of a matrix and a row, `0.0` and `0.1`, `1.0` and `1.1`: the tuples (W, b) of a list of JAX; `nil` where names
  /// are others.
  private static func pairs(_ tensors: [NamedTensor]) -> [NamedTensor]? {
    var renamed: [NamedTensor] = []
    for tensor in tensors {
      let parts = tensor.name.split { "./[]".contains($0) }
      guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy(\.isWholeNumber) }),
        tensor.shape.count == 2 && parts[1] == "0" || tensor.shape.count == 1 && parts[1] == "1"
      else { return nil }
      renamed.append(
        NamedTensor(
          name: "\(parts[0]).\(parts[1] == "0" ? "weights" : "bias")", shape: tensor.shape,
          fileType: tensor.fileType, elements: tensor.elements))
    }
    return renamed.isEmpty ? nil : renamed
  }

  /// The linear layer of a module; `nil` where it is none.
  static func linear(_ module: Module, _ notes: inout [ConversionNote]) throws -> Linear? {
    var weight: NamedTensor
    var used: [TensorName.Role] = [.weight, .bias]
    if let plain = module.tensor(.weight), plain.shape.count == 2 {
      weight = plain
    } else if let values = module.tensor(.unpruned), values.shape.count == 2,
      let mask = module.tensor(.mask),
      mask.shape == values.shape
    {
      weight = NamedTensor(
        name: values.name, shape: values.shape, fileType: values.fileType,
        elements: zip(values.elements, mask.elements).map { $0 * $1 })
      used = [.unpruned, .mask, .bias]
      notes.append(ConversionNote(.faithful, values.name, "multiplied by the mask of its pruning"))
    } else if let direction = module.tensor(.direction), direction.shape.count == 2,
      let magnitude = module.row(.magnitude), magnitude.count == direction.shape[0]
    {
      weight = try normalized(direction, magnitude)
      used = [.direction, .magnitude, .bias]
      notes.append(
        ConversionNote(.faithful, direction.name, "weight normalization, g v / |v| a row"))
    } else {
      return nil
    }
    // Parts of low rank beside other weights, and tables that rows are looked up in, are no layers of a chain.
    if module.path.contains(where: { $0.lowercased().hasPrefix("lora_") }) { return nil }
    let tables: Set<String> = ["embedding", "embeddings", "wte", "wpe", "embed_tokens"]
    if module.tensor(.bias) == nil,
      module.path.contains(where: { tables.contains($0.lowercased()) })
    {
      return nil
    }
    guard weight.shape.allSatisfy({ $0 > 0 }) else {
      throw Differences(all: [
        "tensor \(weight.name.debugDescription) has no elements: shape \(weight.shape)"
      ])
    }
    let bias = module.tensor(.bias)
    let others = module.tensors.filter { tensor in !used.contains(tensor.role) }
    var differences = others.map { belongsNowhere($0.tensor) }
    if module.tensors.count - others.count > used.count {
      differences.append("module \(module.name.debugDescription) has a tensor twice")
    }
    if let bias {
      let count = bias.elements.count
      if bias.shape.filter({ $0 != 1 }).count > 1 || !weight.shape.contains(count) {
        differences.append(
          "\(bias.name.debugDescription) has \(count) elements, expected \(weight.shape[0]) or \(weight.shape[1])"
        )
      }
    }
    guard differences.isEmpty else { throw Differences(all: differences) }
    return Linear(module: module, weight: weight, bias: bias)
  }

  /// `W = g v / |v|`, a row of v an output (Salimans and Kingma, arXiv 1602.07868).
  static func normalized(_ direction: NamedTensor, _ magnitude: [Double]) throws
    -> NamedTensor
  {
    let columns = direction.shape[1]
    var elements = direction.elements
    for row in magnitude.indices {
      let values = elements[row * columns..<(row + 1) * columns]
      let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      guard norm > 0 else {
        throw Differences(all: [
          "row \(row) of \(direction.name.debugDescription) is 0 and has no direction"
        ])
      }
      for column in 0..<columns {
        let value = Double(elements[row * columns + column])
        elements[row * columns + column] = Float(value / norm * magnitude[row])
      }
    }
    return NamedTensor(
      name: direction.name, shape: direction.shape, fileType: direction.fileType, elements: elements
    )
  }

  static func checkNorm(_ module: Module) throws {
    let roles: Set<TensorName.Role> = [.mean, .variance, .gamma, .beta, .weight, .bias]
    let others = module.tensors.filter { !roles.contains($0.role) }
    let count = module.row(.mean)!.count
    var differences = others.map { belongsNowhere($0.tensor) }
    for (_, tensor) in module.tensors where tensor.elements.count != count {
      differences.append(
        "\(tensor.name.debugDescription) has \(tensor.elements.count) elements, expected \(count)")
    }
    guard differences.isEmpty else { throw Differences(all: differences) }
  }
}
