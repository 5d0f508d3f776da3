public import Experiments
internal import Foundation
internal import SpikingReLU
public import Training

extension HTMLReport {
  /// The report of `Comparison`.
  public init(_ result: Comparison.Result, activity: ActivityReport, manifest: RunManifest) {
    self.init(title: "Dense against spiking, of the same weights", manifest: manifest)
    blocks.append(.verdicts(result.verdicts))
    blocks.append(.heading("Convergence"))
    let points = result.convergence.points
    let first = points[0]
    var rows: [[JSONValue]] = []
    let isRefining = result.firing == .refining
    let ideal = isRefining ? "half each step" : "1/T"
    for point in points {
      let t = Double(point.timeSteps)
      let share = isRefining ? pow(2, Double(first.timeSteps) - t) : Double(first.timeSteps) / t
      for (value, series) in [
        (point.meanError, "mean error"), (point.maximumError, "largest error"),
        (first.meanError * share, ideal), (point.meanBound, "rigorous bound"),
      ] where value > 0 {
        rows.append([.number(t), .number(value), .string(series)])
      }
    }
    add(
      .lines(
        "convergence", title: "Error against T",
        caption:
          "|spiking output − dense output| over \(result.images) images, beside \(ideal) and the mean "
          + "of the bound that holds for every image.",
        x: .init(column: "T", title: "T", isLogarithmic: !isRefining),
        y: .init(column: "error", title: "error", isLogarithmic: true), series: "what",
        dashed: [ideal, "rigorous bound"], rows: rows, columns: ["T", "error", "what"], height: 340)
    )
    add(
      .lines(
        "layers", title: "Each layer",
        caption: "Mean |count / \(isRefining ? "2^(T−1)" : "T") − activation|.",
        x: .init(column: "T", title: "T", isLogarithmic: !isRefining),
        y: .init(column: "error", title: "error", isLogarithmic: true), series: "layer",
        rows: points.flatMap { point in
          point.layerMeanErrors.enumerated().filter { $0.element > 0 }.map { layer, error in
            [
              .number(Double(point.timeSteps)), .number(error),
              .string(layer == 0 ? "input" : "layer \(layer)"),
            ]
          }
        }, columns: ["T", "error", "layer"]))
    add(
      .lines(
        "answers", title: "Answers",
        caption:
          "Wrong answers on the test images, and images that get another class than from the "
          + "dense network.",
        x: .init(column: "T", title: "T", isLogarithmic: !isRefining),
        y: .init(column: "percent", title: "%", fromZero: true), series: "what",
        dashed: ["dense errors"],
        rows: points.flatMap { point -> [[JSONValue]] in
          let t = JSONValue.number(Double(point.timeSteps))
          return [
            [t, .number(point.testErrorPercent), "spiking errors"],
            [t, .number(result.denseTestErrorPercent), "dense errors"],
            [t, .number(100 * (1 - point.argmaxAgreement)), "another class than dense"],
          ]
        }, columns: ["T", "percent", "what"]))
    blocks.append(.heading("Operations and energy"))
    let operations = result.operations
    add(
      .bars(
        "operations", title: "Operations an image, T = \(operations.timeSteps)",
        caption: "Additions of the spiking network, multiply-adds of the dense one.",
        value: .init(column: "operations", title: "operations"),
        category: .init(column: "network", title: ""),
        rows: [
          ["spiking", .number(operations.additionsPerImage)],
          ["dense, skipping zeros", .number(operations.zeroSkippingMultiplyAddsPerImage)],
          ["dense", .number(operations.denseMultiplyAddsPerImage)],
        ], columns: ["network", "operations"], height: 100))
    add(
      .energy(
        operations.energy.flatMap {
          [
            ($0.arithmetic, $0.withWeightReads, $0.spiking, "spiking"),
            ($0.arithmetic, $0.withWeightReads, $0.zeroSkipping, "dense, skipping zeros"),
            ($0.arithmetic, $0.withWeightReads, $0.dense, "dense"),
          ]
        }, assumptions: operations.energyAssumptions))
    let timings = result.timings
    add(
      .times(
        "Time of one image, T = \(timings.timeSteps)", rounds: timings.rounds,
        [
          ("spiking", timings.spikingMicroseconds),
          ("dense, skipping zeros", timings.zeroSkippingMicroseconds),
          ("dense", timings.denseMicroseconds),
        ]))
    add(activity)
  }
}
