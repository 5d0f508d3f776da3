import ArgumentParser
import Cluster
import Foundation
import Synchronization

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

  /// Opens a file on rank 0, and nothing on others.
  static func onRoot<File>(_ open: () throws -> File?) rethrows -> File? {
    isRoot ? try open() : nil
  }

  /// Ends the process after a fault, and with it the job.
  ///
  /// What all ranks found, rank 0 says. What one found alone, it says itself, after it has waited for rank 0 to
  /// end the job.
  static func exit(status: Int32, message: String?) -> Never {
    let ranks = all
    guard ranks.size > 1 else {
      if let message { Output.complain(message) }
      Foundation.exit(status)
    }
    if ranks.isRoot {
      if let message { Output.complain(message) }
    } else {
      Thread.sleep(forTimeInterval: 10)
      if let message { Output.complain("rank \(ranks.rank) on \(ranks.host): \(message)") }
    }
    ranks.abort(status: status)
    Foundation.exit(status)
  }

  /// Ends the process when all is done.
  static func finish(status: Int32 = 0) -> Never {
    do {
      try all.finish()
    } catch {
      exit(status: ExitStatus.inputOutput, message: "Error: \(error)")
    }
    Foundation.exit(status)
  }
}
