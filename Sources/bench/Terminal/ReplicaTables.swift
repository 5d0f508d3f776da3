import Experiments
import Reports
import SpikingReLU

/// What `scale --learning` prints for people.
enum ReplicaTables {
  /// What a run tells as it goes.
  static func lines(_ event: ReplicaBenchmark.Event) -> [String] {
    switch event {
    case .kept(let cells, let all): ["\(cells) of \(all) cells are finished already."]
    case .finished(let cell):
      [
        (cell.replicas == 1 ? "one network" : "\(cell.replicas) networks, K = \(cell.interval)")
          + ": " + (cell.divergence.map { "diverged: \($0)" } ?? percent(cell.testErrorPercent))
      ]
    }
  }

  private static func percent(_ value: Double) -> String { Format.fixed(value, 2) + "%" }

  private static func share(_ value: Double?) -> String {
    value.map { Format.fixed(100 * $0, 1) + "%" } ?? "-"
  }

  static func lines(_ result: ReplicaBenchmark.Result) -> [String] {
    errors(result) + [""] + speeds(result) + sums(result) + [""] + model(result)
  }

  /// Error against the number of replicas N and the examples K between two means.
  private static func errors(_ result: ReplicaBenchmark.Result) -> [String] {
    let settings = result.settings
    let counts = Set(result.cells.map(\.replicas)).subtracting([1]).sorted()
    func cell(_ replicas: Int, _ interval: Int) -> String {
      let cell = result.cells.first { $0.replicas == replicas && $0.interval == interval }
      return cell.map { $0.divergence == nil ? percent($0.testErrorPercent) : "diverged" } ?? "-"
    }
    let alone = result.cells.first { $0.replicas == 1 }
    return [
      "",
      "Test error after \(settings.epochs) epoch\(settings.epochs == 1 ? "" : "s"), "
        + "\(settings.update.rawValue) SGD, T = \(settings.timeSteps), eta = "
        + "\(settings.learningRate)" + (settings.scalesLearningRate ? " times N" : "")
        + "; one network: " + (alone.map { percent($0.testErrorPercent) } ?? "-")
        + (alone?.testErrorInterval95.map {
          " (95%: \(Format.fixed($0[0], 2)) ... \(Format.fixed($0[1], 2)))"
        } ?? ""),
    ]
      + Format.table(
        [["K images between means"] + counts.map { "N = \($0)" }]
          + result.intervals.map { interval in
            [Format.count(interval)] + counts.map { cell($0, interval) }
          })
  }

  /// All ranks beside one.
  private static func speeds(_ result: ReplicaBenchmark.Result) -> [String] {
    ["Learning on \(result.ranks) rank\(result.ranks == 1 ? "" : "s"), beside one alone"]
      + Format.table(ReplicaBenchmark.Speed.columns, result.speeds)
  }

  private static func sums(_ result: ReplicaBenchmark.Result) -> [String] {
    guard !result.sums.isEmpty, let network = result.networks.first else { return [] }
    return [
      "",
      "Sums over \(result.ranks) ranks: \(Format.significant(network.latency * 1e6)) us a message, "
        + "\(Format.significant(1e-9 / max(network.secondsPerByte, 1e-15))) GB/s; "
        + "\(Format.significant(result.copyingSeconds * 1e6)) us a step to copy weights",
    ]
      + Format.table(
        [["Floats", "us", "by the model"]]
          + result.sums.map {
            [
              Format.count($0.length), Format.significant($0.microseconds),
              Format.significant($0.modelMicroseconds),
            ]
          })
  }

  /// Efficiency of 2 to 1,024 ranks, on paper.
  private static func model(_ result: ReplicaBenchmark.Result) -> [String] {
    var lines: [String] = []
    for (index, network) in result.networks.enumerated() {
      if index > 0 { lines.append("") }
      lines.append("Efficiency on paper: \(network.name)")
      lines += Format.table(
        [
          ["ranks", "bytes a step"] + result.intervals.map { "K = \($0)" }
            + ["dense, minibatch \(result.minibatch)"]
        ]
          + result.predictions.map { prediction in
            [Format.count(prediction.ranks), Format.count(prediction.bytesPerStep)]
              + prediction.efficiencies[index].map(share)
          })
    }
    return lines
  }
}
