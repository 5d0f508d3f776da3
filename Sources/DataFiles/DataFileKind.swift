internal import Datasets

/// What a file of data is, by its bytes.
enum DataFileKind: Equatable {
  /// PNG or JPEG.
  case image
  /// PGM or PPM, one or several.
  case netpbm
  /// An IDX file, plain or gzip.
  case idx
  /// One array of NumPy, and an archive of some.
  case array, archive
  /// Text.
  case table
  case empty
  /// Something that is not read, by its name.
  case other(String)

  /// - Throws: `DatasetError` where the file cannot be read.
  init(path: String) throws(DatasetError) {
    var bytes = try AnyBytes(path: path)
    self.init(start: try bytes.read(upTo: 512))
  }

  /// - Parameter start: the first 512 bytes, or all that there are.
  init(start: [UInt8]) {
    if start.isEmpty {
      self = .empty
    } else if NetpbmReader.isStart(start) {
      self = .netpbm
    } else if ImageFile.isImage(start: start) {
      self = .image
    } else if start.starts(with: [0x93] + Array("NUMPY".utf8)) {
      self = .array
    } else if start.starts(with: Array("PK".utf8)) {
      self = .archive
    } else if start.count >= 4, start[0] == 0, start[1] == 0, (8...14).contains(start[2]) {
      self = .idx
    } else if let kind = ImageFile.otherKind(start: start) {
      self = .other(kind)
    } else if start.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") {
      self = .other("JSON")
    } else if start.first == UInt8(ascii: "<") {
      self = .other("HTML or XML")
    } else if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
      self = .other("text in UTF-16; write it in UTF-8")
    } else if start.contains(where: { $0 < 0x20 && !(0x09...0x0D).contains($0) }) {
      self = .other("a binary file of no kind that is known")
    } else {
      self = .table
    }
  }
}

extension DataOptions {
  /// Forms of data, by what can be said of them.
  enum Form: String {
    case idx = "IDX files"
    case cifar = "CIFAR's files"
    case images = "folders of images"
    case arrays = "arrays"
    case table = "tables"
  }

  /// Refuses what says nothing about data of this form: it would be passed over.
  ///
  /// - Throws: `DatasetError.badData`.
  func check(_ form: Form, _ path: String) throws(DatasetError) {
    let given: [(option: String, isGiven: Bool, forms: [Form])] = [
      ("--label", label != nil, [.table]), ("--no-header", hasHeader != nil, [.table]),
      ("--divide", divisor != nil, [.table, .arrays, .cifar]),
      ("--channels", channelOrder != nil, [.arrays, .images, .cifar]),
      ("--grey", isGrey, [.arrays, .images, .cifar]),
    ]
    if let other = given.first(where: { $0.isGiven && !$0.forms.contains(form) }) {
      throw .badData(
        path: path,
        reason:
          "'\(other.option)' is about \(other.forms.map(\.rawValue).joined(separator: ", ")), and these are "
          + form.rawValue)
    }
  }
}
