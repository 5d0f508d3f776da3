import ArgumentParser
import Cluster
import Datasets
import DenseReLU
import EventRecordings
import Experiments
import Files
import Foundation
import ModelFiles
import Networks
import SpikeKernels
import SpikeTraces
import SpikingReLU
import Streams
import Training

/// The exit status of each kind of failure, after sysexits.
enum ExitStatus {
  static let verdictFailed: Int32 = 1
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let missingInput: Int32 = 66
  static let cannotCreate: Int32 = 73
  static let inputOutput: Int32 = 74
  static let temporaryFailure: Int32 = 75

  static func of(_ error: any Error) -> Int32? {
    switch error {
    case is VerdictsFailed: verdictFailed
    case let error as DatasetError:
      error.isMissingInput ? missingInput : error.isInputOutput ? inputOutput : badData
    case let error as EventFileError:
      error.isMissingInput ? missingInput : error.isInputOutput ? inputOutput : badData
    case is StreamReplay.InputMismatch, is TooManyWindows, is RecordingTooLong: badData
    case InputError.io, OutputError.io, is ReaderGone: inputOutput
    case is OutputError: cannotCreate
    case is FolderLocked: temporaryFailure
    case ClusterError.builtWithoutMPI: usage
    case ClusterError.rankFailed, ClusterError.differs: badData
    case ClusterError.interrupted: Interruption.shared.exitStatus
    case is ClusterError: temporaryFailure
    case is StateFolder.Mismatch, is StateFolder.Damaged, is CheckpointMismatch: badData
    case CheckpointFolder.Failure.occupied: cannotCreate
    case is CheckpointFolder.Failure: badData
    case InputError.missing: missingInput
    case is InputError: badData
    case SpikingError.kernel(.unsupportedInstructionSet), is KernelError: usage
    case is SpikingError, is DenseError, is NetworkError, is CodingSearch.Failure,
      is LAPACK.Failure,
      is LearningFailure, is ModelFileError, is SpikeTraceError:
      badData
    case is CancellationError, is InterruptedAfterResults: Interruption.shared.exitStatus
    default: nil
    }
  }

  /// Says what went wrong on standard error, and ends the process.
  static func exit(with error: any Error) -> Never {
    Progress.clear()
    guard let status = of(error) else {
      // Usage, help and version are ArgumentParser's to word; usage exits with 64.
      let (status, text) = (Bench.exitCode(for: error).rawValue, Bench.fullMessage(for: error))
      guard status == 0 else { Ranks.exit(status: status, message: text) }
      do { try Output.line(text) } catch { Self.exit(with: error) }
      Ranks.finish()
    }
    switch error {
    // The others have done their part, and wait.
    case is VerdictsFailed: Ranks.finish(status: status)
    case is InterruptedAfterResults, is ReaderGone: Ranks.exit(status: status, message: nil)
    case ClusterError.interrupted: Ranks.exit(status: status, message: "\(error)")
    case is CancellationError:
      Ranks.exit(status: status, message: "interrupted; nothing was written")
    default: Ranks.exit(status: status, message: "Error: \(error)")
    }
  }
}

extension Ranks {
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
      // Longer than rank 0 waits for last words.
      Thread.sleep(forTimeInterval: 20)
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
