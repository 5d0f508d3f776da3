import Cluster
import Datasets
import Experiments
import Foundation
import SpikeKernels
import Training

extension RunManifest {
  /// The manifest of the run of this command line.
  static func ofThisRun(
    seed: UInt64, _ set: InstructionSet, threads: Int, dataset: Dataset? = nil
  ) -> RunManifest {
    var manifest = RunManifest(
      command: CommandLine.arguments, seed: seed, instructionSet: set, threads: threads,
      packageCommit: SourceCommit.found)
    manifest.dataset = dataset.map(Data.init)
    manifest.processes = Ranks.all.size
    return manifest
  }
}

/// The commit of the sources that this program was built from, as long as they are where they were.
enum SourceCommit {
  /// The commit, `nil` where the sources are no checkout of git, or gone.
  static var found: String? {
    let package = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return commit(inGitFolder: package.appending(path: ".git").path)
  }

  /// What HEAD names, by git's own files: `HEAD`, the branch's file, `packed-refs`.
  static func commit(inGitFolder git: String) -> String? {
    func text(_ name: String) -> String? {
      (try? String(contentsOfFile: git + "/" + name, encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    func isCommit(_ text: some StringProtocol) -> Bool {
      text.count == 40 && text.allSatisfy(\.isHexDigit)
    }
    guard let head = text("HEAD") else { return nil }
    if isCommit(head) { return head }
    guard head.hasPrefix("ref: ") else { return nil }
    let branch = head.dropFirst("ref: ".count)
    guard !branch.contains("..") else { return nil }
    if let commit = text(String(branch)), isCommit(commit) { return commit }
    let packed = text("packed-refs")?.split(separator: "\n").first { $0.hasSuffix(" " + branch) }
    guard let commit = packed?.prefix(while: { $0 != " " }), isCommit(commit) else { return nil }
    return String(commit)
  }
}
