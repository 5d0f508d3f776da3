import Cluster
import Foundation
import SpikeKernels
import SpikingReLU
import Testing
import ThreadCluster

@testable import Experiments
@testable import Training

/// What `scale --learning` says, and what it is on paper.
@Suite struct ReplicaBenchmarkTests {
  private static func benchmark() throws -> ReplicaBenchmark {
    var benchmark = try ReplicaBenchmark(
      settings: .init(
        dataset: ReplicaTests.dataset, hidden: [8], epochs: 1, learningRate: 0.02, seed: 1),
      dataset: ReplicaTests.dataset, instructionSet: try .selected())
    (benchmark.replicas, benchmark.intervals, benchmark.seconds) = ([2, 3], [2, 20], 0)
    (benchmark.minibatch, benchmark.sumLengths) = (12, [16, 256])
    return benchmark
  }

  @Test("cells of any number of ranks are the same; bits, rounding and traffic are as promised")
  func run() async throws {
    let alone = try #require(
      try await Self.benchmark().run(ranks: SingleProcess(), folder: nil))
    func cells(_ result: ReplicaBenchmark.Result) -> [String] {
      result.cells.map { "\($0.replicas) \($0.interval) \($0.testErrorPercent)" }
    }
    #expect(alone.cells.map(\.replicas) == [1, 2, 2, 3, 3])
    #expect(alone.sums.isEmpty && alone.networks == TrafficModel.common)
    for size in [2, 3] {
      let ends = await ThreadCluster.run(size) { ranks in
        try await Self.benchmark().run(ranks: ranks, folder: nil)
      }
      let result = try #require(try ends[0].get())
      #expect(cells(result) == cells(alone))
      for verdict in result.verdicts
      where verdict.kind == .exact && !verdict.name.contains("points") {
        #expect(verdict.holds, "\(verdict)")
      }
      #expect(result.verdicts.count { $0.name.contains("bytes a step") } == 3)
      #expect(result.sums.count == 3 && result.networks.count == 3)
      #expect(result.predictions.map(\.ranks) == (1...10).map { 1 << $0 })
      for end in ends.dropFirst() {
        let none = try end.get()
        #expect(none == nil)
      }
    }
  }

  @Test("cells that a folder keeps are not run again; one that diverges is a result")
  func kept() async throws {
    try await CheckpointTests.withFolder { path in
      var benchmark = try Self.benchmark()
      benchmark.replicas = [2]
      for (kept, intervals) in [(0, [2]), (2, [2, 5])] {
        benchmark.intervals = intervals
        let folder = try StateFolder(path: path, settings: benchmark.settings)
        var (found, finished) = (0, 0)
        _ = try await benchmark.run(
          ranks: SingleProcess(), folder: folder,
          onEvent: { event in
            switch event {
            case .kept(let cells, _): found = cells
            case .finished: finished += 1
            }
          })
        #expect(found == kept && finished == (kept == 0 ? 2 : 1))
      }
    }
    var wild = ReplicaBenchmark.Settings(
      dataset: ReplicaTests.dataset, hidden: [8], epochs: 1, learningRate: 1e6, seed: 1)
    var benchmark = try ReplicaBenchmark(
      settings: wild, dataset: ReplicaTests.dataset, instructionSet: try .selected())
    #expect(try benchmark.training(replicas: 4).options.learningRate == 4e6)
    (wild.learningRate, wild.scalesLearningRate) = (0.02, false)
    benchmark = try ReplicaBenchmark(
      settings: wild, dataset: ReplicaTests.dataset, instructionSet: try .selected())
    #expect(try benchmark.training(replicas: 4).options.learningRate == 0.02)
  }

  @Test("the model: bytes of a sum, its time, what measured sums fit, and efficiency")
  func model() {
    // Two ranks: each gets half of the other's, and half of the sum.
    #expect(TrafficModel.bytes(ofSum: 1000, ranks: 2) == 4000)
    #expect(TrafficModel.bytes(ofSum: 1000, ranks: 1000) == 8 * 999)
    let network = TrafficModel(name: "x", latency: 3e-6, secondsPerByte: 2e-9)
    #expect(abs(network.seconds(ofSum: 1000, ranks: 4) - (18e-6 + 6000 * 2e-9)) < 1e-12)
    let sums = [10, 1000, 100_000].map {
      (length: $0, seconds: network.seconds(ofSum: $0, ranks: 4))
    }
    let fitted = TrafficModel(name: "y", ranks: 4, sums: sums)
    #expect(abs(fitted.latency - 3e-6) < 1e-11 && abs(fitted.secondsPerByte - 2e-9) < 1e-14)
    // Times that fall with the length have no price a byte; prices are never negative.
    let falling = TrafficModel(name: "z", ranks: 2, sums: [(10, 2e-6), (1_000_000, 1e-6)])
    #expect(falling.secondsPerByte == 0 && falling.latency > 0)
    let free = TrafficModel(name: "0", latency: 0, secondsPerByte: 0)
    #expect(
      free.efficiency(computing: 1, copying: 0, length: 10, ranks: 64, dividing: true) == 1)
    // Replicas compute as long as before; a divided minibatch computes less and less.
    let replicas = network.efficiency(
      computing: 1e-3, copying: 0, length: 1000, ranks: 100, dividing: false)
    let divided = network.efficiency(
      computing: 1e-3, copying: 0, length: 1000, ranks: 100, dividing: true)
    // 198 messages and 99 words that go round, 7,920 bytes.
    let waiting = 297 * 3e-6 + 7920 * 2e-9
    #expect(abs(replicas - 1e-3 / (1e-3 + waiting)) < 1e-9)
    #expect(abs(divided - 1e-5 / (1e-5 + waiting)) < 1e-9)
  }
}
