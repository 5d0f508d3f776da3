public import Datasets
internal import Networks

/// Inputs of a network, one after the other, without labels: images, or rows of numbers.
///
/// - PNG, JPEG, PGM and PPM images; of Netpbm several in one file;
/// - a folder of images, also in folders, by their names;
/// - IDX, plain or gzip; npy, and npz with one array of inputs;
/// - a table, plain or gzip: a row an input (`TableReader`).
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

  /// Where inputs come from.
  enum Source {
    case images(paths: [String])
    case netpbm(NetpbmReader<AnyBytes>)
    case rows([Float], LabelledRows.Numbers)
    case idx(IDXReader)
    case table(TableReader)
  }

  /// Where they come from; `-` is standard input.
  public let path: String
  /// What was assumed, so far.
  public private(set) var notes: [String] = []
  let inputs: Int
  let options: InputOptions
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
    (source, notes) = try Self.open(path, inputs, options)
  }

  /// Whether the next input is there, so that `read` does not wait.
  public var isReady: Bool {
    switch source {
    case .table(let reader): path != "-" || reader.isReady
    case .netpbm: path != "-"
    default: true
    }
  }

  /// The next input; `nil` at the end.
  ///
  /// - Throws: `DatasetError`, with the image or row; also for numbers that are far from those of the network's data, where
  ///   `options.divisor` is not given.
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
    case .rows(let all, let numbers):
      guard (next + 1) * inputs <= all.count else { return nil }
      return try input(scaled(all[next * inputs..<(next + 1) * inputs], numbers))
    case .idx(var reader):
      defer { source = .idx(reader) }
      guard reader.left > 0 else {
        try reader.finish()
        return nil
      }
      let pixels = try reader.read(upTo: inputs).map(Float.init)
      return try input(scaled(pixels[...], .bytes))
    case .table(var reader):
      defer { source = .table(reader) }
      guard let fields = try reader.next() else {
        if next == 0, reader.names != nil {
          throw reader.fault(
            "no row behind the names of columns" + (reader.note.map { ": " + $0 } ?? ""))
        }
        return nil
      }
      if next == 0, let note = reader.note { notes.append(note) }
      return try input(scaled(numbers(fields, reader)[...], .any))
    }
  }

  private mutating func input(_ values: [Float]) throws(DatasetError) -> Input {
    next += 1
    return Input(values: values, path: path, index: next - 1)
  }

  /// Numbers of a row of a table.
  private func numbers(
    _ fields: [ArraySlice<UInt8>], _ reader: TableReader
  ) throws(DatasetError) -> [Float] {
    let index = reader.names?.first == "" ? 1 : 0
    var numbers: [Float] = []
    numbers.reserveCapacity(fields.count)
    for (column, field) in fields.enumerated().dropFirst(index) {
      guard let number = DecimalNumber.parse(field) else {
        let shown = String(decoding: field.prefix(40), as: UTF8.self)
        throw reader.fault(
          "column \(column + 1) is \(shown.debugDescription), expected a finite number")
      }
      numbers.append(number)
    }
    guard numbers.count == inputs else {
      throw reader.fault(
        "\(numbers.count) numbers, expected \(inputs)"
          + (numbers.count == inputs + 1 ? "; is one of them a label? Leave it out" : ""))
    }
    return numbers
  }

  /// Inputs of numbers as the file has them.
  ///
  /// - Throws: `DatasetError.badRow` where they are far from what the network's data were.
  private mutating func scaled(
    _ values: ArraySlice<Float>, _ numbers: LabelledRows.Numbers
  ) throws(DatasetError) -> [Float] {
    let divisor = Float(options.divisor(of: numbers))
    if options.divisor == nil {
      var (largest, areWhole) = (Float(0), true)
      for value in values {
        largest = max(largest, value.magnitude)
        areWhole = areWhole && value == value.rounded()
      }
      try check(largest, areWhole, numbers, divisor)
    }
    return values.map { value in
      let value = divisor == 1 ? value : value / divisor
      return options.isInverted ? 1 - value : value
    }
  }

  private mutating func check(
    _ largest: Float, _ areWhole: Bool, _ numbers: LabelledRows.Numbers, _ divisor: Float
  ) throws(DatasetError) {
    func far(_ found: String) -> DatasetError {
      .badRow(
        path: path == "-" ? "standard input" : path, row: next + 1,
        reason: "\(found): say --divide, with what to divide by, or 1")
    }
    guard let trained = options.trained.largest else {
      if numbers == .any, next == 0, areWhole, largest > 16 {
        notes.append(
          "whole numbers beyond 16, as of pixels up to 255: if the network takes 0 to 1, give --divide 255"
        )
      }
      return
    }
    if largest / divisor > 16 * max(trained, 1e-30) {
      throw far(
        "numbers up to \(largest / divisor), where those of the network's data were up to \(trained)"
      )
    }
    guard numbers == .any, divisor >= 2, largest > 0, largest <= 1 else { return }
    // Whole pixels have no fractions; a row of 0 and 1 may be one of them.
    if areWhole, next == 0 {
      notes.append(
        "numbers of 0 and 1, divided by \(divisor) as the network's data were: --divide 1 says otherwise"
      )
    } else if !areWhole {
      throw far(
        "numbers up to \(largest), which would be divided by \(divisor), as the network's data were"
      )
    }
  }

  /// An image as the network takes it: one number a pixel, or three.
  private mutating func values(
    of image: DecodedImage, _ path: String
  ) throws(DatasetError) -> [Float] {
    let pixels = image.height * image.width
    if let shape = options.trained.shape, shape.isMap, shape.count == inputs,
      (shape.height, shape.width) != (image.height, image.width)
    {
      throw .badImage(
        path: path,
        reason: "\(image.width) x \(image.height) pixels, expected \(shape.width) x \(shape.height)"
      )
    }
    let side = Int(Double(inputs).squareRoot().rounded())
    if pixels == inputs {
      guard image.isGrey || options.isGrey else {
        throw .badImage(
          path: path,
          reason:
            "a coloured image, where the network takes one number a pixel: --grey mixes the colours"
        )
      }
      if image.height != image.width, side * side == inputs, next <= 1,
        options.trained.shape?.isMap != true
      {
        notes.append(
          "an image of \(image.width) x \(image.height) pixels, row by row, where \(inputs) inputs may be \(side) x \(side)"
        )
      }
      return try scaled(image.grey[...], .unit)
    }
    if pixels * 3 == inputs {
      return try scaled(image.coloured(options.channelOrder ?? .first)[...], .unit)
    }
    throw .badImage(
      path: path,
      reason: "\(image.width) x \(image.height) pixels, expected \(inputs) inputs"
        + (side * side == inputs ? ", as of \(side) x \(side)" : ""))
  }
}
