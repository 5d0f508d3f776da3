import ArgumentParser
import Experiments
import Foundation
import Training

/// `--checkpoint` and what goes with it: a run that survives.
struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keep checkpoints of the run in this folder, whole whatever happens.", valueName: "folder"))
  var checkpoint: String?

  @Option(
    help: ArgumentHelp(
      "The least time between checkpoints, as 500ms, 30s, 5m or 2h. Default: 1m.",
      valueName: "time"),
    transform: CheckpointOptions.duration)
  var every: Duration?

  @Option(
    help: ArgumentHelp("How many checkpoints are kept, 1...1000. Default: 3.", valueName: "n"),
    transform: { try Bounded.integer($0, 1...1000) })
  var keep: Int?

  @Flag(
    help: """
      Go on from the newest whole checkpoint in the folder; from the start where there is none. The result is \
      that of a run that was never stopped, bit for bit.
      """)
  var resume = false

  func validate() throws {
    guard checkpoint != nil || (every == nil && keep == nil && !resume) else {
      throw ValidationError("'--every', '--keep' and '--resume' go with '--checkpoint'.")
    }
  }

  /// Opens the folder; rank 0 alone has it.
  func open(settings: [String: String], manifest: RunManifest) throws -> CheckpointFolder? {
    guard Ranks.isRoot else { return nil }
    return try checkpoint.map {
      try CheckpointFolder(
        path: $0, settings: settings, manifest: manifest, interval: every ?? .seconds(60),
        keep: keep ?? 3,
        resumes: resume)
    }
  }

  /// A time such as `90s`.
  static func duration(_ text: String) throws -> Duration {
    let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
    for (unit, seconds) in units where text.hasSuffix(unit) {
      guard let number = Double(text.dropLast(unit.count)), number.isFinite, number > 0,
        number * seconds <= 1e7
      else { continue }
      return .seconds(number * seconds)
    }
    throw ValidationError("expected a time such as 500ms, 30s, 5m or 2h, found '\(text)'")
  }
}
