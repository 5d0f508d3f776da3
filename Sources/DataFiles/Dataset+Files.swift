public import Datasets
internal import Files
internal import Foundation
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
  ///   - options: what the files do not say.
  /// - Throws: `DatasetError`.
  /// - Complexity: O(bytes of the files); 4 bytes of memory a number, twice while it is read.
  public init(
    contentsOf path: String, name: String, options: DataOptions = DataOptions()
  ) throws(DatasetError) {
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .missing(path: path)
    }
    self =
      isFolder.boolValue
      ? try Self.folder(path, name, options) : try Self.file(path, name, options)
  }

  private static func folder(
    _ path: String, _ name: String, _ options: DataOptions
  ) throws(DatasetError) -> Dataset {
    if IDXFolder.isPresent(at: path) { return try IDXFolder.load(from: path, name: name) }
    if let cifar = CIFARFolder(path) { return try cifar.dataset(name: name, options: options) }
    let files = ClassFolders.contents(path)
    let arrays = files.filter { $0.hasSuffix(".npy") }
    if !arrays.isEmpty {
      var all: [NumPyArray] = []
      for file in arrays { all += try Self.arrays(path + "/" + file) }
      return try dataset(LabelledArrays(all, path: path, options: options), path, name, options)
    }
    let tables = files.filter { isTableName($0) }
    if !tables.isEmpty { return try Self.tables(tables, path, name, options) }
    let archives = files.filter { $0.hasSuffix(".npz") }
    if archives.count == 1 { return try file(path + "/" + archives[0], name, options) }
    if archives.count > 1 {
      throw .severalDatasets(folder: path, names: archives)
    }
    if let folders = ClassFolders(path) {
      return try folders.dataset(name: name, options: options)
    }
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
    let judged = try LabelledTable(path: folder + "/" + test[0], options: options)
    return try dataset(learned, judged.rows, folder, name, options)
  }

  private static func file(
    _ path: String, _ name: String, _ options: DataOptions
  ) throws(DatasetError) -> Dataset {
    let start = try FileBytes(path: path).read(upTo: 8)
    if start.starts(with: Array("PK".utf8)) {
      return try dataset(
        LabelledArrays(try arrays(path), path: path, options: options), path, name, options)
    }
    if start.starts(with: [0x93] + Array("NUMPY".utf8)) {
      throw .badData(
        path: path,
        reason:
          "one array of NumPy: give the folder that holds x_train.npy, y_train.npy, x_test.npy and y_test.npy"
      )
    }
    if start.starts(with: [0, 0, 8]) {
      throw .badData(path: path, reason: "one IDX file: give the folder that holds all four")
    }
    if ImageFile.isImage(start: start) {
      throw .badData(
        path: path,
        reason: "one image: give the folder that holds a folder of images for each class")
    }
    guard let first = start.first(where: { ![0x20, 0x09].contains($0) }) else {
      throw .badData(path: path, reason: "an empty file, expected a table, npz or a folder")
    }
    // Tables are text; the gzip of one may be.
    guard first == 0x1F || first >= 0x20 || first == 0x0A || first == 0x0D, first != 0x7B else {
      throw .badData(path: path, reason: "no data that is known: expected a table, npz or a folder")
    }
    return try dataset(try LabelledTable(path: path, options: options), nil, path, name, options)
  }

  static func arrays(_ path: String) throws(DatasetError) -> [NumPyArray] {
    do {
      return try NumPyArray.read(path: path)
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
      isBytes: arrays.isBytes, options: options, notes: arrays.notes
    ).dataset(arrays.training, test: arrays.test)
  }

  private static func dataset(
    _ table: LabelledTable, _ test: LabelledRows?, _ path: String, _ name: String,
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
      name: name, source: path,
      shape: square ?? Shape(units: columns), channelOrder: square == nil ? .last : .first,
      isBytes: false,
      options: options, notes: table.notes
    ).dataset(table.rows, test: test)
  }
}
