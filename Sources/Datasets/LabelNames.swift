/// Classes from labels: whole numbers are classes as they are, anything else is sorted.
package enum LabelNames {
  /// The most classes: a label that is some other number must not make a network of its size.
  package static let maximumClasses = 65_536

  /// One more than the largest label.
  ///
  /// - Throws: `DatasetError.badRow` for labels below 0 or beyond the limit; fewer than two classes.
  package static func classes(in parts: [[Int]], path: String) throws(DatasetError) -> Int {
    var largest = 0
    for labels in parts {
      for (row, label) in labels.enumerated() {
        guard (0..<maximumClasses).contains(label) else {
          throw .badRow(
            path: path, row: row + 1,
            reason: "label \(label), expected a class, 0...\(maximumClasses - 1)")
        }
        largest = max(largest, label)
      }
    }
    guard largest > 0 else {
      throw .badRow(path: path, row: 1, reason: "all labels are 0: expected at least 2 classes")
    }
    return largest + 1
  }

  /// Classes without an image.
  package static func unused(_ labels: [Int], classes: Int) -> Set<Int> {
    Set(0..<classes).subtracting(labels)
  }

  /// What to say of them.
  package static func notes(unused: Set<Int>, classes: Int) -> [String] {
    guard !unused.isEmpty else { return [] }
    let shown = unused.sorted().prefix(5).map(String.init).joined(separator: ", ")
    return [
      "\(classes) classes, by the largest label; no image of \(shown)"
        + (unused.count > 5 ? " and \(unused.count - 5) more" : "")
    ]
  }
}
