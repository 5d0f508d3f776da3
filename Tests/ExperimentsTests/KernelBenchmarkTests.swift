import Foundation
import Networks
import SpikeKernels
import Testing

@testable import Datasets
@testable import Experiments
@testable import Measures

/// `bench kernels` measures what it says; how fast that is, no test can say.
@Suite struct KernelBenchmarkTests {
  @Test("every part is there, on every set, with finite positive figures")
  func parts() throws {
    let digits = Dataset.embeddedDigits()
    var generator = SeededGenerator(seed: 1)
    let weights = try NetworkWeights(
      topology: [64, 12, 10], initializer: .normal(standardDeviation: 0.2),
      generator: &generator)
    var benchmark = KernelBenchmark(
      weights: weights, data: digits.test.prefix(6),
      instructionSet: InstructionSet.supported.first { $0 != .reference }!)
    benchmark.seconds = 0.001
    benchmark.widths = [8, 40]
    benchmark.caches.level1 = 4 << 10
    benchmark.caches.level2 = 16 << 10
    benchmark.caches.level3 = 64 << 10
    let result = try benchmark.run()
    #expect(result.bandwidths.map(\.level) == ["L1", "L2", "L3", "memory"])
    let bytes: [Int] = [2048, 8192, 32_768, 524_288]
    #expect(result.bandwidths.map(\.bytes) == bytes)
    let sets = InstructionSet.supported.filter { $0 != .reference }.map(\.rawValue)
    #expect(Set(result.kernels.map(\.instructionSet)) == Set(sets))
    #expect(result.kernels.count == 12 * sets.count)
    #expect(result.crossovers.map(\.width) == [8, 40])
    let figures =
      result.bandwidths.map(\.gigabytesPerSecond) + result.kernels.map(\.nanosecondsPerSpike)
      + result.kernels.compactMap(\.gigabytesPerSecond)
      + result.crossovers.map(\.denseMicroseconds) + result.ratios.map(\.value)
      + [result.rowBandwidthShare, result.spikesPerImage, result.trainingImagesPerSecond]
    #expect(figures.allSatisfy { $0 > 0 && $0.isFinite })
    // Each claim about time has its figure, and none counts as exact.
    #expect(result.verdicts.count == result.ratios.count { $0.target != nil } + 1)
    #expect(result.verdicts.allSatisfy { $0.kind == .timing })
  }

  @Test("sizes of caches as the system writes them; a common processor's where it does not")
  func cacheSizes() throws {
    #expect(CacheSizes.bytes("32K") == 32_768 && CacheSizes.bytes("8M") == 8 << 20)
    #expect(CacheSizes.bytes("512") == 512 && CacheSizes.bytes("x") == nil)
    let folder = FileManager.default.temporaryDirectory.path + "/caches-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(!CacheSizes(folder: folder).areKnown)
    for (index, cache) in [
      ("1", "Data", "48K"), ("1", "Instruction", "32K"), ("2", "Unified", "2048K"),
    ].enumerated() {
      let path = "\(folder)/index\(index)"
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true)
      for (name, text) in [("level", cache.0), ("type", cache.1), ("size", cache.2)] {
        try (text + "\n").write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
      }
    }
    let found = CacheSizes(folder: folder)
    #expect(found.areKnown && found.level1 == 48 << 10 && found.level2 == 2 << 20)
    #expect(found.level3 == 8 << 20, "none told: four times the second level")
  }
}
