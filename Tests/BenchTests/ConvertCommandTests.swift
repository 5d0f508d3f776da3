import Datasets
import Foundation
import ModelFiles
import Networks
import SpikingReLU
import Testing

@testable import bench

/// `bench convert`, as a user runs it.
@Suite struct ConvertCommandTests {
  private func json(_ path: String) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
        as? [String: Any])
  }

  @Test("a network through all three formats, with data and without")
  func convert() throws {
    try CommandLineTests.withFolder { folder in
      let trained = folder + "/net.safetensors"
      var outcome = try CommandLineTests.run([
        "train", "--twin", "dense", "--epochs", "5", "--hidden", "16", "--save", trained,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      var source = trained
      for format in ["npz", "onnx", "safetensors"] {
        let target = folder + "/next.\(format)"
        outcome = try CommandLineTests.run(["convert", source, "--save", target])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("network 64-16-10"))
        #expect(outcome.output.contains("No data: --dataset shows errors"))
        source = target
      }
      let (first, last) = (folder + "/first.json", folder + "/last.json")
      let options = [
        "--dataset", "digits", "--steps", "5", "--calibration", "120", "--max-error-increase",
        "100",
      ]
      for (file, path) in [(trained, first), (source, last)] {
        outcome = try CommandLineTests.run(["convert", file, "--json", path] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("What was lost, and why:"))
      }
      let (before, after) = (try json(first), try json(last))
      #expect(before["denseTestErrors"] as? Int == after["denseTestErrors"] as? Int)
      // But for the time that tables took.
      let conversions = [before, after].map { report in
        let conversion =
          (report["conversion"] as? NSDictionary)?.mutableCopy() as? NSMutableDictionary
        let patterns =
          (conversion?["patterns"] as? NSDictionary)?.mutableCopy() as? NSMutableDictionary
        patterns?.removeObject(forKey: "buildingSeconds")
        conversion?["patterns"] = patterns
        return conversion
      }
      #expect(conversions[0] != nil && conversions[0] == conversions[1])
      // The verdict decides.
      outcome = try CommandLineTests.run(
        [
          "convert", source, "--no-scales", "--dataset", "digits", "--steps", "1",
          "--max-error-increase",
          "0",
        ])
      #expect(outcome.status == 1 && outcome.output.contains("FAILED"))
    }
  }

  @Test("a refining network is saved with its code, and is the same network again")
  func refining() throws {
    try CommandLineTests.withFolder { folder in
      let (trained, saved, path) = (
        folder + "/w.safetensors", folder + "/r.safetensors", folder + "/r.json"
      )
      var outcome = try CommandLineTests.run([
        "train", "--twin", "dense", "--epochs", "10", "--save", trained,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      outcome = try CommandLineTests.run([
        "convert", trained, "--dataset", "digits", "--steps", "5", "--calibration", "200",
        "--firing", "refining", "--agreement", "95", "--memory", "200K", "--min-agreement", "1",
        "--max-operations", "100", "--save", saved, "--json", path,
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("refining *"))
      #expect(outcome.output.contains("the limit is 204.8 kB"))
      let report = try json(path)
      let conversion = try #require(report["conversion"] as? [String: Any])
      let exit = try #require(conversion["exit"] as? [String: Any])
      let outcomeOfExit = try #require(exit["outcome"] as? [String: Any])
      // Made of the file alone.
      let file = try NetworkFile(path: saved)
      var options = try PredictionOptions(timeSteps: try #require(exit["timeSteps"] as? Int))
      options.firing = try #require(
        file.metadata["spike_firing"].flatMap(PredictionOptions.Firing.init(rawValue:)))
      #expect(options.firing == .refining)
      let patterns = try file.decoded("spike_patterns", as: SpikePatterns.self)
      #expect(patterns != nil)
      var network = try SpikingMLP(
        weights: file.weights, coding: file.decoded("spike_coding", as: SpikeCoding.self),
        patterns: patterns, options: options)
      let margin = (exit["margin"] as? Double).map(Float.init) ?? .infinity
      let ratio = Float(try #require(exit["ratio"] as? Double))
      let rule = margin.isFinite ? try ExitRule(margin: margin, ratio: ratio) : .never
      let test = Dataset.embeddedDigits().test
      let wrong = try (0..<test.count).count { index in
        try network.predict(test.images.row(index), until: rule).label != test.labels[index]
      }
      #expect(outcomeOfExit["errors"] as? Int == wrong)
      // Quanta that a file has are a start of the next search, and it is said.
      outcome = try CommandLineTests.run([
        "convert", saved, "--dataset", "digits", "--steps", "5", "--calibration", "200", "--firing",
        "refining",
        "--agreement", "95", "--memory", "200K", "--images", "20", "--max-error-increase", "100",
      ])
      #expect(outcome.output.contains("the search starts from them, too"), "\(outcome.errors)")
      // What is asked of the search is a verdict.
      outcome = try CommandLineTests.run([
        "convert", trained, "--dataset", "digits", "--steps", "1", "--calibration", "200",
        "--firing", "every-step", "--agreement", "100", "--max-error-increase", "100",
      ])
      #expect(outcome.status == 1, "\(outcome.errors)")
      #expect(outcome.output.contains("FAILED  early exit: answers to calibration images"))
    }
  }

  @Test("what a file does not say is said by options, or refused with them")
  func reading() throws {
    try CommandLineTests.withFolder { folder in
      let path = folder + "/w.safetensors"
      func tensor(_ name: String, _ shape: [Int]) -> NamedTensor {
        NamedTensor(
          name: name, shape: shape,
          elements: (0..<shape.reduce(1, *)).map { Float($0 % 5) / 16 - 0.1 })
      }
      try Data(
        Safetensors.encode([
          tensor("actor.0.weight", [64, 64]), tensor("actor.2.weight", [10, 64]),
          tensor("critic.0.weight", [64, 64]), tensor("lif.beta", []),
        ])
      ).write(to: URL(filePath: path))
      var outcome = try CommandLineTests.run(["convert", path])
      #expect(outcome.status == 65 && outcome.errors.contains("--ignore lif.beta"), "\(outcome)")
      outcome = try CommandLineTests.run(["convert", path, "--ignore", "lif"])
      #expect(outcome.status == 65 && outcome.errors.contains("--layers actor.0,critic.0,actor.2"))
      outcome = try CommandLineTests.run([
        "convert", path, "--ignore", "lif", "--ignore", "zzz", "--layers", "actor.0,actor.2",
        "--mean", "0.5", "--std",
        "0.5",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("ignored: critic.0: left out: --layers does not name it"))
      #expect(outcome.output.contains("assumed: activations: ReLU"))
      // A network of nothing but guesses is at chance, and does not hold.
      outcome = try CommandLineTests.run([
        "convert", path, "--ignore", "lif", "--layers", "actor.0,actor.2", "--dataset", "digits",
        "--no-scales",
        "--steps", "1", "--calibration", "20", "--images", "50", "--max-error-increase", "100",
      ])
      #expect(outcome.status == 1 && outcome.output.contains("FAILED  errors of the dense network"))
      #expect(outcome.output.contains("At chance a file was mostly read otherwise"))
      for (arguments, words) in [
        (["--layout", "rows"], "expected one of: out,in; in,out; fortran"),
        (["--mean", "a"], "finite numbers"),
        (["--activation", "tanh"], "expected relu"), (["--layers", "a,,b"], "expected names"),
      ] {
        outcome = try CommandLineTests.run(["convert", path] + arguments)
        #expect(outcome.status == 64 && outcome.errors.contains(words), "\(outcome)")
      }
      outcome = try CommandLineTests.run(["anytime", "--mean", "1"])
      #expect(outcome.status == 64 && outcome.errors.contains("go with '--load'"))
    }
  }

  @Test("weights that look byte-swapped, and denormal ones, are warned of")
  func warnings() throws {
    try CommandLineTests.withFolder { folder in
      let swapped = try NetworkWeights(
        layers: [Matrix(rows: 2, columns: 1, elements: [.leastNonzeroMagnitude, 2e6])])
      let path = folder + "/w.safetensors"
      try swapped.write(safetensors: path)
      let outcome = try CommandLineTests.run(["convert", path])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("is beyond 10^6; were the bytes of the file swapped?"))
      #expect(outcome.output.contains("1 weights are denormal"))
    }
  }

  @Test("what is refused: status and words; nothing that was there is lost")
  func refusals() throws {
    try CommandLineTests.withFolder { folder in
      func refused(_ arguments: [String], _ status: Int32, _ words: String) throws {
        let outcome = try CommandLineTests.run(["convert"] + arguments)
        #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
      }
      let file = folder + "/net.bin"
      try refused([file], 66, "no such file")
      try Data("<!DOCTYPE html>".utf8).write(to: URL(filePath: file))
      try refused([file], 65, "no safetensors, npz or ONNX file: it starts with 3c 21 44")
      try Data().write(to: URL(filePath: file))
      try refused([file], 65, "an empty file")
      try refused([folder], 65, "not a regular file")
      try refused(
        [file, "--save", folder + "/net.pt"], 64, "must end in .safetensors, .npz or .onnx")
      try refused([file, "--save", file], 64, "must end in")
      let path = folder + "/net.npz"
      try refused([path, "--save", path], 64, "need a file each")
      try refused([file, "--data", folder], 64, "go with '--dataset'")
      try refused([file, "--steps", "0"], 64, "1...10000")
      try refused([file, "--lambda", "1", "--agreement", "99"], 64, "is one of them")
      try refused([file, "--agreement", "0"], 64, "percent above 0")
      try refused([file, "--memory", "lots"], 64, "expected bytes as")
      try refused(
        [file, "--memory", "1M", "--firing", "every-spike"], 64, "tables of spike patterns")
      try refused([file, "--no-scales", "--max-operations", "1"], 64, "not with '--no-scales'")
      try refused([], 64, "Missing expected argument")
      // A network of another size than the data.
      let other = folder + "/other.safetensors"
      try NetworkWeights(layers: [Matrix(rows: 3, columns: 2)]).write(safetensors: other)
      try refused([other, "--dataset", "digits"], 65, "layers 3-2, expected 64-10")
      let small = folder + "/small.safetensors"
      _ = try CommandLineTests.run([
        "train", "--twin", "dense", "--epochs", "0", "--hidden", "4", "--save", small,
      ])
      let mnist = folder + "/data"
      try refused([small, "--dataset", mnist], 66, "data")
      try Data("precious".utf8).write(to: URL(filePath: path))
      try refused([small, "--save", path], 73, "not overwritten")
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }
  }
}
