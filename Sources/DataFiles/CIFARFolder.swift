internal import Datasets
internal import Foundation
internal import Networks

/// A folder with the binary files of CIFAR-10 or CIFAR-100, some of its training batches or all.
///
/// A record is the label, of CIFAR-100 the coarse and the fine one, and 3,072 bytes: red, green and blue planes of 32 x
/// 32 pixels. Source: Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html.
struct CIFARFolder {
  private static let pixels = 3072
  private static let shape = Shape(height: 32, width: 32, channels: 3)

  private let folder: String
  private let training: [String]
  private let test: String
  /// Bytes of labels in a record; the last one is the class.
  private let labelBytes: Int
  private let namesFile: String

  /// `nil` where its files are not there.
  init?(_ folder: String) {
    let manager = FileManager.default
    for place in [folder, folder + "/cifar-10-batches-bin", folder + "/cifar-100-binary"] {
      let names = ((try? manager.contentsOfDirectory(atPath: place)) ?? []).sorted()
      let batches = names.filter { $0.hasPrefix("data_batch_") && $0.hasSuffix(".bin") }
      if !batches.isEmpty, names.contains("test_batch.bin") {
        self.folder = place
        (training, test) = (batches, "test_batch.bin")
        (labelBytes, namesFile) = (1, "batches.meta.txt")
        return
      }
      if names.contains("train.bin"), names.contains("test.bin"),
        names.contains("fine_label_names.txt")
      {
        self.folder = place
        (training, test) = (["train.bin"], "test.bin")
        (labelBytes, namesFile) = (2, "fine_label_names.txt")
        return
      }
    }
    return nil
  }

  func dataset(name: String, options: DataOptions) throws(DatasetError) -> Dataset {
    var rows = LabelledRows(
      path: folder, columns: Self.pixels, values: [], labels: .numbers([]), numbers: .bytes)
    for file in training { try add(file, to: &rows) }
    var judged = LabelledRows(
      path: folder + "/" + test, columns: Self.pixels, values: [], labels: .numbers([]),
      numbers: .bytes)
    try add(test, to: &judged)
    let order = options.channelOrder ?? .first
    rows = given(rows, order, options.isGrey)
    judged = given(judged, order, options.isGrey)
    let names = names()
    let assembly = DatasetAssembly(
      name: name, source: folder,
      shape: options.isGrey ? Shape(height: 32, width: 32, channels: 1) : Self.shape,
      channelOrder: options.isGrey ? .first : order, options: options, names: names,
      notes: options.isGrey
        ? []
        : [
          order == .first
            ? "colours: plane by plane, as in the files (--channels last: pixel by pixel)"
            : "colours: pixel by pixel"
        ] + (labelBytes == 1 && training.count < 5 ? ["\(training.count) of 5 training files"] : [])
    )
    return try assembly.dataset(rows, test: judged)
  }

  private func add(_ file: String, to rows: inout LabelledRows) throws(DatasetError) {
    let path = folder + "/" + file
    let bytes = try FileBytes(path: path)
    let record = Self.pixels + labelBytes
    guard bytes.size > 0, bytes.size % record == 0 else {
      throw .badData(
        path: path, reason: "\(bytes.size) bytes, expected records of \(record) bytes")
    }
    guard case .numbers(var labels) = rows.labels else { return }
    rows.values.reserveCapacity(rows.values.count + bytes.size)
    while true {
      let part = try bytes.read(upTo: record * 256)
      if part.isEmpty { break }
      guard part.count % record == 0 else {
        throw .badData(path: path, reason: "it was cut off while it was read")
      }
      for start in stride(from: 0, to: part.count, by: record) {
        labels.append(Int(part[start + labelBytes - 1]))
        rows.values += part[start + labelBytes..<start + record].lazy.map(Float.init)
      }
    }
    rows.labels = .numbers(labels)
  }

  /// Images as they are asked for.
  private func given(
    _ rows: LabelledRows, _ order: Dataset.ChannelOrder, _ isGrey: Bool
  ) -> LabelledRows {
    let values =
      isGrey
      ? Channels.grey(rows.values, Self.shape, .first)
      : order == .first
        ? rows.values : Channels.reordered(rows.values, Self.shape, to: .last)
    return LabelledRows(
      path: rows.path, columns: isGrey ? Self.pixels / 3 : Self.pixels, values: values,
      labels: rows.labels, numbers: .bytes)
  }

  /// A name a line.
  private func names() -> [String]? {
    guard let bytes = try? FileBytes(path: folder + "/" + namesFile).read(upTo: 1 << 16) else {
      return nil
    }
    let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(
      String.init)
    return names.count == (labelBytes == 1 ? 10 : 100) ? names : nil
  }
}
