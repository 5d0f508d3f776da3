import Foundation
import Testing

/// Comments and documents cite documents and their sections: all of them exist.
@Suite struct CitedSectionsTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// A document that a line names, and the sections of it.
  struct Citation: Equatable {
    let line: Int
    /// A path from the root, or from the folder of the citing file.
    let path: String
    let isRelative: Bool
    var sections: [Int] = []
  }

  /// The citations of a text, in three forms:
  /// - in words, with sections or without, such as "docs/Algorithm.md, sections 3 and 4";
  /// - by the title alone, such as "Algorithm.md, section 3" (without a section it may be any file);
  /// - in Markdown, a link to a file.
  ///
  /// A citation may go on in the next line of a comment.
  private static func citations(in text: String) -> [Citation] {
    let words = #/\b(docs/)?(?:([A-Z][A-Za-z]+)\.md|(ALGORITHM|COUNTING)\b(?:\.md)?)/#
    let sections = #/^[,:]? sections? (\d+(?:(?:,| and| to) \d+)*)/#
    let links = #/\]\(([^)#\s:]+\.md)(?:#[^)\s]*)?\)/#
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var found: [Citation] = []
    for (index, line) in lines.enumerated()
    where line.contains(".md") || line.contains("ALGORITHM") || line.contains("COUNTING") {
      let next = index + 1 < lines.count ? lines[index + 1].drop { " /*".contains($0) } : ""
      for match in line.matches(of: words) {
        let rest = "\(line[match.range.upperBound...]) \(next)".replacing(#/ {2,}/#, with: " ")
        let numbers = rest.firstMatch(of: sections)?.1.matches(of: #/\d+/#) ?? []
        let isTitle = match.1 == nil && match.3 == nil
        guard !isTitle || !numbers.isEmpty else { continue }
        let name = match.2.map(String.init) ?? match.3!.capitalized
        found.append(
          Citation(
            line: index + 1, path: "docs/\(name).md", isRelative: false,
            sections: numbers.compactMap { Int($0.output) }))
      }
      for match in line.matches(of: links) {
        found.append(Citation(line: index + 1, path: String(match.1), isRelative: true))
      }
    }
    return found
  }

  /// The numbers of the headings of a document, or `nil` where there is none of this path.
  private static func headings(of document: URL) -> Set<Int>? {
    guard let text = try? String(contentsOf: document, encoding: .utf8) else { return nil }
    return Set(text.matches(of: #/(?m)^## (\d+)\./#).compactMap { Int($0.1) })
  }

  /// What a text in a file of the package cites and is not there, as `path:line: fault`.
  private static func faults(in text: String, path: String) -> (cited: Int, faults: [String]) {
    let citations = citations(in: text)
    let folder = root.appending(path: path).deletingLastPathComponent()
    let faults = citations.flatMap { citation -> [String] in
      let base = citation.isRelative ? folder : root
      guard let headings = headings(of: base.appending(path: citation.path).standardized) else {
        return ["\(path):\(citation.line): there is no \(citation.path)"]
      }
      return citation.sections.filter { !headings.contains($0) }.map {
        "\(path):\(citation.line): \(citation.path) has no section \($0)"
      }
    }
    return (citations.count, faults)
  }

  @Test("every section and every document that sources, tests and documents cite is there")
  func cited() throws {
    var cited = 0
    for folder in ["Sources", "Tests", "docs"] {
      let names = FileManager.default.enumerator(atPath: Self.root.appending(path: folder).path)
      for name in (names?.allObjects as? [String] ?? []).sorted()
      where ["swift", "c", "h", "cpp", "md"].contains(URL(filePath: name).pathExtension) {
        let path = "\(folder)/\(name)"
        let text = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
        let found = Self.faults(in: text, path: path)
        cited += found.cited
        for fault in found.faults { Issue.record("\(fault)" as Comment) }
      }
    }
    #expect(cited > 20)
  }

  @Test("a section or a document that is not there is found, with its line")
  func missing() {
    // Put together, so that this file does not cite what is missing.
    let (document, none) = ("Algorithm", "NoSuchDocument")
    let text = """
      /// Source: docs/\(document).md, sections 3 and
      /// 99; \(document.uppercased()) section 98; \(document).md, section 97.
      /// See docs/\(none).md, and [it](\(none).md#part).
      /// docs/\(document).md, section 1, rule 3, and [it](\(document).md) are there.
      """
    let found = Self.faults(in: text, path: "docs/text.md")
    #expect(found.cited == 7)
    #expect(
      found.faults == [
        "docs/text.md:1: docs/\(document).md has no section 99",
        "docs/text.md:2: docs/\(document).md has no section 98",
        "docs/text.md:2: docs/\(document).md has no section 97",
        "docs/text.md:3: there is no docs/\(none).md",
        "docs/text.md:3: there is no \(none).md",
      ])
  }
}
