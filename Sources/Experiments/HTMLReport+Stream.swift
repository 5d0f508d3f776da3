internal import EventRecordings

extension HTMLReport {
  /// The report of `SigmaDeltaComparison`.
  public init(_ result: SigmaDeltaComparison.Result, source: String, manifest: RunManifest) {
    self.init(title: "Sigma-delta: work follows change", manifest: manifest)
    blocks.append(.verdicts(result.verdicts))
    blocks.append(
      .text(
        "Network \(result.layerSizes.map(String.init).joined(separator: "-")) of \(source). Each layer "
          + "sends the changes of its rounded activations; the rounding network computes the same from "
          + "each frame alone."))
    var rows: [[JSONValue]] = []
    for order in result.orders {
      for (name, row) in [
        ("sigma-delta", order.sigmaDelta), ("rounding", order.rounding),
        ("dense, skipping zeros", order.zeroSkipping), ("dense", order.dense),
      ] {
        rows.append([
          .number(row.shareOfDense), .number(row.errorPercent), .string(name), .string(order.name),
        ])
      }
    }
    add(
      .points(
        "operations", title: "Errors against operations",
        caption:
          "\(result.frames) test images. Operations are additions, or multiply-adds of the dense "
          + "network, over all multiply-adds of the dense network.",
        x: .init(column: "share", title: "operations / dense", isLogarithmic: true),
        y: .init(column: "percent", title: "test error, %"), series: "network", shape: "order",
        size: 90, rows: rows, columns: ["share", "percent", "network", "order"]))
    add(
      .bars(
        "layers", title: "Additions a frame, by the layer that adds", caption: "Temporal order.",
        value: .init(column: "additions", title: "additions"),
        category: .init(column: "layer", title: ""),
        rows: result.orders[0].layers.enumerated().dropFirst().map {
          [.string("layer \($0)"), .number($1.additions)]
        }, columns: ["layer", "additions"]))
    blocks.append(.text(result.energyAssumptions + "."))
  }

  /// The report of `StreamReplay`.
  public init(
    _ outcome: StreamReplay.Outcome, path: String, network: String?, manifest: RunManifest
  ) {
    let result = outcome.result
    self.init(title: "Stream: \(path)", manifest: manifest)
    let sensor = result.isSensorKnown ? "\(result.sensor)" : "not said"
    blocks.append(
      .text(
        "\(result.format.title), sensor \(sensor), \(result.counts.events) events (\(result.counts.on) ON) in "
          + "\(Self.rounded(result.seconds)) s: \(Self.rounded(result.meanRate)) a second, "
          + "\(Self.rounded(result.peakRate)) in the busiest window."
          + (network.map { " Network: \($0)." } ?? "")))
    add(
      .points(
        "raster", title: "Events",
        caption: "Evenly taken: \(outcome.sample.count) of "
          + "\(result.counts.events). A place is row x columns + column.",
        x: .init(column: "ms", title: "ms since the first event"),
        y: .init(column: "place", title: "place"), series: "polarity", size: 5, opacity: 0.6,
        rows: outcome.sample.map { event in
          [
            .number(Double(event.time - (result.first ?? 0)) / 1000),
            .number(Double(Int(event.y) * result.seenWidth + Int(event.x))),
            .string(event.isOn ? "ON" : "OFF"),
          ]
        }, columns: ["ms", "place", "polarity"], height: 360))
    let frame = outcome.frame.cells(most: 96)
    if frame.columns > 0 {
      add(
        .heatmap(
          "frame", title: "The frame: all events added up",
          caption: frame.pixels > 1
            ? "\(frame.pixels) x \(frame.pixels) pixels a cell." : "A pixel a cell.",
          x: .init(column: "x", title: ""), y: .init(column: "y", title: ""), color: "events",
          colorTitle: "events", scheme: "viridis", isLogarithmic: true,
          rows: (0..<frame.rows * frame.columns).map { cell in
            [
              .number(Double(cell % frame.columns * frame.pixels)),
              .number(Double(cell / frame.columns * frame.pixels)),
              .number(Double(frame.on[cell] + frame.off[cell])), .number(Double(frame.on[cell])),
            ]
          }, columns: ["x", "y", "events", "ON"],
          width: min(640, 640 * Double(frame.columns) / Double(max(frame.rows, 1))),
          height: min(640, 640 * Double(frame.rows) / Double(max(frame.columns, 1)))))
    }
    let milliseconds = Double(result.window) / 1000
    // A line of at most 2,000 points: neighbouring windows are put together.
    let group = max(1, (result.readings.count + 1999) / 2000)
    let groups = stride(from: 0, to: result.readings.count, by: group).map {
      result.readings[$0..<min($0 + group, result.readings.count)]
    }
    add(
      .lines(
        "rate", title: "Events a millisecond",
        caption: "Windows of \(Self.rounded(milliseconds)) ms.",
        x: .init(column: "ms", title: "ms since the first event"),
        y: .init(column: "rate", title: "events / ms", fromZero: true), series: "polarity",
        rows: groups.flatMap { group -> [[JSONValue]] in
          let length = milliseconds * Double(group.count)
          let on = Double(group.reduce(0) { $0 + $1.on })
          let all = Double(group.reduce(0) { $0 + $1.events })
          let time = JSONValue.number(Double(group.last!.time) / 1000)
          return [
            [time, .number(on / length), "ON"], [time, .number((all - on) / length), "OFF"],
          ]
        }, columns: ["ms", "rate", "polarity"], height: 220))
    guard result.answer != nil else { return }
    add(
      .points(
        "class", title: "Class as time goes on", caption: "At the end of each window.",
        x: .init(column: "ms", title: "ms since the first event"),
        y: .init(column: "class", title: "class", isWhole: true), size: 40,
        rows: groups.map { group in
          [
            .number(Double(group.last!.time) / 1000), .number(Double(group.last!.answer ?? 0)),
            .number(group.last!.margin ?? 0),
          ]
        }, columns: ["ms", "class", "margin"], height: 220))
    add(
      .lines(
        "additions", title: "Operations a millisecond",
        caption:
          "Additions of the network: forward, sums and leak. Nothing arrives, nothing is done.",
        x: .init(column: "ms", title: "ms since the first event"),
        y: .init(column: "additions", title: "additions / ms", fromZero: true), series: nil,
        rows: groups.map { group in
          [
            .number(Double(group.last!.time) / 1000),
            .number(
              Double(group.reduce(0) { $0 + ($1.additions ?? 0) })
                / (milliseconds * Double(group.count))),
          ]
        }, columns: ["ms", "additions"], height: 220))
  }

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
          + result.layerSizes.map(String.init).joined(separator: "-") + "."))
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
        title: "A recording", header: ["", "events", "additions", "ms", "times real time"],
        rows: [("learning", result.learning), ("predicting", result.predicting)].map {
          [
            $0, Self.rounded($1.events), Self.rounded($1.additions), Self.rounded($1.milliseconds),
            Self.rounded($1.realTimeFactor),
          ]
        }))
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
