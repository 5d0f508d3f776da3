internal import Networks
internal import SpikeKernels

// Refining: an error that halves with each step.

extension SpikingNetwork {
  /// Takes one step of a refining network.
  ///
  /// Let `d_l = 1 / k_l` be the quanta of the coding. In step s = 0, 1, ... a spike of layer l stands for
  /// `d_l 2^-s`. A unit holds what it has received, z (from the bias), and what it has sent, q (from 0):
  /// ```
  /// for l in 0..<L, in order:                              // a_0 = x,  a_l = max(z_l, 0)
  ///     n_l = sign(phi) max(0, ceil(|phi| - 1/2)),  phi = (a_l - q_l) / (d_l 2^-s)
  ///     q_l += n_l d_l 2^-s
  ///     z_(l+1) += n_l d_l 2^-s W_(l+1)                    // a row for each spike
  /// ```
  /// In quanta of the step nothing is multiplied: a step begins with `z += z`, `q += q`, and rows are added
  /// as they are, with the quanta folded into the weights once (`NetworkWeights.coded(by:)`). Kept are
  /// `z - q`, the potential, and q (`ReferenceKernels.refine`). The output is `z_L` after any step; its error
  /// halves with each (`RigorousBound`).
  ///
  /// It is a sigma-delta network (O'Connor and Welling, ICLR 2017) whose quantum falls while the input stays.
  /// Few-spikes neurons (Stöckl and Maass, arXiv 2002.00860) have falling quanta, too, unsigned and one layer
  /// after the other; the ternary momentum neuron (arXiv 2408.17245) doubles its potential in each step.
  ///
  /// - Throws: `SpikingError.potentialOverflow` where a sum has no places left; `.eventBudgetExceeded`.
  /// - Complexity: `n_l` additions for each spike that reaches layer l, and one for each sum that is not 0.
  mutating func refine() throws(SpikingError) {
    let isFirst = stepsTaken == 0
    for index in layers.indices {
      // Where spikes are added by patterns, those of higher binary places come before sums are doubled.
      let hasPatterns = layers.span[index].patterns != nil
      if hasPatterns {
        let feeder = layers.span[index].feeders[0]
        if layers.span[feeder].neurons.sendsBits {
          layers[index].takePatterns(of: layers.span[feeder].neurons.bits!)
        } else {
          layers[index].takePatterns(of: layers.span[feeder].neurons.spikes, instructionSet)
        }
        layers[index].addHigherPlaces(isFirst: isFirst, context)
      }
      if isFirst {
        // Of the table, where there is one: its columns are the neurons.
        if let bias = layers.span[index].patterns?.connection.bias
          ?? layers.span[index].connection.bias
        {
          context.kernels.addRows(
            of: bias.row, for: context.alwaysOn, range: 0..<1, to: &layers[index].neurons.sums)
          layers[index].neurons.operations.forwardAdditions += units(ofLayer: index)
        }
      } else {
        layers[index].neurons.double(context)
        // Counts are in quanta of the step, as what was sent.
        if let unit = layers[index].doubleCounts() {
          throw .potentialOverflow(
            layer: index, unit: unit, step: stepsTaken + 1,
            value: Double(layers[index].counts[unit]))
        }
      }
      if hasPatterns {
        layers[index].addPatterns(ofPlace: 0, context)
      } else {
        for feeder in layers.span[index].feeders {
          layers[index].neurons.add(
            layers.span[feeder].neurons.spikes, through: layers.span[index].connection, context)
        }
      }
      if index < depth {
        do {
          try layers[index].neurons.refine(&context)
        } catch {
          throw SpikingError(
            layers[index].ofUnit(error), layer: index, step: stepsTaken + 1, limit: budget)
        }
        layers[index].count(instructionSet)
      }
      if recordsActivity { record(activityOf: index) }
    }
    try checkOutput()
    count(steps: 1)
    stepsTaken += 1
  }

  /// Checks that the last layer's sums can be doubled once more.
  private func checkOutput() throws(SpikingError) {
    for unit in 0..<outputs {
      let sum = layers.span[depth].neurons.sums[unit]
      guard Scalar.canDouble(sum) else {
        throw .potentialOverflow(
          layer: depth, unit: unit, step: stepsTaken + 1, value: Scalar.value(of: sum))
      }
    }
  }

  /// What a refining network cannot do, by name.
  static func checkRefining(
    _ options: PredictionOptions, _ coding: SpikeCoding?
  ) throws(SpikingError) {
    guard options.timeSteps <= PredictionOptions.maximumRefiningSteps else {
      throw .refiningSteps(found: options.timeSteps)
    }
    guard options.inputQuantizer == .herding, options.layerQuantizer == .rectHerding else {
      throw .unsupportedInRefining(
        "quantizers but the input's '\(QuantizerKind.herding.rawValue)' and the layers' "
          + "'\(QuantizerKind.rectHerding.rawValue)'")
    }
    guard options.readout == .potentials else {
      throw .unsupportedInRefining("output that is read from counts")
    }
    guard coding?.inputPhases.isEmpty ?? true else {
      throw .unsupportedInRefining("phases of the input")
    }
  }
}

extension SpikingLayer {
  /// Counts, where they are kept, in quanta of the next step.
  ///
  /// - Returns: a unit whose count has no room to be doubled and to grow by 2^22; `nil` for none.
  fileprivate mutating func doubleCounts() -> Int? {
    for unit in 0..<counts.count {
      guard counts[unit].magnitude < 1 << 29 else { return unit }
      counts[unit] += counts[unit]
    }
    return nil
  }

  /// An error of a neuron as one of its unit.
  fileprivate func ofUnit(_ error: KernelError) -> KernelError {
    guard let slots, case .potentialOverflow(let neuron, let value) = error else { return error }
    return .potentialOverflow(unit: Int(slots.units[neuron]), value: value)
  }

  /// Finds the rows of its table that the spikes of the layer below stand for.
  fileprivate mutating func takePatterns(of bits: SpikeBits) {
    patternRows.take(bits, by: patterns!.index)
  }

  /// The same, of spikes that are no bits.
  fileprivate mutating func takePatterns(of spikes: SpikeTrain, _ set: InstructionSet) {
    patternRows.take(spikes, by: patterns!.index, using: set)
  }

  /// Adds the rows of a binary place, where there are some.
  fileprivate mutating func addPatterns(ofPlace place: Int, _ context: FeedContext<Scalar>) {
    guard place < patternRows.count else { return }
    neurons.add(patternRows.places[place], through: patterns!.connection, context)
  }

  /// Adds the rows of spikes that stand for 2, 4, ... quanta of the step.
  ///
  /// In the first step sums are 0 before anything comes: the highest place first, a doubling after each. Later a
  /// row of place b is added 2^(b - 1) times before the doubling that begins the step: counts above 1 are rare.
  fileprivate mutating func addHigherPlaces(isFirst: Bool, _ context: FeedContext<Scalar>) {
    for place in (1..<max(patternRows.count, 1)).reversed() {
      for _ in 0..<(isFirst ? 1 : 1 << (place - 1)) { addPatterns(ofPlace: place, context) }
      if isFirst { neurons.double(context) }
    }
  }
}

extension Neurons {
  /// Begins a step: sums are in quanta of the step.
  mutating func double(_ context: FeedContext<Scalar>) {
    operations.doublings += context.kernels.double(&sums, &sent, units: state.units)
  }

  /// Sends what is still missing; see `ReferenceKernels.refine`.
  mutating func refine(_ context: inout FeedContext<Scalar>) throws(KernelError) {
    spikes.removeAll()
    sendsBits = false
    // Two comparisons a neuron that is no unit are not counted.
    let spare = 2 * (state.units - operations.units)
    if bits != nil,
      let comparisons = context.kernels.refine(
        &sums, sent: &sent, units: state.units, quantum: quantizer.quantum, bits: &bits!,
        limit: context.limit)
    {
      sendsBits = true
      context.limit -= bits!.count
      operations.forwardComparisons += comparisons - spare
      operations.positiveSpikes += bits!.count - bits!.negatives
      operations.negativeSpikes += bits!.negatives
      operations.unitSteps += operations.units
      return
    }
    let comparisons = try context.kernels.refine(
      &sums, sent: &sent, units: state.units, quantum: quantizer.quantum, train: &spikes,
      limit: context.limit)
    operations.forwardComparisons += comparisons - spare
    context.limit -= spikes.count
    enterSpikes(steps: 1, context.instructionSet)
  }
}
