public import Experiments
public import Training

extension HTMLReport {
  /// The report of `ReplicaBenchmark`.
  public init(_ result: ReplicaBenchmark.Result, manifest: RunManifest) {
    self.init(title: "Learning on several networks at once", manifest: manifest)
    blocks.append(.verdicts(result.verdicts))
    let settings = result.settings
    let alone = result.cells.first { $0.replicas == 1 }
    let passes = "\(settings.epochs) epoch\(settings.epochs == 1 ? "" : "s")"
    blocks.append(.heading("Error against replicas and the images between means"))
    add(
      .lines(
        "errors", title: "Test error after \(passes)",
        caption: "One network alone"
          + (alone.map { " ends with \(Self.rounded($0.testErrorPercent))%" } ?? "") + "; eta "
          + "\(settings.learningRate)" + (settings.scalesLearningRate ? " times N" : "") + ".",
        x: .init(
          column: "interval", title: "K, images of a replica between means", isLogarithmic: true),
        y: .init(column: "error", title: "test error, percent"), series: "replicas",
        rows: result.cells.filter { $0.replicas > 1 && $0.divergence == nil }.map {
          [
            .number(Double($0.interval)), .number($0.testErrorPercent),
            .string("N = \($0.replicas)"),
          ]
        }, columns: ["interval", "error", "replicas"]))
    blocks.append(.heading("Speed and traffic"))
    blocks.append(
      .table(
        title: "Learning on \(result.ranks) ranks, beside one alone",
        ReplicaBenchmark.Speed.columns, result.speeds))
    let names = result.intervals.map { "K = \($0)" } + ["dense, minibatch \(result.minibatch)"]
    for (index, network) in result.networks.enumerated() {
      add(
        .lines(
          "model-\(index)", title: "On paper: \(network.name)",
          caption: "Efficiency of N ranks: the share of N times one rank's speed.",
          x: .init(column: "ranks", title: "ranks", isLogarithmic: true),
          y: .init(column: "efficiency", title: "efficiency", fromZero: true), series: "learning",
          rows: result.predictions.flatMap { prediction in
            zip(names, prediction.efficiencies[index]).compactMap { name, efficiency in
              efficiency.map { [.number(Double(prediction.ranks)), .number($0), .string(name)] }
            }
          }, columns: ["ranks", "efficiency", "learning"]))
    }
  }
}
