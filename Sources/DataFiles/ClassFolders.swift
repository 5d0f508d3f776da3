internal import Datasets
internal import Foundation
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
  init?(_ folder: String) {
    self.folder = folder
    let folders = Self.folders(in: folder)
    func place(_ names: [String]) -> String? {
      names.lazy.compactMap { name in folders.first { $0.lowercased() == name } }.first
    }
    if let train = place(Self.trainingNames), let test = place(Self.testNames) {
      training = folder + "/" + train
      self.test = folder + "/" + test
      let others = folders.filter { $0 != train && $0 != test }
      if !others.isEmpty { notes.append("folders not used: \(others.joined(separator: ", "))") }
    } else {
      (training, test) = (folder, nil)
    }
    guard !Self.folders(in: training).isEmpty else { return nil }
  }

  func dataset(name: String, options: DataOptions) throws(DatasetError) -> Dataset {
    var (ignored, images) = (0, [Part]())
    for place in [training, test].compactMap(\.self) {
      images.append(try Self.read(place, &ignored))
    }
    let all = images.flatMap(\.images)
    let isGrey = options.isGrey || all.allSatisfy(\.image.isGrey)
    let order = options.channelOrder ?? .first
    let first = all[0].image
    var notes = notes
    if !isGrey {
      notes.append(
        order == .first
          ? "colours: plane by plane (--channels last: pixel by pixel; --grey: one number a pixel)"
          : "colours: pixel by pixel")
    }
    if ignored > 0 { notes.append("\(ignored) files that are no images are not read") }
    let rows = images.map { part in
      var values: [Float] = []
      for (_, image) in part.images {
        values += isGrey ? image.grey : image.coloured(order)
      }
      return LabelledRows(
        path: part.folder, columns: first.height * first.width * (isGrey ? 1 : 3), values: values,
        labels: .texts(part.images.map(\.label)))
    }
    let assembly = DatasetAssembly(
      name: name, source: folder,
      shape: Shape(height: first.height, width: first.width, channels: isGrey ? 1 : 3),
      channelOrder: isGrey ? .first : order, isBytes: true, options: DataOptions(), notes: notes,
      isByClass: true, isDivided: false)
    return try assembly.dataset(rows[0], test: rows.count > 1 ? rows[1] : nil)
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
    for name in folders(in: folder) {
      for file in contents(folder + "/" + name) {
        let path = folder + "/" + name + "/" + file
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
          !isFolder.boolValue, try ImageFile.isImage(start: FileBytes(path: path).read(upTo: 8))
        else {
          ignored += 1
          continue
        }
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
        reason: "no image in its folders, expected a folder of PNG, JPEG, PGM or PPM for each class"
      )
    }
    return part
  }

  private static func folders(in folder: String) -> [String] {
    contents(folder).filter { name in
      var isFolder: ObjCBool = false
      return unsafe FileManager.default.fileExists(
        atPath: folder + "/" + name, isDirectory: &isFolder) && isFolder.boolValue
    }
  }

  /// Names in a folder, without hidden ones, sorted.
  static func contents(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
      !$0.hasPrefix(".")
    }.sorted()
  }
}
