import Files
import Foundation
import Synchronization
import Testing

@Suite struct AtomicFileTests {
  private let folder = NSTemporaryDirectory() + "atomic-\(UUID().uuidString)"

  private func withFolder(_ body: (String) throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
  }

  private func file(_ path: String) throws -> AtomicFile {
    try AtomicFile(forJSON: path)
  }

  @Test("what was there stays until the new file is whole")
  func replaces() throws {
    try withFolder { folder in
      let path = folder + "/a.json"
      try file(path).commit(Array("{1}".utf8))
      let next = try file(path)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "{1}")
      try next.commit(Array("{2}".utf8))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "{2}")
      #expect(try names(folder) == ["a.json"])
    }
  }

  @Test("giving up leaves nothing behind")
  func abandons() throws {
    try withFolder { folder in
      try file(folder + "/a.json").abandon()
      do { _ = try file(folder + "/b.json") }
      #expect(try names(folder) == [])
    }
  }

  @Test func refusals() throws {
    try withFolder { folder in
      #expect(throws: OutputError.cannotCreate(path: folder, reason: "it is a folder")) {
        try file(folder)
      }
      #expect {
        try file(folder + "/no/such/a.json")
      } throws: { if case OutputError.cannotCreate = $0 { true } else { false } }
      let other = folder + "/weights.bin"
      try "precious".write(toFile: other, atomically: true, encoding: .utf8)
      #expect(throws: OutputError.wouldOverwrite(path: other)) { try file(other) }
      #expect(try String(contentsOfFile: other, encoding: .utf8) == "precious")
    }
  }

  @Test(
    "a full device is an error", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func fullDevice() throws {
    let full = try file("/dev/full")
    #expect(
      throws: OutputError.io(
        path: "/dev/full", operation: "write", reason: "No space left on device")
    ) { try full.commit([1]) }
    try file("/dev/null").commit([1])
  }
}
