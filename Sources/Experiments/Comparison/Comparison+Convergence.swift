internal import Datasets
internal import DenseReLU
public import Measures
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
      /// T times the mean (of refining, 2^(T - 1) times): constant when the error falls as it should.
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
    /// The mean error as a power of T; of refining, of 2^T.
    public let fit: PowerLawFit?
    /// For layers 0...L, the mean error of count / T as a power of T.
    public let layerFits: [PowerLawFit?]
    /// The dense network's errors.
    public let denseErrors: Int
    /// The largest |error| / bound of all.
    public let largestShareOfBound: Double
  }

  /// One pass an image: every T is a prefix of the longest.
  func convergence(progress: ProgressHandler?) async throws -> Convergence {
    let (data, weights, settings) = (data, weights, settings)
    let bound = try RigorousBound(
      weights: weights, coding: .unit(of: weights), firing: settings.firing)
    var options = try options(timeSteps: settings.convergenceSteps.last!)
    options.recording = .counts
    let network = try SpikingMLP(
      weights: weights, options: options, instructionSet: settings.instructionSet)
    let (samples, _) = try await mapExamples(
      count: data.count, workers: settings.workers, progress: progress,
      makeState: { ConvergencePair(spiking: network, dense: DenseMLP(weights: weights)) },
      body: { pair, index in
        try pair.samples(data.images.row(index), bound, steps: settings.convergenceSteps)
      })
    return Self.summarize(
      samples, labels: data.labels, steps: settings.convergenceSteps, sizes: weights.topology.units,
      time: bound.time(ofSteps:))
  }

  /// The points whose mean error is fitted: all, but where a refining network has sent its input exactly
  /// from some step on, as of pixels of few bits. There the error falls at once, to halve again from
  /// then on: the longer part is fitted.
  private static func fitted(_ points: [Convergence.Point]) -> ArraySlice<Convergence.Point> {
    guard let exact = points.firstIndex(where: { $0.layerMeanErrors[0] == 0 }) else {
      return points[...]
    }
    return 2 * exact > points.count ? points[..<exact] : points[exact...]
  }

  private static func summarize(
    _ samples: [[ConvergenceSample]], labels: [Int], steps: [Int], sizes: [Int],
    time: (Int) -> Double
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
        scaledMeanError: mean * time(steps[point]),
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
      fit: PowerLawFit(fitted(points).map { (time($0.timeSteps), $0.meanError) }),
      layerFits: sizes.indices.map { layer in
        PowerLawFit(points.map { (time($0.timeSteps), $0.layerMeanErrors[layer]) })
      },
      denseErrors: zip(samples, labels).count { $0[0].denseClass != $1 },
      largestShareOfBound: points.reduce(0) {
        max($0, $1.outputShareOfBound, $1.countShareOfBound)
      })
  }
}
