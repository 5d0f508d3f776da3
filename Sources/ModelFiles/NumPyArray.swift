internal import Files

/// An array of numbers in a file of NumPy: data sets, not weights.
public struct NumPyArray: Sendable, Equatable {
  /// In an archive, without `.npy`; of a file of its own, the name of that.
  public let name: String
  /// The lengths of its dimensions.
  public let shape: [Int]
  /// Whether its elements are unsigned bytes, as pixels are.
  public let isBytes: Bool
  /// Its numbers as Float, last dimension fastest.
  public let elements: [Float]

  /// Reads the arrays of an npz archive, in its order, or the one of an npy file. Arrays in an archive that are no numbers,
  /// as names of classes, are left out.
  ///
  /// - Throws: `InputError`, `ModelFileError` for what is no number, NaN or infinite, cut off, or no such file.
  /// - Complexity: memory for the numbers, and 1 MB.
  public static func read(path: String) throws -> [NumPyArray] {
    try ModelFileError.naming(path) {
      let file = try RegularFile(path: path)
      guard try file.read(at: 0, count: min(file.size, 2)) == Array("PK".utf8) else {
        return [
          try Npy.numbers(name: stem(path), size: file.size, read: file.read(upTo:))
        ]
      }
      let directory = try ZipDirectory(file, ratio: 100)
      let reader = try ZipReader(file)
      return try directory.members.enumerated().compactMap { index, member in
        let stream = try reader.open(index, member)
        let name = member.name.hasSuffix(".npy") ? String(member.name.dropLast(4)) : member.name
        do {
          let array = try Npy.numbers(name: name, size: member.size, read: stream.read(upTo:))
          try stream.finish()
          return array
        } catch ModelFileError.Fault.npy(_, .noNumbers), ModelFileError.Fault.npy(_, .objectArray) {
          return nil
        }
      }
    }
  }

  private static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return name.hasSuffix(".npy") ? String(name.dropLast(4)) : name
  }
}
