import Foundation
import Testing

@testable import bench

/// Learning on several networks, and what is said of several processes, through the built program.
@Suite struct RanksCommandTests {
  private static func json(_ path: String) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
        as? [String: Any])
  }

  #if !MPI
    @Test(
      "a build without MPI does not take each of many processes for the only one",
      arguments: ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"])
    func launched(variable: String) throws {
      try CommandLineTests.withFolder { folder in
        let path = folder + "/x.json"
        let outcome = try CommandLineTests.run(
          ["train", "--epochs", "1", "--json", path], environment: [variable: "2"])
        #expect(outcome.status == ExitStatus.usage && outcome.output.isEmpty)
        #expect(outcome.errors.contains("--traits MPI"))
        #expect(!FileManager.default.fileExists(atPath: path))
      }
    }
  #endif

  @Test("a timeout that is none is refused", arguments: ["x", "-1", "1.5", "99999999"])
  func timeout(text: String) throws {
    let outcome = try CommandLineTests.run(
      ["info"], environment: ["SPIKING_RANK_TIMEOUT": text])
    #expect(outcome.status == ExitStatus.usage && outcome.errors.contains("SPIKING_RANK_TIMEOUT"))
  }

  @Test(
    "options that say nothing together are refused",
    arguments: [
      (["train", "--average-every", "5"], "goes with '--replicas'"),
      (["train", "--replicas", "2", "--integer"], "not with '--integer'"),
      (["train", "--replicas", "2", "--parallel", "2"], "not with '--parallel'"),
      (["train", "--replicas", "0"], "1...4000"),
      (["train", "--twin", "dense", "--replicas", "33"], "cannot divide minibatches of 32"),
      (
        ["train", "--twin", "dense", "--replicas", "2", "--average-every", "5"],
        "goes with '--twin spiking'"
      ),
      (["train", "--replicas", "2000", "--epochs", "1"], "2000 for 1437 training images"),
      (["train", "--state", "/tmp/x"], "goes with '--parallel'"),
      (["scale", "--replicas", "2"], "goes with '--learning'"),
      (["scale", "--dataset", "mnist"], "goes with '--learning'"),
      (["scale", "--learning", "--average-every", "0"], "1...1000000"),
    ])
  func refused(arguments: [String], message: String) throws {
    let outcome = try CommandLineTests.run(arguments)
    #expect(outcome.status == ExitStatus.usage, "\(arguments)")
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
  }

  @Test("train --replicas: speed-up and settings; one replica is the plain command, bit for bit")
  func replicas() throws {
    try CommandLineTests.withFolder { folder in
      let small = ["train", "--hidden", "8", "--epochs", "2", "--steps", "4"]
      func weights(_ arguments: [String]) throws -> Data {
        let path = folder + "/w.safetensors"
        let outcome = try CommandLineTests.run(
          small + arguments + ["--save", path, "--json", folder + "/r.json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        if arguments.contains("--replicas") {
          #expect(outcome.output.contains("speed-up"), "\(outcome.output)")
        }
        return try Data(contentsOf: URL(filePath: path))
      }
      let plain = try weights([])
      #expect(try weights(["--replicas", "1", "--average-every", "7"]) == plain)
      let three = try weights(["--replicas", "3", "--average-every", "7", "--threads", "1"])
      #expect(try weights(["--replicas", "3", "--average-every", "7"]) == three && three != plain)
      let report = try Self.json(folder + "/r.json")
      #expect(report["replicas"] as? Int == 3 && report["averageEvery"] as? Int == 7)
      #expect((report["speed"] as? [String: Any])?["efficiency"] as? Double ?? 0 > 0)
      let manifest = try #require(report["manifest"] as? [String: Any])
      #expect(manifest["processes"] as? Int == 1)
    }
  }

  @Test("train --parallel --state: finished seeds are not run again, other settings are refused")
  func state() throws {
    try CommandLineTests.withFolder { folder in
      let small = [
        "train", "--hidden", "8", "--epochs", "1", "--steps", "4", "--state", folder + "/s",
      ]
      func runs(_ arguments: [String]) throws -> [[String: Any]] {
        let outcome = try CommandLineTests.run(
          small + arguments + ["--json", folder + "/r.json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try #require(try Self.json(folder + "/r.json")["runs"] as? [[String: Any]])
      }
      func times(_ run: [String: Any]) -> Double? {
        (run["epochs"] as? [[String: Any]])?.last?["imagesPerSecond"] as? Double
      }
      let first = try runs(["--parallel", "2"])
      let second = try runs(["--parallel", "3"])
      #expect(second.count == 3)
      // The same times: they were not run again.
      #expect(times(second[0]) == times(first[0]) && times(second[1]) == times(first[1]))
      let refused = try CommandLineTests.run(small + ["--parallel", "2", "--eta", "0.5"])
      #expect(refused.status == ExitStatus.badData)
      #expect(refused.errors.contains("--eta is 0.01 there, 0.5 here"), "\(refused.errors)")
    }
  }

  @Test("scale --learning: tables, verdicts, files; cells are kept")
  func learning() throws {
    try CommandLineTests.withFolder { folder in
      let arguments = [
        "scale", "--learning", "--hidden", "8", "--epochs", "1", "--replicas", "2",
        "--average-every", "20", "--milliseconds", "1", "--state", folder + "/s",
      ]
      let outcome = try CommandLineTests.run(
        arguments + [
          "--json", folder + "/r.json", "--csv", folder + "/r.csv", "--report",
          folder + "/r.html",
        ])
      #expect(outcome.status == 0, "\(outcome.errors)\(outcome.output)")
      for text in ["N = 2", "Efficiency on paper", "1,024", "one network"] {
        #expect(outcome.output.contains(text), "\(text)")
      }
      let learning = try #require(try Self.json(folder + "/r.json")["learning"] as? [String: Any])
      #expect((learning["cells"] as? [Any])?.count == 2)
      let table = try String(contentsOfFile: folder + "/r.csv", encoding: .utf8)
      #expect(table.split(separator: "\n").count == 3)
      let page = try String(contentsOfFile: folder + "/r.html", encoding: .utf8)
      #expect(page.contains("Learning on several networks at once"))
      let again = try CommandLineTests.run(arguments)
      #expect(again.output.contains("2 of 2 cells are finished already."))
    }
  }
}
