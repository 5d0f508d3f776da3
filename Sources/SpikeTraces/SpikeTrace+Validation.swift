internal import Networks

extension SpikeTrace {
  /// Checks that the parts fit together: sizes, ranges, units.
  ///
  /// - Throws: `SpikeTraceError` with the place of the first fault; `NetworkError` for layer sizes.
  func validate(path: String) throws {
    func check(_ holds: Bool, _ reason: @autoclosure () -> String) throws {
      guard holds else { throw SpikeTraceError(path: path, reason: reason()) }
    }
    func count(_ found: Int, _ expected: Int, _ name: String) throws {
      try check(found == expected, "\(name): found \(found) entries, expected \(expected)")
    }
    func matrix<Value>(_ rows: [[Value]], _ expected: (Int, Int), _ name: String) throws {
      try count(rows.count, expected.0, name)
      for (index, row) in rows.enumerated() {
        try count(row.count, expected.1, "\(name)[\(index)]")
      }
    }
    func spikes(_ train: [Int], units: Int, _ name: String) throws {
      for (index, code) in train.enumerated() where code == 0 || code.magnitude > units {
        try check(
          false, "\(name)[\(index)]: found \(code), expected a unit in 1...\(units) with its sign")
      }
    }
    func steps(_ ends: [Int], of train: [Int], _ name: String) throws {
      try count(ends.count, timeSteps, name)
      try check(
        zip([0] + ends, ends).allSatisfy(<=) && ends.last == train.count,
        "\(name): expected counts that rise to \(train.count)")
    }
    do {
      _ = try Topology(units: layerSizes)
    } catch {
      throw SpikeTraceError(path: path, reason: "layer_sizes: \(error)")
    }
    let (depth, examples) = (layerSizes.count - 1, inputs.count)
    try check(timeSteps >= 1, "time_steps: found \(timeSteps), expected at least 1")
    try check(examples > 0, "inputs: expected at least one example")
    try matrix(inputs, (examples, layerSizes[0]), "inputs")
    try matrix(targets, (examples, layerSizes[depth]), "targets")
    try matrix(predictionsBefore, (examples, layerSizes[depth]), "predictions_before")
    try matrix(predictionsAfter, (examples, layerSizes[depth]), "predictions_after")
    try count(weightsBefore.count, depth, "weights_before")
    try count(weightsAfter.count, depth, "weights_after")
    for layer in 0..<depth {
      let shape = (layerSizes[layer], layerSizes[layer + 1])
      try matrix(weightsBefore[layer], shape, "weights_before[\(layer)]")
      try matrix(weightsAfter[layer], shape, "weights_after[\(layer)]")
    }
    try count(predictionSpikes.count, depth + 1, "prediction_spikes_first_input")
    for (layer, train) in predictionSpikes.enumerated() {
      try spikes(train, units: layerSizes[layer], "prediction_spikes_first_input[\(layer)]")
    }
    if let predictionSteps {
      try count(predictionSteps.count, depth + 1, "prediction_steps_first_input")
      for (layer, ends) in predictionSteps.enumerated() {
        try steps(ends, of: predictionSpikes[layer], "prediction_steps_first_input[\(layer)]")
      }
    }
    try count(trainingSpikes.count, examples, "training_spikes")
    if let trainingSteps { try count(trainingSteps.count, examples, "training_steps") }
    for (index, example) in trainingSpikes.enumerated() {
      let place = "training_spikes[\(index)]"
      try count(example.forward.count, depth, place + ".forward")
      try count(example.errorPassed.count, depth, place + ".error_passed")
      for layer in 0..<depth {
        let units = layerSizes[layer + 1]
        try spikes(example.forward[layer], units: units, "\(place).forward[\(layer)]")
        try spikes(example.errorPassed[layer], units: units, "\(place).error_passed[\(layer)]")
      }
      guard let ends = trainingSteps?[index] else { continue }
      let endsPlace = "training_steps[\(index)]"
      try count(ends.forward.count, depth, endsPlace + ".forward")
      try count(ends.errorPassed.count, depth, endsPlace + ".error_passed")
      for layer in 0..<depth {
        try steps(
          ends.forward[layer], of: example.forward[layer], "\(endsPlace).forward[\(layer)]")
        try steps(
          ends.errorPassed[layer], of: example.errorPassed[layer],
          "\(endsPlace).error_passed[\(layer)]")
      }
    }
  }
}
