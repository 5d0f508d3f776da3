extension [UInt8] {
  /// Whether the text stands somewhere in the bytes.
  ///
  /// - Complexity: O(`count`).
  package func holds(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard let first = wanted.first, count >= wanted.count else { return wanted.isEmpty }
    for start in 0...count - wanted.count where self[start] == first {
      if self[start..<start + wanted.count].elementsEqual(wanted) { return true }
    }
    return false
  }
}
