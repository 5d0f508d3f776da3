/// Unpacks frames of LZ4 or Zstandard, whole and within a limit.
enum Unpacker {
  /// Why it did not work.
  enum Failure: Error, Equatable {
    case corrupt(String)
    case outputLimit
  }

  /// One step of a library: some of the input in, some of the output out.
  struct Step {
    var consumed: Int
    var written: Int
    var isAtEnd: Bool
  }

  /// All that a frame holds.
  ///
  /// - Parameters:
  ///   - limit: the most bytes that are accepted.
  ///   - step: takes input from a place on, and writes to a buffer from a place on.
  static func all(
    of packed: [UInt8], limit: Int,
    step: (_ packed: [UInt8], _ next: Int, _ output: inout [UInt8], _ filled: Int) throws(Failure)
      -> Step
  ) throws(Failure) -> [UInt8] {
    // Grown as it fills: what a frame claims is not believed.
    var output = [UInt8](repeating: 0, count: min(limit, max(4096, 4 * packed.count)))
    var next = 0
    var filled = 0
    while true {
      let done = try step(packed, next, &output, filled)
      next += done.consumed
      filled += done.written
      if done.isAtEnd { break }
      if filled == output.count {
        guard filled < limit else { throw .outputLimit }
        output.append(contentsOf: repeatElement(0, count: min(limit - filled, filled)))
      } else if done.consumed == 0 && done.written == 0 {
        throw .corrupt("the frame has no end")
      }
    }
    guard next == packed.count else {
      throw .corrupt("\(packed.count - next) bytes after the end of the frame")
    }
    output.removeLast(output.count - filled)
    return output
  }
}
