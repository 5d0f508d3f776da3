import Datasets
import Foundation
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Experiments

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
      layerSizes: [64, 12, 10], initializer: .he, generator: &generator)
    var report = HTMLReport(
      title: "A <b> & \"c\"", manifest: try Self.manifest(["bench", "<script>"]))
    report.add(
      try Portrait(weights: weights, timeSteps: 4, data: data, height: 8, width: 8, answers: 20))
    let html = report.html
    #expect(html.hasPrefix("<!DOCTYPE html>"))
    #expect(html.contains("A &lt;b&gt; &amp; &quot;c&quot;"))
    #expect(html.contains("bench &lt;script&gt;"))
    // Four rasters would be of three layers: input, hidden, output.
    let specifications = pieces(
      html, from: "class=\"specification\">", to: "</script>")
    let tables = pieces(html, from: "class=\"data\">", to: "</script>")
    #expect(specifications.count == 8 && tables.count == 8)
    for (specification, table) in zip(specifications, tables) {
      let table =
        try JSONSerialization.jsonObject(with: Data(table.utf8)) as! [String: Any]
      let columns = table["columns"] as! [String]
      let rows = table["rows"] as! [[Any]]
      #expect(!rows.isEmpty && rows.allSatisfy { $0.count == columns.count })
      _ = try JSONSerialization.jsonObject(with: Data(specification.utf8))
      for field in pieces(String(specification), from: "\"field\":\"", to: "\"") {
        #expect(columns.contains(String(field)), "a field without a column: \(field)")
      }
    }
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

  @Test("a portrait is what the network does")
  func portrait() throws {
    let data = Dataset.embeddedDigits().test.prefix(12)
    var generator = SeededGenerator(seed: 1)
    let weights = try NetworkWeights(
      layerSizes: [64, 12, 10], initializer: .he, generator: &generator)
    let portrait = try Portrait(
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
      let events = portrait.events.filter { $0.layer == layer }
      let counts = network.spikeCounts(ofLayer: layer)
      for unit in counts.indices {
        #expect(events.filter { $0.unit == unit }.reduce(0) { $0 + $1.sign } == counts[unit])
      }
      #expect(events.allSatisfy { $0.time > 1 && $0.time < 7 })
    }
    #expect(portrait.confusion == confusion)
    #expect(portrait.histogram.map { $0.reduce(0, +) } == [12 * 64, 12 * 12, 12 * 10])
    #expect(portrait.potentials.count == 2 * 3 * 6)
  }
}
