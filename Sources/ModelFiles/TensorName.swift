/// A tensor's name as exporters write it: the module it belongs to, and what it is of it.
struct TensorName {
  /// What a tensor is of its module.
  enum Role: Equatable {
    case weight
    case bias
    /// Of batch normalization.
    case gamma, beta, mean, variance
    /// Of a normalization of inputs.
    case std
    /// Of pruning (`weight_orig * weight_mask`), and of weight normalization (`g v / |v|`).
    case unpruned, mask, magnitude, direction
    /// Counts of a training.
    case counter
    /// Nothing that is known.
    case other
  }

  /// Names that stand for a module's tensors, as the whole last part of a name.
  private static let roles: [String: Role] = [
    "weight": .weight, "kernel": .weight, "w": .weight, "W": .weight, "weights": .weight,
    "coef": .weight,
    "coefs": .weight, "bias": .bias, "b": .bias, "biases": .bias, "intercept": .bias,
    "intercepts": .bias,
    "gamma": .gamma, "scale": .gamma, "beta": .beta, "offset": .beta, "running_mean": .mean,
    "moving_mean": .mean, "mean": .mean, "running_var": .variance, "moving_variance": .variance,
    "var": .variance, "variance": .variance, "std": .std, "weight_orig": .unpruned,
    "weight_mask": .mask,
    "weight_g": .magnitude, "weight_v": .direction, "num_batches_tracked": .counter,
    "count": .counter,
    "counter": .counter,
  ]

  /// Names of which `[inputs, outputs]` is the custom: Keras and Flax, Haiku, scikit-learn.
  private static let columnWords: Set<String> = ["kernel", "w", "coef", "coefs"]
  /// Names of which `[outputs, inputs]` is the custom: PyTorch, MLX.
  private static let rowWords: Set<String> = ["weight", "weight_orig", "weight_v"]

  /// The module's path, in parts.
  let module: [String]
  let role: Role
  /// How weights of this name lie; `nil` where the name does not say.
  let layout: ReadingOptions.Layout?

  /// - Parameter rank: dimensions, which tell weights and biases apart where names are numbers only.
  init(_ name: String, rank: Int) {
    // Keras ends names of variables with ":0"; Flax keeps parameters and statistics in two trees.
    let trimmed = name.hasSuffix(":0") ? String(name.dropLast(2)) : name
    var parts = trimmed.split { "./[]'".contains($0) }.map(String.init)
    parts.removeAll { ["params", "batch_stats", "~", "vars"].contains($0) }
    // NNX says that a variable has a value.
    if parts.count > 1, parts.last == "value" { parts.removeLast() }
    var last = parts.popLast() ?? ""
    if last.count > 1, last.hasSuffix("_") { last.removeLast() }
    // ParameterList and lists: weights.0, coefs_.0.
    if let before = parts.last, !last.isEmpty, last.allSatisfy(\.isWholeNumber) {
      let stem = before.hasSuffix("_") ? String(before.dropLast()) : before
      if let role = Self.role(stem), role == .weight || role == .bias {
        parts.removeLast()
        last = stem + last
      }
    }
    let word: String
    if let first = parts.last, first == "weight", parts.dropLast().last == "parametrizations",
      ["original0", "original1"].contains(last)
    {
      (module, role, word) = (
        Array(parts.dropLast(2)), last == "original0" ? .magnitude : .direction, "weight"
      )
    } else if let role = Self.role(last) {
      (module, self.role, word) = (parts, role, last)
    } else if let (stem, number) = Self.numbered(last), let role = Self.role(stem),
      role == .weight || role == .bias
    {
      // W1, b1, weight1, coefs_0.
      (module, self.role, word) = (parts + [number], role, stem)
    } else if let (stem, suffix) = Self.suffixed(last) {
      // fc1_weight, fc1_b.
      (module, role, word) = (parts + [stem], Self.role(suffix)!, suffix)
    } else if let place = last.firstIndex(of: "_"), let role = Self.role(String(last[..<place])),
      role == .weight || role == .bias
    {
      // W_h, b_h, weight_fc1.
      word = String(last[..<place])
      (module, self.role) = (parts + [String(last[last.index(after: place)...])], role)
    } else if name.hasPrefix("layers/"), last.allSatisfy(\.isNumber), trimmed.contains("/vars/") {
      (module, role, word) = (parts, rank == 2 ? .weight : rank == 1 ? .bias : .other, "kernel")
    } else {
      (module, role, word) = (parts + [last], .other, last)
    }
    layout =
      Self.columnWords.contains(word)
      ? .inputsOutputs : Self.rowWords.contains(word) ? .outputsInputs : nil
  }

  /// What a name stands for; Weight, Bias and B as weight, bias and b.
  private static func role(_ name: String) -> Role? { roles[name] ?? roles[name.lowercased()] }

  /// A name that ends in a number, apart.
  private static func numbered(_ name: String) -> (stem: String, number: String)? {
    let number = String(name.reversed().prefix(while: \.isWholeNumber).reversed())
    guard !number.isEmpty, number.count < 10 else { return nil }
    let stem = name.dropLast(number.count)
    return (String(stem.hasSuffix("_") ? stem.dropLast() : stem), number)
  }

  private static func suffixed(_ name: String) -> (stem: String, suffix: String)? {
    let suffixes = ["weights", "weight", "kernel", "biases", "bias", "w", "b", "W", "B"]
    for suffix in suffixes where name.hasSuffix("_" + suffix) {
      return (String(name.dropLast(suffix.count + 1)), suffix)
    }
    // fc1W, fc1B.
    if let letter = name.last, "WwBb".contains(letter), let before = name.dropLast().last,
      before.isASCII, before.isWholeNumber
    {
      return (String(name.dropLast()), String(letter))
    }
    return nil
  }
}
