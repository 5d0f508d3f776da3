internal import Datasets
internal import ModelFiles
internal import Networks

/// Pairs of arrays, images and labels, in an npz archive or in npy files of one folder.
struct LabelledArrays {
  /// Which part an array is of, by its name.
  enum Part: CaseIterable { case training, validation, test, whole }

  let training: LabelledRows
  let test: LabelledRows?
  let shape: Shape
  let channelOrder: Dataset.ChannelOrder
  let notes: [String]

  /// - Parameters:
  ///   - files: what was read.
  ///   - path: of the archive or folder, for messages.
  /// - Throws: `DatasetError`.
  init(_ files: [NumPyFile], path: String, options: DataOptions) throws(DatasetError) {
    var images: [Part: NumPyArray] = [:]
    var labels: [Part: NumPyArray] = [:]
    for array in files.flatMap(\.arrays) {
      guard let (part, isLabel) = Self.meaning(array.name) else { continue }
      if let other = isLabel ? labels[part] : images[part] {
        throw .badData(
          path: path,
          reason: "arrays \(other.name) and \(array.name) mean the same: expected one")
      }
      if isLabel { labels[part] = array } else { images[part] = array }
    }
    let others = files.flatMap(\.others)
    if let damaged = others.first(where: { Self.meaning($0.name) != nil }) {
      throw .badData(path: path, reason: "array \(damaged.name) cannot be read: \(damaged.reason)")
    }
    let first: Part = images[.training] != nil || labels[.training] != nil ? .training : .whole
    let all = files.flatMap { $0.arrays.map(\.name) + $0.others.map(\.name) }
    guard let x = images[first], let y = labels[first], x.texts == nil else {
      throw .badData(
        path: path,
        reason:
          "arrays \(all.prefix(8).joined(separator: ", ")), expected images and labels: x_train, y_train, "
          + "x_test, y_test, or x and y")
    }
    let form = try ArrayForm(x, path: path, order: options.channelOrder, isGrey: options.isGrey)
    (shape, channelOrder) = (form.shape, form.order)
    training = try Self.rows(x, y, form, path)
    var used = [x.name, y.name]
    let second: Part? = [.test, .validation].first { images[$0] != nil && labels[$0] != nil }
    if let second, second != first {
      let (x, y) = (images[second]!, labels[second]!)
      guard Array(x.shape.dropFirst()) == form.dimensions else {
        throw .badData(
          path: path,
          reason: "\(x.name) has examples of \(x.shape.dropFirst()), expected \(form.dimensions)")
      }
      test = try Self.rows(x, y, form, path)
      used += [x.name, y.name]
    } else {
      test = nil
    }
    let unused = all.filter { !used.contains($0) }
    notes =
      form.notes
      + (unused.isEmpty ? [] : ["not used: \(unused.prefix(8).joined(separator: ", "))"])
  }

  /// Whether an array of this name is images or labels.
  static func isWanted(_ name: String) -> Bool { meaning(name) != nil }

  /// `x_train`, `train_images`, `X`, `labels`, ...
  private static func meaning(_ name: String) -> (Part, isLabel: Bool)? {
    let joined = name.lowercased().split { !$0.isLetter && !$0.isNumber }.joined()
    let words: [(Part, [String])] = [
      (.training, ["training", "train"]), (.test, ["test"]),
      (.validation, ["validation", "valid", "val"]),
    ]
    for (part, names) in words {
      for word in names where joined.contains(word) {
        return kind(joined.replacing(word, with: "")).map { (part, $0) }
      }
    }
    return kind(joined).map { (.whole, $0) }
  }

  /// Whether a name is that of labels; `nil` for what is neither labels nor images.
  private static func kind(_ name: String) -> Bool? {
    switch name {
    case "x", "xs", "image", "images", "img", "imgs", "data", "features", "inputs": false
    case "y", "ys", "label", "labels", "target", "targets", "class", "classes": true
    default: nil
    }
  }

  private static func rows(
    _ x: NumPyArray, _ y: NumPyArray, _ form: ArrayForm, _ path: String
  ) throws(DatasetError) -> LabelledRows {
    let count = x.shape[0]
    guard let rows = y.shape.first, rows == count else {
      throw .countMismatch(images: count, labels: y.shape.first ?? 0, path: "\(path), \(y.name)")
    }
    guard x.texts == nil else {
      throw .badData(path: path, reason: "array \(x.name) has texts, expected numbers")
    }
    return LabelledRows(
      path: "\(path), \(x.name)", columns: form.shape.count, values: form.values(x.elements),
      labels: try labels(y, path), numbers: x.isBytes ? .bytes : .any)
  }

  /// Whole numbers, texts, or a 1 among zeros for each example.
  private static func labels(
    _ y: NumPyArray, _ path: String
  ) throws(DatasetError) -> LabelledRows.Labels {
    let width = y.shape.dropFirst().reduce(1, *)
    func fault(_ row: Int, _ reason: String) -> DatasetError {
      .badRow(path: "\(path), \(y.name)", row: row + 1, reason: reason)
    }
    if width == 1, let texts = y.texts {
      let numbers = texts.compactMap { Int($0) }
      return numbers.count == texts.count ? .numbers(numbers) : .texts(texts)
    }
    if width == 1 {
      var labels: [Int] = []
      for (row, value) in y.elements.enumerated() {
        guard value == value.rounded(), value.magnitude <= 0x1p24 else {
          throw fault(row, "label \(value), expected a whole number")
        }
        labels.append(Int(value))
      }
      return .numbers(labels)
    }
    guard width > 1, width <= LabelNames.maximumClasses, y.texts == nil else {
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
    return .numbers(labels)
  }
}
