// Numbers as files hold them. Here, and not where formats are read, because a release build optimizes
// this module and not those that parse (Package.swift).

extension [UInt8] {
  /// Adds the bytes of a word, low byte first.
  package mutating func append(littleEndian word: some FixedWidthInteger) {
    for shift in stride(from: 0, to: word.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  /// Adds the bytes of Floats, low byte first.
  package mutating func append(littleEndian values: [Float]) {
    reserveCapacity(count + 4 * values.count)
    for value in values { append(littleEndian: value.bitPattern) }
  }

  /// Adds the bytes of integers, low byte first.
  package mutating func append(littleEndian values: [Int32]) {
    reserveCapacity(count + 4 * values.count)
    for value in values { append(littleEndian: value) }
  }

  /// Adds the bytes of Doubles, low byte first.
  package mutating func append(littleEndian values: [Double]) {
    reserveCapacity(count + 8 * values.count)
    for value in values { append(littleEndian: value.bitPattern) }
  }

  /// The words of these bytes, low byte first.
  ///
  /// - Precondition: they are a whole number of words.
  private func words<Word: FixedWidthInteger>(_: Word.Type) -> [Word] {
    let size = Word.bitWidth / 8
    precondition(count.isMultiple(of: size), "\(count) bytes of words of \(size)")
    return stride(from: 0, to: count, by: size).map { start in
      (0..<size).reduce(0) { $0 | Word(truncatingIfNeeded: self[start + $1]) << Word(8 * $1) }
    }
  }

  /// The Floats of these bytes, low byte first.
  package var littleEndianFloats: [Float] { words(UInt32.self).map(Float.init(bitPattern:)) }
  /// The integers of these bytes, low byte first.
  package var littleEndianIntegers: [Int32] { words(Int32.self) }
  /// The Doubles of these bytes, low byte first.
  package var littleEndianDoubles: [Double] { words(UInt64.self).map(Double.init(bitPattern:)) }
}
