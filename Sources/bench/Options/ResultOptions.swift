import ArgumentParser
import Cluster
import Experiments
import Files
import Foundation
import Reports

extension AtomicFile {
  /// Writes `result` as JSON: keys sorted, so that equal results are equal bytes.
  func commit(json result: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    try commit(Array(encoder.encode(result)) + [UInt8(ascii: "\n")])
  }
}

/// A verdict did not hold.
struct VerdictsFailed: Error {}

/// `--json` and `--quiet`: where results go.
struct ResultOptions: ParsableArguments {
  /// Of every `--json` file: grows when a field changes its meaning or goes away (docs/Schema.md).
  static let schemaVersion = 2

  @Option(
    help: ArgumentHelp("Write everything, with the verdicts, to this file.", valueName: "file"))
  var json: String?

  @Flag(help: "Print verdicts only, and no progress.")
  var quiet = false

  @Flag(
    help: """
      Show progress even where standard error is no terminal, as under mpirun: a line every ten seconds.
      """)
  var progress = false

  @Flag(help: "Let failed timing verdicts count in the exit status.")
  var strictTiming = false

  /// Opens the result file, before the work starts.
  func open() throws -> AtomicFile? {
    if progress, Ranks.isRoot { Progress.showInPipes() }
    if quiet { Progress.disable() }
    return try Ranks.onRoot { try json.map(AtomicFile.init(forJSON:)) }
  }

  /// Prints a line that `--quiet` leaves out.
  func line(_ text: String = "") throws {
    if !quiet { try Output.line(text) }
  }

  /// Prints a line of prose, in a terminal broken where 80 columns end; `--quiet` leaves it out. In a pipe it
  /// stays whole, for programs that search it; so does a row of a table, which has runs of spaces: its columns
  /// would come apart.
  func prose(_ text: String) throws {
    guard Output.isTerminal, !text.drop(while: { $0 == " " }).contains("  ") else {
      return try line(text)
    }
    for line in Format.wrapped(text) { try self.line(line) }
  }

  /// Prints the verdicts, and fails if one does not hold.
  func judge(_ verdicts: [Verdict]) throws {
    for verdict in verdicts {
      // One line in a pipe, for programs that search it.
      let columns = Output.isTerminal ? 80 : .max
      for line in Format.wrapped(Self.text(verdict), columns: columns, hanging: 8) {
        try Output.line(line)
      }
    }
    let failed = verdicts.filter { !$0.holds && ($0.kind == .exact || strictTiming) }
    guard failed.isEmpty else {
      try Output.line("\(failed.count) of \(verdicts.count) verdicts failed.")
      throw VerdictsFailed()
    }
    guard !verdicts.isEmpty else { return }
    try Output.line(
      verdicts.allSatisfy(\.holds)
        ? "All \(verdicts.count) verdicts hold." : "All verdicts that count hold.")
  }

  static func text(_ verdict: Verdict) -> String {
    let bound =
      switch (verdict.bound.atLeast, verdict.bound.atMost) {
      case (let low?, let high?) where low == high: "must be \(number(low))"
      case (let low?, let high?): "must be \(number(low)) ... \(number(high))"
      case (let low?, nil): "must be at least \(number(low))"
      case (nil, let high?): "must be at most \(number(high))"
      case (nil, nil): "no bound"
      }
    let mark = verdict.holds ? "  holds " : "  FAILED"
    return "\(mark)  \(verdict.name): \(number(verdict.value)) (\(bound))"
      + (verdict.kind == .timing ? " [timing]" : "")
  }

  /// Whole numbers as such, others with four digits after the point.
  static func number(_ value: Double) -> String {
    value == value.rounded() && value.magnitude < 1e15
      ? Format.count(Int(value)) : Format.fixed(value, 4)
  }
}

/// `--csv`: the main table of a command, for programs that read tables.
struct TableOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Write the main table to this CSV file.", valueName: "file"))
  var csv: String?

  /// Opens the file, before the work starts.
  ///
  /// - Parameter header: the table's first line; only a file that starts like it is replaced.
  func open(header: [String]) throws -> AtomicFile? {
    guard let csv, Ranks.isRoot else { return nil }
    let start = Array(header[0].utf8.prefix(16))
    return try AtomicFile(path: csv) { $0.starts(with: start) }
  }
}

/// `--report`: where a report to look at goes.
struct ReportOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write a report with charts to this file: one HTML file, for any browser, offline.",
      valueName: "file.html"))
  var report: String?

  /// Opens the file, before the work starts.
  func open() throws -> ReportFile? {
    guard let report, Ranks.isRoot else { return nil }
    return ReportFile(
      // An earlier report, not somebody's other page.
      file: try AtomicFile(path: report) { $0.starts(with: Array("<!DOCTYPE html>".utf8)) })
  }
}

/// A report that was opened before the work.
struct ReportFile {
  let file: AtomicFile

  /// Writes the report.
  func commit(_ report: HTMLReport) throws { try file.commit(Array(report.html.utf8)) }
}

/// `--threads`: tasks of parallel evaluation.
struct ThreadOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Threads that evaluate images; results do not depend on it. Default: all processors; of several processes \
      on a machine, each its share of them.
      """,
      valueName: "n"),
    transform: { try Bounded.integer($0, 1...1_000_000) })
  var threads: Int?

  /// The number to use: at most one a processor, and a processor of a machine for each of its processes.
  var count: Int {
    min(threads ?? .max, Ranks.processors)
  }

  /// What to say when fewer are used than were asked for.
  var note: String? {
    guard let threads, threads > count else { return nil }
    return "\(threads) threads asked for, \(count) used"
      + (Ranks.all.size > 1 ? " by each process" : "") + ": one a processor."
  }
}
