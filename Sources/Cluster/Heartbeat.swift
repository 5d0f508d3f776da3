internal import Foundation
internal import Synchronization

/// Tells whether the other ranks are still there: each sends a sign of life to rank 0, and rank 0 to each,
/// from a thread of its own, however long a rank computes.
///
/// A launcher ends a job when one of its processes dies. It does not see one that stands still, nor, on
/// several machines, always a network that is cut.
package final class Heartbeat: Sendable {
  private let rank: Int
  private let hosts: [String]
  private let seconds: Int
  /// Signs in each stretch of `seconds`.
  private static let signs = 12
  private let state: Mutex<State>
  private let ended = NSCondition()

  private struct State {
    /// Own turns since a rank was last heard of. Turns, not seconds: a job that was suspended as a
    /// whole has lost nobody.
    var silence: [Int]
    var lost: ClusterError?
    var isStopping = false
    var isRunning = false
  }

  package init(rank: Int, hosts: [String], seconds: Int) {
    self.rank = rank
    self.hosts = hosts
    self.seconds = seconds
    state = Mutex(State(silence: Array(repeating: 0, count: hosts.count)))
  }

  /// The ranks that this one listens to, and sends to.
  private var others: Range<Int> { rank == 0 ? 1..<hosts.count : 0..<1 }

  /// A rank that is gone, if one is.
  package var lost: ClusterError? { state.withLock { $0.lost } }

  /// A rank was heard of.
  package func heard(_ rank: Int) { state.withLock { $0.silence[rank] = 0 } }

  /// Watches until `stop`.
  ///
  /// - Parameters:
  ///   - look: the ranks that signs have come from.
  ///   - send: sends a sign to a rank.
  package func start(
    look: @escaping @Sendable () throws -> [Int], send: @escaping @Sendable (Int) throws -> Void
  ) {
    guard hosts.count > 1 else { return }
    state.withLock { $0.isRunning = true }
    Thread.detachNewThread { [self] in
      let turn = Double(seconds) / Double(Self.signs)
      while !state.withLock({ $0.isStopping }), turnEnded(look, send) {
        ended.lock()
        _ = ended.wait(until: Date(timeIntervalSinceNow: turn))
        ended.unlock()
      }
      state.withLock { $0.isRunning = false }
      ended.lock()
      ended.broadcast()
      ended.unlock()
    }
  }

  /// One turn; `false` when there is nothing more to watch.
  private func turnEnded(
    _ look: () throws -> [Int], _ send: (Int) throws -> Void
  ) -> Bool {
    do {
      for other in others { try send(other) }
      let heard = try look()
      return state.withLock { state in
        for other in others { state.silence[other] += 1 }
        for other in heard { state.silence[other] = 0 }
        guard let gone = others.first(where: { state.silence[$0] > Self.signs }) else {
          return true
        }
        state.lost = .lost(rank: gone, host: hosts[gone], seconds: seconds)
        return false
      }
    } catch {
      state.withLock {
        $0.lost = (error as? ClusterError) ?? .unusable(reason: "\(error)")
      }
      return false
    }
  }

  /// Ends the watch, and waits until its thread makes no more calls.
  package func stop() {
    state.withLock { $0.isStopping = true }
    ended.lock()
    while state.withLock({ $0.isRunning }) {
      ended.broadcast()
      _ = ended.wait(until: Date(timeIntervalSinceNow: 0.1))
    }
    ended.unlock()
  }
}
