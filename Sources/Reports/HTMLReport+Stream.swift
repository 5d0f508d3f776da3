internal import EventRecordings
internal import Experiments
public import Streams
public import Training

extension HTMLReport {
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
          "All additions of the network. Nothing arrives, nothing is done.",
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
}
