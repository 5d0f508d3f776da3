internal import Networks

// Layers and what folds into them, as an affine chain.

extension TensorNetwork {
  static func build(
    _ chain: inout AffineChain, _ linear: [Linear], _ layout: ReadingOptions.Layout,
    _ norms: [Module],
    inputs: Module?, _ options: ReadingOptions, _ notes: inout [ConversionNote]
  ) throws {
    let width = sizes(linear[0], layout).inputs
    try chain.require(width: width)
    if let preprocessing = options.preprocessing {
      let (factors, offsets) = try preprocessing.affine(inputs: width)
      try chain.scale(by: factors)
      try chain.shift(by: offsets)
      notes.append(preprocessing.note)
    }
    if let inputs {
      let deviations = inputs.row(.std) ?? inputs.row(.variance)!.map { $0.squareRoot() }
      let map = Preprocessing(mean: inputs.row(.mean)!, std: try checked(deviations, inputs))
      let (factors, offsets) = try map.affine(inputs: width)
      try chain.scale(by: factors)
      try chain.shift(by: offsets)
      notes.append(
        ConversionNote(
          .assumed, "mean and std", "(x - mean) / std of the inputs, folded into the first layer"))
    }
    let parts = linear.map { layer in
      let (inputs, outputs) = sizes(layer, layout)
      return NormalizationPlace.Part(path: layer.module.path, inputs: inputs, outputs: outputs)
    }
    let places = NormalizationPlace(layers: parts).places(
      norms.map { norm in
        let count = norm.row(.mean)!.count
        return NormalizationPlace.Part(path: norm.path, inputs: count, outputs: count)
      })
    let homeless = zip(norms, places).filter { $0.1 == nil }.map(\.0)
    guard homeless.isEmpty else {
      throw ModelFileError.Fault.modelMismatch(
        homeless.map {
          "normalization \($0.name.debugDescription) of \($0.row(.mean)!.count): its place among the layers is not in the file"
        })
    }
    for (index, layer) in linear.enumerated() {
      let (ins, outs) = sizes(layer, layout)
      for (norm, place) in zip(norms, places) where place == .before(layer: index) {
        try fold(norm, into: &chain, width: ins, "into the inputs of \(layer.module.name)", &notes)
      }
      let shape = layer.weight.shape
      let elements = layer.weight.elements
      switch layout {
      case .outputsInputs:
        let stored = Matrix(rows: shape[0], columns: shape[1], elements: elements)
        try chain.multiply(by: stored.transposed)
      case .inputsOutputs, .fortran:
        try chain.multiply(by: Matrix(rows: ins, columns: outs, elements: elements))
      }
      if let bias = layer.bias { try chain.shift(by: bias.elements.map(Double.init)) }
      for (norm, place) in zip(norms, places) where place == .after(layer: index) {
        try fold(
          norm, into: &chain, width: outs, "into \(layer.module.name), before its ReLU", &notes)
      }
      if index + 1 < linear.count { try chain.rectify() }
    }
    if linear.count > 1 {
      notes.append(
        ConversionNote(
          .assumed, "activations", "ReLU between layers: a file of tensors does not say"))
    }
  }

  static func checked(_ values: [Double], _ module: Module) throws -> [Double] {
    guard values.allSatisfy({ $0 != 0 && $0.isFinite }) else {
      let name = (module.tensor(.std) ?? module.tensor(.variance))?.name ?? module.name
      throw ModelFileError.Fault.modelMismatch([
        "tensor \(name.debugDescription) has a standard deviation of 0, or none: inputs divided by it are not finite"
      ])
    }
    return values
  }

  static func fold(
    _ norm: Module, into chain: inout AffineChain, width: Int, _ outcome: String,
    _ notes: inout [ConversionNote]
  ) throws {
    let mean = norm.row(.mean)!
    let ones = [Double](repeating: 1, count: mean.count)
    // Keras's epsilon is 1e-3, PyTorch's and Flax's 1e-5: no file of tensors has it.
    let isKeras = norm.tensors.contains { $0.tensor.name.contains("moving_") }
    let epsilon = isKeras ? 1e-3 : 1e-5
    guard mean.count == width,
      let map = Normalization(
        gamma: norm.row(.gamma, .weight) ?? ones,
        beta: norm.row(.beta, .bias) ?? ones.map { _ in 0 },
        mean: mean, variance: norm.row(.variance)!, epsilon: epsilon)
    else {
      throw ModelFileError.Fault.modelMismatch([
        "normalization \(norm.name.debugDescription) of \(mean.count) units, expected \(width), of positive variances"
      ])
    }
    try chain.scale(by: map.factors)
    try chain.shift(by: map.offsets)
    notes.append(
      ConversionNote(
        .assumed, norm.name, "batch normalization with epsilon \(epsilon), folded \(outcome)"))
  }
}
