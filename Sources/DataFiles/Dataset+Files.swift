public import Datasets
internal import Files
internal import ModelFiles
internal import Networks

extension Dataset {
  /// Reads somebody's own data, whatever form of these it has:
  ///
  /// - a folder with four IDX files under their usual names (`IDXFolder`), or the binary files of CIFAR-10 or CIFAR-100;
  /// - a folder with a folder of images a class (PNG, JPEG, PGM, PPM), or two such, `train` and `test`;
  /// - pairs of arrays, `x_train`, `y_train`, `x_test`, `y_test`, or `x` and `y`, in an npz file or a folder of npy files;
  /// - a table with a column of labels, or a folder with two, whose names say `train` and `test`.
  ///
  /// Classes are numbers, or names in alphabetical order. Without a test part a fifth of each class is drawn, with a fixed
  /// seed. What was assumed is in `notes`.
  ///
  /// - Parameters:
  ///   - path: a file or folder.
  ///   - name: what to call the dataset.
  ///   - options: what the files do not say; those that are about other forms are refused.
  /// - Throws: `DatasetError`.
  /// - Complexity: O(bytes of the files); 4 bytes of memory a number, twice while it is read.
  public init(
    contentsOf path: String, name: String, options: DataOptions = DataOptions()
  ) throws(DatasetError) {
    self =
      ImageFolder.isFolder(path)
      ? try Self.folder(path, name, options) : try Self.file(path, name, options)
  }

  private static func folder(
    _ path: String, _ name: String, _ options: DataOptions
  ) throws(DatasetError) -> Dataset {
    if IDXFolder.isPresent(at: path) {
      try options.check(.idx, path)
      return try IDXFolder.load(from: path, name: name)
    }
    if let cifar = CIFARFolder(path) {
      try options.check(.cifar, path)
      return try cifar.dataset(name: name, options: options)
    }
    if let folders = try ClassFolders(path) {
      try options.check(.images, path)
      return try folders.dataset(name: name, options: options)
    }
    let files = try ImageFolder.contents(of: path)
    let arrays = files.filter { $0.hasSuffix(".npy") }
    if !arrays.isEmpty {
      try options.check(.arrays, path)
      var all: [NumPyFile] = []
      for file in arrays { all.append(try Self.arrays(path + "/" + file)) }
      return try dataset(LabelledArrays(all, path: path, options: options), path, name, options)
    }
    let tables = files.filter { isTableName($0) }
    if !tables.isEmpty { return try Self.tables(tables, path, name, options) }
    let archives = files.filter { $0.hasSuffix(".npz") }
    if archives.count == 1 { return try file(path + "/" + archives[0], name, options) }
    guard archives.isEmpty else { throw .severalDatasets(folder: path, names: archives) }
    throw .badData(
      path: path,
      reason:
        "no data in it that is known: expected IDX files (train-images-idx3-ubyte, ...), a folder of images for "
        + "each class, npz, npy or CSV files, or the binary files of CIFAR-10")
  }

  private static func isTableName(_ name: String) -> Bool {
    let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
    return [".csv", ".tsv"].contains { plain.lowercased().hasSuffix($0) }
  }

  private static func tables(
    _ files: [String], _ folder: String, _ name: String, _ options: DataOptions
  ) throws(DatasetError) -> Dataset {
    try options.check(.table, folder)
    if files.count == 1 { return try file(folder + "/" + files[0], name, options) }
    let training = files.filter { $0.lowercased().contains("train") }
    let test = files.filter { $0.lowercased().contains("test") }
    guard training.count == 1, test.count == 1, training != test else {
      throw .badData(
        path: folder,
        reason:
          "tables \(files.prefix(8).joined(separator: ", ")), expected one with 'train' in its name and one "
          + "with 'test'")
    }
    let learned = try LabelledTable(path: folder + "/" + training[0], options: options)
    let judged = try LabelledTable(
      path: folder + "/" + test[0], options: options, like: learned)
    return try dataset(learned, judged, folder, name, options)
  }

  private static func file(
    _ path: String, _ name: String, _ options: DataOptions
  ) throws(DatasetError) -> Dataset {
    switch try DataFileKind(path: path) {
    case .archive:
      try options.check(.arrays, path)
      let file = try arrays(path, where: LabelledArrays.isWanted)
      return try dataset(LabelledArrays([file], path: path, options: options), path, name, options)
    case .table:
      try options.check(.table, path)
      return try dataset(try LabelledTable(path: path, options: options), nil, path, name, options)
    case .array:
      throw .badData(
        path: path,
        reason:
          "one array of NumPy: give the folder that holds x_train.npy, y_train.npy, x_test.npy and y_test.npy"
      )
    case .idx:
      throw .badData(path: path, reason: "one IDX file: give the folder that holds all four")
    case .image, .netpbm:
      throw .badData(
        path: path,
        reason: "one image: give the folder that holds a folder of images for each class")
    case .empty:
      throw .badData(path: path, reason: "an empty file, expected a table, npz or a folder")
    case .other(let kind):
      throw .badData(path: path, reason: "\(kind), expected a table, npz or a folder")
    }
  }

  /// The arrays of a file, whose faults are those of a dataset.
  static func arrays(
    _ path: String, where isWanted: (String) -> Bool = { _ in true }
  ) throws(DatasetError) -> NumPyFile {
    do {
      return try NumPyFile(path: path, where: isWanted)
    } catch let error as InputError {
      throw DatasetError(error)
    } catch let error as ModelFileError {
      throw .badData(path: path, reason: "\(error.fault)")
    } catch {
      throw .badData(path: path, reason: "\(error)")
    }
  }

  private static func dataset(
    _ arrays: LabelledArrays, _ path: String, _ name: String, _ options: DataOptions
  ) throws(DatasetError) -> Dataset {
    try DatasetAssembly(
      name: name, source: path, shape: arrays.shape, channelOrder: arrays.channelOrder,
      options: options, notes: arrays.notes
    ).dataset(arrays.training, test: arrays.test)
  }

  private static func dataset(
    _ table: LabelledTable, _ test: LabelledTable?, _ path: String, _ name: String,
    _ options: DataOptions
  ) throws(DatasetError) -> Dataset {
    let columns = table.rows.columns
    guard columns <= NetworkWeights.maximumLayerWidth else {
      throw .badData(
        path: path,
        reason: "\(columns) numbers a row, expected at most \(NetworkWeights.maximumLayerWidth)")
    }
    let square = Shape(squareOf: columns)
    return try DatasetAssembly(
      name: name, source: path, shape: square ?? Shape(units: columns),
      channelOrder: square == nil ? .last : .first, options: options,
      notes: table.notes + (test?.notes ?? [])
    ).dataset(table.rows, test: test?.rows)
  }
}
