internal import Datasets
internal import Foundation

/// Images in folders.
enum ImageFolder {
  /// The most folders that are looked into.
  private static let mostFolders = 100_000
  /// Endings of files that should be images: one that is none is an error, and no other file.
  private static let endings: Set<String> = [
    "png", "jpg", "jpeg", "pgm", "ppm", "pnm", "pbm", "pam", "bmp", "gif", "tif", "tiff", "webp",
    "heic", "avif",
  ]

  /// Images in a folder and the folders in it, by their names; and how many other files there are. Hidden files are
  /// passed over.
  ///
  /// - Throws: `DatasetError` for what cannot be read.
  static func images(
    in folder: String
  ) throws(DatasetError) -> (paths: [String], others: Int) {
    var (paths, others, seen) = ([String](), 0, Set<String>())
    try add(folder, to: &paths, &others, &seen)
    return (paths, others)
  }

  private static func add(
    _ folder: String, to paths: inout [String], _ others: inout Int, _ seen: inout Set<String>
  ) throws(DatasetError) {
    // Links may make a folder hold itself.
    let place = URL(filePath: folder).resolvingSymlinksInPath().path(percentEncoded: false)
    guard seen.insert(place).inserted else { return }
    guard seen.count <= mostFolders else {
      throw .badData(path: folder, reason: "more than \(mostFolders) folders")
    }
    for name in try contents(of: folder) {
      let path = folder + "/" + name
      if isFolder(path) {
        try add(path, to: &paths, &others, &seen)
      } else if try isImage(path) {
        paths.append(path)
      } else {
        others += 1
      }
    }
  }

  private static func isImage(_ path: String) throws(DatasetError) -> Bool {
    if let ending = path.split(separator: ".").last, endings.contains(ending.lowercased()) {
      return true
    }
    do {
      return try ImageFile.isImage(start: FileBytes(path: path).read(upTo: 8))
    } catch .notARegularFile, .missing {
      // Pipes, and links that lead nowhere.
      return false
    }
  }

  /// Folders in a folder, by their names.
  ///
  /// - Throws: `DatasetError` where it cannot be read.
  static func folders(in folder: String) throws(DatasetError) -> [String] {
    try contents(of: folder).filter { isFolder(folder + "/" + $0) }
  }

  /// Names in a folder, without hidden ones, sorted.
  ///
  /// - Throws: `DatasetError` where it cannot be read.
  static func contents(of folder: String) throws(DatasetError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).filter {
        !$0.hasPrefix(".")
      }.sorted()
    } catch {
      throw .io(path: folder, operation: "read the folder", reason: error.localizedDescription)
    }
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
