import DataFiles
import Datasets
import Foundation
import Networks
import TestSupport
import Testing

@testable import ModelFiles

/// Data that was read as something else once: each kind is read as it is meant, asked for, or said.
@Suite struct MisreadTests {
  private func words(_ path: String, _ options: DataOptions = DataOptions()) -> String {
    do {
      let data = try Dataset(contentsOf: path, name: "own", options: options)
      return "\(data.shape) \(data.training.count)+\(data.test.count) \(data.notes)"
    } catch { return "\(error)" }
  }

  private func inputs(
    _ path: String, _ count: Int, _ change: (inout InputOptions) -> Void = { _ in }
  ) throws -> [[Float]] {
    var options = InputOptions()
    change(&options)
    var file = try InputFile(path: path, inputs: count, options: options)
    var all: [[Float]] = []
    while let input = try file.read() { all.append(input.values) }
    return all
  }

  private func said(
    _ path: String, _ count: Int, _ change: (inout InputOptions) -> Void = { _ in }
  ) -> String {
    do { return "\(try inputs(path, count, change))" } catch { return "\(error)" }
  }

  /// An npy file.
  private func npy(_ type: String, _ shape: String, _ data: [UInt8]) -> [UInt8] {
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
      + data
  }

  private func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> UInt32(8 * $0) & 255) } }
  }

  @Test("truth values are 0 and 1, no bytes")
  func booleans() throws {
    let folder = try TemporaryFolder()
    try folder.write(npy("|b1", "(2, 2)", [1, 0, 1, 1]), to: "b.npy")
    #expect(try inputs(folder.path + "/b.npy", 2) == [[1, 0], [1, 1]])
    // Column by column, as Fortran has them.
    var bytes = npy("|u1", "(2, 2)", [0, 51, 255, 102])
    let order = Array("'fortran_order': False".utf8)
    let place = bytes.indices.first { bytes[$0...].starts(with: order) }!
    bytes.replaceSubrange(place..<place + order.count, with: Array("'fortran_order': True ".utf8))
    try folder.write(bytes, to: "f.npy")
    #expect(try inputs(folder.path + "/f.npy", 2) == [[0, 1], [0.2, 0.4]])
  }

  @Test("a first row that counts the columns names them; --no-header says otherwise")
  func counted() throws {
    let folder = try TemporaryFolder()
    try folder.write("0,1,2\n7,8,9\n", to: "t.csv")
    let path = folder.path + "/t.csv"
    var file = try InputFile(path: path, inputs: 3)
    #expect(try file.read()?.values == [7, 8, 9] && file.notes.count == 1)
    #expect(file.notes[0].contains("row 1 counts the columns"))
    #expect(try inputs(path, 3) { $0.hasHeader = false } == [[0, 1, 2], [7, 8, 9]])
    // An index of pandas before them, and a label behind them.
    try folder.write(",0,1,2\n0,7,8,9\n", to: "t.csv")
    #expect(try inputs(path, 3) == [[7, 8, 9]])
    let rows = (0..<10).map { "\($0),0,1.5,\($0 % 2)\n" }.joined()
    try folder.write("0,1,2,label\n" + rows, to: "t.csv")
    #expect(words(path).hasPrefix("3 8+2"))
    // A row that only begins so is a row.
    try folder.write("0,1,5\n", to: "t.csv")
    #expect(try inputs(path, 3) == [[0, 1, 5]])
  }

  @Test("missing numbers and texts in the first row are faults, no names of columns")
  func firstRow() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/t.csv"
    for (text, expected) in [
      ("nan,nan\n1,2\n", "row 1: column 1 is \"nan\""),
      ("1,NA\n1,2\n", "row 1: column 2 is \"NA\""),
      ("1,0x10\n", "column 2 is \"0x10\""), ("1,,2\n", "column 2 is \"\""),
    ] {
      try folder.write(text, to: "t.csv")
      #expect(said(path, 2).contains(expected), "\(said(path, 2))")
    }
    try folder.write("cat,0,NA\n" + (0..<8).map { "dog\($0 % 2),0,\($0)\n" }.joined(), to: "t.csv")
    #expect(words(path).contains("row 1: column"))
  }

  @Test("an empty field does not shift a row")
  func emptyFields() throws {
    let folder = try TemporaryFolder()
    try folder.write("7,1,,3\n", to: "t.csv")
    #expect(said(folder.path + "/t.csv", 3).contains("row 1: column 3 is \"\", expected"))
    try folder.write("\u{FEFF}\"1\",\"2\"\r\n3,4\r\n", to: "t.csv")
    #expect(try inputs(folder.path + "/t.csv", 2) == [[1, 2], [3, 4]])
  }

  @Test("label before y; two that may be labels are asked for")
  func labelColumns() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/t.csv"
    func table(_ header: String) throws {
      try folder.write(header + "\n" + (0..<10).map { "\($0),5,\($0 % 2)\n" }.joined(), to: "t.csv")
    }
    try table("x,y,label")
    #expect(try Dataset(contentsOf: path, name: "own").test.classes == 2)
    #expect(!words(path).contains("as assumed"))
    try folder.write("label,x,y\n" + (0..<10).map { "\($0 % 2),5,\($0)\n" }.joined(), to: "t.csv")
    #expect(try Dataset(contentsOf: path, name: "own").test.classes == 2)
    try table("x,z,y")
    #expect(words(path).contains("labels are in the column y, as assumed"))
    try table("class,x,label")
    #expect(words(path).contains("columns class and label may each be the labels"))
  }

  @Test("two tables: columns by their names, both with names or none")
  func columns() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<6).map { "\($0 % 2),0.\($0 + 1),-1\n" }.joined()
    try folder.write("label,a,b\n" + rows, to: "own/train.csv")
    func test(_ text: String) throws -> String {
      try folder.write(text, to: "own/test.csv")
      return words(folder.path + "/own")
    }
    #expect(try test("b,a,label\n-1,0.5,1\n").hasPrefix("2 6+1"))
    let data = try Dataset(contentsOf: folder.path + "/own", name: "own")
    #expect(data.test.images.row(0) == [0.5, -1] && data.test.labels == [1])
    #expect(try test("1,0.5,-1\n").contains("its columns have no names"))
    #expect(
      try test("label,a,c\n1,0.5,-1\n").contains("no column \"b\", which the training table has"))
    #expect(try test("a,b\n0.5,-1\n").contains("for its labels: without labels nothing can be"))
    #expect(
      try test("label,a,b,c\n1,0.5,-1,2\n").contains("\"c\", which the training table does not"))
  }

  @Test("training and test parts of different numbers are not divided alike")
  func parts() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<6).map { "\($0 % 2),\($0 * 50),255\n" }.joined()
    try folder.write("label,a,b\n" + rows, to: "own/train.csv")
    try folder.write("label,a,b\n1,0.5,1\n", to: "own/test.csv")
    let path = folder.path + "/own"
    #expect(words(path).contains("make them alike, or say --divide"))
    #expect(words(path, DataOptions(divisor: 1)).hasPrefix("2 6+1"))
    // 0 and 1 alone beside pixels are no pixels.
    try folder.write("label,a,b\n1,0,1\n", to: "own/test.csv")
    #expect(words(path).contains("make them alike"))
    try folder.write("label,a,b\n1,0,7\n", to: "own/test.csv")
    #expect(words(path).contains("divided by 255"))
    for (name, bytes) in [
      ("x_train", npy("|u1", "(3, 1)", [0, 128, 255])), ("y_train", npy("|u1", "(3,)", [0, 1, 0])),
      ("x_test", npy("<f4", "(1, 1)", floats([0.5]))), ("y_test", npy("|u1", "(1,)", [1])),
    ] { try folder.write(bytes, to: "arrays/\(name).npy") }
    #expect(words(folder.path + "/arrays").contains("its numbers are others, and those of"))
  }

  @Test("numbers far from those of the network's data are asked about")
  func trained() throws {
    let folder = try TemporaryFolder()
    try folder.write(npy("|u1", "(1, 2)", [255, 51]), to: "u1.npy")
    try folder.write(npy("<f4", "(1, 2)", floats([1, 0.2])), to: "f4.npy")
    try folder.write(npy("<i2", "(1, 2)", [255, 0, 51, 0]), to: "i2.npy")
    func read(_ name: String, _ divisor: Double?, _ largest: Float, divide: Double? = nil) -> String
    {
      said(folder.path + "/" + name, 2) {
        $0.trained = TrainedInputs(divisor: divisor, largest: largest)
        $0.divisor = divide
      }
    }
    // Data that were floats from 0 to 1: bytes are pixels, others are as they are.
    #expect(read("u1.npy", 1, 1) == "[[1.0, 0.2]]" && read("f4.npy", 1, 1) == "[[1.0, 0.2]]")
    #expect(
      read("i2.npy", 1, 1).contains("up to 255.0, where those of the network's data were up to 1.0")
    )
    #expect(read("i2.npy", 1, 1, divide: 255) == "[[1.0, 0.2]]")
    // Data that were whole pixels.
    #expect(read("i2.npy", 255, 1) == "[[1.0, 0.2]]" && read("u1.npy", 255, 1) == "[[1.0, 0.2]]")
    #expect(read("f4.npy", 255, 1).contains("would be divided by 255.0"))
    // Data that were measures: bytes are numbers.
    #expect(read("u1.npy", 1, 300) == "[[255.0, 51.0]]")
    // Bytes that were divided by something else: images are as if of bytes.
    #expect(read("u1.npy", 51, 5) == "[[5.0, 1.0]]")
    try folder.write("P5 2 1 255\n", to: "i.pgm")
    try folder.write(Array("P5 2 1 255\n".utf8) + [255, 51], to: "i.pgm")
    #expect(read("i.pgm", 51, 5) == "[[5.0, 1.0]]" && read("i.pgm", 1, 1) == "[[1.0, 0.2]]")
  }

  @Test("an image of another form is refused where the form is known, and said where it is not")
  func forms() throws {
    let folder = try TemporaryFolder()
    try folder.write(Array("P5 8 2 255\n".utf8) + [UInt8](repeating: 9, count: 16), to: "i.pgm")
    let path = folder.path + "/i.pgm"
    var file = try InputFile(path: path, inputs: 16)
    #expect(try file.read() != nil && file.notes.count == 1)
    #expect(file.notes[0].contains("8 x 2 pixels, row by row, where 16 inputs may be 4 x 4"))
    let square = Shape(height: 4, width: 4, channels: 1)
    #expect(said(path, 16) { $0.trained.shape = square }.contains("8 x 2 pixels, expected 4 x 4"))
    #expect(
      try inputs(path, 16) { $0.trained.shape = Shape(height: 2, width: 8, channels: 1) }.count == 1
    )
  }

  @Test("colours of arrays: as the network takes them")
  func colours() throws {
    let folder = try TemporaryFolder()
    let pixels: [UInt8] = [255, 0, 51, 51, 0, 255]
    try folder.write(npy("|u1", "(1, 2, 1, 3)", pixels), to: "last.npy")
    let path = folder.path + "/last.npy"
    #expect(try inputs(path, 6) == [[1, 0, 0.2, 0.2, 0, 1]])
    #expect(try inputs(path, 6) { $0.channelOrder = .first } == [[1, 0.2, 0, 0, 0.2, 1]])
    #expect(try inputs(path, 6) { $0.channelOrder = .last } == [[1, 0, 0.2, 0.2, 0, 1]])
    try folder.write(npy("|u1", "(2,)", [0, 1]), to: "d/y.npy")
    try folder.write(npy("|u1", "(2, 2, 1, 3)", pixels + pixels), to: "d/x.npy")
    #expect(
      words(folder.path + "/d", DataOptions(isGrey: true)).contains("2 examples of 2 classes"))
  }

  @Test("files of no kind that is known are named, and answered by an error")
  func unknown() throws {
    let folder = try TemporaryFolder()
    for (name, bytes, expected) in [
      ("a.gif", Array("GIF89a".utf8), "GIF, expected"),
      ("a.bmp", Array("BM".utf8) + [1, 0], "BMP"),
      ("a", [], "an empty file"), ("b", [0], "a binary file of no kind"),
      ("c", Array("{}".utf8), "JSON"), ("d", [0xFF, 0xFE, 0x31, 0], "UTF-16"),
      ("e", Array("P4\n1 1\n".utf8) + [0], "a PBM bitmap"),
      ("f", [0, 0, 0x0D, 3, 0, 0, 0, 1], "elements of type Float"),
      ("g", [0, 0, 8, 1, 0, 0, 0, 1, 7], "are these labels, not images?"),
    ] as [(String, [UInt8], String)] {
      try folder.write(bytes, to: "x/" + name)
      let found = said(folder.path + "/x/" + name, 2)
      #expect(found.contains(expected), "\(name): \(found)")
    }
    // Tables whose names look like images.
    try folder.write("BMI,age\n1,2\n", to: "t.csv")
    #expect(try inputs(folder.path + "/t.csv", 2) == [[1, 2]])
    try folder.write("P2 P3\n1 2\n", to: "t.csv")
    #expect(try inputs(folder.path + "/t.csv", 2) == [[1, 2]])
    // An image among others is not passed over.
    try folder.write(Samples.grey, to: "images/a.png")
    try folder.write(Array("BM".utf8) + [1, 0], to: "images/b.bmp")
    #expect(said(folder.path + "/images", 6).contains("b.bmp: BMP, expected PNG"))
  }

  @Test(
    "class folders: none is left out, files beside them are said, folders within them are looked into"
  )
  func classFolders() throws {
    let folder = try TemporaryFolder()
    for index in 0..<4 {
      try folder.write(Samples.grey, to: "own/a/deep/\(index).png")
      try folder.write(Samples.bits, to: "own/b/\(index).png")
    }
    try folder.write("id,label\n1,2\n", to: "own/labels.csv")
    try folder.write(npy("<f4", "(1,)", floats([1])), to: "own/mean.npy")
    let data = try Dataset(contentsOf: folder.path + "/own", name: "own")
    #expect(data.classNames == ["a", "b"] && data.notes.contains("not used: labels.csv, mean.npy"))
    try folder.write("no image", to: "own/c/readme.txt")
    #expect(words(folder.path + "/own").contains("own/c: no image in this folder"))
    try folder.write([], to: "own/c/empty.png")
    #expect(words(folder.path + "/own").contains("empty.png: an empty file"))
  }

  @Test("options about other forms of data are refused")
  func options() throws {
    let folder = try TemporaryFolder()
    for index in 0..<4 { try folder.write(Samples.grey, to: "own/\(index % 2)/\(index).png") }
    let path = folder.path + "/own"
    #expect(words(path, DataOptions(divisor: 2)).contains("'--divide' is about tables, arrays"))
    #expect(
      words(path, DataOptions(label: "a")).contains(
        "'--label' is about tables, and these are folders"))
    try folder.write("1,2\n", to: "t.csv")
    #expect(words(folder.path + "/t.csv", DataOptions(isGrey: true)).contains("'--grey' is about"))
    #expect(said(folder.path + "/t.csv", 2) { $0.array = "x" }.contains("'--array' is about npz"))
  }

  @Test(
    "npz: texts as labels, arrays that nobody asked for, binary images that shrink a thousandfold")
  func archives() throws {
    let folder = try TemporaryFolder()
    func text(_ value: String) -> [UInt8] {
      value.unicodeScalars.flatMap { [UInt8($0.value), 0, 0, 0] }
    }
    let names = ["ab", "c", "c", "ab", "c", "ab"]
    let labels = names.flatMap { text($0) + [UInt8](repeating: 0, count: 8 - 4 * $0.count) }
    try folder.write(npy("<U2", "(6,)", labels), to: "d/y.npy")
    try folder.write(npy("<f4", "(6, 1)", floats([1, 2, 3, 4, 5, 6])), to: "d/x.npy")
    let data = try Dataset(contentsOf: folder.path + "/d", name: "own")
    #expect(data.classNames == ["ab", "c"])
    // The history of a training, with a NaN in it, is no part of the data.
    let tensors = [
      NamedTensor(name: "x", shape: [6, 1], elements: [1, 2, 3, 4, 5, 6]),
      NamedTensor(name: "y", shape: [6], elements: [0, 1, 0, 1, 0, 1]),
      NamedTensor(name: "history", shape: [1], elements: [.nan]),
    ]
    try folder.write(Npz.encode(tensors), to: "own.npz")
    #expect(words(folder.path + "/own.npz").contains("not used: history"))
    // 70 MB of zeros are 70 kB.
    let zeros = [UInt8](repeating: 0, count: 70 << 20)
    try folder.write(ZipWriter.archive([("x.npy", zeros)], deflated: true), to: "zeros.npz")
    let path = folder.path + "/zeros.npz"
    #expect(try NumPyFile(path: path) { _ in false }.others.map(\.name) == ["x"])
    #expect(throws: ModelFileError.self) { try Npz.read(path: path) }
  }

  @Test("labels -1 and 1, and 9 before 10")
  func signs() throws {
    let folder = try TemporaryFolder()
    try folder.write((0..<8).map { "\($0 % 2 * 2 - 1),\($0)\n" }.joined(), to: "t.csv")
    let data = try Dataset(contentsOf: folder.path + "/t.csv", name: "own")
    #expect(data.classNames == ["-1", "1"] && data.test.labels.sorted() == [0, 1])
  }

  @Test("labels in a file: any line ends, quotes, 7.0, names; what is no class is refused")
  func labelFiles() throws {
    let folder = try TemporaryFolder()
    func read(_ text: String, _ names: [String]? = nil) throws -> String {
      try folder.write(text, to: "l.txt")
      do {
        return "\(try LabelFile.read(path: folder.path + "/l.txt", classes: 3, names: names))"
      } catch { return "\(error)" }
    }
    #expect(try read("\u{FEFF}2\r\n\"1\"\r\n00\r\n2.000e+00\r\n") == "[2, 1, 0, 2]")
    #expect(try read("label\n1\n") == "[1]")
    #expect(try read("low right\nup\n1", ["up", "a", "low right"]) == "[2, 0, 1]")
    #expect(try read("1\nbla\n").contains("row 2: label \"bla\", expected a class: 0...2"))
    #expect(try read("3\n").contains("label \"3\""))
    try folder.write(npy("<i2", "(3,)", [2, 0, 0, 0, 1, 0]), to: "l.npy")
    #expect(try LabelFile.read(path: folder.path + "/l.npy", classes: 3) == [2, 0, 1])
  }

  @Test("IDX is read image by image, and its end is checked")
  func streamed() throws {
    let folder = try TemporaryFolder()
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]
    try folder.write(header + [0, 255, 51, 102], to: "i")
    #expect(try inputs(folder.path + "/i", 2) == [[0, 1], [0.2, 0.4]])
    try folder.write(header + [0, 255, 51, 102, 1], to: "i")
    #expect(said(folder.path + "/i", 2).contains("1 bytes after the data"))
  }
}
