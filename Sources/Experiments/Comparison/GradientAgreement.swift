internal import DenseReLU
public import Measures
public import Networks
public import SpikeKernels
internal import SpikingReLU
public import Training

/// Agreement in training: as T grows, the SGD update of one example tends to eta times the dense
/// gradient, and the fractional update to `(T + 1) / (2 T)` of it.
///
/// Updates are summed over many examples, each from the same weights: single examples scatter,
/// because an error spike is rare and backward potentials carry over. Sums are in Double.
/// Source: docs/Algorithm.md, section 3.
public struct GradientAgreement: Sendable {
  /// Sizes of the random network.
  public var topology: Topology = [24, 32, 24, 6]
  /// Examples whose updates are summed.
  public var examples = 128
  /// The numbers of steps, rising.
  public var steps = [1, 2, 5, 10, 20, 50, 100, 200]
  /// eta: small, so that weights hardly move within an example, yet far above the last place.
  public var learningRate: Float = 1e-3
  /// Seeds weights, inputs and targets.
  public var seed: UInt64 = 1
  /// Which kernels run.
  public var instructionSet: InstructionSet

  /// The default network and examples.
  public init(instructionSet: InstructionSet) { self.instructionSet = instructionSet }

  /// Agreement of one way of updating at one T.
  public struct Agreement: Sendable, Codable {
    /// The cosine between update and gradient: of all layers, then of each.
    public let cosine: Double
    /// Update over eta times gradient, along the gradient: of all layers.
    public let gain: Double
    /// The cosine of each layer.
    public let layerCosines: [Double]
    /// The gain of each layer.
    public let layerGains: [Double]
  }

  /// Agreement at one T.
  public struct Point: Sendable, Codable {
    /// T.
    public let timeSteps: Int
    /// Updates at the end of each example.
    public let sgd: Agreement
    /// Updates with each error spike.
    public let fractional: Agreement
    /// `fractional.gain / sgd.gain`, which tends to `(T + 1) / (2 T)`.
    public let gainRatio: Double
  }

  /// What was found.
  public struct Result: Sendable, Codable {
    /// One for each T.
    public let points: [Point]
    /// `1 - cosine` of SGD as a power of T.
    public let fit: PowerLawFit?
    /// The claims.
    public let verdicts: [Verdict]
  }

  /// Runs the comparison.
  ///
  /// - Throws: `NetworkError`, `SpikingError`, `DenseError`; `CancellationError`.
  public func run(progress: ProgressHandler? = nil) throws -> Result {
    var generator = SeededGenerator(seed: seed)
    let weights = try NetworkWeights(
      topology: topology, initializer: .he, generator: &generator)
    func vectors(_ count: Int) -> [[Float]] {
      (0..<examples).map { _ in (0..<count).map { _ in Float(generator.nextUniform()) } }
    }
    let inputs = vectors(topology[0].count)
    let targets = vectors(topology[topology.count - 1].count)
    let gradient = try denseGradient(weights, inputs, targets)
    var points: [Point] = []
    for (index, timeSteps) in steps.enumerated() {
      try Task.checkCancellation()
      let sgd = try agreement(weights, inputs, targets, gradient, timeSteps, .sgd)
      let fractional = try agreement(weights, inputs, targets, gradient, timeSteps, .fractional)
      points.append(
        Point(
          timeSteps: timeSteps, sgd: sgd, fractional: fractional,
          gainRatio: fractional.gain / sgd.gain))
      progress?(index + 1, steps.count)
    }
    return Result(
      points: points,
      fit: PowerLawFit(points.map { (x: Double($0.timeSteps), y: 1 - $0.sgd.cosine) }),
      verdicts: Self.verdicts(points[points.count - 1]))
  }

  static func verdicts(_ last: Point) -> [Verdict] {
    let t = Double(last.timeSteps)
    return [
      Verdict(
        "SGD update against the dense gradient at T = \(last.timeSteps): cosine",
        value: last.sgd.cosine, bound: .init(atLeast: 0.99)),
      Verdict(
        "SGD update against eta times the dense gradient at T = \(last.timeSteps): gain",
        value: last.sgd.gain, bound: .init(atLeast: 0.98, atMost: 1.02)),
      Verdict(
        "fractional gain over SGD's, times 2 T / (T + 1), at T = \(last.timeSteps)",
        value: last.gainRatio * 2 * t / (t + 1), bound: .init(atLeast: 0.98, atMost: 1.02)),
    ]
  }

  /// The sum over examples of the gradient of `1/2 |relu(z_L) - y|^2`, a layer an array.
  private func denseGradient(
    _ weights: NetworkWeights, _ inputs: [[Float]], _ targets: [[Float]]
  ) throws -> [[Double]] {
    var dense = DenseMLP(weights: weights, loss: .halfSquaredError)
    var sum = weights.parameters.map { Array(repeating: 0.0, count: $0.elements.count) }
    for (input, target) in zip(inputs, targets) {
      let found = try dense.gradients(
        inputs: Matrix(rows: 1, columns: input.count, elements: input),
        targets: Matrix(rows: 1, columns: target.count, elements: target))
      for layer in sum.indices {
        for (index, value) in found.weights[layer].elements.enumerated() {
          sum[layer][index] += Double(value)
        }
      }
    }
    return sum
  }

  /// The sum over examples of what spiking training takes from the weights, against the gradient.
  private func agreement(
    _ weights: NetworkWeights, _ inputs: [[Float]], _ targets: [[Float]],
    _ gradient: [[Double]], _ timeSteps: Int, _ update: TrainingOptions.Update
  ) throws -> Agreement {
    var options = try TrainingOptions(learningRate: learningRate)
    options.update = update
    var network = try LearningMLP(
      weights: weights, options: PredictionOptions(timeSteps: timeSteps), training: options,
      instructionSet: instructionSet)
    let before = weights.parameters.map(\.elements)
    var sum = gradient.map { Array(repeating: 0.0, count: $0.count) }
    for (input, target) in zip(inputs, targets) {
      try network.train(input: input, target: target)
      for (layer, matrix) in network.weights.enumerated() {
        for (index, value) in matrix.elements.enumerated() {
          sum[layer][index] += Double(before[layer][index]) - Double(value)
        }
      }
      // Backward potentials live on; weights start again.
      network.setWeights(weights)
    }
    let rate = Double(learningRate)
    func cosine(_ a: [Double], _ b: [Double]) -> Double {
      dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    }
    let (allUpdates, allGradients) = (sum.flatMap(\.self), gradient.flatMap(\.self))
    func gain(_ a: [Double], _ b: [Double]) -> Double { dot(a, b) / (rate * dot(b, b)) }
    return Agreement(
      cosine: cosine(allUpdates, allGradients), gain: gain(allUpdates, allGradients),
      layerCosines: zip(sum, gradient).map(cosine), layerGains: zip(sum, gradient).map(gain))
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
