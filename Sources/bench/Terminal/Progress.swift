import Foundation
import Reports
import Synchronization

/// One line on the terminal that shows how far long work is; silent in a pipe, unless it was asked for.
enum Progress {
  /// Where it is shown.
  enum Mode: Sendable, Equatable {
    /// Nowhere.
    case off
    /// In place, on a terminal.
    case terminal
    /// A line every ten seconds.
    case lines
  }

  private struct State: Sendable {
    var mode = isatty(2) == 1 ? Mode.terminal : .off
    var isShown = false
    var stage = ""
    var started = ContinuousClock.now
    var updated = ContinuousClock.now
  }

  private static let state = Mutex(State())

  /// Turns the line off, for `--quiet`.
  static func disable() { state.withLock { $0.mode = .off } }

  /// Shows lines where there is no terminal, for `--progress`: a launcher's processes write into its pipes.
  static func showInPipes() { state.withLock { if $0.mode == .off { $0.mode = .lines } } }

  /// Shows how much of a stage is done: after its first second, ten times a second.
  ///
  /// - Parameters:
  ///   - unit: what is counted, where its rate says something.
  ///   - detail: what changes while the stage goes on; shown after its name.
  static func show(
    _ stage: String, _ done: Int, _ total: Int, unit: String? = nil,
    detail: @autoclosure () -> String = ""
  ) {
    state.withLock { state in
      guard state.mode != .off, total > 0 else { return }
      let now = ContinuousClock.now
      if state.stage != stage {
        state.stage = stage
        state.started = now
      }
      let elapsed = now - state.started
      let pause = state.mode == .terminal ? Duration.milliseconds(100) : .seconds(10)
      guard elapsed > .seconds(1), now - state.updated > pause else { return }
      state.updated = now
      guard state.mode == .terminal else {
        write(text(stage, detail: detail(), done, total, elapsed, unit: unit) + "\n")
        return
      }
      state.isShown = true
      write(
        "\r\u{1B}[K"
          + text(stage, detail: detail(), done, total, elapsed, unit: unit, columns: columns))
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

  /// `epoch 1, error 5.00%  42%  12 s left  [########............]  4,200 of 10,000 images  483 images/s`
  ///
  /// What matters most comes first: the stage, its detail (errors), the share, the time left. What does not
  /// fit `columns` is left out whole, from the end; a longer line would wrap, and could not be overwritten.
  /// Only where not even the first parts fit is the detail cut, between words.
  static func text(
    _ stage: String, detail: String = "", _ done: Int, _ total: Int, _ elapsed: Duration,
    unit: String? = nil, columns: Int = .max
  ) -> String {
    let share = Double(done) / Double(total)
    let filled = Int(20 * share)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
    let left = share > 0 ? elapsed / .seconds(1) * (1 - share) / share : 0
    let always = "  \(Int(100 * share))%  \(Format.seconds(left)) left"
    let room = columns - 1
    var text = stage + detail + always
    if text.count > room {
      var words = detail.split(separator: " ", omittingEmptySubsequences: false)
      while !words.isEmpty,
        stage.count + words.joined(separator: " ").count + 1 + always.count > room
      {
        words.removeLast()
      }
      return stage + (words.isEmpty ? "" : words.joined(separator: " ") + "…") + always
    }
    var parts = ["  [\(bar)]", "  \(Format.count(done)) of \(Format.count(total))"]
    if let unit {
      parts[1] += " \(unit)"
      parts.append("  \(Format.count(Int(Double(done) / (elapsed / .seconds(1))))) \(unit)/s")
    }
    for part in parts where text.count + part.count <= room { text += part }
    return text
  }

  /// The width of the terminal.
  private static var columns: Int {
    var size = winsize()
    guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 80
    }
    return Int(size.ws_col)
  }

  private static func write(_ text: String) { _ = Output.write(text, to: STDERR_FILENO) }
}
