import Experiments
import Foundation
import Testing

@testable import bench

/// `bench anytime` and reports, through the built program.
@Suite struct AnytimeCommandTests {
  @Test("a report, a table, weights and JSON; and nothing written when a path cannot be")
  func files() throws {
    try CommandLineTests.withFolder { folder in
      let outcome = try CommandLineTests.run([
        "anytime", "--epochs", "2", "--steps", "2", "--images", "40", "--hidden", "8",
        "--report", folder + "/r.html", "--csv", folder + "/c.csv", "--json", folder + "/j.json",
        "--save", folder + "/w.safetensors",
      ])
      // Two epochs may well miss a target: a verdict, not a fault.
      #expect(outcome.status == 0 || outcome.status == 1, "\(outcome.errors)")
      #expect(outcome.output.contains("Quantum of a spike"))
      let html = try String(contentsOfFile: folder + "/r.html", encoding: .utf8)
      #expect(html.hasPrefix("<!DOCTYPE html>") && html.contains("data-name=\"raster-0\""))
      let csv = try String(contentsOfFile: folder + "/c.csv", encoding: .utf8)
      #expect(csv.split(separator: "\n").count == 4, "a header, two steps, early exit")
      let json = try #require(
        try JSONSerialization.jsonObject(
          with: Data(contentsOf: URL(filePath: folder + "/j.json"))) as? [String: Any])
      let anytime = try #require(json["anytime"] as? [String: Any])
      let neurobench = try #require(anytime["neurobench"] as? [String: Any])
      #expect(neurobench["SynapticOperations"] != nil && neurobench["Footprint"] as? Int == 2368)
      let manifest = try #require(json["manifest"] as? [String: Any])
      #expect((manifest["dataset"] as? [String: Any])?["checksum"] as? String != nil)
      let again = try CommandLineTests.run([
        "anytime", "--load", folder + "/w.safetensors", "--hidden", "8", "--steps", "2", "--images",
        "40", "--quiet", "--max-error-increase", "100", "--max-operations", "50",
      ])
      #expect(again.output.contains("(must be at most 100)"))
      #expect(again.output.contains("(must be at most 50)"))
      #expect(again.status == 0 || again.status == 1, "\(again.errors)")
    }
    try CommandLineTests.withFolder { folder in
      // Somebody's page is not a report of ours.
      let page = folder + "/mine.html"
      try "<html>mine</html>".write(toFile: page, atomically: true, encoding: .utf8)
      for report in [page, folder + "/none/r.html", folder] {
        let outcome = try CommandLineTests.run(
          ["anytime", "--epochs", "10000", "--report", report])
        #expect(outcome.status == 73, "before the work: \(outcome.errors)")
      }
      #expect(try String(contentsOfFile: page, encoding: .utf8) == "<html>mine</html>")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["mine.html"])
    }
  }

  @Test("what calibration needs, and options that do not go together")
  func refusals() throws {
    for (arguments, text, status) in [
      (["--calibration", "50"], "at least 100 are needed", 65),
      (["--calibration", "1437"], "leave none to train on", 64),
      (["--load", "x", "--epochs", "3"], "not with '--load'", 64),
      (["--phase-groups", "3"], "expected 1, 2 or 4", 64), (["--lambda=-1"], "0 or more", 64),
      (["--firing", "never"], "every-spike, every-step", 64),
      (["--steps", "0"], "1...1000", 64), (["--twin", "both"], "plain-dense", 64),
    ] as [([String], String, Int32)] {
      let outcome = try CommandLineTests.run(["anytime"] + arguments)
      #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains(text), "\(arguments): \(outcome.errors)")
    }
  }

  @Test("the commit of a checkout, by git's own files")
  func commit() throws {
    let hash = String(repeating: "0123456789", count: 4)
    try CommandLineTests.withFolder { folder in
      func write(_ text: String, _ name: String) throws {
        let path = folder + "/" + name
        try FileManager.default.createDirectory(
          atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
      }
      #expect(SourceCommit.commit(inGitFolder: folder) == nil)
      try write(hash + "\n", "HEAD")
      #expect(SourceCommit.commit(inGitFolder: folder) == hash)
      try write("ref: refs/heads/main\n", "HEAD")
      #expect(SourceCommit.commit(inGitFolder: folder) == nil)
      try write("# pack-refs\n\(hash) refs/heads/main\n", "packed-refs")
      #expect(SourceCommit.commit(inGitFolder: folder) == hash)
      try write("ref: ../../secret\n", "HEAD")
      #expect(SourceCommit.commit(inGitFolder: folder) == nil)
    }
  }
}
