import Experiments
import Reports

/// What is printed of the tables of spike patterns.
enum PatternLines {
  static func lines(_ tables: PatternTables?) -> [String] {
    guard let tables else { return [] }
    let limit = "the limit is \(Format.bytes(tables.limit)), --memory changes it"
    guard tables.groups != nil else {
      let reason =
        tables.smallestLimit > tables.limit
        ? "the smallest groups take \(Format.bytes(tables.smallestLimit)); \(limit)"
        : "no units were seen whose spikes would share a row"
      return ["  spikes are added as single rows: " + reason]
    }
    let sizes = tables.groupSizes.map(String.init).joined(separator: ", ")
    let ratio = Double(tables.bytes) / Double(max(tables.weightBytes, 1))
    return [
      "  spikes of groups of up to \(sizes) units, layer by layer, are added as one row:",
      "    tables of \(Format.bytes(tables.bytes)), \(Format.fixed(ratio, 2)) times the weights; \(limit)",
      "    made once by \(Format.count(tables.buildingAdditions)) additions in "
        + "\(Format.fixed(1000 * tables.buildingSeconds, 1)) ms",
    ]
  }
}
