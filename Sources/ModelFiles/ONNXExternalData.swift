internal import Files
internal import Foundation

/// Weights beside a model, as PyTorch's exporter writes them: `net.onnx.data`.
///
/// Only plain names in the model's own folder are opened, and no symbolic links: a model cannot have other files read.
/// Format: https://onnx.ai/onnx/repo-docs/ExternalData.html
struct ONNXExternalData {
  /// The model's folder.
  private let folder: String

  init(beside path: String) {
    folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
  }

  /// Reads the data of all tensors that have it elsewhere.
  ///
  /// - Throws: `ONNXFault.externalData`; `InputError`.
  static func load(_ tensors: inout [ONNXTensorProto], from external: ONNXExternalData?) throws {
    var files: [String: RegularFile] = [:]
    var total = 0
    for index in tensors.indices {
      let tensor = tensors[index]
      guard tensor.dataLocation == 1 || !tensor.externalData.isEmpty else { continue }
      guard let external else {
        throw ONNXFault.externalData(tensor: tensor.name, reason: "in another file")
      }
      try external.load(&tensors[index], &files, &total)
    }
  }

  private func load(
    _ tensor: inout ONNXTensorProto, _ files: inout [String: RegularFile], _ total: inout Int
  ) throws {
    let name = tensor.name
    func fault(_ reason: String) -> ONNXFault { .externalData(tensor: name, reason: reason) }
    func entry(_ key: String) -> String? { tensor.externalData.first { $0.key == key }?.value }
    guard var location = entry("location"), !location.isEmpty else {
      throw fault("in a file without a name")
    }
    if location.hasPrefix("./") { location.removeFirst(2) }
    guard !location.contains("/"), !location.contains("\\"), location != "..", location != ".",
      !location.utf8.contains(0)
    else {
      throw fault(
        "in \(shown(location)): only files in the model's own folder are read, by their plain name")
    }
    func number(_ key: String) throws -> Int? {
      guard let text = entry(key) else { return nil }
      guard let value = Int(text), value >= 0 else { throw fault("at \(key) \(shown(text))") }
      return value
    }
    let file: RegularFile
    if let open = files[location] {
      file = open
    } else {
      do {
        file = try RegularFile(path: folder + "/" + location, followsLink: false)
      } catch {
        throw fault("in \(shown(location)) beside the model: \(error)")
      }
      files[location] = file
    }
    let offset = try number("offset") ?? 0
    let length = try number("length") ?? max(0, file.size - offset)
    guard offset <= file.size, length <= file.size - offset else {
      throw fault("\(length) bytes from \(offset) on in \(shown(location)), which has \(file.size)")
    }
    total += length
    guard total <= ONNXModel.maximumBytes else {
      throw ModelFileError.Fault.fileTooLarge(found: total, limit: ONNXModel.maximumBytes)
    }
    guard tensor.rawData.isEmpty else {
      throw fault("there twice: in the model, and in \(shown(location))")
    }
    tensor.rawData = Data(try file.read(at: offset, count: length))
  }
}
