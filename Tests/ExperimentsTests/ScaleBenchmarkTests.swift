import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Experiments

/// `bench scale` varies what it says, and its exact claims hold on small networks.
@Suite struct ScaleBenchmarkTests {
  @Test("sweeps vary one thing; outputs of a batch do not depend on the number of tasks")
  func sweeps() async throws {
    var benchmark = ScaleBenchmark(instructionSet: try InstructionSet.selected())
    benchmark.seconds = 0.001
    benchmark.activeInputs = [16, 64]
    benchmark.widths = [16, 32]
    benchmark.depths = [1, 3]
    benchmark.timeSteps = [10, 40]
    benchmark.workers = [1, 3]
    let result = try #require(try await benchmark.run())
    #expect(
      result.sweeps.map { $0.points.map(\.value) } == [[16, 64], [16, 32], [1, 3], [10, 40]])
    #expect(result.sweeps[1].points.map { $0.topology[0].count } == [16, 32])
    #expect(result.sweeps[2].points.map(\.topology.count) == [3, 5])
    #expect(result.sweeps[3].points.map(\.timeSteps) == [10, 40])
    for sweep in result.sweeps {
      #expect(sweep.points[0].spikes < sweep.points[1].spikes)
      #expect(sweep.points.allSatisfy { $0.additions > 0 && $0.microseconds > 0 })
    }
    // Four times the steps send four times the spikes, but for what is left in the potentials.
    #expect((0.8...1.2).contains(result.sweeps[3].additionsExponent))
    // The memory of this process is that of other tests, too.
    for verdict in result.verdicts
    where verdict.kind == .exact && !verdict.name.hasPrefix("peak memory") {
      #expect(verdict.holds, "\(verdict)")
    }
    #expect(result.throughputs.map(\.workers) == [1, 3])
  }

  @Test("an example whose output differs is seen")
  func differences() {
    let result = ScaleBenchmark.Result(
      sweeps: [],
      throughputs: [
        .init(workers: 1, examplesPerSecond: 10, speedup: 1, isEqual: true),
        .init(workers: 2, examplesPerSecond: 15, speedup: 1.5, isEqual: false),
      ])
    #expect(result.verdicts.map(\.holds) == [false, false])
  }

  @Test("the probe runs, silent inputs and all")
  func probe() throws {
    let benchmark = ScaleBenchmark(instructionSet: try InstructionSet.selected())
    try benchmark.probe(inputs: 800, examples: 1)
  }
}
