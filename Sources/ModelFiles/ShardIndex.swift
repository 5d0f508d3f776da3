internal import Files
internal import Foundation

/// The index of a network whose tensors are in several safetensors files: `model.safetensors.index.json`, as Hugging
/// Face's libraries write it.
///
/// Only plain names in the index's own folder are opened, and no symbolic links.
enum ShardIndex {
  /// The longest index that is read, and the most files.
  private static let maximumBytes = 1 << 22
  private static let maximumFiles = 1024

  /// Reads all tensors.
  static func read(_ file: RegularFile) throws -> Safetensors.Contents {
    typealias Fault = ModelFileError.Fault
    guard file.size <= maximumBytes else {
      throw Fault.fileTooLarge(found: file.size, limit: maximumBytes)
    }
    let parsed: HeaderJSON
    do { parsed = try HeaderJSON.parse(try file.read(at: 0, count: file.size)) } catch let fault
      as HeaderJSONFault
    {
      throw Fault(fault)
    }
    guard case .object(let members) = parsed,
      case .object(let map)? = members.first(where: { $0.name == "weight_map" })?.value
    else {
      throw Fault.otherKind(
        "a JSON file without 'weight_map'",
        advice: "expected the index of safetensors files, or one of them")
    }
    var places: [String: String] = [:]
    for entry in map {
      guard case .string(let name) = entry.value else {
        throw Fault.badField(
          tensor: entry.name, field: "weight_map", expected: "the name of a file")
      }
      places[entry.name] = name
    }
    let names = Set(places.values).sorted()
    guard !names.isEmpty, names.count <= maximumFiles else {
      throw Fault.badShard("", reason: "\(names.count) files, expected 1...\(maximumFiles)")
    }
    let folder = URL(filePath: file.path).deletingLastPathComponent().path(percentEncoded: false)
    var (tensors, others) = ([NamedTensor](), [TensorNetwork.Other]())
    for name in names {
      guard !name.isEmpty, !name.contains("/"), !name.contains("\\"), name != "..",
        !name.utf8.contains(0)
      else {
        throw Fault.badShard(
          name, reason: "only files in the index's own folder are read, by their plain name")
      }
      let contents: Safetensors.Contents
      do {
        contents = try Safetensors.read(RegularFile(path: folder + "/" + name, followsLink: false))
      } catch {
        throw Fault.badShard(name, reason: "\(error)")
      }
      let found = Set(contents.tensors.map(\.name) + contents.others.map(\.name))
      let expected = Set(places.filter { $0.value == name }.keys)
      if let missing = expected.subtracting(found).min() {
        throw Fault.badShard(
          name, reason: "it does not hold \(shown(missing)), which the index says")
      }
      tensors += contents.tensors.filter { expected.contains($0.name) }
      others += contents.others.filter { expected.contains($0.name) }
    }
    return Safetensors.Contents(tensors: tensors, others: others, metadata: [:])
  }

  /// The index that a part of a network belongs to, by its name: `model-00001-of-00002.safetensors`.
  static func index(ofPart path: String) -> String? {
    let name = URL(filePath: path).lastPathComponent
    guard name.hasSuffix(".safetensors") else { return nil }
    let parts = name.dropLast(".safetensors".count).split(separator: "-")
    guard parts.count > 3, parts[parts.count - 2] == "of", let count = Int(parts[parts.count - 1]),
      count > 1,
      Int(parts[parts.count - 3]) != nil
    else { return nil }
    return parts.dropLast(3).joined(separator: "-") + ".safetensors.index.json"
  }
}
