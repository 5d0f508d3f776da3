internal import Networks

// The order of layers, and how their weights lie.

extension TensorNetwork {
  /// Layers in their order, and how their weights lie.
  static func ordered(
    _ linear: [Linear], _ options: ReadingOptions, _ notes: inout [ConversionNote]
  ) throws -> ([Linear], ReadingOptions.Layout) {
    typealias Layout = ReadingOptions.Layout
    var linear = linear
    let isSaid = !options.layers.isEmpty
    if isSaid { linear = try said(linear, options.layers, &notes) }
    // A layout with which a bias has another length than there are outputs is none.
    let possible = (options.layout.map { [$0] } ?? [.outputsInputs, .inputsOutputs]).filter {
      layout in
      linear.allSatisfy { layer in
        layer.bias.map { $0.elements.count == sizes(layer, layout).outputs } ?? true
      }
    }
    let named = Set(linear.compactMap(\.module.layout))
    let custom =
      named.count == 1 && linear.allSatisfy { $0.module.layout != nil } ? named.first : nil
    var found: [(layout: Layout, result: LayerOrder.Found)] = []
    for layout in possible {
      let order = LayerOrder(
        linear.map { layer in
          let (inputs, outputs) = sizes(layer, layout)
          return LayerOrder.Layer(path: layer.module.path, inputs: inputs, outputs: outputs)
        })
      let all = Array(linear.indices)
      found.append(
        (layout, isSaid ? (order.fits(all) ? .order(all, .numbers) : .none) : order.found))
    }
    func matches(_ isMatch: (LayerOrder.Found) -> Bool) -> [(
      layout: Layout, result: LayerOrder.Found
    )] {
      found.filter { isMatch($0.result) }
    }
    // Against the custom of the names a bias must say it, or a numbering that fits no other way.
    let isSaidByBias = linear.contains { layer in
      layer.bias != nil && layer.weight.shape[0] != layer.weight.shape[1]
    }
    if options.layout == nil, let custom, !isSaidByBias {
      found.removeAll { $0.layout != custom && (isSaid || !isByNumbers($0.result)) }
    }
    let byNumbers = matches { isByNumbers($0) }
    let ordered =
      byNumbers.isEmpty ? matches { if case .order = $0 { true } else { false } } : byNumbers
    let several = matches { if case .several = $0 { true } else { false } }
    // The custom of the names where both fit; shapes and biases where one does.
    var chosen =
      ordered.count == 1 && several.isEmpty ? ordered[0] : ordered.first { $0.layout == custom }
    if chosen == nil, ordered.count == 1,
      several.allSatisfy({ $0.layout != custom }) || !byNumbers.isEmpty
    {
      chosen = ordered[0]
    }
    guard let chosen, case .order(let order, let reason) = chosen.result else {
      throw fault(linear, found.map(\.result), isSaid: isSaid, isLayoutOpen: ordered.count > 1)
    }
    let names = order.map { linear[$0].module.name }.joined(separator: ", ")
    switch reason {
    case .numbers: break
    case .counted(let name):
      notes.append(
        ConversionNote(.assumed, "order", "\(names): \(name) counts as the first, as in Keras"))
    case .shapes:
      notes.append(ConversionNote(.assumed, "order", "\(names): the only one that fits the shapes"))
    case .words(let words):
      notes.append(
        ConversionNote(
          .assumed, "order",
          "\(names): by the words \(words.joined(separator: ", ")); --layers says another"))
    }
    if options.layout == nil, ordered.count > 1 || chosen.layout != custom {
      let reason =
        ordered.count > 1
        ? "by the names of the tensors; --layout says another" : "as shapes and biases say"
      notes.append(
        ConversionNote(
          ordered.count > 1 ? .assumed : .faithful, "weights",
          "lie as [\(chosen.layout.rawValue)], \(reason)"))
    }
    return (order.map { linear[$0] }, chosen.layout)
  }

  static func isByNumbers(_ found: LayerOrder.Found) -> Bool {
    switch found {
    case .order(_, .numbers), .order(_, .counted): true
    default: false
    }
  }

  /// The layers that the user names, in that order.
  static func said(
    _ linear: [Linear], _ names: [String], _ notes: inout [ConversionNote]
  ) throws -> [Linear] {
    let chosen = try names.map { name throws -> Linear in
      let fitting = linear.filter { $0.module.name == name || $0.weight.name == name }
      guard let layer = fitting.first else {
        let all = linear.map(\.module.name).joined(separator: ", ")
        throw ModelFileError.Fault.modelMismatch([
          "--layers \(name): there is no such layer; there are \(all)"
        ])
      }
      return layer
    }
    for layer in linear where !chosen.contains(where: { $0.module.path == layer.module.path }) {
      notes.append(
        ConversionNote(.ignored, layer.module.name, "left out: --layers does not name it"))
    }
    return chosen
  }

  static func sizes(
    _ layer: Linear, _ layout: ReadingOptions.Layout
  ) -> (inputs: Int, outputs: Int) {
    let shape = layer.weight.shape
    return layout == .inputsOutputs ? (shape[0], shape[1]) : (shape[1], shape[0])
  }

  static func fault(
    _ linear: [Linear], _ found: [LayerOrder.Found], isSaid: Bool, isLayoutOpen: Bool
  ) -> ModelFileError.Fault {
    func names(_ order: [Int]) -> String {
      order.map { linear[$0].module.name }.joined(separator: ",")
    }
    let shapes = linear.map { "\($0.module.name) \($0.weight.shape)" }.joined(separator: ", ")
    if isLayoutOpen {
      return .modelMismatch([
        "the weights \(shapes) can lie as [out,in] or as [in,out], and the file does not say: --layout out,in (PyTorch) "
          + "or --layout in,out (Keras, Flax)"
      ])
    }
    let several = found.flatMap { result -> [[Int]] in
      if case .several(let orders) = result { return orders }
      return []
    }
    if found.contains(where: { if case .several = $0 { true } else { false } }) {
      let orders = several.map { "--layers " + names($0) }.joined(separator: ", or ")
      return .modelMismatch([
        "the order of the layers \(shapes) is not in the file, and several fit: "
          + (orders.isEmpty ? "--layers NAME,NAME,... says it" : orders)
          + "; a layer of another branch is left out by not being named"
      ])
    }
    return .modelMismatch([
      "the layers \(shapes) fit in no order" + (isSaid ? " as said by --layers" : "")
        + ": each takes as many inputs as the one before has outputs; --layers NAME,NAME,... names those of one network"
    ])
  }
}
