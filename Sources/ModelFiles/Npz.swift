internal import Files

/// NumPy's archives of arrays, `numpy.savez` and `savez_compressed`: a zip archive of npy files.
public enum Npz {
  /// Reads the arrays of a file, in the order of its directory.
  ///
  /// - Throws: `InputError` when it cannot be read, `ModelFileError` when it is refused.
  /// - Complexity: memory for the arrays, and 1 MB.
  public static func read(path: String) throws -> [NamedTensor] {
    try ModelFileError.naming(path) {
      let (tensors, others) = try read(RegularFile(path: path))
      if let other = others.first {
        throw ModelFileError.Fault.npy(array: other.name, .unsupportedType(other.type))
      }
      return tensors
    }
  }

  /// Reads arrays of real numbers, and of other types that they are there.
  static func read(
    _ file: RegularFile
  ) throws -> (tensors: [NamedTensor], others: [TensorNetwork.Other]) {
    let directory = try ZipDirectory(file)
    if let other = directory.members.first(where: { !$0.name.hasSuffix(".npy") }) {
      throw ModelFileError.Fault.modelMismatch([
        "member \(shown(other.name)) is no array: expected names that end in .npy"
      ])
    }
    let reader = try ZipReader(file)
    var (tensors, others) = ([NamedTensor](), [TensorNetwork.Other]())
    for (index, member) in directory.members.enumerated() {
      let stream = try reader.open(index, member)
      let name = String(member.name.dropLast(".npy".count))
      switch try Npy.decode(name: name, size: member.size, read: stream.read(upTo:)) {
      case .tensor(let tensor): tensors.append(tensor)
      case .other(let other): others.append(other)
      }
      try stream.finish()
    }
    return (tensors, others)
  }

  /// The bytes of an archive of arrays, as `numpy.load` reads them.
  ///
  /// - Throws: `ModelFileError.Fault` when there is no memory for it.
  public static func encode(_ tensors: [NamedTensor], deflated: Bool = false) throws -> [UInt8] {
    do {
      return try ZipWriter.archive(
        tensors.map { ($0.name + ".npy", Npy.encode($0)) }, deflated: deflated)
    } catch let fault as ZipFault {
      throw ModelFileError.Fault.zip(fault)
    }
  }
}
