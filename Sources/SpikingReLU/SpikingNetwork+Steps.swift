internal import Networks
internal import SpikeKernels

// What a layer does in a step, after every spike or once, and what of it enters the ledger.

extension SpikingNetwork {
  /// One step of a layer whose units fire once a step.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  mutating func fireStep(_ layer: Int, limit: Int) throws(KernelError) {
    if layer == 0 {
      return try inputQuantizer.fireStep(
        adding: stepInput, into: &states[0], train: &trains[0], scratch: &scratch, limit: limit,
        using: instructionSet)
    }
    // Nothing came: no potential has changed, and none is beyond its threshold.
    if trains[layer - 1].count == 0, biases.isEmpty { return }
    if !biases.isEmpty {
      try layerQuantizer.addRows(
        of: biases[layer - 1], for: alwaysOn,
        rowsPerCheck: Scalar.rowsPerCheck(bound: biasBounds[layer - 1]), to: &states[layer],
        using: instructionSet)
      if layer == depth {
        Scalar.addRows(
          instructionSet, of: biases[layer - 1], for: alwaysOn, range: 0..<1, to: &sums[layer])
      }
    }
    try layerQuantizer.addRows(
      of: weights[layer - 1], for: trains[layer - 1],
      rowsPerCheck: Scalar.rowsPerCheck(bound: bounds[layer - 1]), to: &states[layer],
      using: instructionSet)
    if layer == depth {
      Scalar.addRows(
        instructionSet, of: weights[layer - 1], for: trains[layer - 1],
        range: 0..<trains[layer - 1].count, to: &sums[layer])
    }
    try layerQuantizer.fireStep(
      into: &states[layer], train: &trains[layer], scratch: &scratch, limit: limit,
      using: instructionSet)
  }

  /// Some steps of the input's quantizer; the spikes are appended to `trains[0]`, and `inputEnds`
  /// tells where each step ends.
  mutating func feedInput(steps: Int, limit: Int) throws(KernelError) {
    if inputEnds.count != steps { inputEnds = Array(repeating: 0, count: steps) }
    if feedsActiveInputs {
      return try inputQuantizer.feed(
        activeInput, ends: &inputEnds, into: &states[0], train: &trains[0], scratch: &scratch,
        limit: limit, using: instructionSet, generator: &generator)
    }
    for step in inputEnds.indices {
      try inputQuantizer.feed(
        input, into: &states[0], train: &trains[0], scratch: &scratch, limit: limit,
        using: instructionSet, generator: &generator)
      inputEnds[step] = trains[0].count
    }
  }

  /// Whether a rectified unit of a layer cannot fire twice for one row.
  func firesOnce(_ layer: Int) -> Bool { bounds[layer - 1] <= quantum }

  /// The spikes that the always-on unit below a layer sends in some steps.
  func alwaysOnSpikes(_ steps: Int) -> Int { biases.isEmpty ? 0 : steps }

  mutating func feed(_ layer: Int, limit: Int) throws(KernelError) {
    if !biases.isEmpty {
      try layerQuantizer.feed(
        rowsOf: biases[layer - 1], for: alwaysOn, firesOnce: biasBounds[layer - 1] <= quantum,
        rowsPerCheck: Scalar.rowsPerCheck(bound: biasBounds[layer - 1]), into: &states[layer],
        sums: &sums[layer], train: &trains[layer], scratch: &scratch, limit: limit,
        using: instructionSet, generator: &generator)
    }
    try feedRows(layer, limit: limit)
  }

  /// A row for each spike of the layer below.
  mutating func feedRows(_ layer: Int, limit: Int) throws(KernelError) {
    try layerQuantizer.feed(
      rowsOf: weights[layer - 1], narrow: narrow[layer - 1], for: trains[layer - 1],
      firesOnce: firesOnce(layer), rowsPerCheck: Scalar.rowsPerCheck(bound: bounds[layer - 1]),
      into: &states[layer],
      sums: &sums[layer], train: &trains[layer], scratch: &scratch, limit: limit,
      using: instructionSet, generator: &generator)
  }

  /// Enters a layer's steps into the ledger.
  mutating func count(_ layer: Int, steps: Int) {
    let sent = trains[layer].count
    let units = layerSizes[layer]
    let quantizer = layer == 0 ? inputQuantizer : layerQuantizer
    let negative = quantizer.kind.isSigned ? trains[layer].negativeCount(using: instructionSet) : 0
    let feeds = layer == 0 ? steps : trains[layer - 1].count + alwaysOnSpikes(steps)
    // Units that fire once a step look when something has come.
    let looks = options.firing == .oncePerStep ? (feeds > 0 ? 1 : 0) : feeds
    ledger.layers[layer].negativeSpikes += negative
    ledger.layers[layer].positiveSpikes += sent - negative
    ledger.layers[layer].unitSteps += steps * units
    ledger.layers[layer].forwardComparisons +=
      looks * (layer == 0 ? encodedInputs : units) * (quantizer.kind.isSigned ? 2 : 1) + sent
      + negative
    if layer == 0 {
      ledger.layers[0].encodingAdditions += steps * encodedInputs
    } else {
      ledger.layers[layer].forwardAdditions += feeds * units
    }
    if options.recording.contains(.counts) || (layer == depth && options.readout == .counts) {
      Int32.count(instructionSet, trains[layer], into: &counts[layer])
    }
    if options.recording.contains(.activity) { recordActivity(layer) }
  }

  /// Active units of the step, and what NeuroBench makes of the call into the layer above.
  mutating func recordActivity(_ layer: Int) {
    netSpikes[layer].fill(with: 0)
    Int32.count(instructionSet, trains[layer], into: &netSpikes[layer])
    var active = 0
    var operations = 0
    var isTernary = true
    for unit in 0..<layerSizes[layer] {
      let net = netSpikes[layer][unit]
      guard net != 0 else { continue }
      active += 1
      if net > 1 || net < -1 { isTernary = false }
      if layer < depth { operations += nonzeroWeights[layer][unit] }
    }
    ledger.layers[layer].activeUnitSteps += active
    guard layer < depth else { return }
    if isTernary {
      ledger.layers[layer + 1].effectiveAccumulates += operations
    } else {
      ledger.layers[layer + 1].effectiveMultiplyAccumulates += operations
    }
  }
}
