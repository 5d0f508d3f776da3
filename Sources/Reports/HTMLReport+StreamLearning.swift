public import Experiments
internal import Networks
public import Streams
public import Training

extension HTMLReport {
  /// The report of `StreamLearning`.
  public init(
    _ result: StreamLearning.Result, drift: StreamLearning.Drift?, folder: String,
    verdicts: [Verdict], manifest: RunManifest
  ) {
    self.init(title: "Learning on a stream", manifest: manifest)
    blocks.append(.verdicts(verdicts))
    blocks.append(
      .text(
        "\(result.trainingRecordings) recordings of \(folder) learned event by event, "
          + "\(result.testRecordings) held out; network "
          + result.topology.description + "."))
    add(
      .lines(
        "learning", title: "Errors against events seen",
        caption: "Online: each recording as it was answered at its end, while it was learned from.",
        x: .init(column: "events", title: "events learned from"),
        y: .init(column: "percent", title: "error, %", fromZero: true), series: "what",
        rows: result.curve.flatMap { point -> [[JSONValue]] in
          [
            [.number(Double(point.events)), .number(point.testErrorPercent), "held out"],
            [.number(Double(point.events)), .number(point.onlineErrorPercent), "online"],
          ]
        }, columns: ["events", "percent", "what"]))
    add(
      .lines(
        "onset", title: "Errors against time since onset",
        caption: "Held-out recordings; one that has ended keeps its answer.",
        x: .init(column: "ms", title: "ms since a recording's first event"),
        y: .init(column: "percent", title: "error, %", fromZero: true), series: nil,
        rows: result.readings.map {
          [
            .number(Double($0.microseconds) / 1000), .number($0.testErrorPercent),
            .number($0.events), .number($0.additions),
          ]
        }, columns: ["ms", "percent", "events", "additions"]))
    blocks.append(
      .table(
        title: "A recording", StreamLearning.Result.workColumns, result.workRows))
    guard let drift else { return }
    add(
      .lines(
        "drift", title: "The sensor's pixels change places",
        caption: "Errors of recordings after the change, each asked before it is learned from.",
        x: .init(column: "recordings", title: "recordings since the change"),
        y: .init(column: "percent", title: "error, %", fromZero: true), series: "network",
        rows: drift.points.flatMap { point -> [[JSONValue]] in
          [
            [
              .number(Double(point.recordings)), .number(point.learningErrorPercent),
              "goes on learning",
            ],
            [.number(Double(point.recordings)), .number(point.frozenErrorPercent), "frozen"],
          ]
        }, columns: ["recordings", "percent", "network"]))
  }
}
