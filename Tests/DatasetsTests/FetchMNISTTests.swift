import Foundation
import TestSupport
import Testing

@testable import Datasets

/// `Scripts/fetch-mnist`: only whole and right files reach the folder.
@Suite struct FetchMNISTTests {
  private static let script = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Scripts/fetch-mnist").path

  private func run(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: Self.script)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test("a mirror that serves something else: an error, and nothing is left")
  func wrongContent() throws {
    let (mirror, folder) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try mirror.file(Array("<html>".utf8), named: "train-images-idx3-ubyte.gz")
    #expect(try run(["--from", "file://" + mirror.path, folder.path]) == 65)
    #expect(try names(folder) == [])
  }

  @Test("a mirror that is not there")
  func missingMirror() throws {
    let folder = try TemporaryFolder()
    #expect(try run(["--from", "file:///no/such/place", folder.path]) == 65)
    #expect(try names(folder) == [])
  }

  @Test func usage() throws {
    #expect(try run([]) == 64)
    #expect(try run(["--from"]) == 64)
    #expect(try run(["--form", "x", "y"]) == 64)
  }

  @Test(
    "the real files are verified and put in place, once",
    .enabled(
      if: IDXFolderTests.mnist != nil, "SPIKING_DATA names no folder with MNIST"))
  func realFiles() throws {
    let folder = try TemporaryFolder()
    let mirror = "file://" + IDXFolderTests.mnist!
    #expect(try run(["--from", mirror, folder.path]) == 0)
    #expect(try names(folder).count == 4)
    // A second run needs no mirror.
    #expect(try run(["--from", "file:///no/such/place", folder.path]) == 0)
    // A folder in the way is named, not filled.
    let blocked = try TemporaryFolder()
    let inTheWay = blocked.path + "/t10k-labels-idx1-ubyte.gz"
    try FileManager.default.createDirectory(atPath: inTheWay, withIntermediateDirectories: true)
    #expect(try run(["--from", mirror, blocked.path]) == 73)
    #expect(try FileManager.default.contentsOfDirectory(atPath: inTheWay) == [])
    // A damaged file is fetched again; the others stay.
    try Data([1]).write(to: URL(filePath: folder.path + "/t10k-labels-idx1-ubyte.gz"))
    #expect(try run(["--from", mirror, folder.path]) == 0)
    #expect(
      try IDXArray(contentsOf: folder.path + "/t10k-labels-idx1-ubyte.gz", rank: 1)
        .elements.count == 10_000)
  }
}
