#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// How to wait for another rank: looking all the time for as long as what is awaited should take, since looking is
/// what moves it on; then ever less often, so that a rank that waits for long leaves its core to others.
package struct Backoff {
  /// Whether a cancelled task waits for as long as it takes.
  @TaskLocal package static var isPatient = false

  private var looks = 0
  private var cancelled: ContinuousClock.Instant?
  private let start = ContinuousClock.now
  private let patience: Duration
  private static let longest = Duration.milliseconds(2)

  /// - Parameter bytes: that are to move. Through memory that two processes share, in pieces, a fifth of a
  ///   gigabyte a second is slow.
  package init(bytes: Int = 0) { patience = .milliseconds(5) + .nanoseconds(5) * bytes }

  package mutating func wait() {
    looks += 1
    // A few looks in a row; then others may have the core between two.
    guard looks > 20 else { return }
    let waited = ContinuousClock.now - start
    guard waited > patience else {
      sched_yield()
      return
    }
    let pause = min((waited - patience) / 8, Self.longest)
    usleep(UInt32(max(pause / .microseconds(1), 1)))
  }

  /// Whether to give up waiting: the task has been cancelled for a while.
  ///
  /// All ranks are told to end at the same time, and a launcher kills those that have not, a second later: what is
  /// begun ends in order if it ends soon.
  package mutating func isOverdue() -> Bool {
    guard Task.isCancelled, !Self.isPatient else { return false }
    let since = cancelled ?? .now
    cancelled = since
    return ContinuousClock.now - since > .milliseconds(600)
  }

  /// A millisecond, whether the task is cancelled or not.
  package static func nap() { usleep(1000) }
}
