public import Files
public import Networks

extension NetworkWeights {
  /// Reads a network: one `*.weight` of two dimensions a layer, with or without `*.bias`, in the
  /// order of the numbers in their names.
  ///
  /// - Parameters:
  ///   - path: a file that this package or PyTorch wrote.
  ///   - topology: the sizes that the network must have, if they matter.
  /// - Throws: `InputError` when the file cannot be read, `ModelFileError` when it is refused or
  ///   holds another network, with all differences; `NetworkError` for sizes out of range.
  public init(safetensors path: String, topology: Topology? = nil) throws {
    self = try ModelFileError.naming(path) {
      let contents = try Safetensors.read(RegularFile(path: path))
      let network = try TensorNetwork(
        contents.tensors, others: contents.others, metadata: contents.metadata,
        options: ReadingOptions())
      let weights = try NetworkWeights(layers: network.layers, biases: network.biases)
      if let topology, weights.topology != topology {
        throw ModelFileError.Fault.modelMismatch([
          "layers \(weights.topology), expected \(topology)"
        ])
      }
      return weights
    }
  }

  /// The bytes of a safetensors file that holds the network.
  ///
  /// - Parameter metadata: further entries of `__metadata__`.
  public func safetensors(metadata: [String: String] = [:]) -> [UInt8] {
    Safetensors.encode(namedTensors, metadata: metadata)
  }

  /// Writes the network to a safetensors file, whole or not at all; an earlier file of the kind is
  /// replaced, another is kept.
  ///
  /// - Throws: `OutputError`.
  public func write(safetensors path: String, metadata: [String: String] = [:]) throws {
    try AtomicFile(forSafetensors: path).commit(safetensors(metadata: metadata))
  }
}

extension AtomicFile {
  /// A file for weights, opened before the work starts; replaces only what starts as a
  /// safetensors header does.
  public convenience init(forSafetensors path: String) throws(OutputError) {
    try self.init(path: path) { start in start.count > 8 && start[8] == UInt8(ascii: "{") }
  }
}
