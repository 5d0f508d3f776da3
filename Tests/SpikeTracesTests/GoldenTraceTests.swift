import Foundation
import SpikeKernels
import SpikeTraces
import Testing

/// The specification is what the authors' program computes: spike for spike, bit for bit.
@Suite struct GoldenTraceTests {
  /// The traces beside the tests, and those of the folder that `SPIKING_GOLDEN` names.
  static let files: [URL] = {
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    let further = ProcessInfo.processInfo.environment["SPIKING_GOLDEN"].map { URL(filePath: $0) }
    return ([fixtures] + [further].compactMap(\.self)).flatMap { folder in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.filter { $0.hasSuffix(".json") }.sorted().map { folder.appending(path: $0) }
    }
  }()

  /// The names of all traces, each once; a name in both folders stands for both files.
  static let names = Set(files.map(\.lastPathComponent)).sorted()

  @Test("spikes, predictions and learned weights equal the authors' program", arguments: names)
  func replays(file: String) throws {
    for url in Self.files where url.lastPathComponent == file {
      let trace = try SpikeTrace(contentsOf: url.path)
      for set in InstructionSet.supported {
        let replay = try trace.replayed(instructionSet: set)
        let comparison = trace.compared(with: replay, instructionSet: set)
        #expect(comparison.isEqual, "\(url.path), \(set): \(comparison)")
      }
    }
  }

  @Test("all 24 traces of the authors' program are here")
  func allTracesArePresent() {
    #expect(Self.files.count >= 24)
  }
}
