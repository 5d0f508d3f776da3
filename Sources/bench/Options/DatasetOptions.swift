import ArgumentParser
import Cluster
import Datasets
import Experiments
import Foundation
import Training

/// `--dataset` and `--data`: which data, and where. Only here are known places looked at.
struct DatasetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "digits (embedded), mnist, fashion-mnist, or a folder with four IDX files.",
      valueName: "name|folder"))
  var dataset = "digits"

  @Option(
    help: ArgumentHelp(
      "Folder with the files of --dataset. Default: the variable SPIKING_DATA, then known places.",
      valueName: "folder"))
  var data: String?

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

  /// Reads the dataset.
  ///
  /// - Throws: `DatasetError` for files, `ValidationError` for options that do not go together.
  func load() throws -> Dataset { try Self.load(dataset, data: data) }

  /// Reads the dataset on all ranks, which must have the same.
  ///
  /// - Throws: as `load`; `ClusterError`.
  func loadOnRanks() throws -> Dataset {
    try Ranks.same("the data") {
      let data = try load()
      return (data, mark: Ranks.all.size > 1 ? RunManifest.Data(data).checksum : "")
    }
  }

  /// Reads a dataset that is named, or lies in the folder `data`.
  static func load(_ dataset: String, data: String?) throws -> Dataset {
    switch dataset {
    case "digits":
      guard data == nil else {
        throw ValidationError("'--data' goes with a dataset in files: the digits are embedded.")
      }
      return .embeddedDigits()
    case "mnist", "fashion-mnist":
      let places = places(
        for: dataset, data: data, environment: ProcessInfo.processInfo.environment)
      guard let folder = places.first(where: MNISTFolder.isPresent(at:)) ?? places.first else {
        throw DatasetError.missing(
          path: "\(dataset): give its folder with --data or the variable SPIKING_DATA "
            + "(Scripts/fetch-mnist downloads it)")
      }
      return try MNISTFolder.load(from: folder, name: dataset)
    default:
      guard data == nil else {
        throw ValidationError("'--data' goes with a dataset by name: found '\(dataset)'.")
      }
      return try MNISTFolder.load(from: dataset, name: dataset)
    }
  }
}
