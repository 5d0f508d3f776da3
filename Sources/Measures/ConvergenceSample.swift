package import DenseReLU
internal import Networks
package import SpikingReLU

/// How far one image's spiking outputs and counts are from the dense ones after T steps.
package struct ConvergenceSample: Sendable {
  /// The sum of |spiking output - dense output| over output units.
  package var outputError = 0.0
  /// The largest of them.
  package var maximumError = 0.0
  /// The sum of the rigorous bounds.
  package var bound = 0.0
  /// For layers 0...L, the sum of |count / T - activation| over units.
  package var layerErrors: [Double]
  /// The largest |error| / bound of the outputs.
  package var outputShare = 0.0
  /// The largest |count - T activation| / bound.
  package var countShare = 0.0
  package var spikingClass = 0
  package var denseClass = 0
}

/// Both models, of the same weights, for one worker.
package struct ConvergencePair: Sendable {
  package var spiking: SpikingMLP
  package var dense: DenseMLP

  package init(spiking: SpikingMLP, dense: DenseMLP) {
    self.spiking = spiking
    self.dense = dense
  }

  /// What one image contributes to each point: every T is a prefix of the longest.
  package mutating func samples(
    _ image: [Float], _ bound: RigorousBound, steps: [Int]
  ) throws -> [ConvergenceSample] {
    let example = bound.example(image)
    let expected = try dense.predict(image)
    let depth = dense.depth
    // Activations of layers 0...L; the last is rectified here, as a count can only approach that.
    let activations =
      (0..<depth).map { dense.activation(ofLayer: $0) } + [expected.map { max(0, $0) }]
    var feeds = Array(repeating: 0, count: depth)
    var samples: [ConvergenceSample] = []
    try spiking.present(image)
    for step in 1...steps.last! {
      // An image of many steps may take minutes: Ctrl-C is not to wait for its end.
      if step % 64 == 0 { try Task.checkCancellation() }
      try spiking.step()
      for layer in 0..<depth { feeds[layer] += spiking.spikes(ofLayer: layer).count }
      guard step == steps[samples.count] else { continue }
      let time = bound.time(ofSteps: step)
      let output = spiking.output
      let limits = bound.evaluate(example, steps: step, feeds: feeds)
      var sample = ConvergenceSample(
        layerErrors: [], spikingClass: output.argmax, denseClass: expected.argmax)
      for unit in output.indices {
        let error = abs(Double(output[unit]) - Double(expected[unit]))
        sample.outputError += error
        sample.maximumError = max(sample.maximumError, error)
        sample.bound += limits.outputSums[unit] / time
        // The theorem is about real arithmetic: held against the pre-activation in Double.
        let exact = abs(Double(output[unit]) - example.preActivations[depth - 1][unit])
        sample.outputShare = max(sample.outputShare, time * exact / limits.outputSums[unit])
      }
      // What the counts of each layer tend to: the input, and rectified pre-activations.
      let exactly =
        [image.map(Double.init)] + example.preActivations.map { $0.map { max(0, $0) } }
      for layer in 0...depth {
        // The last layer of a refining network sends nothing: what it would send is its output, rectified.
        let counts =
          layer == depth && spiking.options.firing == .refining
          ? output.map { time * Double(max(0, $0)) }
          : spiking.spikeCounts(ofLayer: layer).map(Double.init)
        var total = 0.0
        for unit in counts.indices {
          let count = counts[unit]
          total += abs(count / time - Double(activations[layer][unit]))
          sample.countShare = max(
            sample.countShare,
            abs(count - time * exactly[layer][unit]) / limits.counts[layer][unit])
        }
        sample.layerErrors.append(total)
      }
      samples.append(sample)
    }
    return samples
  }
}
