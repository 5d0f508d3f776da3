internal import Datasets
internal import DenseReLU
internal import Networks
internal import SpikeKernels
internal import SpikingReLU
internal import Training

extension Comparison {
  /// How the spiking network approaches the dense one as T grows.
  public struct Convergence: Sendable, Codable {
    /// The twins after some number of steps.
    public struct Point: Sendable, Codable {
      /// T.
      public let timeSteps: Int
      /// The mean of |spiking output - dense output| over images and output units.
      public let meanError: Double
      /// The largest of them.
      public let maximumError: Double
      /// The mean of the rigorous bounds of these errors.
      public let meanBound: Double
      /// T times the mean: constant when the error falls like 1/T.
      public let scaledMeanError: Double
      /// The share of images for which both name the same class.
      public let argmaxAgreement: Double
      /// The spiking network's wrong answers, in percent.
      public let testErrorPercent: Double
      /// The 95% interval of that rate.
      public let testErrorInterval95: [Double]
      /// The largest |error| / bound over images and output units.
      public let outputShareOfBound: Double
      /// The largest |count - T activation| / bound over images and units of all layers. The input
      /// reaches 1 when a pixel times T is halfway between two whole numbers.
      public let countShareOfBound: Double
      /// For layers 0...L, the mean of |count / T - activation| over images and units.
      public let layerMeanErrors: [Double]
    }

    /// One for each number of steps, rising.
    public let points: [Point]
    /// The mean error as a power of T.
    public let fit: PowerLawFit?
    /// For layers 0...L, the mean error of count / T as a power of T.
    public let layerFits: [PowerLawFit?]
    /// The dense network's errors.
    public let denseErrors: Int
    /// The largest |error| / bound of all.
    public let largestShareOfBound: Double
  }

  /// What one image contributes to one point.
  private struct Sample: Sendable {
    var outputError = 0.0
    var maximumError = 0.0
    var bound = 0.0
    var layerErrors: [Double]
    var outputShare = 0.0
    var countShare = 0.0
    var spikingClass = 0
    var denseClass = 0
  }

  private struct Worker: Sendable {
    var spiking: SpikingMLP
    var dense: DenseMLP
  }

  /// One pass an image: every T is a prefix of the longest.
  func convergence(progress: ProgressHandler?) async throws -> Convergence {
    let (data, weights, settings) = (data, weights, settings)
    let bound = RigorousBound(weights: weights)
    var options = try PredictionOptions(timeSteps: settings.convergenceSteps.last!)
    options.recording = .counts
    let network = try SpikingMLP(
      weights: weights, options: options, instructionSet: settings.instructionSet)
    let (samples, _) = try await mapExamples(
      count: data.count, workers: settings.workers, progress: progress,
      makeState: { Worker(spiking: network, dense: DenseMLP(weights: weights)) },
      body: { worker, index in
        try Self.samples(
          data.images.row(index), &worker, bound, steps: settings.convergenceSteps)
      })
    return Self.summarize(
      samples, labels: data.labels, steps: settings.convergenceSteps, sizes: weights.layerSizes)
  }

  private static func samples(
    _ image: [Float], _ worker: inout Worker, _ bound: RigorousBound, steps: [Int]
  ) throws -> [Sample] {
    let example = bound.example(image)
    let dense = try worker.dense.predict(image)
    let depth = worker.dense.depth
    // Activations of layers 0...L; the last is rectified here, as a count can only approach that.
    let activations =
      (0..<depth).map { worker.dense.activation(ofLayer: $0) } + [dense.map { max(0, $0) }]
    var feeds = Array(repeating: 0, count: depth)
    var samples: [Sample] = []
    try worker.spiking.present(image)
    for step in 1...steps.last! {
      // An image of many steps may take minutes: Ctrl-C is not to wait for its end.
      if step % 64 == 0 { try Task.checkCancellation() }
      try worker.spiking.step()
      for layer in 0..<depth { feeds[layer] += worker.spiking.spikes(ofLayer: layer).count }
      guard step == steps[samples.count] else { continue }
      let time = Double(step)
      let output = worker.spiking.output
      let limits = bound.evaluate(example, steps: step, feeds: feeds)
      var sample = Sample(layerErrors: [], spikingClass: output.argmax, denseClass: dense.argmax)
      for unit in output.indices {
        let error = abs(Double(output[unit]) - Double(dense[unit]))
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
        let counts = worker.spiking.spikeCounts(ofLayer: layer)
        var total = 0.0
        for unit in counts.indices {
          let count = Double(counts[unit])
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

  private static func summarize(
    _ samples: [[Sample]], labels: [Int], steps: [Int], sizes: [Int]
  ) -> Convergence {
    let images = samples.count
    let points = steps.indices.map { point in
      let column = samples.map { $0[point] }
      let mean =
        column.reduce(0) { $0 + $1.outputError } / Double(images * sizes[sizes.count - 1])
      let agreeing = column.count { $0.spikingClass == $0.denseClass }
      let wrong = zip(column, labels).count { $0.spikingClass != $1 }
      let rate = ErrorRate(errors: wrong, examples: images)
      return Convergence.Point(
        timeSteps: steps[point], meanError: mean,
        maximumError: column.reduce(0) { max($0, $1.maximumError) },
        meanBound: column.reduce(0) { $0 + $1.bound } / Double(images * sizes[sizes.count - 1]),
        scaledMeanError: mean * Double(steps[point]),
        argmaxAgreement: Double(agreeing) / Double(images),
        testErrorPercent: rate.percent, testErrorInterval95: rate.interval95,
        outputShareOfBound: column.reduce(0) { max($0, $1.outputShare) },
        countShareOfBound: column.reduce(0) { max($0, $1.countShare) },
        layerMeanErrors: sizes.indices.map { layer in
          column.reduce(0) { $0 + $1.layerErrors[layer] } / Double(images * sizes[layer])
        })
    }
    return Convergence(
      points: points,
      fit: PowerLawFit(points.map { (Double($0.timeSteps), $0.meanError) }),
      layerFits: sizes.indices.map { layer in
        PowerLawFit(points.map { (Double($0.timeSteps), $0.layerMeanErrors[layer]) })
      },
      denseErrors: zip(samples, labels).count { $0[0].denseClass != $1 },
      largestShareOfBound: points.reduce(0) {
        max($0, $1.outputShareOfBound, $1.countShareOfBound)
      })
  }
}
