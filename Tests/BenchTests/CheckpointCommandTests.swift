import Foundation
import Testing

@testable import bench

/// `bench train --checkpoint`: signals, kills, locks and full disks, as a user meets them.
@Suite struct CheckpointCommandTests {
  private static let training = ["train", "--hidden", "12", "--shuffle"]

  private static func start(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = CommandLineTests.program
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private static func checkpoints(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasPrefix("checkpoint-") }.sorted()
  }

  private static func waitForCheckpoint(_ folder: String) {
    for _ in 0..<600 where checkpoints(folder).isEmpty { Thread.sleep(forTimeInterval: 0.02) }
  }

  @Test("SIGINT, SIGTERM and SIGKILL, again and again: the end is the same bits")
  func signals() throws {
    try CommandLineTests.withFolder { folder in
      let (whole, part) = (folder + "/whole.safetensors", folder + "/part.safetensors")
      let training = Self.training + ["--epochs", "3"]
      #expect(try CommandLineTests.run(training + ["--save", whole]).status == 0)
      let run = folder + "/run"
      let resumed =
        training + ["--checkpoint", run, "--every", "1ms", "--keep", "2", "--resume"]
        + ["--save", part]
      var random = SystemRandomNumberGenerator()
      for signal in [SIGINT, SIGKILL, SIGTERM, SIGKILL, SIGKILL, SIGINT] {
        let process = try Self.start(resumed)
        Self.waitForCheckpoint(run)
        Thread.sleep(forTimeInterval: Double.random(in: 0...0.1, using: &random))
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        let finished = process.terminationReason == .exit && process.terminationStatus == 0
        if signal != SIGKILL, !finished {
          #expect(process.terminationReason == .exit)
          #expect(process.terminationStatus == 128 + signal)
        }
        #expect(!Self.checkpoints(run).isEmpty)
      }
      let last = try CommandLineTests.run(resumed)
      #expect(last.status == 0 && last.output.contains("Going on from"), "\(last.errors)")
      #expect(!last.output.contains("Damaged"))
      #expect(
        try Data(contentsOf: URL(filePath: whole)) == Data(contentsOf: URL(filePath: part)))
      #expect(!Self.checkpoints(run).contains { $0.contains(".tmp-") })
    }
  }

  @Test("a second run, other settings, a forgotten --resume: refused, by status and by words")
  func refusals() throws {
    try CommandLineTests.withFolder { folder in
      let run = folder + "/run"
      let first = try Self.start(
        Self.training + ["--epochs", "10000", "--checkpoint", run, "--every", "10ms"])
      defer { first.terminate() }
      Self.waitForCheckpoint(run)
      func outcome(_ arguments: [String]) throws -> CommandLineTests.Outcome {
        try CommandLineTests.run(
          Self.training + ["--epochs", "10000", "--checkpoint", run] + arguments)
      }
      let second = try outcome(["--resume"])
      #expect(second.status == 75 && second.errors.contains("another run is working"))
      first.terminate()
      first.waitUntilExit()
      #expect(first.terminationStatus == 143)
      let forgotten = try outcome([])
      #expect(forgotten.status == 73 && forgotten.errors.contains("go on with --resume"))
      let other = try outcome(["--resume", "--eta", "0.5", "--steps", "3"])
      #expect(other.status == 65)
      #expect(
        other.errors.contains("--eta is 0.01 there, 0.5 here; --steps is 10 there, 3 here"),
        "\(other.errors)")
    }
  }

  @Test("a limit on the size of files is an error, and what was there is whole")
  func fileSize() throws {
    try CommandLineTests.withFolder { folder in
      let run = folder + "/run"
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      // Blocks of 512 or 1024 bytes: a checkpoint of 784 weights is larger either way.
      process.arguments =
        [
          "-c", "ulimit -f 8; exec \"$0\" \"$@\"", CommandLineTests.program.path,
        ] + Self.training + ["--epochs", "1", "--checkpoint", run, "--every", "1ms"]
      process.standardOutput = FileHandle.nullDevice
      let errors = Pipe()
      process.standardError = errors
      try process.run()
      let words = String(
        decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 74, "\(words)")
      #expect(words.contains("cannot write: File too large"), "\(words)")
      #expect(Self.checkpoints(run).isEmpty)
    }
  }

  @Test("options that are refused")
  func options() throws {
    for (arguments, words) in [
      (["--resume"], "go with '--checkpoint'"), (["--every", "1m"], "go with '--checkpoint'"),
      (["--checkpoint", "/tmp/x", "--every", "1"], "expected a time such as 500ms"),
      (["--checkpoint", "/tmp/x", "--every", "0s"], "expected a time such as 500ms"),
      (["--checkpoint", "/tmp/x", "--every", "nanh"], "expected a time such as 500ms"),
      (["--checkpoint", "/tmp/x", "--every", "1e300h"], "expected a time such as 500ms"),
      (["--checkpoint", "/tmp/x", "--keep", "0"], "1...1000"),
      (["--checkpoint", "/tmp/x", "--parallel", "2"], "are of one network"),
    ] {
      let outcome = try CommandLineTests.run(["train"] + arguments)
      #expect(outcome.status == 64 && outcome.errors.contains(words), "\(outcome.errors)")
    }
    for path in ["", "/dev/null/x", "/proc/x"] {
      let outcome = try CommandLineTests.run(["train", "--checkpoint", path])
      #expect(outcome.status == 73, "\(path): \(outcome.errors)")
    }
  }
}
