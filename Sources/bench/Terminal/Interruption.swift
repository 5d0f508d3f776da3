import Dispatch
import Foundation
import Synchronization

/// SIGINT, SIGTERM and SIGHUP: the work is cancelled at its next example, and cleans up after itself.
final class Interruption: @unchecked Sendable {
  static let shared = Interruption()

  private let signal = Atomic<Int32>(0)
  /// A queue of its own: the shared ones have no thread left while every processor evaluates.
  private let queue = DispatchQueue(label: "signals", qos: .userInteractive)
  /// Kept alive; written once, before the work can be cancelled.
  private var sources: [any DispatchSourceSignal] = []

  /// 130 after SIGINT, 143 after SIGTERM, 129 after SIGHUP.
  var exitStatus: Int32 {
    let number = signal.load(ordering: .relaxed)
    return 128 + (number == 0 ? SIGINT : number)
  }

  /// Cancels `work` when a signal arrives; a second signal ends the process at once.
  func cancelOnSignal(_ work: Task<Void, any Error>) {
    // A reader that went away shows as a failed write, so that what was begun is cleaned up.
    _ = Foundation.signal(SIGPIPE, SIG_IGN)
    // So does a limit on the size of files.
    _ = Foundation.signal(SIGXFSZ, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      _ = Foundation.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [self] in
        if signal.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
        work.cancel()
      }
      source.resume()
      sources.append(source)
    }
  }
}
