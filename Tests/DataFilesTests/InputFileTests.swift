import DataFiles
import Datasets
import Foundation
import Testing

/// Inputs without labels: IDX images and tables, with the row in what is refused.
@Suite struct InputFileTests {
  private func read(_ bytes: [UInt8], inputs: Int, divisor: Float? = nil) throws -> [[Float]] {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try Data(bytes).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = InputOptions()
    options.divisor = divisor
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
    #expect(words("") == "[]")
    #expect(try read(Array("2,4".utf8), inputs: 2, divisor: 2) == [[1, 2]])
    #expect(words("1,2\n3").contains("row 2: 1 numbers, expected 2"))
    #expect(words("1,2,3").contains("row 1: 3 numbers, expected 2"))
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

  @Test("what is no file")
  func missing() {
    #expect(throws: DatasetError.missing(path: "/none")) { try InputFile(path: "/none", inputs: 2) }
    #expect(throws: DatasetError.self) { try InputFile(path: "/dev", inputs: 2) }
  }
}
