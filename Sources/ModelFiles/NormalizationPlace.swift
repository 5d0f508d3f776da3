/// Where batch normalizations stand in a chain of layers, by their names, numbers and sizes: a file of tensors does not
/// say it.
struct NormalizationPlace {
  /// A layer, or a normalization (whose inputs are its outputs).
  struct Part {
    let path: [String]
    let inputs: Int
    let outputs: Int
  }

  /// What a normalization is folded into.
  enum Place: Hashable {
    /// The inputs of a layer: the network's, or what a ReLU gave.
    case before(layer: Int)
    /// The outputs of a layer, before its ReLU.
    case after(layer: Int)
  }

  let layers: [Part]

  /// The place of each; `nil` for one that may be at several.
  func places(_ norms: [Part]) -> [Place?] {
    var places = norms.map { norm in
      layers.indices.lazy.compactMap { byName(norm, layer: $0) }.first
    }
    // As many as hidden layers, in a list of their own: one each.
    let left = norms.indices.filter { places[$0] == nil }
    let hidden = Array(layers.indices.dropLast())
    if left.count == hidden.count, left.count > 1,
      Set(left.map { norms[$0].path.dropLast().joined(separator: ".") }).count == 1
    {
      let numbers = left.map { Int(norms[$0].path.last?.filter(\.isWholeNumber) ?? "") }
      let ordered = zip(left, numbers).sorted { ($0.1 ?? 0) < ($1.1 ?? 0) }.map(\.0)
      if !numbers.contains(nil),
        zip(ordered, hidden).allSatisfy({ norms[$0].outputs == layers[$1].outputs })
      {
        for (norm, layer) in zip(ordered, hidden) { places[norm] = .after(layer: layer) }
      }
    }
    for norm in norms.indices where places[norm] == nil {
      let taken = Set(places.compactMap(\.self))
      let fitting = bySize(norms[norm]).filter { !taken.contains($0) }
      if fitting.count == 1 { places[norm] = fitting[0] }
    }
    return places
  }

  /// By numbers in a sequence, or as `bn1` beside `fc1`.
  private func byName(_ norm: Part, layer: Int) -> Place? {
    func number(_ index: Int) -> Int? {
      guard layers.indices.contains(index) else { return nil }
      let path = layers[index].path
      guard path.count == norm.path.count, path.dropLast() == norm.path.dropLast() else {
        return nil
      }
      return path.last.flatMap { Int($0) }
    }
    if let own = norm.path.last.flatMap({ Int($0) }), let this = number(layer) {
      // Right behind a layer there is no room for a ReLU between, nor right before the next.
      if own == this + 1 { return .after(layer: layer) }
      if own + 1 == this, number(layer - 1) != own - 1 { return .before(layer: layer) }
      return layer == 0 && own < this ? .before(layer: 0) : nil
    }
    let path = layers[layer].path
    guard norm.path.dropLast() == path.dropLast(), digits(norm) == digits(layers[layer]),
      norm.outputs == layers[layer].outputs, layer + 1 < layers.count
    else { return nil }
    return .after(layer: layer)
  }

  private func digits(_ part: Part) -> String { part.path.last?.filter(\.isWholeNumber) ?? "" }

  /// Where a normalization of this size can be: at the input, or before the ReLU of a hidden layer.
  private func bySize(_ norm: Part) -> [Place] {
    (norm.outputs == layers[0].inputs ? [.before(layer: 0)] : [])
      + layers.indices.dropLast().filter { layers[$0].outputs == norm.outputs }.map {
        .after(layer: $0)
      }
  }
}
