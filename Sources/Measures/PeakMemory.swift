internal import Foundation

/// The largest resident memory of this process since it was reset; Linux only.
public enum PeakMemory {
  /// Starts anew from what is resident now; returns whether the system allows it.
  package static func reset() -> Bool {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return false }
    defer { try? file.close() }
    return (try? file.write(contentsOf: Data("5".utf8))) != nil
  }

  /// In bytes; `nil` where the system does not tell.
  package static var bytes: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
    else { return nil }
    return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map {
      $0 << 10
    }
  }
}
