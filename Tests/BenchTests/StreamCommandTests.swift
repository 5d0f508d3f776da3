import EventRecordings
import Foundation
import ModelFiles
import Networks
import Testing

@testable import bench

@Suite struct StreamCommandTests {
  /// Writes events as CSV with a sensor of 12 x 10.
  private static func write(_ path: String, count: Int = 300) throws {
    var writer = try EventWriter(path: path, format: .csv)
    for index in 0..<count {
      try writer.write(
        Event(
          time: Int64(index) * 100, x: UInt16(index % 12), y: UInt16(index % 10),
          isOn: index.isMultiple(of: 3)))
    }
    try writer.finish()
  }

  @Test("a recording: what it holds, as text, JSON, report, and in another format")
  func recording() throws {
    try CommandLineTests.withFolder { folder in
      let path = folder + "/a.csv"
      try Self.write(path)
      let outcome = try CommandLineTests.run([
        "stream", path, "--sensor", "12x10", "--json", folder + "/r.json", "--report",
        folder + "/r.html", "--save", folder + "/a.bin",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("CSV, "))
      #expect(outcome.output.contains("sensor 12x10"))
      #expect(outcome.output.contains("300  100 ON, 200 OFF"))
      #expect(outcome.output.contains("0.029900 s"))
      let json = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: folder + "/r.json")))
      let recording = (json as? [String: Any])?["recording"] as? [String: Any]
      #expect((recording?["counts"] as? [String: Any])?["events"] as? Int == 300)
      #expect((recording?["readings"] as? [Any])?.count == 3)
      let html = try String(contentsOfFile: folder + "/r.html", encoding: .utf8)
      for name in ["raster", "frame", "rate"] { #expect(html.contains("data-name=\"\(name)\"")) }
      #expect(!html.contains("data-name=\"class\""))
      #expect(
        try EventStream.all(path: folder + "/a.bin") == EventStream.all(path: path))
    }
  }

  @Test("a network over a recording: its class as time goes on")
  func listening() throws {
    try CommandLineTests.withFolder { folder in
      let path = folder + "/a.csv"
      try Self.write(path)
      var generator = SeededGenerator(seed: 1)
      for (inputs, biased) in [(240, false), (120, true)] {
        let weights = try NetworkWeights(
          topology: [inputs, 8, 3], initializer: .he, generator: &generator)
        let network = try NetworkWeights(
          layers: weights.matrices,
          biases: biased ? [Array(repeating: 0.1, count: 8), [0, 0, 0]] : nil)
        let file = folder + "/\(inputs).safetensors"
        try network.write(safetensors: file)
        let outcome = try CommandLineTests.run([
          "stream", path, "--sensor", "12x10", "--load", file, "--leak", "5", "--window", "5",
          "--report", folder + "/r.html",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains(inputs == 240 ? "ON and OFF apart" : "ON and OFF ignored"))
        // Six windows of 5 ms, each with 50 events.
        #expect(outcome.output.split(separator: "\n").count { $0.contains("          50") } == 6)
        #expect(outcome.output.contains("class"))
        let html = try String(contentsOfFile: folder + "/r.html", encoding: .utf8)
        for name in ["class", "additions"] { #expect(html.contains("data-name=\"\(name)\"")) }
      }
      let damaged = folder + "/damaged.safetensors"
      let weights = try NetworkWeights(
        topology: [240, 8, 3], initializer: .he, generator: &generator)
      for name in ["spike_coding", "event_input"] {
        try Data(
          NetworkFile.encode(weights, as: .safetensors, metadata: [name: "{\"pooling\":0}"])
        ).write(to: URL(filePath: damaged))
        let outcome = try CommandLineTests.run([
          "stream", path, "--sensor", "12x10", "--load", damaged,
        ])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("the entry \"\(name)\" of the metadata is damaged"))
      }
      let wrong = try CommandLineTests.run([
        "stream", path, "--sensor", "9x9", "--faults", "drop", "--load",
        folder + "/240.safetensors",
      ])
      #expect(wrong.status == 65)
      #expect(
        wrong.errors.contains("a network of 240 inputs for a sensor of 9x9: expected 81"),
        "\(wrong.errors)")
    }
  }

  @Test("learning, the network saved with its input, and run over a recording")
  func learning() throws {
    try CommandLineTests.withFolder { folder in
      for (list, first) in [("train", 1), ("test", 101)] {
        var lines = "#\n"
        for id in first..<first + 6 {
          var writer = try EventWriter(path: "\(folder)/\(id).bin", format: .bin)
          for index in 0..<200 {
            let (x, y) = (index * 7 % 17 + id % 2 * 17, index * 11 % 34)
            try writer.write(
              Event(time: Int64(index) * 500, x: UInt16(x), y: UInt16(y), isOn: true))
          }
          try writer.finish()
          lines += "\(id)\t\(id % 2)\n"
        }
        try lines.write(toFile: "\(folder)/\(list).txt", atomically: true, encoding: .utf8)
      }
      let learned = try CommandLineTests.run([
        "stream", "--learn", folder, "--epochs", "10", "--hidden", "12", "--steps", "10",
        "--step-length",
        "10", "--save", folder + "/n.safetensors", "--json", folder + "/l.json", "--report",
        folder + "/l.html", "--max-errors", "0", "--drift",
      ])
      #expect(learned.status == 0 || learned.status == 1, "\(learned.errors)")
      #expect(learned.output.contains("6 recordings to learn from, 6 to be tested on"))
      #expect(learned.output.contains("holds   learning: test error, %: 0"), "\(learned.output)")
      #expect(learned.output.contains("places"))
      let replay = try CommandLineTests.run([
        "stream", folder + "/2.bin", "--load", folder + "/n.safetensors",
      ])
      #expect(replay.status == 0 && replay.output.contains("ON and OFF ignored"), "\(replay)")
      #expect(
        replay.output.contains("class         0") || replay.output.contains("  0  at the end"))
    }
  }

  @Test("sigma-delta on the digits, trained and loaded")
  func sigmaDelta() throws {
    try CommandLineTests.withFolder { folder in
      let trained = try CommandLineTests.run([
        "train", "--twin", "dense", "--hidden", "12", "--epochs", "10", "--save",
        folder + "/n.safetensors",
      ])
      #expect(trained.status == 0, "\(trained.errors)")
      let outcome = try CommandLineTests.run([
        "stream", "--sigma-delta", "--dataset", "digits", "--load", folder + "/n.safetensors",
        "--images", "40", "--candidates", "20", "--json", folder + "/s.json", "--save",
        folder + "/out.safetensors",
      ])
      #expect(outcome.output.contains("order: temporal"), "\(outcome.errors)")
      #expect(outcome.output.contains("differ in an output: 0 (must be 0)"))
      let saved = try NetworkFile(path: folder + "/out.safetensors")
      #expect(saved.metadata["spike_coding"] != nil && saved.metadata["spike_patterns"] != nil)
      #expect(outcome.output.contains("are added as one row"))
      // Its scales are a start of the next search, whatever its memory.
      let again = try CommandLineTests.run([
        "stream", "--sigma-delta", "--dataset", "digits", "--load", folder + "/out.safetensors",
        "--images", "40", "--candidates", "20", "--memory", "1K",
      ])
      #expect(
        again.output.contains("spikes are added as single rows"), "\(again.output) \(again.errors)")
    }
  }

  @Test("what is refused: usage, missing, damaged; nothing is written")
  func refusals() throws {
    try CommandLineTests.withFolder { folder in
      let path = folder + "/a.csv"
      try Self.write(path)
      func check(_ arguments: [String], _ status: Int32, _ words: String) throws {
        let outcome = try CommandLineTests.run(["stream"] + arguments)
        #expect(outcome.status == status, "\(arguments): \(outcome.status), \(outcome.errors)")
        #expect(outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
      }
      try check([], 64, "expected one of: a recording, '--learn FOLDER', '--sigma-delta'")
      try check([path, "--sigma-delta"], 64, "expected one of")
      for milliseconds in ["1e30", "0", "-1", "nan", "inf", "ten"] {
        try check([path, "--window=" + milliseconds], 64, "0.001...3000000000")
      }
      try check([path, "--sensor", "0x9"], 64, "as 34x34, found '0x9'")
      try check([path, "--faults", "ignore"], 64, "expected one of refuse, drop")
      try check([path, "--polarity", "apart"], 64, "go with '--load'")
      try check([path, "--save", folder + "/a.txt"], 64, "ends in .bin or .csv")
      try check([path, "--json", path], 64, "need a name of their own")
      try check([path, "--save", folder + "/./a.csv"], 64, "need a name of their own")
      try check(["--learn", folder, "--load", path], 64, "not with '--load'")
      try check([path, "--epochs", "3"], 64, "Options of learning go with '--learn'")
      try check([path, "--lambda", "3"], 64, "go with '--sigma-delta'")
      try check([path, "--memory", "1M"], 64, "go with '--sigma-delta'")
      try check(["--sigma-delta", "--memory", "lots"], 64, "expected bytes as")
      try check(["--sigma-delta", "--candidates", "0"], 64, "1...1000000")
      try check(["--learn", folder, "--one-based"], 64, "go with one")
      try check([folder + "/none.bin"], 66, "no such file or folder")
      try check(["--learn", folder], 66, "train*.txt")
      try check([folder], 65, "not a regular file")
      try check([path, "--format", "aedat4"], 65, "offset 0: found")
      try check(
        [path, "--sensor", "5x5", "--json", folder + "/r.json"], 65, "outside the sensor of 5x5")
      #expect(!FileManager.default.fileExists(atPath: folder + "/r.json"))
      for (name, size) in [("huge", Float(1e38)), ("tiny", 1e-25)] {
        try NetworkWeights(layers: [
          Matrix(rows: 64, columns: 4) { _, _ in size }, Matrix(rows: 4, columns: 10) { _, _ in 1 },
        ]).write(safetensors: folder + "/\(name).safetensors")
        let outcome = try CommandLineTests.run([
          "stream", "--sigma-delta", "--dataset", "digits", "--images", "30", "--load",
          folder + "/\(name).safetensors",
        ])
        #expect([0, 1, 65].contains(outcome.status), "\(name): \(outcome)")
      }
      // Times of a stranger: centuries after the first event.
      try "t,x,y,p\n0,0,0,1\n400000000000000000,1,1,1\n".write(
        toFile: folder + "/far.csv", atomically: true, encoding: .utf8)
      try check([folder + "/far.csv"], 65, "more than 1000000 windows of 10000 us")
      let dropped = try CommandLineTests.run([
        "stream", path, "--sensor", "5x5", "--faults", "drop",
      ])
      #expect(dropped.status == 0 && dropped.output.contains("outside the sensor"))
      #expect(dropped.output.contains("first dropped: "))
    }
  }
}
