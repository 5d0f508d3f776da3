internal import Datasets
internal import Networks

/// A folder with a folder of images for each class, as torchvision's `ImageFolder` and Keras read it, or two of them,
/// `train` and `test`.
struct ClassFolders {
  private static let trainingNames = ["train", "training"]
  private static let testNames = ["test", "testing", "val", "valid", "validation"]

  private let folder: String
  private let training: String
  private let test: String?
  private var notes: [String] = []

  /// `nil` where no folder in it holds an image.
  ///
  /// - Throws: `DatasetError` for folders that cannot be read.
  init?(_ folder: String) throws(DatasetError) {
    self.folder = folder
    let folders = try ImageFolder.folders(in: folder)
    func place(_ names: [String]) -> String? {
      names.lazy.compactMap { name in folders.first { $0.lowercased() == name } }.first
    }
    var others = try ImageFolder.contents(of: folder).filter { !folders.contains($0) }
    if let train = place(Self.trainingNames), let test = place(Self.testNames) {
      training = folder + "/" + train
      self.test = folder + "/" + test
      others += folders.filter { $0 != train && $0 != test }
    } else {
      (training, test) = (folder, nil)
    }
    var holdsImages = false
    for name in try ImageFolder.folders(in: training) where !holdsImages {
      holdsImages = try !ImageFolder.images(in: training + "/" + name).paths.isEmpty
    }
    guard holdsImages else { return nil }
    if !others.isEmpty {
      notes.append("not used: \(others.prefix(8).joined(separator: ", "))")
    }
  }

  func dataset(name: String, options: DataOptions) throws(DatasetError) -> Dataset {
    var ignored = 0
    var parts: [Part] = []
    for place in [training, test].compactMap(\.self) {
      parts.append(try Self.read(place, &ignored))
    }
    let images = parts.flatMap(\.images).map(\.image)
    let isGrey = options.isGrey || images.allSatisfy(\.isGrey)
    let order = options.channelOrder ?? .first
    let first = images[0]
    var notes = notes
    if !isGrey {
      notes.append(
        order == .first
          ? "colours: plane by plane (--channels last: pixel by pixel; --grey: one number a pixel)"
          : "colours: pixel by pixel")
    }
    if ignored > 0 { notes.append("\(ignored) files that are no images are not read") }
    let shape = Shape(height: first.height, width: first.width, channels: isGrey ? 1 : 3)
    let rows = parts.map { part in
      var values: [Float] = []
      for (_, image) in part.images { values += isGrey ? image.grey : image.coloured(order) }
      return LabelledRows(
        path: part.folder, columns: shape.count, values: values,
        labels: .texts(part.images.map(\.label)), numbers: .unit)
    }
    return try DatasetAssembly(
      name: name, source: folder, shape: shape, channelOrder: isGrey ? .first : order,
      options: options, notes: notes, isByClass: true
    ).dataset(rows[0], test: rows.count > 1 ? rows[1] : nil)
  }

  private struct Part {
    let folder: String
    var images: [(label: String, image: DecodedImage)] = []
  }

  /// All images of a part, class by class, by their names.
  private static func read(_ folder: String, _ ignored: inout Int) throws(DatasetError) -> Part {
    var part = Part(folder: folder)
    var size: (height: Int, width: Int, path: String)?
    var values = 0
    for name in try ImageFolder.folders(in: folder) {
      let found = try ImageFolder.images(in: folder + "/" + name)
      ignored += found.others
      // A class that is left out would shift the numbers of those behind it.
      guard !found.paths.isEmpty else {
        throw .badData(
          path: folder + "/" + name,
          reason:
            "no image in this folder, expected PNG, JPEG, PGM or PPM: it would be a class without examples"
        )
      }
      for path in found.paths {
        let image = try ImageFile.read(path: path)
        if let size, (size.height, size.width) != (image.height, image.width) {
          throw .badImage(
            path: path,
            reason:
              "\(image.width) x \(image.height) pixels, where \(size.path) has \(size.width) x "
              + "\(size.height): make all images of one size, as by mogrify -resize "
              + "\(size.width)x\(size.height)! *")
        }
        size = size ?? (image.height, image.width, path)
        values += image.values.count
        guard values <= IDXArray.maximumElements else {
          throw .badImage(
            path: path, reason: "more than \(IDXArray.maximumElements) numbers in all")
        }
        part.images.append((name, image))
      }
    }
    guard !part.images.isEmpty else {
      throw .badData(
        path: folder,
        reason: "no folders in it, expected a folder of PNG, JPEG, PGM or PPM for each class")
    }
    return part
  }
}
