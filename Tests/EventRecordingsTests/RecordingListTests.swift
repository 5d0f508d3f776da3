import EventRecordings
import Files
import Foundation
import TestSupport
import Testing

@Suite struct RecordingListTests {
  let folder = try! TemporaryFolder()

  private func list(_ text: String) throws -> [LabelledRecording] {
    try RecordingList.read(list: folder.file(Array(text.utf8), named: "train.txt"))
  }

  @Test("lists of IDs and classes, with either line end and either name of a file")
  func lists() throws {
    _ = try folder.file([], named: "7.bin")
    let recordings = try list("#sample\t#class\r\n7\t3\r\n12\t0\r\n")
    #expect(
      recordings == [
        LabelledRecording(path: folder.path + "/7.bin", label: 3),
        LabelledRecording(path: folder.path + "/12.bs2", label: 0),
      ])
    _ = try folder.file(Array("#\n60001\t7\n".utf8), named: "test9.txt")
    let both = try RecordingList.read(folder: folder.path)
    #expect(both.training.count == 2 && both.test.map(\.label) == [7])
  }

  @Test("lists that are refused, by their line")
  func faults() throws {
    func words(_ text: String) throws -> String {
      do {
        _ = try list(text)
        return "read"
      } catch let error as EventFileError { return error.fault.description }
    }
    #expect(try words("1\t2\n3 4\n") == "line 2: found 1 fields, expected 2, with a tab between")
    #expect(
      try words("../../x\t2\n") == "line 1: found \"../../x\", expected the number of a recording")
    #expect(try words("1\tten\n") == "line 1: found \"ten\", expected a class in 0...999")
    #expect(try words("1\t1000\n").contains("expected a class in 0...999"))
    #expect(try words("#only\n").contains("no recording"))
    #expect(throws: EventFileError.self) { try RecordingList.read(folder: folder.path + "/none") }
  }

  @Test("folders of classes, in turn; hidden files are skipped")
  func classFolders() throws {
    let manager = FileManager.default
    for (name, files) in [("0", ["b.bin", "a.bin"]), ("1", ["c.bin"])] {
      try manager.createDirectory(
        atPath: folder.path + "/Train/" + name, withIntermediateDirectories: true)
      for file in files + [".DS_Store"] { _ = try folder.file([], named: "Train/\(name)/\(file)") }
    }
    _ = try folder.file([], named: "Train/.DS_Store")
    let recordings = try RecordingList.read(classFolders: folder.path + "/Train")
    #expect(
      recordings.map { $0.path.dropFirst(folder.path.count) } == [
        "/Train/0/a.bin", "/Train/1/c.bin", "/Train/0/b.bin",
      ])
    #expect(recordings.map(\.label) == [0, 1, 0])
    func words() -> String {
      do {
        _ = try RecordingList.read(classFolders: folder.path + "/Train")
        return "read"
      } catch { return error.description }
    }
    try manager.createDirectory(
      atPath: folder.path + "/Train/3", withIntermediateDirectories: false)
    #expect(words().hasSuffix("found no folder for class 2, expected a folder for each of 0...3"))
    try manager.moveItem(atPath: folder.path + "/Train/3", toPath: folder.path + "/Train/10x")
    #expect(words().hasSuffix("found a folder \"10x\", expected folders named 0, 1, ..."))
    do {
      _ = try RecordingList.read(classFolders: folder.path + "/Test")
      Issue.record("read")
    } catch { #expect(error.isMissingInput) }
  }
}
