import Foundation
import TestSupport
import Testing

/// Every example in Swift, in the README, the documents and docstrings, compiles as it stands: against the
/// modules that these tests were built from.
@Suite struct SnippetTests {
  struct Snippet: Sendable, CustomTestStringConvertible {
    let place: String
    let code: String
    var testDescription: String { place }
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Where the modules of this build are; `nil` in a build of another layout.
  private static var modules: String? {
    let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent()
    let modules = folder.appending(path: "Modules").path
    return FileManager.default.fileExists(atPath: modules) ? folder.path : nil
  }

  /// The fenced blocks of a text, without what stands before each line.
  static func snippets(in text: String, of place: String) -> [Snippet] {
    var found: [Snippet] = []
    var lines: [Substring]?
    var (margin, start) = (0, 0)
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if let begun = lines {
        if line.dropFirst(margin).hasPrefix("```") {
          found.append(Snippet(place: "\(place):\(start)", code: begun.joined(separator: "\n")))
          lines = nil
        } else {
          lines!.append(line.dropFirst(margin))
        }
      } else if let fence = line.range(of: "```swift"),
        line[..<fence.lowerBound].allSatisfy({ $0 == " " || $0 == "/" })
      {
        margin = line.distance(from: line.startIndex, to: fence.lowerBound)
        start = number + 1
        lines = []
      }
    }
    return found
  }

  static let all: [Snippet] = {
    var files = [root.appending(path: "README.md")]
    for folder in ["docs", "Sources"] {
      let walk = FileManager.default.enumerator(
        at: root.appending(path: folder), includingPropertiesForKeys: nil)!
      for case let file as URL in walk where ["md", "swift"].contains(file.pathExtension) {
        files.append(file)
      }
    }
    return files.sorted { $0.path < $1.path }.flatMap { file in
      let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      return snippets(in: text, of: String(file.path.dropFirst(root.path.count + 1)))
    }
  }()

  @Test(
    "an example compiles as it stands",
    .enabled(if: modules != nil, "this build has no folder of modules"), arguments: all)
  func compiles(snippet: Snippet) throws {
    let build = try #require(Self.modules)
    let folder = try TemporaryFolder()
    let path = try folder.file(Array((snippet.code + "\n").utf8), named: "main.swift")
    var arguments = ["swiftc", "-typecheck", "-swift-version", "6", "-I", build + "/Modules", path]
    // C modules of ours, and system libraries.
    let manager = FileManager.default
    for (folder, suffix) in [(build, ".build"), (Self.root.path + "/Sources", "")] {
      for name in try manager.contentsOfDirectory(atPath: folder).sorted() where name.hasPrefix("C")
      {
        let map = "\(folder)/\(name)/module.modulemap"
        guard name.hasSuffix(suffix), manager.fileExists(atPath: map) else { continue }
        // What needs a trait is not looked for.
        if ["CHDF5", "CMPI"].contains(name) { continue }
        arguments += ["-Xcc", "-fmodule-map-file=" + map]
      }
    }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(snippet.place): \(output)")
  }

  @Test("blocks are found, with their margins; there are some")
  func finds() {
    let text =
      "a\n```swift\nlet a = 1\n```\n  /// ```swift\n  /// let b = 2\n  ///   c()\n  /// ```\n"
    let found = Self.snippets(in: text, of: "f")
    #expect(found.map(\.place) == ["f:2", "f:5"])
    #expect(found.map(\.code) == ["let a = 1", "let b = 2\n  c()"])
    #expect(Self.all.count >= 8)
  }
}
