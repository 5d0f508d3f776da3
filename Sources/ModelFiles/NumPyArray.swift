internal import Files

/// An array in a file of NumPy: of a data set, not of weights.
public struct NumPyArray: Sendable, Equatable {
  /// In an archive, without `.npy`; of a file of its own, the name of that.
  public let name: String
  /// The lengths of its dimensions.
  public let shape: [Int]
  /// Whether its elements are unsigned bytes, as pixels are.
  public let isBytes: Bool
  /// Its numbers as Float, last dimension fastest; none of texts.
  public let elements: [Float]
  /// Its texts, where it has them.
  public let texts: [String]?
}

/// The arrays of an npz archive, in its order, or the one of an npy file.
public struct NumPyFile: Sendable {
  /// Those that were read.
  public private(set) var arrays: [NumPyArray] = []
  /// Those of an archive that were not: by their names, and why.
  public private(set) var others: [(name: String, reason: String)] = []

  /// Reads a file.
  ///
  /// - Parameter isWanted: which arrays of an archive; others are named, and not looked into.
  /// - Throws: `InputError`; `ModelFileError` for what is no such file, is cut off or damaged, and, of a single array,
  ///   for NaN, and elements that are neither numbers nor texts.
  /// - Complexity: memory for the numbers, and 1 MB.
  public init(path: String, where isWanted: (_ name: String) -> Bool = { _ in true }) throws {
    try ModelFileError.naming(path) {
      let file = try RegularFile(path: path)
      guard try file.read(at: 0, count: min(file.size, 2)) == Array("PK".utf8) else {
        arrays = [try Npy.data(name: Self.stem(path), size: file.size, read: file.read(upTo:))]
        return
      }
      // Deflate makes a thousandth of zeros at best: of data anything that it can make.
      let directory = try ZipDirectory(file, ratio: 1100)
      let reader = try ZipReader(file)
      for (index, member) in directory.members.enumerated() {
        let name = Self.stem(member.name)
        guard isWanted(name) else {
          others.append((name, "not asked for"))
          continue
        }
        let stream = try reader.open(index, member)
        do {
          let array = try Npy.data(name: name, size: member.size, read: stream.read(upTo:))
          try stream.finish()
          arrays.append(array)
        } catch let fault as ModelFileError.Fault {
          others.append((name, "\(fault)"))
        }
      }
    }
  }

  private static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return name.hasSuffix(".npy") ? String(name.dropLast(4)) : name
  }
}
