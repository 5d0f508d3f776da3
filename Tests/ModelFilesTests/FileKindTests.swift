import Foundation
import Networks
import TestSupport
import Testing

@testable import ModelFiles

/// What a file is, by its bytes; a network in several files, by their index.
@Suite struct FileKindTests {
  private func words(_ bytes: [UInt8], named name: String = "net") throws -> String {
    let folder = try TemporaryFolder()
    do {
      return "read: \(try NetworkFile(path: folder.file(bytes, named: name)).weights.topology)"
    } catch { return "\(error)" }
  }

  @Test("kinds that are not read are named, with a line that makes a file that is")
  func named() throws {
    let pickled = try ZipWriter.archive(
      [("archive/data.pkl", [1]), ("archive/version", [2])], deflated: false)
    let keras = try ZipWriter.archive(
      [("config.json", [1]), ("model.weights.h5", [2])], deflated: false)
    for (bytes, expected) in [
      ([0x80, 2, 0x8A, 10, 0x6C], "safetensors.torch.save_file(model.state_dict()"),
      (pickled, "a pickle of Python"),
      (keras, "a .keras archive"), ([0x89, 0x48, 0x44, 0x46, 13, 10], "an HDF5 file"),
      ([28, 0, 0, 0] + Array("TFL3".utf8), "a TensorFlow Lite model"),
      ([0x93] + Array("NUMPY".utf8) + [1, 0], "one array of NumPy"),
      (Array("GGUF".utf8) + [3, 0], "a GGUF file"), ([], "an empty file"),
      (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "the pointer of Git LFS"),
      (Array("{\"a\": 1}".utf8), "a JSON file without 'weight_map'"),
      (Array("<!DOCTYPE html>".utf8), "no safetensors, npz or ONNX file"),
    ] as [([UInt8], String)] {
      let found = try words(bytes)
      #expect(found.contains(expected), "\(found)")
    }
  }

  @Test("a network in several files: all parts, plain names, no links, what the index says")
  func shards() throws {
    let folder = try TemporaryFolder()
    func part(_ name: String, _ tensors: [NamedTensor]) throws {
      _ = try folder.file(Safetensors.encode(tensors), named: name)
    }
    let first = NamedTensor(name: "0.weight", shape: [2, 3], elements: [1, 2, 3, 4, 5, 6])
    let second = NamedTensor(name: "2.weight", shape: [1, 2], elements: [7, 8])
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    try part(names[0], [first])
    try part(names[1], [second])
    func words(_ map: [(String, String)]) throws -> String {
      let entries = map.map { "\"\($0)\": \"\($1)\"" }.joined(separator: ", ")
      let path = try folder.file(
        Array("{\"metadata\": {\"total_size\": 32}, \"weight_map\": {\(entries)}}".utf8),
        named: "model.safetensors.index.json")
      do { return "read: \(try NetworkFile(path: path).weights.topology)" } catch {
        return "\(error)"
      }
    }
    #expect(try words([("0.weight", names[0]), ("2.weight", names[1])]) == "read: 3-2-1")
    #expect(
      try words([("0.weight", names[0]), ("9.weight", names[1])]).contains(
        "does not hold \"9.weight\""))
    #expect(try words([("0.weight", "../\(names[0])")]).contains("by their plain name"))
    #expect(try words([("0.weight", "none")]).contains("no such file"))
    #expect(try words([]).contains("0 files, expected 1...1024"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/link", withDestinationPath: folder.path + "/" + names[0])
    #expect(try words([("0.weight", "link")]).contains("a symbolic link, which is not followed"))
    // A part alone is not the network.
    do {
      _ = try NetworkFile(path: folder.path + "/" + names[0])
      Issue.record("a part was read as the whole")
    } catch { #expect("\(error)".contains("model.safetensors.index.json")) }
  }
}
