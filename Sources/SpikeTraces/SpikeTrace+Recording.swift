public import Networks
public import SpikeKernels
public import SpikingReLU

extension SpikeTrace {
  /// Records a network: predicts each input, trains once on each example in order, and predicts
  /// again.
  ///
  /// - Parameters:
  ///   - name: what the trace calls itself.
  ///   - weights: what it starts from, without biases.
  ///   - options: how it predicts, with the default input quantizer; its seed is recorded.
  ///   - training: how it learns.
  ///   - numberType: in which numbers.
  ///   - inputs: `[n][n_0]`, at least one.
  ///   - targets: `[n][n_L]`, each in [0, 1].
  ///   - instructionSet: which kernels run; the trace does not depend on it.
  ///   - progress: told after each example that was trained on.
  /// - Throws: `SpikingError`; `CancellationError`.
  public static func record(
    name: String, weights: NetworkWeights, options: PredictionOptions, training: TrainingOptions,
    numberType: NumberType, inputs: [[Float]], targets: [[Float]],
    instructionSet: InstructionSet, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws -> SpikeTrace {
    precondition(options.inputQuantizer == .herding, "a trace has no field for input quantizers")
    precondition(inputs.count == targets.count, "\(inputs.count) inputs, \(targets.count) targets")
    var trace = SpikeTrace(
      name: name, layerSizes: weights.topology.units, timeSteps: options.timeSteps,
      eta: training.learningRate, fractional: training.update == .fractional,
      smoothGradients: training.usesSmoothGradients,
      depthFirst: training.traversal == .depthFirst, holdError: training.holdsError,
      returnCounts: options.readout == .counts, forwardQuantizer: training.forwardQuantizer,
      backwardQuantizer: training.backwardQuantizer, layerQuantizer: options.layerQuantizer,
      regularization: training.regularization, numberType: numberType, seed: options.seed,
      inputs: inputs, targets: targets,
      weightsBefore: weights.matrices.map { layer in (0..<layer.rows).map { layer.row($0) } },
      weightsAfter: [], predictionsBefore: [], predictionsAfter: [],
      predictionSpikes: weights.topology.units.map { _ in [] }, trainingSpikes: [],
      predictionSteps: weights.topology.units.map { _ in [] }, trainingSteps: [])
    switch numberType {
    case .float:
      try trace.fill(
        from: LearningMLP(
          weights: weights, options: options, training: training, instructionSet: instructionSet),
        progress: progress)
    case .integer:
      try trace.fill(
        from: IntegerLearningMLP(
          weights: weights, options: options, training: training, instructionSet: instructionSet),
        progress: progress)
    }
    return trace
  }

  /// Records the same network again, as this package computes it.
  ///
  /// - Throws: as `record`, and for weights or settings that make no network.
  public func replayed(
    instructionSet: InstructionSet, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws -> SpikeTrace {
    var options = try PredictionOptions(timeSteps: timeSteps)
    options.layerQuantizer = layerQuantizer
    options.readout = returnCounts ? .counts : .potentials
    options.seed = seed ?? 0
    var training = try TrainingOptions(learningRate: eta)
    training.update = fractional ? .fractional : .sgd
    training.usesSmoothGradients = smoothGradients
    training.traversal = depthFirst ? .depthFirst : .breadthFirst
    training.holdsError = holdError
    training.regularization = regularization
    training.forwardQuantizer = forwardQuantizer
    training.backwardQuantizer = backwardQuantizer
    let weights = try NetworkWeights(
      layers: weightsBefore.map { rows in
        Matrix(rows: rows.count, columns: rows[0].count, elements: rows.flatMap(\.self))
      })
    return try .record(
      name: name, weights: weights, options: options, training: training, numberType: numberType,
      inputs: inputs, targets: targets, instructionSet: instructionSet, progress: progress)
  }

  private mutating func fill<Scalar>(
    from start: LearningNetwork<Scalar>, progress: ((Int, Int) -> Void)?
  ) throws {
    var first = start.network
    try first.present(inputs[0])
    for _ in 0..<timeSteps {
      try first.step()
      for layer in layerSizes.indices {
        predictionSpikes[layer] += first.spikes(ofLayer: layer).map(Self.code)
        predictionSteps![layer].append(predictionSpikes[layer].count)
      }
    }
    var network = start
    network.recordsSpikes = true
    // Potentials that do not reset live on from prediction to training, as in the program.
    predictionsBefore = try predictions(of: &network)
    let layers = 1..<layerSizes.count
    for (index, (input, target)) in zip(inputs, targets).enumerated() {
      try Task.checkCancellation()
      try network.train(input: input, target: target)
      trainingSpikes.append(
        TrainingSpikes(
          forward: layers.map { network.trainingSpikes(ofLayer: $0).map(Self.code) },
          errorPassed: layers.map { network.errorSpikes(ofLayer: $0).map(Self.code) }))
      trainingSteps!.append(
        TrainingSpikes(
          forward: layers.map { network.trainingSpikeEnds(ofLayer: $0) },
          errorPassed: layers.map { network.errorSpikeEnds(ofLayer: $0) }))
      progress?(index + 1, inputs.count)
    }
    weightsAfter = network.weights.map { layer in
      (0..<layer.rows).map { row in layer.row(row).map { TraceNumber($0) } }
    }
    predictionsAfter = try predictions(of: &network)
  }

  private func predictions<Scalar>(
    of network: inout LearningNetwork<Scalar>
  ) throws -> [[TraceNumber]] {
    var predictions: [[TraceNumber]] = []
    for input in inputs {
      try Task.checkCancellation()
      predictions.append(try network.predict(input).map { TraceNumber($0) })
    }
    return predictions
  }
}
