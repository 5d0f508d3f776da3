public import Datasets
internal import Files
internal import Foundation
internal import ModelFiles

/// What is done to images before a network answers them.
public struct InputOptions: Sendable, Equatable {
  /// What numbers are divided by; `nil`: pixels by their largest value, numbers of a table by 1.
  public var divisor: Float?
  /// How colours of an image follow each other.
  public var channelOrder = Dataset.ChannelOrder.first
  /// Whether coloured images are made grey where the network takes one number a pixel.
  public var isGrey = false
  /// Whether images are dark on light, where the network has learned light on dark: x becomes 1 - x.
  public var isInverted = false

  /// Which array of an npz file; `nil`: the only one whose examples fit.
  public var array: String?

  /// Nothing said.
  public init() {}
}

/// Inputs of a network, one after the other, without labels: images, or rows of numbers.
///
/// - PNG, JPEG, PGM and PPM images; of Netpbm several in one file;
/// - a folder of images, also in folders, by their names;
/// - IDX, plain or gzip; npy, and npz with one array of inputs;
/// - a table, plain or gzip: a row an input, numbers with commas, semicolons or white space between, a first row of names
///   left out.
public struct InputFile {
  /// An input, and where it came from.
  public struct Input: Sendable, Equatable {
    /// As the network takes them.
    public let values: [Float]
    /// The file.
    public let path: String
    /// Its place in the file, from 0 on.
    public let index: Int
  }

  private enum Source {
    case images(paths: [String])
    case netpbm(NetpbmReader<AnyBytes>)
    case rows([Float], isBytes: Bool)
    case table(TextLines<AnyBytes>)
  }

  /// Where they come from; `-` is standard input.
  public let path: String
  private let inputs: Int
  private let options: InputOptions
  private var source: Source
  private var next = 0

  /// Opens a file, a folder, or standard input.
  ///
  /// - Parameters:
  ///   - path: `-` reads a table, or images of Netpbm, from standard input, as they come.
  ///   - inputs: numbers of each.
  /// - Throws: `DatasetError`.
  public init(
    path: String, inputs: Int, options: InputOptions = InputOptions()
  ) throws(DatasetError) {
    (self.path, self.inputs, self.options) = (path, inputs, options)
    source = try Self.open(path, inputs, options)
  }

  /// Whether the next input is there, so that `read` does not wait.
  public var isReady: Bool {
    switch source {
    case .table(let lines): path != "-" || lines.isReady
    case .netpbm: path != "-"
    default: true
    }
  }

  /// Whether the first inputs are whole numbers of which some are beyond 16, and nobody said what to divide them by: a
  /// network that was trained on 0 to 1 would answer nonsense.
  public func areLarge(_ inputs: [Input]) -> Bool {
    guard options.divisor == nil, inputs.first?.index == 0 else { return false }
    switch source {
    case .images, .netpbm, .rows(_, isBytes: true): return false
    default: break
    }
    let numbers = inputs.lazy.flatMap(\.values)
    return numbers.contains { $0 > 16 } && numbers.allSatisfy { $0 == $0.rounded() }
  }

  /// The next input; `nil` at the end.
  ///
  /// - Throws: `DatasetError`, with the image or row.
  public mutating func read() throws(DatasetError) -> Input? {
    switch source {
    case .images(let paths):
      guard next < paths.count else { return nil }
      next += 1
      let path = paths[next - 1]
      return Input(
        values: try values(of: ImageFile.read(path: path), path), path: path, index: 0)
    case .netpbm(var reader):
      defer { source = .netpbm(reader) }
      guard let image = try reader.next() else { return nil }
      return try input(values(of: image, path))
    case .rows(let all, let isBytes):
      guard (next + 1) * inputs <= all.count else { return nil }
      let row = all[next * inputs..<(next + 1) * inputs]
      return try input(finished(row, divisor: options.divisor ?? (isBytes ? 255 : 1)))
    case .table(var lines):
      defer { source = .table(lines) }
      while let line = try lines.next() {
        if let row = try numbers(line, lines.line) {
          return try input(finished(row[...], divisor: options.divisor ?? 1))
        }
      }
      return nil
    }
  }

  private mutating func input(_ values: [Float]) throws(DatasetError) -> Input {
    next += 1
    return Input(values: values, path: path, index: next - 1)
  }

  private func finished(_ values: ArraySlice<Float>, divisor: Float) -> [Float] {
    values.map { value in
      let value = divisor == 1 ? value : value / divisor
      return options.isInverted ? 1 - value : value
    }
  }

  /// Numbers of a row; `nil` for an empty one, and for names in the first.
  private func numbers(_ line: ArraySlice<UInt8>, _ row: Int) throws(DatasetError) -> [Float]? {
    let fields = line.split { [0x2C, 0x3B, 0x20, 0x09, 0x0D].contains($0) }
    if fields.isEmpty { return nil }
    let numbers = fields.map(DecimalNumber.parse)
    if row == 1, numbers.allSatisfy({ $0 == nil }) { return nil }
    guard let place = numbers.firstIndex(of: nil) else {
      guard numbers.count == inputs else {
        throw .badRow(
          path: path, row: row,
          reason: "\(numbers.count) numbers, expected \(inputs)"
            + (numbers.count == inputs + 1 ? "; is one of them a label? Leave it out" : ""))
      }
      return numbers.map { $0! }
    }
    throw .badRow(
      path: path, row: row,
      reason:
        "column \(place + 1) is \(String(decoding: fields[place].prefix(40), as: UTF8.self).debugDescription), "
        + "expected a finite number")
  }

  /// An image as the network takes it: one number a pixel, or three.
  private func values(of image: DecodedImage, _ path: String) throws(DatasetError) -> [Float] {
    let pixels = image.height * image.width
    // The divisor is about numbers of a file; those of images are known.
    if pixels == inputs {
      guard image.isGrey || options.isGrey else {
        throw .badImage(
          path: path,
          reason:
            "a coloured image, where the network takes one number a pixel: --grey mixes the colours"
        )
      }
      return finished(image.grey[...], divisor: 1)
    }
    if pixels * 3 == inputs {
      return finished(image.coloured(options.channelOrder)[...], divisor: 1)
    }
    let side = Int(Double(inputs).squareRoot().rounded())
    throw .badImage(
      path: path,
      reason: "\(image.width) x \(image.height) pixels, expected \(inputs) inputs"
        + (side * side == inputs ? ", as of \(side) x \(side)" : ""))
  }

  private static func open(
    _ path: String, _ inputs: Int, _ options: InputOptions
  ) throws(DatasetError) -> Source {
    if path == "-" { return try piped() }
    var isFolder: ObjCBool = false
    if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
      isFolder.boolValue
    {
      var paths: [String] = []
      var seen: Set<String> = []
      try images(in: path, into: &paths, seen: &seen)
      guard !paths.isEmpty else {
        throw .badData(
          path: path, reason: "no image in this folder: expected PNG, JPEG, PGM or PPM")
      }
      return .images(paths: paths)
    }
    let start = try FileBytes(path: path).read(upTo: 8)
    if ImageFile.isImage(start: start) {
      return NetpbmReader.isStart(start)
        ? .netpbm(NetpbmReader(try AnyBytes(path: path), path: path)) : .images(paths: [path])
    }
    if start.starts(with: [0x93] + Array("NUMPY".utf8)) || start.starts(with: Array("PK".utf8)) {
      return try array(path, inputs, options.array)
    }
    var content = try AnyBytes(path: path)
    guard try content.read(upTo: 4) == [0, 0, 8, 3] else {
      return .table(TextLines(try AnyBytes(path: path), path: path))
    }
    let images = try IDXArray(contentsOf: path, rank: 3)
    let pixels = images.dimensions[1] * images.dimensions[2]
    guard pixels == inputs else {
      throw .badRow(
        path: path, row: 1,
        reason:
          "images of \(images.dimensions[1]) x \(images.dimensions[2]) pixels, expected \(inputs) inputs"
      )
    }
    return .rows(images.elements.map(Float.init), isBytes: true)
  }

  private static func piped() throws(DatasetError) -> Source {
    let input = StandardInput()
    var start: [UInt8] = []
    while start.count < 8 {
      let more = try input.read(upTo: 1 << 16)
      if more.isEmpty { break }
      start += more
    }
    let source = AnyBytes.input(start[...], input)
    let name = "standard input"
    if NetpbmReader.isStart(start) { return .netpbm(NetpbmReader(source, path: name)) }
    let isKnown =
      ImageFile.isImage(start: start) || start.starts(with: [0x93])
      || start.starts(with: [0x1F, 0x8B])
      || start.starts(with: Array("PK".utf8)) || start.starts(with: [0, 0, 8])
    guard !isKnown else {
      throw .badData(
        path: name, reason: "expected a table, PGM or PPM images: give other files by their names")
    }
    return .table(TextLines(source, path: name))
  }

  /// Images in a folder and the folders in it, by their names.
  private static func images(
    in folder: String, into paths: inout [String], seen: inout Set<String>
  ) throws(DatasetError) {
    // Links may make a folder hold itself.
    let place = URL(filePath: folder).resolvingSymlinksInPath().path(percentEncoded: false)
    guard seen.insert(place).inserted, seen.count <= 100_000 else { return }
    for name in ClassFolders.contents(folder) {
      let path = folder + "/" + name
      var isFolder: ObjCBool = false
      guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        continue
      }
      if isFolder.boolValue {
        try images(in: path, into: &paths, seen: &seen)
      } else if try ImageFile.isImage(start: FileBytes(path: path).read(upTo: 8)) {
        paths.append(path)
      }
    }
  }

  /// The one array whose rows are inputs.
  private static func array(
    _ path: String, _ inputs: Int, _ name: String?
  ) throws(DatasetError) -> Source {
    let all = try Dataset.arrays(path)
    let arrays = name.map { name in all.filter { $0.name == name } } ?? all
    guard !arrays.isEmpty else {
      throw .badData(
        path: path,
        reason:
          "no array \(name ?? ""), expected one of \(all.map(\.name).prefix(8).joined(separator: ", "))"
      )
    }
    let fits = arrays.filter { array in
      let count = array.shape.dropFirst().reduce(1, *)
      return count == inputs && !array.shape.isEmpty
    }
    let chosen: NumPyArray
    if let one = fits.first, fits.count == 1 {
      chosen = one
    } else if fits.isEmpty, let one = arrays.first(where: { $0.elements.count == inputs }) {
      // One image without a dimension of examples.
      chosen = one
    } else {
      let found = arrays.prefix(8).map { "\($0.name) \($0.shape)" }.joined(separator: ", ")
      throw .badData(
        path: path,
        reason: fits.isEmpty
          ? "arrays \(found), expected one of examples x \(inputs) inputs"
          : "several arrays have examples of \(inputs) numbers: "
            + "\(fits.map(\.name).joined(separator: ", ")); say which: --array \(fits[0].name)")
    }
    return .rows(chosen.elements, isBytes: chosen.isBytes)
  }
}

extension InputFile {
  /// Labels of inputs from a file: IDX, plain or gzip, or a text with a label a line, numbers or names.
  ///
  /// - Throws: `DatasetError`.
  public static func labels(path: String) throws(DatasetError) -> [String] {
    var content = try AnyBytes(path: path)
    if try content.read(upTo: 4) == [0, 0, 8, 1] {
      return try IDXArray(contentsOf: path, rank: 1).elements.map { "\($0)" }
    }
    var lines = TextLines(try AnyBytes(path: path), path: path)
    var labels: [String] = []
    while let line = try lines.next() {
      let text = String(decoding: line, as: UTF8.self).trimmingCharacters(
        in: .whitespacesAndNewlines)
      if !text.isEmpty { labels.append(text) }
    }
    return labels
  }
}
