internal import Files
internal import Foundation
package import ModelFiles
internal import Synchronization

/// A folder with the last checkpoints of one run: whole files, the newest last.
///
/// A checkpoint is written beside its place, synced, renamed, and the folder synced: whenever the process
/// ends, the newest whole checkpoint is the last that was finished, or the one before.
public final class CheckpointFolder: Sendable {
  /// A folder that cannot be used as it is.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// There are checkpoints, and nobody said that the run goes on.
    case occupied(path: String)
    /// The checkpoints are of other settings: each that differs.
    case otherSettings(path: String, differences: [String])
    /// There are checkpoints, and none is whole: what is wrong with each.
    case allDamaged([String])

    /// What is wrong, and what to do.
    public var description: String {
      switch self {
      case .occupied(let path):
        "\(path): holds checkpoints of a run: go on with --resume, or name another folder"
      case .otherSettings(let path, let differences):
        "\(path): is of a run with other settings: " + differences.joined(separator: "; ")
      case .allDamaged(let faults): "no whole checkpoint: " + faults.joined(separator: "; ")
      }
    }
  }

  /// The checkpoint that the run goes on from, if there is one.
  public let resumedFrom: String?
  /// Newer checkpoints that were damaged, and what is wrong with each.
  public let passedOver: [String]

  package let resumed: CheckpointFile?
  private let path: String
  private let settings: [String: String]
  private let manifest: RunManifest?
  private let interval: Duration
  private let keep: Int
  private let lock: FolderLock
  private let state: Mutex<State>

  private struct State {
    var next: Int
    var written: ContinuousClock.Instant
  }

  private static let prefix = "checkpoint-"
  private static let suffix = ".safetensors"

  /// Opens a folder for a run, and makes it where it is missing. Temporary files of a run that was killed
  /// are removed.
  ///
  /// - Parameters:
  ///   - settings: all that the run depends on, by name; other settings are refused.
  ///   - manifest: of the run, to stand in its checkpoints; it is not compared.
  ///   - interval: the least time between checkpoints.
  ///   - keep: how many are kept.
  ///   - resumes: whether a run goes on from the newest whole checkpoint, where there is one.
  /// - Throws: `FolderLocked` when another run works there; `Failure`; `OutputError`, `InputError`.
  public init(
    path: String, settings: [String: String], manifest: RunManifest? = nil, interval: Duration,
    keep: Int, resumes: Bool
  ) throws {
    precondition(keep >= 1, "\(keep) checkpoints to keep")
    self.path = path
    self.settings = settings
    self.manifest = manifest
    self.interval = interval
    self.keep = keep
    lock = try FolderLock(path: path)
    for name in try Self.names(in: path)
    where name.hasPrefix(Self.prefix) && name.contains(".tmp-") {
      try? FileManager.default.removeItem(atPath: path + "/" + name)
    }
    let numbers = try Self.numbers(in: path)
    guard resumes || numbers.isEmpty else { throw Failure.occupied(path: path) }
    var (faults, found) = ([String](), (file: CheckpointFile, path: String)?.none)
    for number in numbers.reversed() where found == nil {
      let name = Self.name(number, in: path)
      do {
        found = (try CheckpointFile(path: name), name)
      } catch {
        // Damaged, or not to be read at all: the one before is tried.
        faults.append("\(error)")
      }
    }
    guard found != nil || faults.isEmpty else { throw Failure.allDamaged(faults) }
    (resumed, resumedFrom, passedOver) = (found?.file, found?.path, faults)
    state = Mutex(State(next: (numbers.last ?? 0) + 1, written: .now))
    if let found { try check(found.file) }
  }

  private static func names(in path: String) throws(InputError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw .io(path: path, operation: "list", reason: error.localizedDescription)
    }
  }

  /// The numbers of the checkpoints in a folder, rising.
  private static func numbers(in path: String) throws -> [Int] {
    try names(in: path).compactMap { name in
      guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
      let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
      guard digits.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
      return Int(digits)
    }.sorted()
  }

  private static func name(_ number: Int, in path: String) -> String {
    let digits = String(number)
    let padded = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    return path + "/" + prefix + padded + suffix
  }

  private func check(_ file: CheckpointFile) throws {
    let found = try file.json([String: String].self, "settings")
    let names = Set(found.keys).union(settings.keys).sorted()
    let differences = names.filter { found[$0] != settings[$0] }.map {
      "\($0) is \(found[$0] ?? "not given") there, \(settings[$0] ?? "not given") here"
    }
    guard differences.isEmpty else {
      throw Failure.otherSettings(path: path, differences: differences)
    }
  }

  /// Whether so much time has passed that the next checkpoint is due.
  package var isDue: Bool { state.withLock { ContinuousClock.now - $0.written >= interval } }

  /// Writes a checkpoint, and removes those that are too many.
  ///
  /// - Throws: `OutputError`; then the checkpoints before are as they were.
  package func write(_ checkpoint: CheckpointFile) throws {
    var file = checkpoint
    try file.setJSON(settings, "settings")
    if let manifest { try file.setJSON(manifest, "manifest") }
    let bytes = file.encoded
    try state.withLock { state in
      // A number is used once: a file may be in its place even though its folder could not be synced.
      let name = Self.name(state.next, in: path)
      state.next += 1
      try AtomicFile(path: name) { _ in false }.commit(bytes)
      state.written = .now
      // What cannot be removed now is one too many, no more.
      for number in try Self.numbers(in: path).dropLast(keep) {
        try? FileManager.default.removeItem(atPath: Self.name(number, in: path))
      }
    }
  }
}
