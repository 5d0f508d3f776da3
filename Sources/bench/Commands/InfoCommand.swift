import ArgumentParser
import Datasets
import DenseReLU
import Experiments
import Files
import Foundation
import Reports
import SpikeKernels
import Training

/// `bench info`: what a run here would use.
struct InfoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "The machine, instruction sets, BLAS build, versions and the datasets found.")

  @Option(help: ArgumentHelp("Write everything to this file.", valueName: "file"))
  var json: String?

  @Flag(
    help: """
      Compute hashes of what the spiking path does on fixed seeds, with each instruction set, and compare \
      them with the table in the sources: the same bits everywhere.
      """)
  var fingerprints = false

  /// What `--json` holds.
  struct Report: Encodable {
    let schemaVersion = ResultOptions.schemaVersion
    let manifest: RunManifest
    let instructionSets: [InstructionSet]
    let datasets: [String: String]
    let fingerprints: [String: [String: String]]?
    let verdicts: [Verdict]
  }

  func run() async throws {
    let set = try InstructionSet.selected()
    let file = try json.map(AtomicFile.init(forJSON:))
    let environment = ProcessInfo.processInfo.environment
    var datasets = ["digits": "embedded"]
    for name in ["mnist", "fashion-mnist"] {
      let places = DataFileOptions.places(for: name, data: nil, environment: environment)
      datasets[name] = places.first { IDXFolder.isPresent(at: $0, named: name) }
    }
    let manifest = RunManifest.ofThisRun(
      seed: 0, set, threads: ProcessInfo.processInfo.activeProcessorCount)
    var rows: [[String]] = [
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
    ]
    for name in ["digits", "mnist", "fashion-mnist"] {
      rows.append([name, datasets[name] ?? "not found"])
    }
    for row in rows {
      let text = row[0].padding(toLength: 15, withPad: " ", startingAt: 0) + row[1]
      for line in Format.wrapped(text, hanging: 15) { try Output.line(line) }
    }
    let found = fingerprints ? try await compareFingerprints() : nil
    let verdicts = found?.verdicts ?? []
    try file?.commit(
      json: Report(
        manifest: manifest, instructionSets: InstructionSet.supported, datasets: datasets,
        fingerprints: found?.hashes, verdicts: verdicts))
    for verdict in verdicts { try Output.line(ResultOptions.text(verdict)) }
    guard verdicts.allSatisfy(\.holds) else { throw VerdictsFailed() }
  }

  /// Prints the hashes of each set, and counts those that differ from the table.
  private func compareFingerprints() async throws -> (
    hashes: [String: [String: String]], verdicts: [Verdict]
  ) {
    var (hashes, verdicts) = ([String: [String: String]](), [Verdict]())
    try Output.line()
    for set in InstructionSet.supported {
      let found = try await Fingerprint.all(
        set, workers: ProcessInfo.processInfo.activeProcessorCount)
      let texts = found.map { ($0.name, String($0.hash, radix: 16)) }
      hashes[set.rawValue] = Dictionary(uniqueKeysWithValues: texts)
      if set == InstructionSet.supported[0] {
        for line in Format.table([["", "hash"]] + texts.map { [$0.0, $0.1] }) {
          try Output.line(line)
        }
      }
      let differing =
        zip(found, Fingerprint.expected).count { $0 != $1 }
        + abs(found.count - Fingerprint.expected.count)
      verdicts.append(
        Verdict(
          "fingerprints of \(set.rawValue) that differ from the table", value: Double(differing),
          bound: .init(atMost: 0)))
    }
    return (hashes, verdicts)
  }
}
