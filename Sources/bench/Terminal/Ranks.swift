import ArgumentParser
import Cluster
import Experiments
import Foundation
import MPICluster
import Synchronization
import Training

/// A command that several processes work on together. Of any other, rank 0 does all.
protocol RunsOnRanks {}

/// The processes of this run: one, or as many as a launcher of MPI jobs started.
enum Ranks {
  private static let joined = Mutex<(any Communicator)?>(nil)

  /// All of them.
  static var all: any Communicator { joined.withLock { $0 } ?? SingleProcess() }

  /// Whether this is the one that prints and writes.
  static var isRoot: Bool { all.isRoot }

  /// Joins the others.
  ///
  /// - Throws: `ClusterError`; a usage error for a timeout that is none.
  static func join() throws {
    let environment = ProcessInfo.processInfo.environment
    var timeout: Int? = 60
    if let text = environment["SPIKING_RANK_TIMEOUT"] {
      guard let seconds = Int(text), (0...1_000_000).contains(seconds) else {
        throw ValidationError(
          "SPIKING_RANK_TIMEOUT: expected seconds, 0...1000000 (0: never), found '\(text)'")
      }
      timeout = seconds == 0 ? nil : seconds
    }
    let ranks = try joinCluster(environment: environment, timeout: timeout)
    joined.withLock { $0 = ranks }
    if !ranks.isRoot { Progress.disable() }
  }

  /// Processors for this process: those that it may run on, where a launcher bound it to some; else its share of the
  /// machine's.
  static var processors: Int {
    let machine = ProcessInfo.processInfo.activeProcessorCount
    let bound = allowedProcessors() ?? machine
    guard bound >= machine else { return bound }
    return max(machine / all.processesOnHost, 1)
  }

  /// How many processors the system lets this process use; `nil` where it does not say.
  private static func allowedProcessors() -> Int? {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    guard let list = line?.split(separator: ":").last else { return nil }
    // 0-3,8
    return list.split(separator: ",").reduce(0) { count, part in
      let ends = part.split(separator: "-").compactMap {
        Int($0.trimmingCharacters(in: .whitespaces))
      }
      return count + (ends.count == 2 ? ends[1] - ends[0] + 1 : ends.count)
    }
  }

  /// What this rank has loaded, if all ranks have loaded the same. Collective.
  ///
  /// - Parameters:
  ///   - what: in words, with what tells it from others: a checksum.
  ///   - load: loads it.
  /// - Throws: what `load` throws here; on rank 0 `ClusterError` when another rank failed or has something else.
  static func same<Loaded>(
    _ what: String, _ load: () throws -> (Loaded, mark: String)
  ) throws -> Loaded {
    let ranks = all
    guard ranks.size > 1 else { return try load().0 }
    let own = Result { try load() }
    let text =
      switch own {
      case .success(let loaded): "\(RunManifest.packageVersion) \(loaded.mark)"
      case .failure(let error): "\n\(error)"
      }
    // Each says how it went, so that nobody waits for one that could not begin.
    let texts = try ranks.allGather(Array("\(ranks.host)\n\(text)".utf8)).map {
      String(decoding: $0, as: UTF8.self).split(
        separator: "\n", maxSplits: 1, omittingEmptySubsequences: false
      ).map(String.init)
    }
    let loaded = try own.get().0
    for (rank, text) in texts.enumerated() where text[1] != texts[0][1] {
      // Others than rank 0 wait for it to say so.
      if text[1].hasPrefix("\n") {
        throw ClusterError.rankFailed(
          rank: rank, host: text[0], reason: String(text[1].dropFirst()))
      }
      throw ClusterError.differs(
        rank: rank, host: text[0], what: "version and checksum of \(what)", expected: texts[0][1],
        found: text[1])
    }
    return loaded
  }

  /// Opens a file on rank 0, and nothing on others.
  static func onRoot<File>(_ open: () throws -> File?) rethrows -> File? {
    isRoot ? try open() : nil
  }
}
