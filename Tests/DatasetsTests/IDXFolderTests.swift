import Foundation
import Networks
import TestSupport
import Testing

@testable import Datasets

@Suite struct IDXFolderTests {
  /// A folder of a tiny dataset: 3 training and 2 test images of 2 x 2.
  private func folder(
    changing name: String? = nil, to bytes: [UInt8]? = nil
  ) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var files = [
      "train-images-idx3-ubyte": idx([3, 2, 2], Array(0..<12)),
      "train-labels-idx1-ubyte": idx([3], [0, 9, 4]),
      "t10k-images-idx3-ubyte": idx([2, 2, 2], [255, 0, 51, 0, 0, 0, 0, 0]),
      "t10k-labels-idx1-ubyte": idx([2], [1, 2]),
    ]
    if let name { files[name] = bytes }
    for (name, bytes) in files { _ = try folder.file(bytes, named: name) }
    return folder
  }

  private func failure(changing name: String, to bytes: [UInt8]?) throws -> DatasetError? {
    let folder = try folder(changing: name, to: bytes)
    do {
      _ = try IDXFolder.load(from: folder.path, name: "tiny", classes: 10)
      return nil
    } catch {
      return error
    }
  }

  @Test func loads() throws {
    let folder = try folder()
    let dataset = try IDXFolder.load(from: folder.path + "/", name: "tiny")
    #expect(dataset.training.count == 3 && dataset.test.labels == [1, 2])
    #expect(dataset.height == 2 && dataset.width == 2)
    #expect(dataset.test.images.row(0) == [1, 0, 0.2, 0])
  }

  @Test("a gzip file is found under its own name")
  func compressed() throws {
    let folder = try folder(changing: "t10k-labels-idx1-ubyte", to: nil)
    _ = try folder.file(gzip(idx([2], [3, 4])), named: "t10k-labels-idx1-ubyte.gz")
    #expect(try IDXFolder.load(from: folder.path, name: "tiny").test.labels == [3, 4])
  }

  @Test(
    "names that people have: torchvision's root, EMNIST's, a folder around each file, test for t10k"
  )
  func names() throws {
    let files: [(String, [UInt8])] = [
      ("train-images", idx([3, 2, 2], Array(0..<12))), ("train-labels", idx([3], [1, 3, 1])),
      ("t10k-images", idx([2, 2, 2], [255, 0, 51, 0, 0, 0, 0, 0])),
      ("t10k-labels", idx([2], [1, 2])),
    ]
    func write(_ name: (_ part: String, _ rank: String) -> String) throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      for (part, bytes) in files {
        let url = URL(
          filePath: folder.path + "/" + name(part, part.hasSuffix("images") ? "3" : "1"))
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
      }
      return folder
    }
    for name: (String, String) -> String in [
      { "\($0).idx\($1)-ubyte" }, { "MNIST/raw/\($0)-idx\($1)-ubyte" },
      { "raw/\($0)-idx\($1)-ubyte" },
      { "\($0).idx\($1)-ubyte/\($0).idx\($1)-ubyte" },
      { "emnist-letters-\($0.replacing("t10k", with: "test"))-idx\($1)-ubyte" },
    ] {
      let folder = try write(name)
      #expect(IDXFolder.isPresent(at: folder.path))
      let data = try IDXFolder.load(from: folder.path, name: "letters")
      // As many classes as the largest label says, and a word for those without an image.
      #expect(data.test.classes == 4 && data.test.labels == [1, 2])
      #expect(data.test.unusedClasses == [0])
      #expect(data.notes == ["4 classes, by the largest label; no image of 0"])
    }
    // torchvision's root with several: the name says which, or none is taken.
    let root = try write { "FashionMNIST/raw/\($0)-idx\($1)-ubyte" }
    #expect(!IDXFolder.isPresent(at: root.path, named: "mnist"))
    #expect(throws: DatasetError.self) {
      try IDXFolder.load(from: root.path, name: "mnist", isNamed: true)
    }
    #expect(
      try IDXFolder.load(from: root.path, name: "fashion-mnist", isNamed: true).test.count == 2)
    try FileManager.default.copyItem(
      atPath: root.path + "/FashionMNIST", toPath: root.path + "/MNIST")
    #expect(
      try IDXFolder.load(from: root.path, name: "mnist", isNamed: true).test.count == 2)
    #expect(
      throws: DatasetError.severalDatasets(folder: root.path, names: ["FashionMNIST", "MNIST"])
    ) { try IDXFolder.load(from: root.path, name: "own") }
    // Several in one folder: the name says which.
    let folder = try write { "emnist-letters-\($0)-idx\($1)-ubyte" }
    for (part, bytes) in files {
      let rank = part.hasSuffix("images") ? "3" : "1"
      _ = try folder.file(bytes, named: "emnist-digits-\(part)-idx\(rank)-ubyte")
    }
    #expect(try IDXFolder.load(from: folder.path, name: "emnist-digits").name == "emnist-digits")
    #expect(
      throws: DatasetError.severalDatasets(
        folder: folder.path, names: ["emnist-digits", "emnist-letters"])
    ) { try IDXFolder.load(from: folder.path, name: "emnist") }
  }

  @Test func faults() throws {
    guard
      case .missingFile(_, let names)? = try failure(
        changing: "t10k-labels-idx1-ubyte", to: nil)
    else { return fail("missing") }
    #expect(names.contains("t10k-labels-idx1-ubyte.gz"))
    guard
      case .countMismatch(3, 2, _)? = try failure(
        changing: "train-labels-idx1-ubyte", to: idx([2], [0, 1]))
    else { return fail("count") }
    guard
      case .labelOutOfRange(_, 1, 10, 10)? = try failure(
        changing: "train-labels-idx1-ubyte", to: idx([3], [0, 10, 255]))
    else { return fail("label") }
    guard
      case .shapeMismatch(_, [1, 2], [2, 2])? = try failure(
        changing: "t10k-images-idx3-ubyte", to: idx([2, 1, 2], [0, 0, 0, 0]))
    else { return fail("shape") }
    guard
      case .emptyDataset(_, [0, 2, 2])? = try failure(
        changing: "train-images-idx3-ubyte", to: idx([0, 2, 2], []))
    else { return fail("empty") }
    guard
      case .emptyDataset? = try failure(
        changing: "train-images-idx3-ubyte", to: idx([3, 0, 2], []))
    else { return fail("no pixels") }
    guard
      case .wrongKind(_, 1, 3)? = try failure(
        changing: "train-images-idx3-ubyte", to: idx([3], [0, 1, 2]))
    else { return fail("kind") }
    #expect(!IDXFolder.isPresent(at: "/nonexistent"))
  }

  static let mnist: String? = ProcessInfo.processInfo.environment["SPIKING_DATA"].flatMap { data in
    [data + "/mnist", data].first { IDXFolder.isPresent(at: $0) }
  }

  @Test(
    "the real MNIST", .enabled(if: mnist != nil, "SPIKING_DATA names no folder with MNIST"))
  func realMNIST() throws {
    let images = try IDXArray(
      contentsOf: Self.mnist! + "/t10k-images-idx3-ubyte.gz", rank: 3)
    #expect(images.dimensions == [10_000, 28, 28])
    let labels = try IDXArray(contentsOf: Self.mnist! + "/t10k-labels-idx1-ubyte.gz", rank: 1)
    #expect(labels.elements.prefix(10) == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    let training = try IDXArray(
      contentsOf: Self.mnist! + "/train-labels-idx1-ubyte.gz", rank: 1)
    let counts = (0..<10).map { digit in training.elements.count { $0 == digit } }
    #expect(counts == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
  }
}
