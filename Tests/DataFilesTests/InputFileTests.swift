import DataFiles
import Datasets
import Foundation
import ModelFiles
import TestSupport
import Testing

/// Inputs without labels: IDX images and tables, with the row in what is refused.
@Suite struct InputFileTests {
  private func read(_ bytes: [UInt8], inputs: Int, divisor: Float? = nil) throws -> [[Float]] {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try Data(bytes).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = InputOptions()
    options.divisor = divisor.map(Double.init)
    var file = try InputFile(path: path, inputs: inputs, options: options)
    var rows: [[Float]] = []
    while let row = try file.read() { rows.append(row.values) }
    return rows
  }

  private func words(_ text: String, inputs: Int = 2) -> String {
    do { return "\(try read(Array(text.utf8), inputs: inputs))" } catch { return "\(error)" }
  }

  @Test("tables: commas, semicolons, white space, names, empty lines, no last newline")
  func tables() throws {
    #expect(
      words("a,b\n1,2\n\n3;4\r\n5 -6e-1\n\t7\t8")
        == "[[1.0, 2.0], [3.0, 4.0], [5.0, -0.6], [7.0, 8.0]]")
    #expect(words("").contains("an empty file"))
    #expect(words("\n\n") == "[]")
    #expect(try read(Array("2,4".utf8), inputs: 2, divisor: 2) == [[1, 2]])
    #expect(words("1,2\n3").contains("row 2: 1 numbers, expected 2"))
    #expect(words("5,2,3").contains("row 1: 3 numbers, expected 2"))
    #expect(words("1,2,3").contains("no row behind the names of columns: row 1 counts the columns"))
    #expect(words("1,2\n3,x").contains("row 2: column 2 is \"x\", expected a finite number"))
    #expect(words("1,nan").contains("column 2 is \"nan\""))
    #expect(words("1,1e99").contains("column 2 is \"1e99\""))
    #expect(words("1,\u{FF}").contains("column 2"))
    let long = (0..<300_000).map { "\($0),1" }.joined(separator: "\n")
    let rows = try read(Array(long.utf8), inputs: 2)
    #expect(rows.count == 300_000 && rows.last == [299_999, 1])
  }

  @Test("IDX images: pixels / 255, the size of the network's input")
  func idx() throws {
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]
    #expect(try read(header + [0, 255, 51, 102], inputs: 2) == [[0, 1], [0.2, 0.4]])
    #expect(try read(header + [0, 16, 8, 4], inputs: 2, divisor: 16) == [[0, 1], [0.5, 0.25]])
    #expect(throws: DatasetError.self) { try read(header + [0, 255, 51], inputs: 2) }
    do {
      _ = try read(header + [0, 255, 51, 102], inputs: 4)
      Issue.record("it was accepted")
    } catch { #expect("\(error)".contains("images of 1 x 2 pixels, expected 4 inputs")) }
  }

  /// All inputs of a file or folder, with where they came from.
  private func inputs(
    _ path: String, _ count: Int, _ options: InputOptions = InputOptions()
  ) throws -> [InputFile.Input] {
    var file = try InputFile(path: path, inputs: count, options: options)
    var all: [InputFile.Input] = []
    while let input = try file.read() { all.append(input) }
    return all
  }

  private func words(_ path: String, _ count: Int, _ options: InputOptions = InputOptions())
    -> String
  {
    do { return "\(try inputs(path, count, options))" } catch { return "\(error)" }
  }

  @Test(
    "images: grey and coloured, inverted, mixed, of another size; a folder in the order of names")
  func images() throws {
    let folder = try TemporaryFolder()
    for (name, bytes) in [
      ("a.png", Samples.grey), ("b/c.png", Samples.coloured), ("b/d.txt", [1]),
      (".hidden.png", Samples.grey),
    ] { try folder.write(bytes, to: "images/" + name) }
    let (grey, coloured) = (folder.path + "/images/a.png", folder.path + "/images/b/c.png")
    let greys: [Float] = [0, 0.2, 0.4, 0.6, 0.8, 1]
    #expect(try inputs(grey, 6).map(\.values) == [greys])
    var inverted = InputOptions()
    inverted.isInverted = true
    let turned = try inputs(grey, 6, inverted)[0].values
    #expect(zip(turned, greys).allSatisfy { abs($0 - (1 - $1)) < 1e-6 })
    #expect(words(coloured, 6).contains("a coloured image, where the network takes one number"))
    var mixed = InputOptions()
    mixed.isGrey = true
    #expect(try inputs(coloured, 6, mixed)[0].values[0] == 0.114)
    #expect(try inputs(coloured, 18)[0].values.prefix(6) == greys[...])
    var last = InputOptions()
    last.channelOrder = .last
    #expect(try inputs(coloured, 18, last)[0].values.prefix(3) == [0, 0, 1])
    #expect(words(grey, 16).contains("3 x 2 pixels, expected 16 inputs, as of 4 x 4"))
    // A grey image has three equal colours where the network takes colours.
    let all = try inputs(folder.path + "/images", 18)
    #expect(all.map(\.path) == [grey, coloured])
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/images/b/loop", withDestinationPath: "..")
    #expect(try inputs(folder.path + "/images", 18) == all)
    #expect(all[0].values.prefix(6) == greys[...] && all[0].values.suffix(6) == greys[...])
    #expect(words(folder.path + "/images/b", 18).contains("c.png"))
    try FileManager.default.createDirectory(
      atPath: folder.path + "/none", withIntermediateDirectories: true)
    #expect(words(folder.path + "/none", 18).contains("no image in this folder"))
  }

  @Test("arrays: bytes / 255, others as they are; the one that fits, or the one that is named")
  func arrays() throws {
    let folder = try TemporaryFolder()
    func npy(_ type: String, _ shape: String, _ data: [UInt8]) -> [UInt8] {
      let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
      return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]
        + Array(header.utf8) + data
    }
    try folder.write(npy("|u1", "(2, 2)", [0, 255, 51, 102]), to: "bytes.npy")
    try folder.write(npy("<i2", "(2, 2)", [1, 0, 255, 255, 0, 1, 7, 0]), to: "words.npy")
    try folder.write(npy(">i2", "(2,)", [0, 1, 255, 255]), to: "one.npy")
    let path = folder.path
    #expect(try inputs(path + "/bytes.npy", 2).map(\.values) == [[0, 1], [0.2, 0.4]])
    #expect(try inputs(path + "/words.npy", 2).map(\.values) == [[1, -1], [256, 7]])
    #expect(try inputs(path + "/one.npy", 2).map(\.values) == [[1, -1]])
    #expect(
      words(path + "/bytes.npy", 3).contains("arrays bytes [2, 2], expected one of examples x 3"))
    let pair = try Npz.encode([
      NamedTensor(name: "a", shape: [1, 2], elements: [1, 2]),
      NamedTensor(name: "b", shape: [1, 2], elements: [3, 4]),
    ])
    try folder.write(pair, to: "pair.npz")
    #expect(words(path + "/pair.npz", 2).contains("say which: --array a"))
    var options = InputOptions()
    options.array = "b"
    #expect(try inputs(path + "/pair.npz", 2, options).map(\.values) == [[3, 4]])
    options.array = "c"
    #expect(words(path + "/pair.npz", 2, options).contains("no array c, expected one of a, b"))
  }

  @Test("several Netpbm images in a file, plain or gzip")
  func netpbm() throws {
    let folder = try TemporaryFolder()
    try folder.write("P2 2 1 4 0 4\nP2 1 2 2\n1 2", to: "two.pgm")
    let all = try inputs(folder.path + "/two.pgm", 2)
    #expect(all.map(\.values) == [[0, 1], [0.5, 1]] && all.map(\.index) == [0, 1])
  }

  @Test("what is no file")
  func missing() {
    #expect(throws: DatasetError.missing(path: "/none")) { try InputFile(path: "/none", inputs: 2) }
    #expect(throws: DatasetError.self) { try InputFile(path: "/dev", inputs: 2) }
  }
}
