import ArgumentParser

/// What ArgumentParser lets pass: text that is not UTF-8, and options given twice.
enum ArgumentChecks {
  static func check(_ arguments: [String]) throws {
    // Swift replaces bytes that are not UTF-8; a path would silently be another.
    for position in 0..<Int(CommandLine.argc) {
      if let bytes = unsafe CommandLine.unsafeArgv[position],
        unsafe String(validatingCString: bytes) == nil
      {
        throw ValidationError("Argument \(position) is not valid UTF-8.")
      }
    }
    try checkRepeated(arguments.dropFirst())
  }

  /// Options that may be given several times.
  private static let repeated: Set<Substring> = ["--ignore"]

  /// An option given twice is a mistake, not a correction.
  static func checkRepeated(_ arguments: some Sequence<String>) throws {
    var seen: Set<Substring> = []
    for argument in arguments {
      if argument == "--" { return }
      guard argument.hasPrefix("--") else { continue }
      let name = argument.prefix { $0 != "=" }
      guard seen.insert(name).inserted || repeated.contains(name) else {
        throw ValidationError("The option '\(name)' is given twice.")
      }
    }
  }
}
