import ArgumentParser
import Cluster
import DataFiles
import Datasets
import Experiments
import Foundation
import Training

/// `--dataset`: which data; the digits unless told otherwise.
struct DatasetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "digits (embedded), mnist, fashion-mnist, or your own data: a folder or file. Default: digits.",
      valueName: "name|path"))
  var dataset = "digits"

  @OptionGroup var files: DataFileOptions

  /// Reads the dataset.
  ///
  /// - Throws: `DatasetError` for files, `ValidationError` for options that do not go together.
  func load() throws -> Dataset { try files.load(dataset) }

  /// Reads the dataset on all ranks, which must have the same.
  ///
  /// - Throws: as `load`; `ClusterError`.
  func loadOnRanks() throws -> Dataset {
    try Ranks.same("the data") {
      let data = try load()
      return (data, mark: Ranks.all.size > 1 ? RunManifest.Data(data).checksum : "")
    }
  }
}

/// Where the files of a dataset are, and what they do not say. Only here are known places looked at.
struct DataFileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder with the files of --dataset. Default: the variable SPIKING_DATA, then known places.",
      valueName: "folder"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "The column of labels in your own table: its name or number, from 1 on.",
      valueName: "column"))
  var label: String?

  @Option(
    help: ArgumentHelp(
      "Divide numbers of your own data by this. Default: 255 of bytes and of whole numbers up to 255, else 1.",
      valueName: "x"),
    transform: Bounded.positive)
  var divide: Float?

  @Option(
    help: ArgumentHelp(
      "Colours plane by plane (first: PyTorch) or pixel by pixel (last: Keras). Default: as an array has them, else first.",
      valueName: "first|last"),
    transform: Channels.parse)
  var channels: Dataset.ChannelOrder?

  @Flag(help: "Mix the colours of images: one number a pixel.")
  var grey = false

  @Flag(
    inversion: .prefixedNo,
    help: "Whether the first row of your own table names its columns. Default: as it looks.")
  var header: Bool?

  /// Whether one of them was given.
  var areGiven: Bool {
    data != nil || aboutOwn
  }

  /// Whether something was said of data of one's own.
  private var aboutOwn: Bool {
    label != nil || divide != nil || channels != nil || grey || header != nil
  }

  /// Debian's package dataset-fashion-mnist puts its files here.
  static let debianFashionMNIST = "/usr/share/datasets/fashion-mnist"

  /// Folders in which a named dataset is looked for, in order.
  static func places(
    for name: String, data: String?, environment: [String: String]
  ) -> [String] {
    // A folder named on the command line is taken at its word; one from the variable may hold
    // several datasets, so that Fashion-MNIST is not expected in MNIST's own folder.
    if let data { return [data, data + "/" + name] }
    let variable = environment["SPIKING_DATA"].flatMap { $0.isEmpty ? nil : $0 }.map { folder in
      name == "mnist" ? [folder + "/mnist", folder] : [folder + "/" + name]
    }
    return (variable ?? []) + (name == "fashion-mnist" ? [debianFashionMNIST] : [])
  }

  /// Reads a dataset that is named, or lies somewhere.
  ///
  /// - Throws: as `DatasetOptions.load`.
  func load(_ dataset: String) throws -> Dataset {
    switch dataset {
    case "digits":
      guard !areGiven else {
        throw ValidationError(
          "'--data', '--label', '--divide', '--channels', '--grey' and '--header' go with a dataset in files: the digits "
            + "are embedded.")
      }
      return .embeddedDigits()
    case "mnist", "fashion-mnist":
      guard label == nil, divide == nil, channels == nil, !grey else {
        throw ValidationError(
          "'--label', '--divide', '--channels' and '--grey' go with your own data: found '\(dataset)'."
        )
      }
      let places = Self.places(
        for: dataset, data: data, environment: ProcessInfo.processInfo.environment)
      guard
        let folder = places.first(where: { IDXFolder.isPresent(at: $0, named: dataset) })
          ?? places.first
      else {
        throw DatasetError.missing(
          path: "\(dataset): give its folder with --data or the variable SPIKING_DATA "
            + "(Scripts/fetch-mnist downloads it)")
      }
      return try IDXFolder.load(from: folder, name: dataset, isNamed: true, classes: 10)
    default:
      let options = DataOptions(
        divisor: divide.map(Double.init), label: label, channelOrder: channels, isGrey: grey,
        hasHeader: header)
      guard let data else {
        let name = dataset.split(separator: "/").last.map(String.init) ?? dataset
        return try Dataset(contentsOf: dataset, name: name, options: options)
      }
      // A name among several in a folder, as EMNIST's; or a folder in it.
      if !dataset.contains("/"), IDXFolder.isPresent(at: data) {
        return try IDXFolder.load(from: data, name: dataset)
      }
      return try Dataset(contentsOf: data + "/" + dataset, name: dataset, options: options)
    }
  }

  /// `first`, `last`.
  enum Channels {
    static func parse(_ text: String) throws -> Dataset.ChannelOrder {
      guard let order = Dataset.ChannelOrder(rawValue: text) else {
        throw ValidationError("expected first or last, found '\(text)'")
      }
      return order
    }
  }
}
