#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// How long to wait before looking again: not at all at first, then an eighth of the time waited so far,
/// so that what comes soon is seen soon, and a rank that waits for long leaves its core to others.
struct Pause {
  private var looks = 0
  private var start = ContinuousClock.now
  private static let longest = Duration.milliseconds(2)

  mutating func wait() {
    looks += 1
    // A few looks in a row; then others may have the core between two.
    guard looks > 20 else { return }
    let waited = ContinuousClock.now - start
    guard waited > .microseconds(100) else {
      sched_yield()
      return
    }
    let pause = min(waited / 8, Self.longest)
    usleep(UInt32(max(pause / .microseconds(1), 1)))
  }

  /// A millisecond, whether the task is cancelled or not.
  static func nap() { usleep(1000) }
}
