import Experiments
import Files
import Foundation

/// Whoever read standard output has gone, as `| head -1` does: the work ends without a word.
struct ReaderGone: Error {}

/// Standard output and standard error, unbuffered.
enum Output {
  /// Occupies standard descriptors that the caller closed: the next file opened would get their
  /// number, and what is printed would land in it. Opened for reading, so that writing fails.
  static func reserveDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", O_RDONLY)
    }
  }

  /// Prints a line on standard output; rank 0 alone does.
  ///
  /// - Throws: `OutputError.io` when it cannot be written: a full disk must not look like success;
  ///   `ReaderGone` for a closed pipe.
  static func line(_ text: String = "") throws {
    guard Ranks.isRoot else { return }
    Progress.clear()
    guard write(text + "\n", to: STDOUT_FILENO) else {
      if errno == EPIPE { throw ReaderGone() }
      throw OutputError.io(
        path: "standard output", operation: "write",
        reason: unsafe String(cString: strerror(errno)))
    }
  }

  /// Whether a person reads standard output.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Prints a line on standard error.
  static func complain(_ text: String) { _ = write(text + "\n", to: STDERR_FILENO) }

  /// Writes all of `text`; returns whether that succeeded.
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBufferPointer {
        unsafe Foundation.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      bytes = bytes.dropFirst(count)
    }
    return true
  }
}
