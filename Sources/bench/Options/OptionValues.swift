import ArgumentParser

/// Parsing of bounded numbers, with the range in the message.
enum Bounded {
  static func integer(_ text: String, _ range: ClosedRange<Int>) throws -> Int {
    guard let value = Int(text), range.contains(value) else {
      throw ValidationError(
        "expected a whole number in \(range.lowerBound)...\(range.upperBound), found '\(text)'")
    }
    return value
  }

  static func positive(_ text: String) throws -> Float {
    guard let value = Float(text), value.isNormal, value > 0 else {
      throw ValidationError("expected a positive finite number, found '\(text)'")
    }
    return value
  }

  static func notNegative(_ text: String) throws -> Float {
    guard let value = Float(text), value.isFinite, value >= 0 else {
      throw ValidationError("expected a finite number of 0 or more, found '\(text)'")
    }
    return value
  }

  static func percent(_ text: String) throws -> Float {
    guard let value = Float(text), value > 0, value <= 100 else {
      throw ValidationError("expected percent above 0 and up to 100, found '\(text)'")
    }
    return value
  }

  /// Bytes, with K, M or G for powers of 1,024.
  static func bytes(_ text: String) throws -> Int {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    let unit = text.last.flatMap { units[$0] }
    guard let value = Double(unit == nil ? Substring(text) : text.dropLast()), value > 0,
      value * Double(unit ?? 1) <= 0x1p50
    else {
      throw ValidationError(
        "expected bytes as 1500000, 800K, 3M or 1G, at most 2^50, found '\(text)'")
    }
    return Int(value * Double(unit ?? 1))
  }

  /// Milliseconds of an option as whole microseconds.
  static func microseconds(_ text: String) throws -> Int64 {
    // About a month at most: far from where sums of times overflow.
    guard let value = Double(text), value >= 0.001, value <= 3e9 else {
      throw ValidationError("expected milliseconds in 0.001...3000000000, found '\(text)'")
    }
    return Int64(value * 1000)
  }

  static func integers(_ text: String, _ range: ClosedRange<Int>) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map {
      try integer(String($0), range)
    }
  }
}

/// Options that name a case of an enum.
enum Choice {
  static func parse<Value: CaseIterable & RawRepresentable<String>>(_ text: String) throws -> Value
  {
    guard let value = Value(rawValue: text) else {
      throw ValidationError("expected one of \(names(Value.self)), found '\(text)'")
    }
    return value
  }

  static func names<Value: CaseIterable & RawRepresentable<String>>(_ type: Value.Type) -> String {
    Value.allCases.map(\.rawValue).joined(separator: ", ")
  }
}
