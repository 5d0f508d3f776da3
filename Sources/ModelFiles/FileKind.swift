internal import Files
internal import Foundation

/// What a file is, by its bytes; names only decide where bytes do not.
enum FileKind {
  case network(NetworkFile.Format)
  /// An index of safetensors files that are parts of one network.
  case shardIndex

  /// - Throws: `ModelFileError.Fault` that names a kind that is not read.
  init(_ file: RegularFile) throws {
    typealias Fault = ModelFileError.Fault
    let start = try file.read(at: 0, count: min(file.size, 16))
    if start.isEmpty {
      throw Fault.otherKind(
        "an empty file", advice: "expected a safetensors, npz or ONNX file: was it copied whole?")
    }
    if start.starts(with: Array("version https://".utf8.prefix(16))) {
      throw Fault.otherKind(
        "the pointer of Git LFS, not the file that it stands for", advice: "git lfs pull")
    }
    if start.starts(with: Array("PK".utf8)) {
      try Self.refuseArchives(file)
      self = .network(.npz)
      return
    }
    // The length of a safetensors header may begin as a pickle does: 640 is 80 02.
    if Self.isSafetensors(start, size: file.size) {
      self = .network(.safetensors)
      return
    }
    if start.count > 1, start[0] == 0x80, (2...5).contains(start[1]) { throw Fault.pickle }
    #if NIR
      if start.starts(with: [0x89] + Array("HDF".utf8)) {
        self = .network(.nir)
        return
      }
    #else
      if file.path.hasSuffix(".nir") {
        throw Fault.otherKind(
          "a NIR graph", advice: "build bench with 'swift build --traits NIR' (Scripts/setup --nir)"
        )
      }
    #endif
    for (kind, place, bytes, advice) in Self.others where start.dropFirst(place).starts(with: bytes)
    {
      throw Fault.otherKind(kind, advice: advice)
    }
    if let first = start.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }),
      first == UInt8(ascii: "{")
    {
      self = .shardIndex
      return
    }
    if file.path.hasSuffix(".safetensors") {
      self = .network(.safetensors)
    } else if file.path.hasSuffix(".onnx") || start.starts(with: [0x08]) {
      // The first field of a model is its IR version: a small number.
      self = .network(.onnx)
    } else {
      throw Fault.unknownFormat(start: start)
    }
  }

  /// A length that ends within the file, and an object behind it.
  static func isSafetensors(_ start: [UInt8], size: Int) -> Bool {
    guard start.count > 8, [0x7B, 0x20, 0x09, 0x0A, 0x0D].contains(start[8]) else { return false }
    let length = start[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return length >= 2 && length <= UInt64(max(0, size - 8))
  }

  /// Kinds of files, where their bytes are, and what makes a file that is read.
  private static let others: [(kind: String, place: Int, bytes: [UInt8], advice: String)] = [
    (
      "an HDF5 file, as Keras writes .h5 files and NIR its graphs", 0, [0x89, 0x48, 0x44, 0x46],
      "a NIR graph needs a bench built with 'swift build --traits NIR'; keras: model.export(\"net.onnx\", format=\"onnx\"), or numpy.savez(\"net.npz\", **{v.path: v for v in model.variables})"
    ),
    (
      "a TensorFlow Lite model", 4, Array("TFL3".utf8),
      "export the model that it was made of: model.export(\"net.onnx\", format=\"onnx\")"
    ),
    (
      "one array of NumPy", 0, [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59],
      "numpy.savez(\"net.npz\", W1=..., b1=..., W2=..., b2=...) writes all layers"
    ),
    (
      "a GGUF file", 0, Array("GGUF".utf8),
      "safetensors.torch.save_file(model.state_dict(), \"net.safetensors\") writes the weights"
    ),
  ]

  /// Archives that are no npz, told by names of their members, which stand in them as they are.
  private static func refuseArchives(_ file: RegularFile) throws {
    let count = min(file.size, 1 << 16)
    let bytes =
      try file.read(at: file.size - count, count: count)
      + file.read(at: 0, count: min(file.size, 1 << 12))
    if bytes.holds("data.pkl") { throw ModelFileError.Fault.pickle }
    if bytes.holds("model.weights.h5") {
      throw ModelFileError.Fault.otherKind(
        "a .keras archive",
        advice: "model.export(\"net.onnx\", format=\"onnx\") writes a file that is read")
    }
  }
}
