internal import Datasets
internal import ModelFiles
internal import Networks

/// Pairs of arrays, images and labels, in an npz archive or in npy files of one folder.
struct LabelledArrays {
  private enum Part { case training, validation, test, whole }

  let training: LabelledRows
  let test: LabelledRows?
  let shape: Shape
  let channelOrder: Dataset.ChannelOrder
  let isBytes: Bool
  let notes: [String]

  /// - Parameter path: of the archive or folder, for messages.
  /// - Throws: `DatasetError`.
  init(_ arrays: [NumPyArray], path: String, options: DataOptions) throws(DatasetError) {
    var images: [Part: NumPyArray] = [:]
    var labels: [Part: NumPyArray] = [:]
    var others: [String] = []
    for array in arrays {
      guard let (part, isLabel) = Self.meaning(array.name) else {
        others.append(array.name)
        continue
      }
      let other = isLabel ? labels[part] : images[part]
      if let other {
        throw .badData(
          path: path,
          reason: "arrays \(other.name) and \(array.name) mean the same: expected one")
      }
      if isLabel { labels[part] = array } else { images[part] = array }
    }
    let first: Part = images[.training] != nil || labels[.training] != nil ? .training : .whole
    guard let x = images[first], let y = labels[first] else {
      throw .badData(
        path: path,
        reason:
          "arrays \(arrays.map(\.name).prefix(8).joined(separator: ", ")), expected images and labels: "
          + "x_train, y_train, x_test, y_test, or x and y")
    }
    let form = try Form(x, path: path, options: options)
    shape = form.shape
    channelOrder = form.order
    isBytes = x.isBytes
    training = try Self.rows(x, y, form, path)
    var notes = form.notes
    let second: Part? = [.test, .validation].first { images[$0] != nil && labels[$0] != nil }
    if let second {
      let (x, y) = (images[second]!, labels[second]!)
      guard Array(x.shape.dropFirst()) == form.dimensions else {
        throw .badData(
          path: path,
          reason: "\(x.name) has examples of \(x.shape.dropFirst()), expected \(form.dimensions)")
      }
      test = try Self.rows(x, y, form, path)
      others += Self.unused(images, labels, second)
    } else {
      test = nil
    }
    if !others.isEmpty { notes.append("not used: \(others.prefix(8).joined(separator: ", "))") }
    self.notes = notes
  }

  private static func unused(
    _ images: [Part: NumPyArray], _ labels: [Part: NumPyArray], _ test: Part
  ) -> [String] {
    guard test == .test else { return [] }
    return [images[.validation]?.name, labels[.validation]?.name].compactMap(\.self)
  }

  /// `x_train`, `train_images`, `X`, `labels`, ...
  private static func meaning(_ name: String) -> (Part, isLabel: Bool)? {
    let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    let joined = words.joined()
    let part: Part =
      joined.contains("train")
      ? .training
      : joined.contains("test") ? .test : joined.contains("val") ? .validation : .whole
    let bare = joined.replacing("training", with: "").replacing("train", with: "").replacing(
      "test", with: ""
    ).replacing("validation", with: "").replacing("valid", with: "").replacing("val", with: "")
    switch bare {
    case "x", "xs", "image", "images", "img", "imgs", "data", "features", "inputs":
      return (part, false)
    case "y", "ys", "label", "labels", "target", "targets", "class", "classes": return (part, true)
    default: return nil
    }
  }

  /// How an example lies in an array of images.
  struct Form {
    let dimensions: [Int]
    let shape: Shape
    let order: Dataset.ChannelOrder
    /// As the array has it, where that is another.
    let stored: Dataset.ChannelOrder
    let notes: [String]

    init(_ x: NumPyArray, path: String, options: DataOptions) throws(DatasetError) {
      dimensions = Array(x.shape.dropFirst())
      let count = dimensions.reduce(1, *)
      guard x.shape.count >= 2, x.shape[0] > 0, (1...NetworkWeights.maximumLayerWidth) ~= count
      else {
        throw .badData(
          path: path,
          reason: "\(x.name) has shape \(x.shape), expected examples x numbers, with up to "
            + "\(NetworkWeights.maximumLayerWidth) each")
      }
      let isFirst = dimensions.count == 3 && [1, 3].contains(dimensions[0])
      let isLast = dimensions.count == 3 && [1, 3].contains(dimensions[2])
      var notes: [String] = []
      if dimensions.count == 2 {
        shape = Shape(height: dimensions[0], width: dimensions[1], channels: 1)
        stored = .first
      } else if isFirst && (!isLast || options.channelOrder != .last) {
        shape = Shape(height: dimensions[1], width: dimensions[2], channels: dimensions[0])
        stored = .first
      } else if isLast {
        shape = Shape(height: dimensions[0], width: dimensions[1], channels: dimensions[2])
        stored = .last
      } else if dimensions.count == 1, let square = Shape(squareOf: count) {
        shape = square
        stored = .first
      } else {
        shape = Shape(units: count)
        stored = .last
      }
      order = shape.channels > 1 && shape.isMap ? options.channelOrder ?? stored : stored
      if shape.isMap, shape.channels > 1 {
        notes.append(
          order == .first
            ? "colours: plane by plane (--channels last: pixel by pixel)"
            : "colours: pixel by pixel (--channels first: plane by plane)")
      }
      self.notes = notes
    }
  }

  private static func rows(
    _ x: NumPyArray, _ y: NumPyArray, _ form: Form, _ path: String
  ) throws(DatasetError) -> LabelledRows {
    let count = x.shape[0]
    guard let rows = y.shape.first, rows == count else {
      throw .countMismatch(images: count, labels: y.shape.first ?? 0, path: "\(path), \(y.name)")
    }
    return LabelledRows(
      path: "\(path), \(x.name)", columns: form.shape.count,
      values: form.order == form.stored
        ? x.elements : Channels.reordered(x.elements, form.shape, to: form.order),
      labels: .numbers(try classes(y, path)))
  }

  /// Whole numbers, or a 1 among zeros for each example.
  private static func classes(_ y: NumPyArray, _ path: String) throws(DatasetError) -> [Int] {
    let width = y.shape.dropFirst().reduce(1, *)
    func fault(_ row: Int, _ reason: String) -> DatasetError {
      .badRow(path: "\(path), \(y.name)", row: row + 1, reason: reason)
    }
    if width == 1 {
      var labels: [Int] = []
      for (row, value) in y.elements.enumerated() {
        guard value == value.rounded(), value.magnitude <= 0x1p24 else {
          throw fault(row, "label \(value), expected a whole number")
        }
        labels.append(Int(value))
      }
      return labels
    }
    guard width > 1, width <= LabelNames.maximumClasses else {
      throw fault(0, "labels of shape \(y.shape), expected one an example, or a 1 among zeros")
    }
    var labels: [Int] = []
    for row in 0..<y.shape[0] {
      let place = y.elements[row * width..<(row + 1) * width]
      guard place.allSatisfy({ $0 == 0 || $0 == 1 }), place.count(where: { $0 == 1 }) == 1 else {
        throw fault(row, "labels of shape \(y.shape): expected a single 1 among zeros")
      }
      labels.append(place.firstIndex(of: 1)! - row * width)
    }
    return labels
  }
}

/// Orders of the numbers of coloured images.
enum Channels {
  /// Images one after the other, whose colours follow each other in the other order.
  static func reordered(
    _ values: [Float], _ shape: Shape, to order: Dataset.ChannelOrder
  ) -> [Float] {
    let (pixels, channels, count) = (shape.height * shape.width, shape.channels, shape.count)
    var result = values
    for image in 0..<values.count / count {
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          let plane = image * count + channel * pixels + pixel
          let side = image * count + pixel * channels + channel
          if order == .first { result[plane] = values[side] } else { result[side] = values[plane] }
        }
      }
    }
    return result
  }
}

extension Shape {
  /// A grey image of so many pixels, which rows of a table are drawn as; `nil` where they are no square, or a small one.
  init?(squareOf pixels: Int) {
    let side = Int(Double(pixels).squareRoot().rounded())
    guard side * side == pixels, side >= 8 else { return nil }
    self.init(height: side, width: side, channels: 1)
  }
}
