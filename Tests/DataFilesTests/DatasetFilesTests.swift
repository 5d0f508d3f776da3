import DataFiles
import Datasets
import Foundation
import ModelFiles
import Networks
import TestSupport
import Testing

/// Somebody's own data, in every form that is read: its numbers, its classes, and what is said of what was assumed.
@Suite struct DatasetFilesTests {
  private func words(_ path: String, _ options: DataOptions = DataOptions()) -> String {
    do {
      let data = try Dataset(contentsOf: path, name: "own", options: options)
      return "\(data.shape) \(data.test.labels.sorted()) \(data.classNames ?? []) \(data.notes)"
    } catch {
      return "\(error)"
    }
  }

  private func pgm(_ values: [UInt8], width: Int) -> [UInt8] {
    Array("P5 \(width) \(values.count / width) 255\n".utf8) + values
  }

  @Test("a folder a class: names in order, sizes that agree, a part drawn for testing")
  func classFolders() throws {
    let folder = try TemporaryFolder()
    for index in 0..<10 {
      try folder.write(pgm([UInt8(index), 0], width: 2), to: "own/dog/\(index).pgm")
      try folder.write(pgm([0, UInt8(index)], width: 2), to: "own/cat/\(index).pgm")
    }
    try folder.write("no image", to: "own/cat/notes.txt")
    try folder.write("hidden", to: "own/cat/.DS_Store")
    let data = try Dataset(contentsOf: folder.path + "/own", name: "own")
    #expect(
      data.classNames == ["cat", "dog"] && data.shape == Shape(height: 1, width: 2, channels: 1))
    #expect(data.training.count == 16 && data.test.labels.sorted() == [0, 0, 1, 1])
    // Every image once, and those of a class are its own.
    var seen = Set<[Float]>()
    for part in [data.training, data.test] {
      for (index, label) in part.labels.enumerated() {
        let row = part.images.row(index)
        #expect(row[label] == 0 && seen.insert(row + [Float(label)]).inserted)
      }
    }
    #expect(data.training.labels != data.training.labels.sorted())
    #expect(data.notes.contains { $0.contains("4 of 20 examples, a fifth of each class") })
    #expect(data.notes.contains("1 files that are no images are not read"))
    // The same again.
    let again = try Dataset(contentsOf: folder.path + "/own", name: "own")
    #expect(again.test.images == data.test.images && again.training.images == data.training.images)

    try folder.write(pgm([1], width: 1), to: "own/cat/z.pgm")
    #expect(words(folder.path + "/own").contains("1 x 1 pixels, where"))
    try folder.write("P5 2 1 255\n", to: "own/cat/z.pgm")
    #expect(words(folder.path + "/own").contains("z.pgm: Netpbm image 1: it is cut off"))
  }

  @Test("train and test folders; colours in either order, or mixed")
  func colours() throws {
    let folder = try TemporaryFolder()
    for place in ["train/a/1", "train/a/2", "train/b/1", "test/a/1", "test/b/9"] {
      try folder.write(Samples.coloured, to: place + ".png")
    }
    let data = try Dataset(contentsOf: folder.path, name: "own")
    #expect(
      data.shape == Shape(height: 2, width: 3, channels: 3) && data.test.labels.sorted() == [0, 1])
    #expect(Array(data.test.images.row(0).prefix(3)) == [0, 0.2, 0.4])
    #expect((data.height, data.width) == (6, 3))
    let last = try Dataset(
      contentsOf: folder.path, name: "own", options: DataOptions(channelOrder: .last))
    #expect(Array(last.test.images.row(0).prefix(3)) == [0, 0, 1])
    #expect((last.height, last.width) == (2, 9))
    let grey = try Dataset(contentsOf: folder.path, name: "own", options: DataOptions(isGrey: true))
    #expect(grey.shape.channels == 1 && grey.test.images.row(0)[0] == 0.114)
    try folder.write(Samples.coloured, to: "test/c/9.png")
    #expect(words(folder.path).contains("class \"c\" has no training example"))
  }

  @Test("tables: the label by its name, as the only text, in the first column, or as is said")
  func tables() throws {
    let folder = try TemporaryFolder()
    func table(_ text: String, _ options: DataOptions = DataOptions()) throws -> String {
      try folder.write(text, to: "own.csv")
      return words(folder.path + "/own.csv", options)
    }
    let rows = (0..<10).map { "\($0 % 2),\($0),0.5" }.joined(separator: "\n")
    let first = try table(rows)
    #expect(first.hasPrefix("2 [0, 1] []"), "\(first)")
    #expect(first.contains("labels are in column 1, as assumed (--label says otherwise)"))
    #expect(try table("Label,a,b\n" + rows).hasPrefix("2 [0, 1] []"))
    #expect(!(try table("Label,a,b\n" + rows).contains("as assumed")))
    let named = try table((0..<10).map { "\($0);\"x \($0 % 2)\";1" }.joined(separator: "\r\n"))
    #expect(named.hasPrefix("2 [0, 1] [\"x 0\", \"x 1\"]"), "\(named)")
    #expect(named.contains("labels are in column 2"))
    #expect(
      try table(rows, DataOptions(label: "2")).contains("10 examples of 10 classes are too few"))
    #expect(
      try table("a,b,c\n" + rows, DataOptions(label: "z")).contains(
        "no column \"z\" among 3: a, b, c"))
    #expect(try table("0.5,1\n0.25,2\n").contains("label \"0.5\" in column 1, expected a class"))
    #expect(try table("a,label\n1,0\n,1\n").contains("row 3: column 1 is \"\""))
    #expect(try table("a,label\n1,0\n2\n").contains("row 3: 1 columns, expected 2"))
    #expect(try table("a,label\n1,0\n1,1000000000\n").contains("row 3: label \"1000000000\""))
    #expect(try table("a,label\n1,\"x\n").contains("a quote that does not end"))
    #expect(try table("a,label\n0,1,2\n").contains("row 2: 3 columns, where the first row names 2"))
    #expect(try table("a,label\n").contains("a table without rows"))
    #expect(
      try table("\u{FEFF}label,a\n" + (0..<8).map { "\($0 % 2),1" }.joined(separator: "\n"))
        .hasPrefix("1 [0, 1]"))
    // The index of pandas.
    let pandas = try table(
      ",label,a\n" + (0..<10).map { "\($0),\($0 % 2),7.5" }.joined(separator: "\n"))
    #expect(pandas.hasPrefix("1 [0, 1]") && pandas.contains("an index, left out"))
  }

  @Test("whole numbers up to 255 are pixels, with a word; --divide says otherwise")
  func divisors() throws {
    let folder = try TemporaryFolder()
    try folder.write((0..<10).map { "\($0 % 2),255,51" }.joined(separator: "\n"), to: "own.csv")
    let path = folder.path + "/own.csv"
    let data = try Dataset(contentsOf: path, name: "own")
    #expect(data.test.images.row(0) == [1, 0.2] && data.divisor == 255)
    #expect(data.notes.contains { $0.contains("divided by 255 (--divide says otherwise)") })
    let said = try Dataset(contentsOf: path, name: "own", options: DataOptions(divisor: 1))
    #expect(said.test.images.row(0) == [255, 51] && said.divisor == 1)
    try folder.write((0..<10).map { "\($0 % 2),255,-1" }.joined(separator: "\n"), to: "own.csv")
    #expect(try Dataset(contentsOf: path, name: "own").test.images.row(0) == [255, -1])
  }

  @Test("pairs of arrays: names of Keras, one-hot labels, either order of colours")
  func arrays() throws {
    let folder = try TemporaryFolder()
    func save(_ tensors: [NamedTensor]) throws {
      try folder.write(Npz.encode(tensors), to: "own.npz")
    }
    func tensor(_ name: String, _ shape: [Int], _ elements: [Float]) -> NamedTensor {
      NamedTensor(name: name, shape: shape, fileType: "F32", elements: elements)
    }
    let pixels = (0..<24).map { Float($0) / 32 }
    try save([
      tensor("x_train", [2, 2, 2, 3], pixels), tensor("y_train", [2, 2], [0, 1, 1, 0]),
      tensor("x_test", [1, 2, 2, 3], Array(pixels.prefix(12))), tensor("y_test", [1, 1], [1]),
      tensor("weights", [1], [3]),
    ])
    let path = folder.path + "/own.npz"
    let data = try Dataset(contentsOf: path, name: "own")
    #expect(data.shape == Shape(height: 2, width: 2, channels: 3) && data.channelOrder == .last)
    #expect(data.test.images.row(0) == Array(pixels.prefix(12)) && data.test.labels == [1])
    #expect(data.training.labels.sorted() == [0, 1] && data.notes.contains("not used: weights"))
    let first = try Dataset(
      contentsOf: path, name: "own", options: DataOptions(channelOrder: .first))
    #expect(Array(first.test.images.row(0).prefix(4)) == [0, 0.09375, 0.1875, 0.28125])

    try save([tensor("x", [2, 3], [1, 2, 3, 4, 5, 6]), tensor("y", [3], [0, 1, 0])])
    #expect(words(path).contains("own.npz, y: 3 labels for 2 images"))
    try save([tensor("x", [2, 3], [1, 2, 3, 4, 5, 6]), tensor("y", [2], [0, 0.5])])
    #expect(words(path).contains("row 2: label 0.5"))
    try save([tensor("w", [2, 3], [1, 2, 3, 4, 5, 6])])
    #expect(words(path).contains("arrays w, expected images and labels"))
    try save([tensor("y", [2], [0, 1])])
    #expect(words(path).contains("expected images and labels"))
    let read = try NumPyFile(path: path).arrays
    #expect(read.map(\.name) == ["y"] && read[0].elements == [0, 1] && !read[0].isBytes)
  }

  @Test("CIFAR-10's binary files: planes of red, green and blue, names of classes")
  func cifar() throws {
    let folder = try TemporaryFolder()
    func record(_ label: UInt8) -> [UInt8] {
      [label] + [255, 51] + [UInt8](repeating: 0, count: 3069) + [102]
    }
    try folder.write((0..<10).flatMap { record(UInt8($0)) }, to: "data_batch_1.bin")
    try folder.write(record(3) + record(0), to: "test_batch.bin")
    try folder.write((0..<10).map { "name\($0)\n" }.joined(), to: "batches.meta.txt")
    let data = try Dataset(contentsOf: folder.path, name: "cifar")
    #expect(data.shape == Shape(height: 32, width: 32, channels: 3) && data.test.labels == [3, 0])
    #expect(data.classNames?[3] == "name3" && Array(data.test.images.row(0).prefix(2)) == [1, 0.2])
    #expect(data.test.images.row(0)[3071] == 0.4)
    #expect(data.notes.contains("1 of 5 training files"))
    let last = try Dataset(
      contentsOf: folder.path, name: "cifar", options: DataOptions(channelOrder: .last))
    #expect(Array(last.test.images.row(0).prefix(4)) == [1, 0, 0, 0.2])
    try folder.write([1, 2, 3], to: "test_batch.bin")
    #expect(words(folder.path).contains("3 bytes, expected records of 3073 bytes"))
  }

  @Test("what is no data is named, and what to give instead")
  func others() throws {
    let folder = try TemporaryFolder()
    #expect(words(folder.path + "/none").contains("no such file or folder"))
    #expect(words(folder.path).contains("no data in it that is known"))
    try folder.write(Samples.grey, to: "one.png")
    #expect(words(folder.path + "/one.png").contains("one image: give the folder"))
    try folder.write([], to: "empty.csv")
    #expect(words(folder.path + "/empty.csv").contains("an empty file"))
    try folder.write([0, 0, 8, 3, 0, 0, 0, 1], to: "images")
    #expect(words(folder.path + "/images").contains("one IDX file: give the folder"))
  }
}
