public import Files
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

  /// Reads a network of any format; the first bytes tell which, not the name.
  ///
  /// - Parameters:
  ///   - path: a safetensors, npz or ONNX file.
  ///   - layerSizes: the sizes that the network must have, if they matter.
  /// - Throws: `InputError` when the file cannot be read; `ModelFileError` when it is refused or holds
  ///   another network, with all differences.
  public init(path: String, layerSizes: [Int]? = nil) throws {
    self = try ModelFileError.naming(path) {
      let file = try RegularFile(path: path)
      let start = try file.read(at: 0, count: min(file.size, 16))
      let format = try Self.format(start, path: path)
      switch format {
      case .onnx:
        let (weights, metadata) = try ONNXModel.read(file)
        if let layerSizes, weights.layerSizes != layerSizes {
          throw ModelFileError.Fault.modelMismatch([
            "layers \(weights.layerSizes), expected \(layerSizes)"
          ])
        }
        return NetworkFile(
          weights: weights, format: format, metadata: metadata, fileType: "F32")
      case .npz, .safetensors:
        let contents =
          format == .npz
          ? Safetensors.Contents(tensors: try Npz.read(file), metadata: [:])
          : try Safetensors.read(file)
        let tensors = contents.tensors
        return NetworkFile(
          weights: try NetworkWeights(tensors: tensors, layerSizes: layerSizes), format: format,
          metadata: contents.metadata,
          fileType: Set(tensors.map(\.fileType)).sorted().joined(separator: " and "))
      }
    }
  }

  private init(
    weights: NetworkWeights, format: Format, metadata: [String: String], fileType: String
  ) {
    self.weights = weights
    self.metadata = metadata
    self.format = format
    self.fileType = fileType
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
    case .onnx: try ONNXModel.encode(weights, metadata: metadata)
    }
  }
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
