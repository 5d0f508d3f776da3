internal import Files
internal import Foundation

/// A recording and its class.
public struct LabelledRecording: Hashable, Sendable {
  /// The file.
  public let path: String
  /// The class, from 0.
  public let label: Int

  /// A recording of a class.
  public init(path: String, label: Int) {
    self.path = path
    self.label = label
  }
}

/// Where sets of recordings and their classes are written down.
public enum RecordingList {
  /// The most classes.
  public static let maximumClasses = 1000
  static let maximumBytes = 64 << 20

  /// The recordings of a folder: those of its lists `train*.txt` and `test*.txt`, or of its folders `Train` and
  /// `Test`, which have a folder for each class.
  ///
  /// - Throws: as below.
  public static func read(
    folder: String
  ) throws(EventFileError) -> (training: [LabelledRecording], test: [LabelledRecording]) {
    if FileManager.default.fileExists(atPath: folder + "/Train") {
      return (
        try read(classFolders: folder + "/Train"), try read(classFolders: folder + "/Test")
      )
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    func list(_ kind: String) throws(EventFileError) -> [LabelledRecording] {
      let name = names.sorted().first { $0.hasPrefix(kind) && $0.hasSuffix(".txt") }
      guard let name else {
        let path = "\(folder)/\(kind)*.txt, or folders Train and Test"
        throw EventFileError(path: path, offset: nil, fault: .input(.missing(path: path)))
      }
      return try read(list: folder + "/" + name)
    }
    return (try list("train"), try list("test"))
  }

  /// A list of names and classes: a line a recording, `ID<TAB>LABEL`, after a line that starts with "#".
  ///
  /// An ID is a number: the file is `ID.bs2` or `ID.bin` in the folder of the list.
  ///
  /// - Throws: `EventFileError`, with the line.
  public static func read(list path: String) throws(EventFileError) -> [LabelledRecording] {
    let source = try ByteSource(path: path)
    guard source.size <= maximumBytes else {
      throw source.error(.headerLimit(limit: maximumBytes), at: 0)
    }
    let folder = URL(filePath: path).deletingLastPathComponent().path
    let bytes = try source.peek(source.size)
    var recordings: [LabelledRecording] = []
    var offset = 0
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, part) in lines.enumerated() {
      let start = offset
      offset += part.count + 1
      let line = String(
        decoding: part.last == UInt8(ascii: "\r") ? part.dropLast() : part, as: UTF8.self)
      if line.isEmpty || line.hasPrefix("#") { continue }
      func wrong(_ found: String, _ expected: String) -> EventFileError {
        source.error(
          .line(number: index + 1, found: found, expected: expected), at: min(start, source.size))
      }
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 2 else {
        throw wrong("\(fields.count) fields", "2, with a tab between")
      }
      guard let id = Int(fields[0]), id >= 0, "\(id)" == fields[0] else {
        throw wrong(fields[0].prefix(40).debugDescription, "the number of a recording")
      }
      guard let label = Int(fields[1]), (0..<maximumClasses).contains(label) else {
        throw wrong(fields[1].prefix(40).debugDescription, "a class in 0...\(maximumClasses - 1)")
      }
      let names = ["bs2", "bin"].map { "\(folder)/\(id).\($0)" }
      recordings.append(
        LabelledRecording(
          path: names.first { FileManager.default.fileExists(atPath: $0) } ?? names[0],
          label: label))
    }
    guard !recordings.isEmpty else {
      throw source.error(
        .line(number: 1, found: "no recording", expected: "lines of ID, tab and class"), at: 0)
    }
    return recordings
  }

  /// A folder of folders, each named by its class: `0/`, `1/`, ..., as N-MNIST's `Train` and `Test`.
  ///
  /// Names that start with "." are skipped. Recordings are in the order of their names, classes in turn.
  ///
  /// - Throws: `EventFileError` for a folder of another name, a class without a folder, or none.
  public static func read(
    classFolders path: String
  ) throws(EventFileError) -> [LabelledRecording] {
    func names(_ folder: String) throws(EventFileError) -> [String] {
      do {
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter {
          !$0.hasPrefix(".")
        }.sorted()
      } catch {
        let isThere = FileManager.default.fileExists(atPath: folder)
        throw EventFileError(
          path: folder, offset: nil,
          fault: .input(
            isThere
              ? .io(path: folder, operation: "list", reason: error.localizedDescription)
              : .missing(path: folder)))
      }
    }
    func wrong(_ found: String, _ expected: String) -> EventFileError {
      EventFileError(path: path, offset: nil, fault: .header(found: found, expected: expected))
    }
    let folders = try names(path)
    var classes: [Int] = []
    for name in folders {
      guard let label = Int(name), "\(label)" == name, (0..<maximumClasses).contains(label) else {
        throw wrong("a folder \(name.prefix(40).debugDescription)", "folders named 0, 1, ...")
      }
      classes.append(label)
    }
    guard let last = classes.max() else { throw wrong("no folder", "folders named 0, 1, ...") }
    if let missing = (0...last).first(where: { !classes.contains($0) }) {
      throw wrong("no folder for class \(missing)", "a folder for each of 0...\(last)")
    }
    var byClass: [[LabelledRecording]] = []
    for label in 0...last {
      let folder = "\(path)/\(label)"
      byClass.append(
        try names(folder).map { LabelledRecording(path: "\(folder)/\($0)", label: label) })
    }
    // In turn: a learner that meets all of a class first forgets it.
    let most = byClass.map(\.count).max() ?? 0
    let recordings = (0..<most).flatMap { place in
      byClass.compactMap { place < $0.count ? $0[place] : nil }
    }
    guard !recordings.isEmpty else { throw wrong("no recording", "recordings in its folders") }
    return recordings
  }
}
