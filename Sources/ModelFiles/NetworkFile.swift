public import Files
internal import Foundation
public import Networks

/// A network in a file, of whichever format: what it holds, and how it was written there.
public struct NetworkFile: Sendable {
  /// The formats that are read and written.
  public enum Format: String, Sendable, CaseIterable, Codable {
    /// Hugging Face's, PyTorch's without code.
    case safetensors
    /// NumPy's archive.
    case npz
    /// The Open Neural Network Exchange.
    case onnx
  }

  /// The network.
  public let weights: NetworkWeights
  /// The file's format, by its first bytes.
  public let format: Format
  /// What the file says beside the weights; npz says nothing.
  public let metadata: [String: String]
  /// The type of numbers in the file, of all tensors in words: `F32`, `F16 and F32`.
  public let fileType: String

  /// Where it was read from.
  public let path: String

  /// Reads a network of any format; the first bytes tell which, not the name.
  ///
  /// - Parameter path: a safetensors, npz or ONNX file.
  /// - Throws: `InputError` when the file cannot be read; `ModelFileError` when it is refused or holds
  ///   no network, with all differences.
  public init(path: String) throws {
    let contents = try ModelFileError.naming(path) {
      let file = try RegularFile(path: path)
      let start = try file.read(at: 0, count: min(file.size, 16))
      let format = try Self.format(start, path: path)
      return (format, try Self.read(file, format))
    }
    self.path = path
    format = contents.0
    weights = contents.1.weights
    metadata = contents.1.metadata
    fileType = contents.1.fileTypes.sorted().joined(separator: " and ")
  }

  private static func read(_ file: RegularFile, _ format: Format) throws -> NetworkContents {
    let (tensors, metadata): ([NamedTensor], [String: String])
    switch format {
    case .onnx: return try ONNXModel.read(file)
    case .npz: (tensors, metadata) = (try Npz.read(file), [:])
    case .safetensors:
      let contents = try Safetensors.read(file)
      (tensors, metadata) = (contents.tensors, contents.metadata)
    }
    return NetworkContents(
      weights: try NetworkWeights(tensors: tensors, topology: nil), metadata: metadata,
      fileTypes: Set(tensors.map(\.fileType)))
  }

  /// Checks that the network has these layers.
  ///
  /// - Throws: `ModelFileError` with both.
  public func require(topology: Topology) throws(ModelFileError) {
    guard weights.topology != topology else { return }
    throw ModelFileError(
      path: path,
      fault: .modelMismatch([
        "layers \(weights.topology), expected \(topology)"
      ]))
  }

  /// An entry of the metadata that holds JSON; `nil` where there is none.
  ///
  /// - Throws: `ModelFileError` where it cannot be decoded: a network without its scales is another one.
  public func decoded<Value: Decodable>(
    _ name: String, as: Value.Type
  ) throws(ModelFileError) -> Value? {
    guard let text = metadata[name] else { return nil }
    do {
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
      let reason =
        if case DecodingError.dataCorrupted(let context)? = error as? DecodingError {
          context.debugDescription
        } else {
          "\(error)"
        }
      throw ModelFileError(path: path, fault: .badMetadata(name: name, reason: reason))
    }
  }

  /// The format of a file that starts so.
  private static func format(
    _ start: [UInt8], path: String
  ) throws(ModelFileError.Fault) -> Format {
    if start.starts(with: Array("PK".utf8)) { return .npz }
    // A pickle of protocol 2 to 5.
    if start.count > 1, start[0] == 0x80, (2...5).contains(start[1]) { throw .pickle }
    let isHeader = start.count > 8 && [0x7B, 0x20, 0x09, 0x0A, 0x0D].contains(start[8])
    if path.hasSuffix(".safetensors") || (isHeader && start[4..<8].allSatisfy { $0 == 0 }) {
      return .safetensors
    }
    // The first field of a model is its IR version: a small number.
    if path.hasSuffix(".onnx") || start.starts(with: [0x08]) { return .onnx }
    throw .unknownFormat(start: start)
  }

  /// The bytes of a file of a network.
  ///
  /// - Parameter metadata: entries beyond the weights; npz has no place for them.
  /// - Throws: `ModelFileError.Fault` when there is no memory for it.
  public static func encode(
    _ weights: NetworkWeights, as format: Format, metadata: [String: String] = [:]
  ) throws -> [UInt8] {
    switch format {
    case .safetensors: weights.safetensors(metadata: metadata)
    case .npz: try Npz.encode(weights.namedTensors)
    case .onnx: ONNXModel.encode(weights, metadata: metadata)
    }
  }
}

/// What is read from a file of any format.
struct NetworkContents {
  let weights: NetworkWeights
  let metadata: [String: String]
  /// What its numbers were.
  let fileTypes: Set<String>
}

extension AtomicFile {
  /// A file for a network, opened before the work starts; replaces only what starts as a file of the
  /// format does.
  public convenience init(
    forNetwork path: String, format: NetworkFile.Format
  ) throws(OutputError) {
    switch format {
    case .safetensors: try self.init(forSafetensors: path)
    case .npz: try self.init(path: path) { $0.starts(with: [0x50, 0x4B, 3, 4]) }
    case .onnx: try self.init(path: path) { $0[0] == 0x08 }
    }
  }
}
