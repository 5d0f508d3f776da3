import Foundation
import TestSupport
import Testing

/// An IDX file of unsigned bytes.
func idx(_ dimensions: [UInt32], _ elements: [UInt8], type: UInt8 = 8) -> [UInt8] {
  [0, 0, type, UInt8(dimensions.count)]
    + dimensions.flatMap { size in (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) }
    }
    + elements
}

/// Compresses by the gzip program: data that our own code did not make.
func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
  let folder = try TemporaryFolder()
  let path = try folder.file(bytes)
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["gzip", "-n", "-9", path]
  try process.run()
  process.waitUntilExit()
  return Array(try Data(contentsOf: URL(filePath: path + ".gz")))
}

/// Records that another error than the expected one was thrown, or none.
func fail(_ what: String, location: SourceLocation = #_sourceLocation) {
  Issue.record("not the expected error: \(what)", sourceLocation: location)
}
