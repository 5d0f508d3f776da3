import SpikeKernels
import Testing

@testable import Experiments

/// The spiking path gives the same bits everywhere: a table of hashes, for every instruction set and number of
/// threads. `bench info --fingerprints` compares the same table in release builds.
@Suite struct FingerprintTests {
  @Test("the table", arguments: InstructionSet.supported, [1, 2, 3])
  func table(set: InstructionSet, workers: Int) async throws {
    let found = try await Fingerprint.all(set, workers: workers)
    #expect(found.map(\.name) == Fingerprint.expected.map(\.name))
    for (print, expected) in zip(found, Fingerprint.expected) {
      #expect(print.hash == expected.hash, "\(print.name)")
    }
  }
}
