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
    #if NIR
      /// A NIR graph.
      case nir
    #endif
  }

  /// The network.
  public let weights: NetworkWeights
  /// The file's format, by its first bytes.
  public let format: Format
  /// What the file says beside the weights; npz says nothing.
  public let metadata: [String: String]
  /// The type of numbers in the file, of all tensors in words: `F32`, `F16 and F32`.
  public let fileType: String

  /// What became of its parts, and what was assumed that it does not say.
  public let notes: [ConversionNote]

  /// Where it was read from.
  public let path: String

  /// Reads a network of any format; the first bytes tell which, not the name.
  ///
  /// - Parameters:
  ///   - path: a safetensors, npz or ONNX file, or the index of several safetensors files.
  ///   - options: what the file does not say.
  /// - Throws: `InputError` when the file cannot be read; `ModelFileError` when it is refused or holds
  ///   no network, with all differences.
  public init(path: String, options: ReadingOptions = ReadingOptions()) throws {
    let contents = try ModelFileError.naming(path) {
      let file = try RegularFile(path: path)
      let kind = try FileKind(file)
      switch kind {
      case .network(let format): return (format, try Self.read(file, format, options))
      case .shardIndex:
        return (Format.safetensors, try Self.network(ShardIndex.read(file), options))
      }
    }
    self.path = path
    format = contents.0
    weights = contents.1.weights
    metadata = contents.1.metadata
    notes = contents.1.notes
    fileType = contents.1.fileTypes.sorted().joined(separator: " and ")
  }

  private static func read(
    _ file: RegularFile, _ format: Format, _ options: ReadingOptions
  ) throws -> NetworkContents {
    switch format {
    #if NIR
      case .nir: return try NIRGraph.read(file, options)
    #endif
    case .onnx: return try ONNXModel.read(file, options)
    case .npz:
      let (tensors, others) = try Npz.read(file)
      return try network(
        Safetensors.Contents(tensors: tensors, others: others, metadata: [:]), options)
    case .safetensors:
      if let index = ShardIndex.index(ofPart: file.path) {
        throw ModelFileError.Fault.shard(index: index)
      }
      return try network(Safetensors.read(file), options)
    }
  }

  private static func network(
    _ contents: Safetensors.Contents, _ options: ReadingOptions
  ) throws -> NetworkContents {
    let network = try TensorNetwork(
      contents.tensors, others: contents.others, metadata: contents.metadata, options: options)
    // What this package writes is a chain of ReLU layers: nothing of it is assumed.
    let names = Set(contents.tensors.map(\.name).filter { !$0.hasSuffix("bias") })
    let isOurs =
      contents.metadata[Safetensors.checksumName] != nil
      && names == Set(network.layers.indices.map { "\(2 * $0).weight" })
    return NetworkContents(
      weights: try NetworkWeights(layers: network.layers, biases: network.biases),
      metadata: contents.metadata, fileTypes: Set(contents.tensors.map(\.fileType)),
      notes: isOurs ? network.notes.filter { $0.part != "activations" } : network.notes)
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
    #if NIR
      case .nir: try NIRFile.encode(weights, metadata: metadata)
    #endif
    }
  }
}

/// What is read from a file of any format.
struct NetworkContents {
  let weights: NetworkWeights
  let metadata: [String: String]
  /// What its numbers were.
  let fileTypes: Set<String>
  /// What became of its parts.
  let notes: [ConversionNote]
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
    #if NIR
      case .nir: try self.init(path: path) { $0.starts(with: [0x89] + Array("HDF".utf8)) }
    #endif
    }
  }
}
