import Datasets
import Foundation
import Networks
import Testing

/// `bench predict`: the network that was judged, on somebody's own images.
@Suite struct PredictCommandTests {
  private func json(_ path: String) throws -> [String: Any] {
    try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any])
  }

  /// The test digits as a table.
  private func table(_ images: LabelledImages) -> String {
    (0..<images.count).map { index in
      images.images.row(index).map { "\($0)" }.joined(separator: ",")
    }
    .joined(separator: "\n")
  }

  @Test("trained, converted, saved, moved and run, it gives the figures that were printed")
  func judged() throws {
    try CommandLineTests.withFolder { folder in
      let (trained, saved, report, moved) = (
        folder + "/w.safetensors", folder + "/s.safetensors", folder + "/r.json",
        folder + "/m.safetensors"
      )
      var outcome = try CommandLineTests.run([
        "train", "--twin", "dense", "--hidden", "16", "--epochs", "10", "--save", trained,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      outcome = try CommandLineTests.run([
        "convert", trained, "--dataset", "digits", "--steps", "5", "--calibration", "200",
        "--memory", "100K",
        "--max-error-increase", "100", "--save", saved, "--json", report,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      try FileManager.default.moveItem(atPath: saved, toPath: moved)
      let test = Dataset.embeddedDigits().test
      try Data(table(test).utf8).write(to: URL(filePath: folder + "/images.csv"))
      let conversion = try #require(try json(report)["conversion"] as? [String: Any])
      let exit = try #require(conversion["exit"] as? [String: Any])
      let judged = try #require(exit["outcome"] as? [String: Any])
      var written: [Data] = []
      for threads in ["1", "2"] {
        let (lines, rows) = (folder + "/a\(threads).jsonl", folder + "/a\(threads).csv")
        outcome = try CommandLineTests.run([
          "predict", moved, folder + "/images.csv", "--jsonl", lines, "--csv", rows, "--threads",
          threads,
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("360 images") && !outcome.output.contains("does not say"))
        written.append(try Data(contentsOf: URL(filePath: lines)))
        let answers = try String(decoding: written.last!, as: UTF8.self).split(separator: "\n").map
        {
          try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let labels = answers.compactMap { $0["label"] as? Int }
        #expect(zip(labels, test.labels).count { $0 != $1 } == judged["errors"] as? Int)
        let additions = answers.compactMap { $0["additions"] as? Int }.reduce(0, +)
        let share = try #require(judged["shareOfDense"] as? Double)
        #expect(abs(Double(additions) / 360 / Double(64 * 16 + 16 * 10) - share) < 1e-9)
        let csv = try String(contentsOfFile: rows, encoding: .utf8).split(separator: "\n")
        #expect(csv.count == 361 && csv[0].hasPrefix("file,image,label,"))
      }
      #expect(written[0] == written[1])
      // On standard output alone, for programs.
      outcome = try CommandLineTests.run(["predict", moved, folder + "/images.csv", "--jsonl", "-"])
      #expect(outcome.output.split(separator: "\n").allSatisfy { $0.hasPrefix("{") })
      #expect(outcome.output.utf8.elementsEqual(written[0]))
      // Other settings than the file's are asked for; of another file they are said.
      outcome = try CommandLineTests.run([
        "predict", moved, folder + "/images.csv", "--no-exit", "--steps", "3",
      ])
      #expect(outcome.output.contains("at most 3 steps, no early exit"))
      outcome = try CommandLineTests.run(["predict", trained, folder + "/images.csv"])
      #expect(outcome.output.contains("the file does not say how it was judged"))
    }
  }

  @Test(
    "own data with names: a table learned and converted, answers by name, errors, every spike of one"
  )
  func named() throws {
    try CommandLineTests.withFolder { folder in
      // Two classes that a line parts; numbers are those of a table.
      let rows = (0..<200).map { index -> (String, String) in
        let (x, y) = (index % 17, index * 7 % 19)
        return ("\(x),\(y)", x > y ? "low right" : "high left")
      }
      let (table, net) = (folder + "/own.csv", folder + "/s.safetensors")
      try Data(("x,y,side\n" + rows.map { "\($0.0),\($0.1)\n" }.joined()).utf8)
        .write(to: URL(filePath: table))
      var outcome = try CommandLineTests.run([
        "anytime", "--dataset", table, "--label", "side", "--divide", "20", "--epochs", "30",
        "--max-error-increase", "100", "--max-operations", "1000", "--save", net,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(
        outcome.output.contains(
          "own.csv: 159 training and 41 test examples of 2 numbers, 2 classes"),
        "\(outcome.output.prefix(500))")
      #expect(outcome.output.contains("2 classes in order: high left, low right"))
      let (images, labels) = (folder + "/i.csv", folder + "/l.txt")
      try Data(rows.map { $0.0 + "\n" }.joined().utf8).write(to: URL(filePath: images))
      try Data(rows.map { $0.1 + "\n" }.joined().utf8).write(to: URL(filePath: labels))
      let (answers, trace) = (folder + "/a.csv", folder + "/t.csv")
      outcome = try CommandLineTests.run([
        "predict", net, images, "--labels", labels, "--csv", answers, "--trace", trace,
        "--trace-image", "7",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      // What the data were divided by is in the file.
      #expect(outcome.output.contains("are divided by 20"))
      let lines = try String(contentsOfFile: answers, encoding: .utf8).split(separator: "\n")
      let wrong = zip(lines.dropFirst(), rows).count { !$0.contains(",\($1.1),") }
      #expect(lines.count == 201 && wrong <= 60)
      #expect(outcome.output.contains("\(wrong) errors, "), "\(outcome.output.suffix(200))")
      let spikes = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
      let told = lines[8].split(separator: ",")
      #expect(spikes[0] == "step,layer,unit,sign" && "\(spikes.count - 1)" == told[6])
      try Data(rows.dropFirst().map { $0.1 + "\r\n" }.joined().utf8).write(
        to: URL(filePath: labels))
      #expect(
        try CommandLineTests.run(["predict", net, images, "--labels", labels]).errors.contains(
          "199 labels for 200 images"))
      #expect(
        try CommandLineTests.run([
          "predict", net, images, "--trace", trace, "--trace-image", "200",
        ]).errors.contains("there are 200 images"))
    }
  }

  @Test("what is refused: usage, missing, damaged; nothing is written")
  func refusals() throws {
    try CommandLineTests.withFolder { folder in
      let net = folder + "/n.safetensors"
      let trained = try CommandLineTests.run([
        "train", "--twin", "dense", "--hidden", "4", "--epochs", "1", "--save", net,
      ])
      #expect(trained.status == 0, "\(trained.errors)")
      let rows = folder + "/a.csv"
      try Data("1,2\n".utf8).write(to: URL(filePath: rows))
      func check(_ arguments: [String], _ status: Int32, _ words: String) throws {
        let outcome = try CommandLineTests.run(["predict"] + arguments)
        #expect(outcome.status == status, "\(arguments): \(outcome.status), \(outcome.errors)")
        #expect(outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
      }
      try check([], 64, "Missing expected argument")
      try check([net], 64, "Missing expected argument")
      try check([net, "-", "-"], 64, "can be read once")
      try check([net, rows, "--csv", rows], 64, "is read, and cannot be written")
      try check([net, rows, "--csv", "-", "--jsonl", "-"], 64, "an output each")
      try check([net, rows, "--divide", "0"], 64, "expected a positive finite number")
      try check([net, rows, "--activation", "gelu"], 64, "expected relu")
      try check([net, rows, "--std", "0"], 64, "not 0")
      try check([net, folder + "/none"], 66, "no such file")
      try check([folder + "/none", rows], 66, "no such file")
      try check([net, rows, "--jsonl", folder + "/out"], 65, "row 1: 2 numbers, expected 64")
      #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
    }
  }
}
