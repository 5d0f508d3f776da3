import Foundation
import Testing

/// What holds for the sources as a whole.
@Suite struct SourceTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The Swift files in a folder of the package.
  private func sources(_ folder: String) throws -> [(name: String, text: String)] {
    let files = FileManager.default.enumerator(
      at: Self.root.appending(path: folder), includingPropertiesForKeys: nil)
    return try (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }.map {
      ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8))
    }
  }

  @Test("random numbers come from seeded generators alone")
  func randomness() throws {
    for (name, text) in try sources("Sources") {
      for word in ["SystemRandomNumberGenerator", ".shuffled()", ".randomElement()", "random(in:"] {
        #expect(!text.contains(word), "\(name): \(word)")
      }
    }
  }

  @Test("the tests that docs/Hazards.md names are there")
  func hazards() throws {
    let tests = try sources("Tests")
    let lines = try String(
      contentsOf: Self.root.appending(path: "docs/Hazards.md"), encoding: .utf8
    ).split(separator: "\n")
    var named = 0
    for line in lines where line.hasPrefix("| ") {
      guard let last = line.split(separator: "|").last else { continue }
      var suite = ""
      for match in last.matches(of: /\b([A-Z][A-Za-z0-9]*Tests)?(\.[a-z][A-Za-z0-9]*)?/) {
        if let name = match.1 { suite = String(name) }
        guard match.1 != nil || match.2 != nil, !suite.isEmpty else { continue }
        guard let file = tests.first(where: { $0.text.contains("struct \(suite)") }) else {
          Issue.record("no suite \(suite)" as Comment)
          continue
        }
        named += 1
        if let function = match.2?.dropFirst() {
          #expect(
            file.text.contains("func \(function)(") || file.text.contains("let \(function)"),
            "\(suite).\(function)")
        }
      }
    }
    #expect(named > 100)
  }
}
