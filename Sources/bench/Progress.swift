import Foundation
import Synchronization

/// One line on the terminal that shows how far long work is; silent in a pipe.
enum Progress {
  private struct State: Sendable {
    var isEnabled = isatty(2) == 1
    var isShown = false
    var stage = ""
    var started = ContinuousClock.now
    var updated = ContinuousClock.now
  }

  private static let state = Mutex(State())

  /// Turns the line off, for `--quiet`.
  static func disable() { state.withLock { $0.isEnabled = false } }

  /// Shows how much of a stage is done: after its first second, ten times a second.
  ///
  /// - Parameter detail: what changes while the stage goes on; shown after its name.
  static func show(
    _ stage: String, _ done: Int, _ total: Int, detail: @autoclosure () -> String = ""
  ) {
    state.withLock { state in
      guard state.isEnabled, total > 0 else { return }
      let now = ContinuousClock.now
      if state.stage != stage {
        state.stage = stage
        state.started = now
      }
      let elapsed = now - state.started
      guard elapsed > .seconds(1), now - state.updated > .milliseconds(100) else { return }
      state.updated = now
      state.isShown = true
      write("\r\u{1B}[K" + text(stage + detail(), done, total, elapsed))
    }
  }

  /// Removes the line.
  static func clear() {
    state.withLock { state in
      guard state.isShown else { return }
      state.isShown = false
      write("\r\u{1B}[K")
    }
  }

  /// `comparing outputs  [########............]  42%  4,200 of 10,000  12 s left`
  static func text(_ stage: String, _ done: Int, _ total: Int, _ elapsed: Duration) -> String {
    let share = Double(done) / Double(total)
    let filled = Int(20 * share)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
    let left = share > 0 ? elapsed / .seconds(1) * (1 - share) / share : 0
    return "\(stage)  [\(bar)]  \(Int(100 * share))%  \(Format.count(done)) of "
      + "\(Format.count(total))  \(Format.seconds(left)) left"
  }

  private static func write(_ text: String) { _ = Output.write(text, to: STDERR_FILENO) }
}
