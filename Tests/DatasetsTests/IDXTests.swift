import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct IDXTests {
  private func read(_ bytes: [UInt8], rank: Int = 3) throws -> IDXArray {
    let folder = try TemporaryFolder()
    return try IDXArray(contentsOf: folder.file(bytes), rank: rank)
  }

  /// The error of reading these bytes, without the path that it names.
  private func failure(_ bytes: [UInt8], rank: Int = 3) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.file(bytes)
    do {
      _ = try IDXArray(contentsOf: path, rank: rank)
      return "none"
    } catch {
      let text = "\(error)"
      #expect(text.hasPrefix(path))
      return String(text.dropFirst(path.count + 2))
    }
  }

  private let whole = idx([2, 2, 3], Array(1...12))

  @Test func reads() throws {
    let array = try read(whole)
    #expect(array.dimensions == [2, 2, 3] && array.elements == Array(1...12))
    #expect(try read(idx([3], [7, 8, 9]), rank: 1).elements == [7, 8, 9])
  }

  @Test("every prefix is refused")
  func prefixes() throws {
    for length in 0..<whole.count {
      let text = try failure(Array(whole.prefix(length)))
      if length < 4 {
        #expect(text == "the header ends at byte \(length), expected 4 bytes")
      } else if length < 16 {
        #expect(text == "the header ends at byte \(length), expected 16 bytes")
      } else {
        #expect(
          text == "the file ends after \(length - 16) bytes of data, its header promises 12")
      }
    }
  }

  @Test(
    "text is named for what it is",
    arguments: ["<!DOCTYPE html><html>", "<html>", "{\"a\":1}", "[1,2,3]"])
  func text(content: String) throws {
    let text = try failure(Array(content.utf8))
    #expect(text.hasPrefix("not an IDX file but \(content.hasPrefix("<") ? "HTML" : "JSON")"))
    let shown = content.utf8.prefix(16).map { String($0, radix: 16) }
    #expect(text.hasSuffix("first bytes " + shown.joined(separator: " ")))
    #expect(content.hasPrefix("<") == text.contains("web page"))
  }

  @Test func headers() throws {
    #expect(
      try failure([1, 2, 3, 4, 5])
        == "offset 0: magic number 0x01020304, expected 0x00000803")
    for bytes in [[1, 0, 8, 3], [0, 1, 8, 3]] as [[UInt8]] {
      #expect(try failure(bytes).contains("expected 0x00000803"))
    }
    #expect(try failure([3, 8, 0, 0]).hasSuffix("the header is byte-swapped"))
    for code: UInt8 in [0x00, 0x0A, 0x0F] {
      #expect(try failure(idx([1, 1, 1], [0], type: code)).contains("is none that IDX has"))
    }
    for (code, name) in [
      (0x09, "Int8"), (0x0B, "Int16"), (0x0C, "Int32"), (0x0D, "Float"), (0x0E, "Double"),
    ]
      as [(UInt8, String)]
    {
      #expect(
        try failure(idx([1, 1, 1], [0], type: code))
          == "offset 2: elements of type \(name), expected UInt8")
    }
    #expect(try failure([0, 0, 8, 0]) == "offset 3: 0 dimensions, expected 1...4")
    #expect(try failure([0, 0, 8, 255]) == "offset 3: 255 dimensions, expected 1...4")
    #expect(
      try failure(idx([3], [1, 2, 3]))
        == "offset 3: 1 dimensions, expected 3; are these labels, not images?")
    #expect(
      try failure(whole, rank: 1)
        == "offset 3: 3 dimensions, expected 1; are these images, not labels?")
  }

  @Test("sizes are checked before anything is allocated")
  func sizes() throws {
    #expect(
      try failure(idx([0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], []))
        .hasPrefix("offset 4: dimensions 4294967295 x 4294967295 x 4294967295 are more than"))
    // One element more than the limit: refused by its size, whatever the file has.
    #expect(
      try failure(idx([1, 1, 0x8000_0001], []))
        .hasPrefix("offset 4: dimensions 1 x 1 x 2147483649 are more than"))
    #expect(try failure(idx([4, 1 << 15, 1 << 15], [])).contains("are more than"))
    #expect(
      try failure(idx([.max, .max, .max, .max], [])).hasPrefix("offset 3: 4 dimensions, expected 3")
    )
    #expect(
      try failure(idx([2, 1 << 15, 1 << 15], []))
        == "the file ends after 0 bytes of data, its header promises 2147483648")
    #expect(
      try failure(whole + [0]) == "1 bytes after the data that its header promises")
  }

  @Test("paths that are no regular file")
  func paths() throws {
    let folder = try TemporaryFolder()
    #expect(throws: DatasetError.notARegularFile(path: folder.path)) {
      try IDXArray(contentsOf: folder.path, rank: 1)
    }
    #expect(throws: DatasetError.notARegularFile(path: "/dev/zero")) {
      try IDXArray(contentsOf: "/dev/zero", rank: 1)
    }
    let pipe = folder.path + "/pipe"
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    #expect(throws: DatasetError.notARegularFile(path: pipe)) {
      try IDXArray(contentsOf: pipe, rank: 1)
    }
    let link = folder.path + "/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nothing")
    #expect(throws: DatasetError.missing(path: link)) { try IDXArray(contentsOf: link, rank: 1) }
    let loop = folder.path + "/loop"
    try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
    #expect(
      throws: DatasetError.io(
        path: loop, operation: "open", reason: "Too many levels of symbolic links")
    ) { try IDXArray(contentsOf: loop, rank: 1) }
    let socket = folder.path + "/socket"
    #expect(unsafe mknod(socket, S_IFSOCK | 0o600, 0) == 0)
    #expect(throws: DatasetError.notARegularFile(path: socket)) {
      try IDXArray(contentsOf: socket, rank: 1)
    }
    for path in ["", "a\0b"] {
      #expect(throws: DatasetError.invalidPath(path: path)) {
        try IDXArray(contentsOf: path, rank: 1)
      }
    }
    #expect {
      try IDXArray(contentsOf: String(repeating: "x", count: 5000), rank: 1)
    } throws: { ($0 as? DatasetError)?.isInputOutput == true }
    let strange = try folder.file(idx([1], [5]), named: "ein Bild 🖼️ ")
    #expect(try IDXArray(contentsOf: strange, rank: 1).elements == [5])
  }
}
