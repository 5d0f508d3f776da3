import EventRecordings
import Experiments
import Networks
import Reports
import SpikingReLU
import Streams

/// What `bench stream` prints.
enum StreamTables {
  static func lines(_ result: SigmaDeltaComparison.Result, source: String) -> [String] {
    var lines = [
      "Network \(result.topology) of \(source).",
      "Scales of \(result.calibrationFrames) calibration frames, \(result.codingsTried) codings tried: "
        + "expected error \(Format.fixed(result.calibrationExpectedErrorPercent, 2))%, "
        + "\(Format.fixed(result.calibrationShareOfDense, 3)) of dense operations.",
    ]
    lines += PatternLines.lines(result.patterns) + [""]
    for order in result.orders {
      lines.append(
        "\(Format.count(result.frames)) test images, order: \(order.name); from one to the next "
          + "\(Format.fixed(order.meanChange, 1)) of \(result.topology[0].count) pixels change. Operations are additions, of dense networks "
          + "multiply-adds.")
      func row(_ name: String, _ row: SigmaDeltaComparison.Result.Row) -> [String] {
        [
          name, Format.fixed(row.errorPercent, 2) + "%", Format.count(row.operations),
          Format.fixed(row.shareOfDense, 3), Format.significant(row.int32Nanojoules),
          Format.significant(row.int32NanojoulesWithReads),
        ]
      }
      lines += Format.table([
        ["", "errors", "operations\na frame", "/ dense\nMACs", "int32 nJ", "with reads"],
        row("sigma-delta", order.sigmaDelta),
        row("rounding", order.rounding),
        row("dense, skipping zeros", order.zeroSkipping),
        row("dense", order.dense),
      ])
      lines.append("")
    }
    lines += Format.table(
      [["layer", "units", "spikes for 1", "spikes a frame", "additions a frame"]]
        + result.orders[0].layers.enumerated().map { index, layer in
          [
            index == 0 ? "input" : "\(index)", "\(layer.units)", Format.significant(layer.scale),
            Format.fixed(layer.spikes, 1), Format.count(layer.additions),
          ]
        })
    lines.append("")
    return lines
  }

  // MARK: A recording

  static func header(_ stream: EventStream) -> [String] {
    [
      "\(stream.path): \(stream.format.title), \(Format.count(stream.size)) bytes, sensor "
        + (stream.isSensorKnown ? "\(stream.sensor)" : "not said")
    ]
  }

  static func network(_ network: SpikingMLP, _ input: EventInput, _ path: String) -> String {
    "\(path): \(network.topology.description), ON and OFF "
      + "\(input.polarity.rawValue)"
      + (input.pooling > 1 ? ", \(input.pooling) x \(input.pooling) pixels an input" : "")
  }

  /// Columns of fixed width: lines are printed as they come.
  private static func columns(_ cells: [String]) -> String {
    cells.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }.joined()
  }

  static let readingHeader = columns(["ms", "events", "in all", "additions", "class", "margin"])

  static func line(_ reading: StreamReplay.Reading) -> String {
    columns([
      Format.fixed(Double(reading.time) / 1000, 1), Format.count(reading.events),
      Format.count(reading.eventsSoFar), reading.additions.map(Format.count) ?? "",
      reading.answer.map(String.init) ?? "", reading.margin.map { Format.fixed($0, 2) } ?? "",
    ])
  }

  static func lines(_ result: StreamReplay.Result) -> [String] {
    let counts = result.counts
    var rows: [[String]] = [
      [
        "events", Format.count(counts.events),
        "\(Format.count(counts.on)) ON, \(Format.count(counts.off)) OFF",
      ]
    ]
    if let first = result.first, let last = result.last {
      rows.append([
        "time", "\(Format.fixed(result.seconds, 6)) s",
        "\(Format.count(Int(first))) ... \(Format.count(Int(last))) us",
      ])
      rows.append([
        "rate", "\(Format.count(result.meanRate)) events/s",
        "\(Format.count(result.peakRate)) in the busiest "
          + "\(Format.fixed(Double(result.window) / 1000, 1)) ms",
      ])
      rows.append(["seen in", "\(result.seenWidth)x\(result.seenHeight)", "columns, rows from 0"])
    }
    if counts.others > 0 { rows.append(["other records", Format.count(counts.others), ""]) }
    if counts.invalid > 0 { rows.append(["not valid", Format.count(counts.invalid), ""]) }
    for (name, count) in [
      ("outside the sensor", counts.outsideSensor), ("time backwards", counts.backwards),
      ("damaged", counts.corrupt),
    ] where count > 0 { rows.append([name, Format.count(count), "dropped"]) }
    if let answer = result.answer { rows.append(["class", "\(answer)", "at the end"]) }
    if let additions = result.additions {
      rows.append([
        "additions", Format.count(additions),
        counts.events > 0
          ? "\(Format.count(Double(additions) / Double(counts.events))) an event" : "",
      ])
    }
    // The first two to the left, the third is words.
    let widths = (0..<2).map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = rows.map { row in
      let name = row[0] + String(repeating: " ", count: widths[0] - row[0].count)
      let value = String(repeating: " ", count: widths[1] - row[1].count) + row[1]
      return "  \(name)  \(value)" + (row[2].isEmpty ? "" : "  \(row[2])")
    }
    if let fault = counts.firstFault { lines.append("  first dropped: \(fault)") }
    return lines
  }

  // MARK: Learning

  static func lines(_ result: StreamLearning.Result) -> [String] {
    var lines = ["", "Test error against events learned from:"]
    lines += Format.table(
      [["recordings", "events", "online error", "test error"]]
        + result.curve.map {
          [
            Format.count($0.recordings), Format.count($0.events),
            Format.fixed($0.onlineErrorPercent, 1) + "%",
            Format.fixed($0.testErrorPercent, 1) + "%",
          ]
        })
    lines += ["", "Test error against time since a recording's first event:"]
    let readings = result.readings
    let shown = stride(from: 0, to: readings.count, by: max(1, readings.count / 12)).map { $0 }
    lines += Format.table(
      [["ms", "events", "additions", "test error"]]
        + shown.map {
          let reading = readings[$0]
          return [
            Format.fixed(Double(reading.microseconds) / 1000, 0), Format.count(reading.events),
            Format.count(reading.additions), Format.fixed(reading.testErrorPercent, 1) + "%",
          ]
        })
    lines.append("")
    lines += Format.table(StreamLearning.Result.workColumns, result.workRows)
    lines.append(
      "  A dense network of this size multiplies and adds \(Format.count(result.denseMultiplyAdds)) "
        + "for one frame.")
    lines.append("")
    return lines
  }

  static func lines(_ drift: StreamLearning.Drift) -> [String] {
    [
      "The sensor's pixels change places. Errors of recordings, each asked before it is learned from:"
    ]
      + Format.table(
        [["recordings since", "goes on learning", "frozen"]]
          + drift.points.map {
            [
              Format.count($0.recordings), Format.fixed($0.learningErrorPercent, 1) + "%",
              Format.fixed($0.frozenErrorPercent, 1) + "%",
            ]
          })
      + [
        "Test error: \(Format.fixed(drift.testErrorPercentBefore, 1))% before; after, "
          + "\(Format.fixed(drift.learningTestErrorPercent, 1))% of the network that goes on learning, "
          + "\(Format.fixed(drift.frozenTestErrorPercent, 1))% of the frozen one.", "",
      ]
  }
}
