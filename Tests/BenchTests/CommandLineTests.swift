import Experiments
import Foundation
import Testing
import Training

@testable import bench

/// The built program, run as a user runs it.
@Suite struct CommandLineTests {
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  /// `bench` beside the test bundle.
  static let program: URL = {
    let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    var folder = bundle
    while folder.path != "/" {
      let candidate = folder.appending(path: "bench")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      folder.deleteLastPathComponent()
    }
    return bundle.appending(path: "bench")
  }()

  /// Small work: few images, few steps.
  static let quick = ["--images", "20", "--epochs", "1", "--convergence-steps", "1,4,100"]

  static func run(
    _ arguments: [String], environment: [String: String] = [:], outputTo path: String? = nil
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment
    variables.removeValue(forKey: "SPIKING_DATA")
    variables.merge(environment) { $1 }
    process.environment = variables
    // Files, not pipes: a pipe that nobody empties stops the program.
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = path.map { URL(filePath: $0) } ?? folder.appending(path: "output")
    let errors = folder.appending(path: "errors")
    for file in [output, errors] where file.path.hasPrefix(folder.path) {
      try Data().write(to: file)
    }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let text = path == nil ? try Data(contentsOf: output) : Data()
    return Outcome(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
  }

  static func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "bench-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test("compare prints tables and verdicts, and --json holds the same")
  func compare() throws {
    try Self.withFolder { folder in
      let path = folder + "/out.json"
      let outcome = try Self.run(Self.quick + ["--json", path])
      #expect(outcome.output.contains("network 64-64-10"))
      #expect(outcome.output.contains("ledger minus recount"))
      #expect(outcome.output.contains("timings mean nothing") == !RunManifest.isOptimizedBuild)
      #expect(!outcome.errors.contains("\u{1B}"), "no progress line into a pipe")
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
          as? [String: Any])
      let verdicts = try #require(json["verdicts"] as? [[String: Any]])
      #expect(verdicts.count == 4)
      for key in ["name", "kind", "value", "bound", "holds"] {
        #expect(verdicts.allSatisfy { $0[key] != nil })
      }
      let all = verdicts.allSatisfy { $0["holds"] as? Bool == true }
      #expect(outcome.status == (all ? 0 : 1))
      let comparison = try #require(json["comparison"] as? [String: Any])
      #expect(comparison["denseTestErrorPercent"] is Double)
      #expect((json["manifest"] as? [String: Any])?["seed"] as? Int == 1)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out.json"])
    }
  }

  @Test("a failed verdict exits with 1")
  func failedVerdict() throws {
    // One image of an untrained network: chance decides about its slope; for this seed, against.
    let outcome = try Self.run(
      ["--images", "1", "--epochs", "0", "--convergence-steps", "1,100", "--seed", "8", "--quiet"])
    #expect(outcome.status == 1 && outcome.output.contains("FAILED"))
  }

  @Test("the same seed gives the same results, another does not")
  func determinism() throws {
    func results(_ seed: String) throws -> String {
      try Self.run(Self.quick + ["--quiet", "--seed", seed]).output
    }
    #expect(try results("5") == results("5"))
    #expect(try results("5") != results("6"))
  }

  @Test(
    "usage errors exit with 64 and name the option",
    arguments: [
      ["--steps", "0"], ["--steps", "-1"], ["--steps", "1e10"], ["--steps", "ten"],
      ["--steps", ""], ["--steps", "2147483648"], ["--eta", "0"], ["--eta", "-1"],
      ["--eta", "nan"], ["--eta", "inf"], ["--eta", "1e-40"], ["--hidden", "784,,10"],
      ["--hidden", "784,0,10"], ["--hidden", "99999999"], ["--hidden", "1048576,1048576"],
      ["--threads", "0"], ["--threads", "-1"], ["--threads", "abc"], ["--images", "0"],
      ["--convergence-steps", "5,2"], ["--epochs", "-3"], ["--seed", "x"], ["--json"],
      ["--stpes", "3"], ["--steps", "3", "--steps", "4"], ["--", "--steps"], ["nonsense"],
      ["--data", "/tmp"], ["--steps", String(repeating: "9", count: 100_000)],
    ])
  func usage(arguments: [String]) throws {
    let outcome = try Self.run(arguments)
    #expect(outcome.status == 64, "\(outcome.errors.prefix(300))")
    if arguments[0].hasPrefix("--"), arguments[0] != "--" {
      let name = arguments[0] == "--stpes" ? "'--steps'" : arguments[0]
      #expect(outcome.errors.contains(name), "\(outcome.errors.prefix(300))")
    }
  }

  @Test("a range is in the message")
  func range() throws {
    #expect(
      try Self.run(["--steps", "0"]).errors.contains(
        "expected a whole number in 1...1048576, found '0'"))
    #expect(
      try Self.run(["train", "--eta", "0"]).errors.contains(
        "expected a positive finite number, found '0'"))
  }

  @Test func environment() throws {
    let unknown = try Self.run(["info"], environment: ["SPIKE_ISA": "avx9"])
    #expect(unknown.status == 64 && unknown.errors.contains("this machine runs"))
    let reference = try Self.run(["info"], environment: ["SPIKE_ISA": "reference"])
    #expect(reference.status == 0 && reference.output.contains("reference; available"))
    for value in ["0", "abc"] {
      #expect(
        try Self.run(["info"], environment: ["OPENBLAS_NUM_THREADS": value]).status == 0)
    }
    for value in ["0", "abc"] {
      #expect(try Self.run(["info"], environment: ["OMP_NUM_THREADS": value]).status == 0)
    }
    #expect(
      try Self.run(Self.quick + ["--threads", "100000"]).output.contains(
        "100000 threads asked for"))
    let bare = try Self.run(
      Self.quick + ["--quiet"],
      environment: ["LC_ALL": "de_DE.UTF-8", "TZ": "Nowhere", "HOME": "", "TMPDIR": "/none"])
    #expect(try bare.output == Self.run(Self.quick + ["--quiet"]).output)
  }

  @Test("an argument that is no UTF-8, and a closed standard input")
  func shell() throws {
    func run(_ script: String) throws -> (status: Int32, errors: String, output: String) {
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-c", script, Self.program.path]
      let (errors, output) = (Pipe(), Pipe())
      process.standardError = errors
      process.standardOutput = output
      try process.run()
      let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      let printed = String(
        decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return (process.terminationStatus, text, printed)
    }
    let strange = try run(#"exec "$0" --json "$(printf '/tmp/\377')""#)
    #expect(strange.status == 64 && strange.errors.contains("is not valid UTF-8"), "\(strange)")
    let closed = try run(#"exec "$0" info <&-"#)
    #expect(closed.status == 0 && closed.output.contains("kernels"), "\(closed)")
  }

  @Test("missing and bad data exit with 66 and 65")
  func data() throws {
    #expect(try Self.run(["--dataset", "/no/such/folder"]).status == 66)
    let missing = try Self.run(["--dataset", "mnist"])
    #expect(missing.status == 66 && missing.errors.contains("Scripts/fetch-mnist"))
    try Self.withFolder { folder in
      try "<!DOCTYPE html>".write(
        toFile: folder + "/train-images-idx3-ubyte", atomically: true, encoding: .utf8)
      try "x".write(
        toFile: folder + "/train-labels-idx1-ubyte", atomically: true, encoding: .utf8)
      try "x".write(
        toFile: folder + "/t10k-images-idx3-ubyte", atomically: true, encoding: .utf8)
      let bad = try Self.run(["--dataset", "mnist", "--data", folder, "--json", folder + "/r.json"])
      #expect(bad.status == 65 && bad.errors.contains("HTML"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/r.json"))
    }
  }

  @Test("a result file that cannot be written is known before the work starts")
  func unwritable() throws {
    for path in ["/no/such/folder/x.json", "/tmp", ""] {
      let outcome = try Self.run(["--json", path])
      #expect(outcome.status == 73 && outcome.output.isEmpty, "\(path): \(outcome.errors)")
    }
    try Self.withFolder { folder in
      let path = folder + "/image.png"
      try "not ours".write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try Self.run(["--json", path]).status == 73)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "not ours")
    }
  }

  @Test(
    "a full standard output is an error",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func fullOutput() throws {
    #expect(try Self.run(["info"], outputTo: "/dev/full").status == 74)
    #expect(try Self.run(["--help"], outputTo: "/dev/full").status == 74)
    #expect(try Self.run(["--version"], outputTo: "/dev/full").status == 74)
    #expect(try Self.run(["info", "--json", "/dev/full"]).status == 74)
  }

  @Test("a closed standard output is an error; what is printed does not land in the result file")
  func closedOutput() throws {
    try Self.withFolder { folder in
      let path = folder + "/out.json"
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/sh")
      shell.arguments =
        ["-c", "exec \"$@\" >&- 2>&-", "sh", Self.program.path, "--json", path] + Self.quick
      try shell.run()
      shell.waitUntilExit()
      #expect(shell.terminationStatus == 74)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }

  @Test("a reader that goes away ends the program quietly, and nothing is left")
  func readerGone() throws {
    try Self.withFolder { folder in
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/bash")
      shell.arguments =
        [
          "-c", "\"$@\" 2> \"$0/errors\" | head -n 1 > /dev/null; exit \"${PIPESTATUS[0]}\"",
          folder,
          Self.program.path, "--json", folder + "/out.json",
        ] + Self.quick
      try shell.run()
      shell.waitUntilExit()
      #expect(shell.terminationStatus == 74)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["errors"])
      #expect(try String(contentsOfFile: folder + "/errors", encoding: .utf8) == "")
    }
  }

  @Test("SIGINT, SIGTERM and SIGHUP end cleanly", arguments: [SIGINT, SIGTERM, SIGHUP])
  func signals(signal: Int32) throws {
    try Self.withFolder { folder in
      let process = Process()
      process.executableURL = Self.program
      // No training: the signal comes while every processor evaluates.
      process.arguments = [
        "--epochs", "0", "--convergence-steps", "1,100000", "--json", folder + "/r.json",
      ]
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      Thread.sleep(forTimeInterval: 1.5)
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 128 + signal)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }

  @Test("train prints a learning curve, and --json holds it")
  func train() throws {
    try Self.withFolder { folder in
      let path = folder + "/out.json"
      let outcome = try Self.run(
        ["train", "--epochs", "2", "--steps", "3", "--hidden", "8", "--json", path])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("network 64-8-10, fractional, T = 3"))
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
          as? [String: Any])
      let epochs = try #require(json["epochs"] as? [[String: Any]])
      #expect(epochs.map { $0["epoch"] as? Int } == [1, 2])
      #expect(json["testErrorPercent"] is Double && json["trainErrorPercent"] is Double)
    }
    let options = [
      ["--update", "adam"], ["--traversal", "sideways"], ["--backward-quantizer", "x"],
      ["--eta", "0"], ["--regularization", "-1"], ["--epochs", "-1"],
    ]
    for arguments in options {
      let outcome = try Self.run(["train"] + arguments)
      #expect(outcome.status == 64 && outcome.errors.contains(arguments[0]), "\(arguments)")
    }
    let diverging = try Self.run(["train", "--eta", "1e8", "--hidden", "8", "--epochs", "1"])
    #expect(diverging.status == 65 && diverging.errors.contains("epoch 1, example"))
  }

  @Test func helpAndVersion() throws {
    let help = try Self.run(["--help"])
    #expect(help.status == 0 && help.output.contains("Exit status"))
    #expect(try Self.run(["compare", "--help"]).output.contains("--convergence-steps"))
    #expect(try Self.run(["--version"]).output.hasPrefix("0."))
  }

  @Test("train writes weights and a curve, goes on from them, and keeps them when it diverges")
  func trainFiles() throws {
    try Self.withFolder { folder in
      let (weights, curve) = (folder + "/w.safetensors", folder + "/c.csv")
      let first = try Self.run([
        "train", "--epochs", "1", "--hidden", "8", "--save", weights, "--csv", curve,
      ])
      #expect(first.status == 0, "\(first.errors)")
      let saved = try Data(contentsOf: URL(filePath: weights))
      #expect(try String(contentsOfFile: curve, encoding: .utf8).split(separator: "\n").count == 2)
      let more = try Self.run(["train", "--epochs", "1", "--load", weights])
      #expect(more.status == 0 && more.output.contains("64-8-10"), "\(more.errors)")
      let dense = try Self.run([
        "train", "--twin", "dense", "--epochs", "2", "--load", weights, "--minibatch", "16",
      ])
      #expect(dense.status == 0, "\(dense.errors)")
      let other = try Self.run(["train", "--epochs", "1", "--load", weights, "--hidden", "9"])
      #expect(other.status == 65 && other.errors.contains("layers 64-8-10, expected 64-9-10"))
      let kept = folder + "/kept.safetensors"
      let wild = try Self.run([
        "train", "--epochs", "1", "--load", weights, "--eta", "1e8", "--save", kept,
      ])
      #expect(wild.status == 65 && wild.errors.contains("epoch 1, example"), "\(wild.errors)")
      // Nothing was learned: the weights are those that it started from.
      #expect(try Data(contentsOf: URL(filePath: kept)) == saved)
    }
  }

  @Test("options of one twin are refused for the other; rows and folders by name")
  func paperOptions() throws {
    for (arguments, words) in [
      (["train", "--twin", "dense", "--smooth"], "'--smooth' goes with '--twin spiking'"),
      (["train", "--minibatch", "3"], "go with '--twin dense'"),
      (["train", "--save", "a", "--csv", "a"], "need a file each"),
      (["train", "--save", "a.npz", "--load", "a.npz"], "need a file each"),
      (["anytime", "--save", "a.npz", "--load", "a.npz"], "need a file each"),
      (["anytime", "--csv", "a", "--json", "a"], "need a file each"),
      (["paper"], "--dataset mnist"),
      (["paper", "--quick", "--seeds", "2", "--seed", "18446744073709551615"], "for 2 seeds"),
      (["paper", "--quick", "--rows", "sgd,none"], "no row 'none'"),
    ] {
      let outcome = try Self.run(arguments)
      #expect(outcome.status == 64 && outcome.errors.contains(words), "\(outcome.errors)")
    }
    try Self.withFolder { folder in
      let quick = ["paper", "--quick", "--rows", "relu", "--epochs", "1", "--state", folder + "/s"]
      let first = try Self.run(quick)
      #expect(first.output.contains("1 of 1 rows done"), "\(first.errors)")
      #expect(try Self.run(quick).output.contains("1 of 1 rows are finished already"))
      let other = try Self.run(quick.map { $0 == "1" ? "2" : $0 })
      #expect(other.status == 65 && other.errors.contains("epochs is 1 there, 2 here"))
    }
  }

  @Test("trace records a network, compares two recordings, and exits with 1 when they differ")
  func trace() throws {
    try Self.withFolder { folder in
      let (first, second) = (folder + "/a.json", folder + "/b.json")
      let small = ["--hidden", "12,8", "--deviation", "0.4", "--examples", "3"]
      var outcome = try Self.run(["trace", "record", first] + small)
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("3 examples, network 64-12-8-10, "))
      outcome = try Self.run(["trace", "compare", first])
      #expect(outcome.status == 0 && outcome.output.contains("are equal"))
      _ = try Self.run(["trace", "record", second, "--update", "sgd"] + small)
      outcome = try Self.run(
        ["trace", "compare", first, second, "--json", folder + "/differences.json"])
      #expect(outcome.status == ExitStatus.verdictFailed)
      #expect(outcome.output.contains("first event: example "))
      #expect(outcome.output.contains("setting: fractional is true in the first, false in the"))
      let json = try #require(
        try JSONSerialization.jsonObject(
          with: Data(contentsOf: URL(filePath: folder + "/differences.json"))) as? [String: Any])
      #expect(json["isEqual"] as? Bool == false)

      try Data("{}".utf8).write(to: URL(filePath: second))
      outcome = try Self.run(["trace", "compare", first, second])
      #expect(outcome.status == ExitStatus.badData)
      #expect(outcome.errors.contains("b.json: \"name\" is missing"))
      outcome = try Self.run(["trace", "compare", folder + "/none.json"])
      #expect(outcome.status == ExitStatus.missingInput)
      outcome = try Self.run(["trace", "record", first, "--examples", "2000"])
      #expect(outcome.status == ExitStatus.usage)
      outcome = try Self.run(["trace", "record", first, "--integer", "--smooth"])
      #expect(outcome.status == ExitStatus.badData)
      outcome = try Self.run(["trace", "compare", first])
      #expect(outcome.status == 0, "a refused recording leaves the file as it was")
    }
  }

  @Test("train --parallel: each seed ends as it does alone, in any number of threads")
  func parallelTraining() throws {
    try Self.withFolder { folder in
      let small = ["train", "--hidden", "8", "--epochs", "2", "--steps", "4"]
      func errors(_ arguments: [String]) throws -> [UInt64: Double] {
        let path = folder + "/runs.json"
        let outcome = try Self.run(small + arguments + ["--json", path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let json = try #require(
          try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
            as? [String: Any])
        guard let runs = json["runs"] as? [[String: Any]] else {
          return [0: try #require(json["testErrorPercent"] as? Double)]
        }
        return Dictionary(
          uniqueKeysWithValues: try runs.map { run in
            let epochs = try #require(run["epochs"] as? [[String: Any]])
            return (
              try #require(run["seed"] as? UInt64),
              try #require(epochs.last?["testErrorPercent"] as? Double)
            )
          })
      }
      let one = try errors(["--parallel", "2", "--seed", "5", "--threads", "1"])
      let two = try errors(["--parallel", "2", "--seed", "5", "--threads", "2"])
      #expect(one == two && one.keys.sorted() == [5, 6])
      #expect(try errors(["--seed", "6"])[0] == one[6])
      let refused = try Self.run(small + ["--parallel", "2", "--save", folder + "/w.safetensors"])
      #expect(refused.status == ExitStatus.usage)
    }
  }
}
