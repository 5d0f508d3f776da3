internal import Foundation
internal import Networks

/// A folder with the four IDX files of a dataset in the form of MNIST, plain or gzip, under the names that people have:
/// `train-images-idx3-ubyte`, `train-images.idx3-ubyte`, `emnist-letters-test-images-idx3-ubyte.gz`; in the folder
/// itself, in `raw`, `NAME/raw` (the root that torchvision is given), or each in a folder of its own name.
public enum IDXFolder {
  /// What can be read as a dataset, under one name.
  struct Found {
    /// What stands before `train` or `test` in the names of its files, or, in folders of several, that of its folder.
    let name: String
    /// Path by part (`train`, `test`) and kind (`images`, `labels`).
    var paths: [String: String] = [:]

    /// Letters and digits of a name: `FashionMNIST` is `fashion-mnist`.
    static func bare(_ name: String) -> String {
      name.lowercased().filter { $0.isLetter || $0.isNumber }
    }

    func isNamed(_ other: String) -> Bool { Self.bare(name) == Self.bare(other) }
  }

  /// Names under which the files are looked for first.
  static let usualNames = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ]

  /// Whether the folder holds files of a dataset.
  ///
  /// - Parameter name: what it must be called, where files or folders have names of their own.
  public static func isPresent(at folder: String, named name: String? = nil) -> Bool {
    let all = search(folder)
    return name.map { name in all.contains { $0.name.isEmpty || $0.isNamed(name) } } ?? !all.isEmpty
  }

  /// Reads all four files. Pixels are divided by 255.
  ///
  /// - Parameters:
  ///   - folder: where the files are.
  ///   - name: what to call the dataset; of several in a folder, as EMNIST's or those of torchvision's root, which one.
  ///   - isNamed: whether files or folders that have another name are others.
  ///   - classes: labels must be below this; `nil`: as many as the labels say.
  /// - Throws: `DatasetError` for the first file that is missing or wrong.
  /// - Complexity: O(bytes of the files); 4 bytes of memory a pixel.
  public static func load(
    from folder: String, name: String, isNamed: Bool = false, classes: Int? = nil
  ) throws(DatasetError) -> Dataset {
    let found = try choose(folder, name: name, isNamed: isNamed)
    func path(_ part: String, _ kind: String) throws(DatasetError) -> String {
      guard let path = found.paths["\(part) \(kind)"] else {
        let usual = usualNames.first {
          $0.hasPrefix(part == "train" ? "train" : "t10k") && $0.contains(kind)
        }!
        throw .missingFile(folder: folder, names: [usual, usual + ".gz"])
      }
      return path
    }
    let training = try Part(
      images: path("train", "images"), labels: path("train", "labels"), shape: nil)
    let test = try Part(
      images: path("test", "images"), labels: path("test", "labels"), shape: training.shape)
    let count: Int
    if let classes {
      count = classes
    } else {
      count = try LabelNames.classes(in: [training.labels, test.labels], path: folder)
    }
    for part in [training, test] { try part.check(classes: count) }
    let unused = LabelNames.unused(training.labels + test.labels, classes: count)
    return Dataset(
      name: name, source: folder,
      shape: Shape(height: training.shape[0], width: training.shape[1], channels: 1),
      training: training.images(classes: count, unused: unused),
      test: test.images(classes: count, unused: unused),
      notes: LabelNames.notes(unused: unused, classes: count))
  }

  /// The files of one dataset.
  private static func choose(
    _ folder: String, name: String, isNamed: Bool
  ) throws(DatasetError) -> Found {
    let all = search(folder)
    let named = all.filter { $0.isNamed(name) }
    if named.count == 1 { return named[0] }
    let fits = isNamed ? all.filter(\.name.isEmpty) : all
    if fits.count == 1 { return fits[0] }
    guard !fits.isEmpty else {
      // Names of a folder that is not there, too.
      try folderExists(folder)
      throw .missingFile(folder: folder, names: usualNames.flatMap { [$0, $0 + ".gz"] })
    }
    if let plain = all.first(where: \.name.isEmpty) { return plain }
    throw .severalDatasets(folder: folder, names: all.map(\.name))
  }

  static func folderExists(_ folder: String) throws(DatasetError) {
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw .missing(path: folder)
    }
    guard isFolder.boolValue else { throw .notAFolder(path: folder) }
  }

  /// Datasets in a folder: in it, in `raw`, or in the `raw` of folders in it.
  private static func search(_ folder: String) -> [Found] {
    let base = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    for place in [base, base + "/raw"] {
      let found = files(in: place)
      if !found.isEmpty { return found }
    }
    return contents(base).filter { meaning($0) == nil }.prefix(100).flatMap { name in
      let found = files(in: base + "/" + name + "/raw")
      // EMNIST's parts have names of their own.
      return found.map { Found(name: $0.name.isEmpty ? name : $0.name, paths: $0.paths) }
    }
  }

  private static func contents(_ path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter {
      !$0.hasPrefix(".")
    }.sorted()
  }

  /// Datasets whose files are in one folder, by what stands before `train` or `test` in their names.
  private static func files(in folder: String) -> [Found] {
    let separators: CharacterSet = ["-", "_", ".", " "]
    var found: [String: Found] = [:]
    for name in contents(folder).prefix(10_000) {
      guard let (prefix, key) = meaning(name) else { continue }
      var path = folder + "/" + name
      var isFolder: ObjCBool = false
      if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
        isFolder.boolValue
      {
        // Archives unpacked by some tools: a folder of the file's name around it.
        path += "/" + name
        guard FileManager.default.fileExists(atPath: path) else { continue }
      }
      let bare = prefix.trimmingCharacters(in: separators)
      var set = found[bare] ?? Found(name: bare)
      // The plain file before the compressed one.
      if set.paths[key] == nil || !name.hasSuffix(".gz") { set.paths[key] = path }
      found[bare] = set
    }
    return found.values.sorted { $0.name < $1.name }
  }

  /// `emnist-letters-train-images-idx3-ubyte.gz` is of `emnist-letters-`, and `train images`.
  static func meaning(_ file: String) -> (prefix: String, key: String)? {
    let name = file.hasSuffix(".gz") ? String(file.dropLast(3)) : file
    for (part, words) in [("train", ["train"]), ("test", ["t10k", "test"])] {
      for (kind, rank) in [("images", "3"), ("labels", "1")] {
        for word in words {
          for dot in ["-", ".", "_"] {
            let end = "\(word)-\(kind)\(dot)idx\(rank)-ubyte"
            if name.hasSuffix(end) { return (String(name.dropLast(end.count)), "\(part) \(kind)") }
          }
        }
      }
    }
    return nil
  }

  /// Images and labels of a part, as the files have them.
  private struct Part {
    let array: IDXArray
    let labels: [Int]
    let labelsPath: String
    let shape: [Int]

    init(images path: String, labels labelsPath: String, shape expected: [Int]?)
      throws(DatasetError)
    {
      array = try IDXArray(contentsOf: path, rank: 3)
      let labels = try IDXArray(contentsOf: labelsPath, rank: 1)
      guard array.dimensions.allSatisfy({ $0 > 0 }) else {
        throw .emptyDataset(path: path, dimensions: array.dimensions)
      }
      shape = Array(array.dimensions.dropFirst())
      if let expected, shape != expected {
        throw .shapeMismatch(path: path, found: shape, expected: expected)
      }
      guard array.dimensions[0] == labels.dimensions[0] else {
        throw .countMismatch(
          images: array.dimensions[0], labels: labels.dimensions[0], path: labelsPath)
      }
      guard shape[0] * shape[1] <= NetworkWeights.maximumLayerWidth else {
        throw .sizeOverflow(path: path, dimensions: array.dimensions)
      }
      self.labels = labels.elements.map(Int.init)
      self.labelsPath = labelsPath
    }

    func check(classes: Int) throws(DatasetError) {
      if let index = labels.firstIndex(where: { $0 >= classes }) {
        throw .labelOutOfRange(
          path: labelsPath, index: index, value: labels[index], classes: classes)
      }
    }

    func images(classes: Int, unused: Set<Int>) -> LabelledImages {
      let pixels = shape[0] * shape[1]
      let matrix = Matrix(rows: array.dimensions[0], columns: pixels) { row, column in
        Float(array.elements[row * pixels + column]) / 255
      }
      return LabelledImages(
        images: matrix, labels: labels, classes: classes, unusedClasses: unused)
    }
  }
}
