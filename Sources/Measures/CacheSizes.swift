internal import Foundation

/// Sizes of the caches that one core reads through, in bytes.
public struct CacheSizes: Sendable, Codable, Equatable {
  /// Data cache of the first level.
  public var level1 = 32 << 10
  /// Second level.
  public var level2 = 1 << 20
  /// Third level; shared, so that less of it may be there.
  public var level3 = 32 << 20
  /// Whether the system told them; else they are a common processor's.
  public var areKnown = false

  /// The sizes that the system tells, under `/sys` on Linux.
  public init(folder: String = "/sys/devices/system/cpu/cpu0/cache") {
    func text(_ index: Int, _ file: String) -> String? {
      (try? String(contentsOfFile: "\(folder)/index\(index)/\(file)", encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    var found: [String: Int] = [:]
    for index in 0..<8 {
      guard let level = text(index, "level"), let type = text(index, "type"),
        type != "Instruction", let size = text(index, "size").flatMap(Self.bytes)
      else { continue }
      found[level] = size
    }
    guard let first = found["1"], let second = found["2"] else { return }
    (level1, level2, level3) = (first, second, found["3"] ?? 4 * second)
    areKnown = true
  }

  /// `32K`, `8M`.
  static func bytes(_ text: String) -> Int? {
    let units = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    guard let last = text.last, let unit = units[String(last)] else { return Int(text) }
    return Int(text.dropLast()).map { $0 * unit }
  }
}
