internal import Networks

/// A folder with the four IDX files of MNIST, or of a dataset in its form, plain or gzip.
public enum MNISTFolder {
  /// Names under which each of the four files is looked for; `.gz` may follow.
  static let trainingImages = ["train-images-idx3-ubyte", "train-images.idx3-ubyte"]
  static let trainingLabels = ["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"]
  static let testImages = ["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"]
  static let testLabels = ["t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"]

  /// Whether the folder holds a file under one of the names of the test images.
  public static func isPresent(at folder: String) -> Bool {
    (try? path(of: testImages, in: folder)) != nil
  }

  /// Reads all four files. Pixels are divided by 255.
  ///
  /// - Parameters:
  ///   - folder: where the files are.
  ///   - name: what to call the dataset.
  ///   - classes: labels must be below this.
  /// - Throws: `DatasetError` for the first file that is missing or wrong.
  /// - Complexity: O(bytes of the files); 4 bytes of memory a pixel.
  public static func load(
    from folder: String, name: String, classes: Int = 10
  ) throws(DatasetError) -> Dataset {
    let (training, shape) = try part(
      images: path(of: trainingImages, in: folder), labels: path(of: trainingLabels, in: folder),
      classes: classes, expectedShape: nil)
    let (test, _) = try part(
      images: path(of: testImages, in: folder), labels: path(of: testLabels, in: folder),
      classes: classes, expectedShape: shape)
    return Dataset(
      name: name, source: folder, height: shape[0], width: shape[1], training: training,
      test: test)
  }

  private static func path(of names: [String], in folder: String) throws(DatasetError) -> String {
    for name in names.flatMap({ [$0, $0 + ".gz"] }) {
      let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
      do {
        _ = try FileBytes(path: path)
        return path
      } catch .missing {
        continue
      }
    }
    throw .missingFile(folder: folder, names: names.flatMap { [$0, $0 + ".gz"] })
  }

  private static func part(
    images imagesPath: String, labels labelsPath: String, classes: Int, expectedShape: [Int]?
  ) throws(DatasetError) -> (LabelledImages, shape: [Int]) {
    let images = try IDXArray(contentsOf: imagesPath, rank: 3)
    let labels = try IDXArray(contentsOf: labelsPath, rank: 1)
    guard images.dimensions.allSatisfy({ $0 > 0 }) else {
      throw .emptyDataset(path: imagesPath, dimensions: images.dimensions)
    }
    let shape = Array(images.dimensions.dropFirst())
    if let expectedShape, shape != expectedShape {
      throw .shapeMismatch(path: imagesPath, found: shape, expected: expectedShape)
    }
    guard images.dimensions[0] == labels.dimensions[0] else {
      throw .countMismatch(
        images: images.dimensions[0], labels: labels.dimensions[0], path: labelsPath)
    }
    if let index = labels.elements.firstIndex(where: { $0 >= classes }) {
      throw .labelOutOfRange(
        path: labelsPath, index: index, value: Int(labels.elements[index]), classes: classes)
    }
    let pixels = shape[0] * shape[1]
    guard pixels <= NetworkWeights.maximumLayerWidth else {
      throw .sizeOverflow(path: imagesPath, dimensions: images.dimensions)
    }
    let matrix = Matrix(rows: images.dimensions[0], columns: pixels) { row, column in
      Float(images.elements[row * pixels + column]) / 255
    }
    let result = LabelledImages(
      images: matrix, labels: labels.elements.map(Int.init), classes: classes)
    return (result, shape)
  }
}
