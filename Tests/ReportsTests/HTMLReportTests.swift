import Datasets
import Foundation
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Experiments
@testable import Measures
@testable import Reports
@testable import Training

/// A report is one whole file: nothing is fetched, nothing that is written breaks out of its place, and
/// every chart has its data.
@Suite struct HTMLReportTests {
  private static func manifest(_ command: [String] = ["bench"]) throws -> RunManifest {
    RunManifest(command: command, seed: 1, instructionSet: try .selected(), threads: 1)
  }

  @Test("JSON values: sorted, escaped, finite")
  func values() throws {
    let value: JSONValue = [
      "b": [1, 2.5, .number(.infinity), .null, true], "a": "x\"\\\n</script>\u{2028}é",
    ]
    #expect(
      value.text
        == "{\"a\":\"x\\\"\\\\\\u000a\\u003c/script>\\u2028é\",\"b\":[1,2.5,null,null,true]}")
    let parsed = try JSONSerialization.jsonObject(with: Data(value.text.utf8)) as! [String: Any]
    #expect(parsed["a"] as? String == "x\"\\\n</script>\u{2028}é")
  }

  /// All pieces between two marks.
  private func pieces(_ text: String, from start: String, to end: String) -> [Substring] {
    text.components(separatedBy: start).dropFirst().map { part in
      part[..<(part.range(of: end)?.lowerBound ?? part.endIndex)]
    }
  }

  @Test("each chart is well-formed, and names columns that its data has")
  func charts() throws {
    let data = Dataset.embeddedDigits().test.prefix(30)
    var generator = SeededGenerator(seed: 1)
    let weights = try NetworkWeights(
      topology: [64, 12, 10], initializer: .he, generator: &generator)
    var report = HTMLReport(
      title: "A <b> & \"c\"", manifest: try Self.manifest(["bench", "<script>"]))
    report.add(
      try ActivityReport(
        weights: weights, timeSteps: 4, data: data, height: 8, width: 8, answers: 20))
    let html = report.html
    #expect(html.hasPrefix("<!DOCTYPE html>"))
    #expect(html.contains("A &lt;b&gt; &amp; &quot;c&quot;"))
    #expect(html.contains("bench &lt;script&gt;"))
    // The image, rasters of input, hidden layer and output, potentials, rates, histogram, confusions.
    try check(report, charts: 8)
  }

  /// Checks each chart of a report against its data.
  private func check(_ report: HTMLReport, charts: Int) throws {
    let html = report.html
    let specifications = pieces(html, from: "class=\"specification\">", to: "</script>")
    let tables = pieces(html, from: "class=\"data\">", to: "</script>")
    #expect(specifications.count == charts && tables.count == charts, "\(report.title)")
    var names = Set<Substring>()
    for name in pieces(html, from: "data-name=\"", to: "\"") {
      #expect(names.insert(name).inserted, "two charts would save one CSV file: \(name)")
    }
    for (specification, table) in zip(specifications, tables) {
      let table =
        try JSONSerialization.jsonObject(with: Data(table.utf8)) as! [String: Any]
      let columns = table["columns"] as! [String]
      let rows = table["rows"] as! [[Any]]
      #expect(!rows.isEmpty && rows.allSatisfy { $0.count == columns.count }, "\(columns)")
      _ = try JSONSerialization.jsonObject(with: Data(specification.utf8))
      for field in pieces(String(specification), from: "\"field\":\"", to: "\"") {
        #expect(columns.contains(String(field)), "a field without a column: \(field)")
      }
    }
  }

  @Test("the reports of training, the paper, kernels and scale: each chart has its data")
  func reports() throws {
    let manifest = try Self.manifest()
    let work = EpochReport.Work(OperationLedger([2, 2]))
    let epochs = (1...3).map {
      EpochReport(
        epoch: $0, learningRate: 0.1, examples: 10, runningErrorPercent: 5, trainErrorPercent: 4,
        trainErrorInterval95: [3, 5], testErrorPercent: 0, testErrorInterval95: [0, 1],
        imagesPerSecond: 100, work: work)
    }
    // No spikes: a dense network has no chart of them.
    try check(HTMLReport(training: [("dense", epochs)], title: "t", manifest: manifest), charts: 3)
    try check(
      HTMLReport(
        training: [("seed 1", epochs), ("seed 2", epochs)], title: "t", manifest: manifest),
      charts: 3)
    let cell = Paper.Result.Cell(
      test: 3, testInterval95: [2, 4], train: 1, trainInterval95: [0, 2])
    let results = PaperRow.all.prefix(3).map { row in
      Paper.Result(
        row: row.name, seed: 1, cells: [PaperColumn.spiking.rawValue: cell], divergence: nil,
        imagesPerSecond: 1, seconds: 1)
    }
    try check(
      HTMLReport(
        paper: Array(results), on: "digits", rows: PaperRow.all, verdicts: [], manifest: manifest),
      charts: 1)
    let kernels = KernelBenchmark.Result(
      caches: CacheSizes(),
      bandwidths: [.init(level: "L1", bytes: 1, gigabytesPerSecond: 100)],
      kernels: [
        .init(name: "a", instructionSet: "x", nanosecondsPerSpike: 2, gigabytesPerSecond: nil),
        .init(name: "b", instructionSet: "x", nanosecondsPerSpike: 3, gigabytesPerSecond: 10),
      ], crossovers: [.init(width: 8, denseMicroseconds: 1, nanosecondsPerSpike: 1, share: 0.5)],
      ratios: [
        .init(
          name: "r", value: 1, microseconds: 2, otherMicroseconds: 2, target: nil, stretch: nil)
      ], rowBandwidthShare: 0.5, spikesPerImage: 1, trainingImagesPerSecond: 1)
    try check(HTMLReport(kernels, verdicts: [], manifest: manifest), charts: 3)
    let point = ScaleBenchmark.Point(
      value: 1, topology: [1, 1], timeSteps: 1, spikes: 1, additions: 1, microseconds: 1,
      peakBytes: nil)
    let scale = ScaleBenchmark.Result(
      sweeps: [
        .init(
          name: "width", points: [point, point], timeExponent: 1, additionsExponent: 1,
          timeOverSpikesExponent: 1)
      ],
      throughputs: [.init(workers: 1, examplesPerSecond: 1, speedup: 1, isEqual: true)])
    try check(HTMLReport(scale, verdicts: [], manifest: manifest), charts: 2)
  }

  @Test("an axis is logarithmic only where every value has a logarithm")
  func logarithms() {
    func kind(_ values: [Double]) -> Bool {
      let chart = HTMLReport.Chart.lines(
        "n", title: "t", caption: "c", x: .init(column: "x", title: "x"),
        y: .init(column: "y", title: "y", isLogarithmic: true), series: nil,
        rows: values.map { [1, .number($0)] }, columns: ["x", "y"])
      return JSONValue.object(chart.specification).text.contains("\"type\":\"log\"")
    }
    #expect(kind([0.1, 20]))
    #expect(!kind([0.1, 0]))
  }

  @Test("the reports of compare and anytime, from runs on the digits")
  func runs() async throws {
    let (data, calibration) = Dataset.embeddedDigits().split(calibration: 150)
    let set = try InstructionSet.selected()
    let training = AnytimeTraining(method: .dense, epochs: 2)
    let (weights, _) = try await training.run(hidden: [6], dataset: data, instructionSet: set)
    let test = data.test.prefix(20)
    let activity = try ActivityReport(
      weights: weights, timeSteps: 3, data: test, height: 8, width: 8, answers: 20)
    let comparison = try await Comparison(
      weights: weights, data: test,
      settings: .init(
        convergenceSteps: [1, 4], timeSteps: 3, workers: 1, instructionSet: set, timingSeconds: 0)
    ).run()
    try check(
      HTMLReport(comparison, activity: activity, manifest: try Self.manifest()), charts: 6 + 8)
    var search = CodingSearch(instructionSet: set, imageSize: (8, 8))
    search.timeSteps = 2
    search.rounds = 0
    var settings = Anytime.Settings(
      search: search, target: .init(errorPoints: 100, shareOfDense: 100, timeOfDense: nil))
    settings.timingSeconds = 0
    let (anytime, _) = try await Anytime(
      weights: weights, calibration: calibration, test: test, settings: settings
    ).run()
    try check(
      HTMLReport(anytime, activity: activity, manifest: try Self.manifest()), charts: 8 + 8)
  }

  @Test("nothing is fetched: no source, link or style from elsewhere, and a policy that forbids it")
  func offline() throws {
    let html = HTMLReport(title: "t", manifest: try Self.manifest()).html
    #expect(html.contains("default-src 'none'"))
    #expect(!html.contains("src=\"http") && !html.contains("href=\"http"))
    #expect(!html.contains("<link rel=\"stylesheet\"") && !html.contains("@import"))
    #expect(html.contains("5.21.0") && html.contains("4.17.0"), "the versions of what draws")
    #expect(html.contains("Redistribution and use in source and binary forms"))
  }

  @Test("an activity report is what the network does")
  func activity() throws {
    let data = Dataset.embeddedDigits().test.prefix(12)
    var generator = SeededGenerator(seed: 1)
    let weights = try NetworkWeights(
      topology: [64, 12, 10], initializer: .he, generator: &generator)
    let activity = try ActivityReport(
      weights: weights, timeSteps: 6, data: data, height: 8, width: 8, answers: 12)
    var options = try PredictionOptions(timeSteps: 6)
    options.recording = .counts
    var network = try SpikingMLP(weights: weights, options: options)
    var confusion = Array(repeating: Array(repeating: 0, count: 10), count: 10)
    for index in (0..<12).reversed() {
      confusion[data.labels[index]][try network.predict(data.images.row(index)).argmax] += 1
    }
    // The network has seen image 0 last.
    for layer in 0...2 {
      let events = activity.events.filter { $0.layer == layer }
      let counts = network.spikeCounts(ofLayer: layer)
      for unit in counts.indices {
        #expect(events.filter { $0.unit == unit }.reduce(0) { $0 + $1.sign } == counts[unit])
      }
      #expect(events.allSatisfy { $0.time > 1 && $0.time < 7 })
    }
    #expect(activity.confusion == confusion)
    #expect(activity.histogram.map { $0.reduce(0, +) } == [12 * 64, 12 * 12, 12 * 10])
    #expect(activity.potentials.count == 2 * 3 * 6)
  }
}
