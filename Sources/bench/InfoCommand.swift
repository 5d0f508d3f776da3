import ArgumentParser
import Datasets
import DenseReLU
import Experiments
import Files
import Foundation
import SpikeKernels

/// `bench info`: what a run here would use.
struct InfoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "The machine, instruction sets, BLAS build, versions and the datasets found.")

  @Option(help: ArgumentHelp("Write everything to this file.", valueName: "file"))
  var json: String?

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = 1
    let manifest: RunManifest
    let instructionSets: [InstructionSet]
    let datasets: [String: String]
    let verdicts: [Verdict] = []
  }

  func run() async throws {
    let set = try InstructionSet.selected()
    let file = try json.map(AtomicFile.init(forJSON:))
    let environment = ProcessInfo.processInfo.environment
    var datasets = ["digits": "embedded"]
    for name in ["mnist", "fashion-mnist"] {
      let places = DatasetOptions.places(for: name, data: nil, environment: environment)
      datasets[name] = places.first(where: MNISTFolder.isPresent(at:))
    }
    let manifest = RunManifest.ofThisRun(
      seed: 0, set, threads: ProcessInfo.processInfo.activeProcessorCount)
    try file?.commit(
      json: Report(
        manifest: manifest, instructionSets: InstructionSet.supported, datasets: datasets))
    let rows =
      [
        ["package", "DeepSpikingNetworks \(manifest.packageVersion)"],
        ["commit", manifest.packageCommit ?? "not known: the sources are no checkout, or gone"],
        ["build", manifest.isOptimizedBuild ? "release" : "debug: timings mean nothing"],
        ["processor", "\(manifest.processor), \(manifest.processors) available"],
        ["system", manifest.system],
        [
          "kernels",
          "\(set.rawValue); available: "
            + InstructionSet.supported.map(\.rawValue).joined(separator: ", "),
        ],
        ["BLAS", manifest.blas],
        ["BLAS kernels", manifest.blasCore],
      ] + ["digits", "mnist", "fashion-mnist"].map { [$0, datasets[$0] ?? "not found"] }
    for row in rows {
      try Output.line(row[0].padding(toLength: 15, withPad: " ", startingAt: 0) + row[1])
    }
  }
}
