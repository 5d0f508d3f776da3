import DenseReLU
import Files
import Foundation
import Networks
import SpikeKernels
import Synchronization
import Testing

@testable import Datasets
@testable import Experiments

@Suite struct StatisticsTests {
  @Test("a power law is found again")
  func powerLaw() throws {
    let fit = try #require(PowerLawFit([1, 2, 5, 10].map { (x: $0, y: 3 / $0) }))
    #expect(abs(fit.exponent + 1) < 1e-12 && abs(fit.factor - 3) < 1e-12)
    #expect(PowerLawFit([(1, 1), (1, 2)]) == nil && PowerLawFit([(1, 0), (2, 0)]) == nil)
  }

  @Test("Wilson's interval: 2% of 10,000 is known to 0.3 points")
  func errorRate() {
    let rate = ErrorRate(errors: 200, examples: 10_000)
    #expect(rate.percent == 2)
    #expect(abs(rate.interval95[0] - 1.744) < 0.001 && abs(rate.interval95[1] - 2.293) < 0.001)
    #expect(ErrorRate(errors: 0, examples: 10).interval95[0] == 0)
    #expect(abs(ErrorRate(errors: 10, examples: 10).interval95[1] - 100) < 1e-9)
  }

  @Test func verdicts() {
    #expect(Verdict("", value: 1, bound: .init(atLeast: 1, atMost: 1)).holds)
    #expect(!Verdict("", value: 0.9, bound: .init(atLeast: 1)).holds)
    #expect(!Verdict("", value: 1.1, bound: .init(atMost: 1)).holds)
    #expect(!Verdict("", value: .nan, bound: .init()).holds)
    #expect(!Verdict("", value: .infinity, bound: .init(atLeast: 0)).holds)
  }

  @Test("Horowitz's figures: 4.6 / 0.9 and 3.2 / 0.1")
  func energy() {
    #expect(abs(EnergyModel.Arithmetic.fp32.multiplyAdd - 4.6) < 1e-12)
    #expect(abs(EnergyModel.Arithmetic.int32.multiplyAdd - 3.2) < 1e-12)
    #expect(EnergyModel.weightRead(weights: 2048) == 5)
    #expect(EnergyModel.weightRead(weights: 8192) == 10)
    #expect(EnergyModel.weightRead(weights: 8193) == 50)
    #expect(
      EnergyModel.energy(additions: 10, multiplyAdds: 0, arithmetic: .fp32, weightRead: 0) == 9)
  }
}

@Suite struct ComparisonTests {
  private func result(workers: Int) async throws -> Comparison.Result {
    let digits = Dataset.embeddedDigits()
    let training = DenseTraining(epochs: 2, seed: 3)
    BLAS.threads = 1
    let dense = try await training.network(hidden: [12], dataset: digits.learning(first: 300))
    return try await Comparison(
      weights: dense.weights, data: digits.test.prefix(12),
      settings: .init(
        convergenceSteps: [1, 4, 16, 100], timeSteps: 5, workers: workers,
        instructionSet: InstructionSet.selected(), timingSeconds: 0)
    ).run()
  }

  @Test("verdicts hold on a small trained network, and workers change nothing")
  func small() async throws {
    let one = try await result(workers: 1)
    let three = try await result(workers: 3)
    #expect(one.verdicts == three.verdicts)
    #expect(one.operations.spiking == three.operations.spiking)
    #expect(
      one.convergence.points.map(\.meanError) == three.convergence.points.map(\.meanError))
    for verdict in one.verdicts where !verdict.name.contains("agreement") {
      #expect(verdict.holds, "\(verdict)")
    }
    #expect(one.layerSizes == [64, 12, 10] && one.images == 12)
    #expect(one.timings.rounds >= 3)
    // At T = 100 the twins are close: 1/100 of a quantum, times the weights.
    #expect(one.convergence.points[3].meanError < 0.1)
  }

  @Test("a wrong ledger, slope or bound fails its verdict")
  func failing() async throws {
    let result = try await result(workers: 1)
    let good = result.convergence
    let flat = Comparison.Convergence(
      points: good.points, fit: PowerLawFit([(1, 1), (2, 0.9)]), layerFits: good.layerFits,
      denseErrors: 0, largestShareOfBound: 1.001)
    let verdicts = Comparison.verdicts(flat, result.operations)
    // Slope and bound; agreement is judged from T = 1000 on.
    #expect(verdicts.map(\.holds).prefix(2) == [false, false])
  }

  @Test("cancelling stops a comparison")
  func cancellation() async throws {
    let work = Task { try await result(workers: 2) }
    work.cancel()
    await #expect(throws: CancellationError.self) { try await work.value }
  }

  @Test("progress counts every example")
  func progress() async throws {
    let last = Mutex(0)
    let (results, states) = try await mapExamples(
      count: 10, workers: 4,
      progress: { done, total in
        last.withLock { $0 = max($0, done) }
        #expect(total == 10)
      }, makeState: { 0 },
      body: { (state: inout Int, example: Int) in
        state += 1
        return example * example
      })
    #expect(results == (0..<10).map { $0 * $0 } && states.reduce(0, +) == 10)
    #expect(last.withLock { $0 } == 10)
  }

  @Test("dense training repeats, shuffles and learns; a loss that explodes is an error")
  func training() async throws {
    BLAS.threads = 1
    let data = Dataset.embeddedDigits().learning(first: 200)
    let first = try await DenseTraining(epochs: 3).network(hidden: [8], dataset: data)
    let second = try await DenseTraining(epochs: 3).network(hidden: [8], dataset: data)
    let other = try await DenseTraining(epochs: 3, seed: 2).network(hidden: [8], dataset: data)
    #expect(first.weights == second.weights && first.weights != other.weights)
    await #expect(throws: LearningFailure.self) {
      try await DenseTraining(epochs: 50, learningRate: 1e30).network(hidden: [8], dataset: data)
    }
  }

  @Test("a dense network that is cancelled while it learns is none")
  func cancelled() async throws {
    BLAS.threads = 1
    let task = Task {
      unsafe withUnsafeCurrentTask { task in unsafe task!.cancel() }
      return try await DenseTraining(epochs: 3).network(
        hidden: [8], dataset: .embeddedDigits())
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}

@Suite struct AtomicFileTests {
  private let folder = NSTemporaryDirectory() + "atomic-\(UUID().uuidString)"

  private func withFolder(_ body: (String) throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
  }

  private func file(_ path: String) throws -> AtomicFile {
    try AtomicFile(forJSON: path)
  }

  @Test("what was there stays until the new file is whole")
  func replaces() throws {
    try withFolder { folder in
      let path = folder + "/a.json"
      try file(path).commit(Array("{1}".utf8))
      let next = try file(path)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "{1}")
      try next.commit(Array("{2}".utf8))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "{2}")
      #expect(try names(folder) == ["a.json"])
    }
  }

  @Test("giving up leaves nothing behind")
  func abandons() throws {
    try withFolder { folder in
      try file(folder + "/a.json").abandon()
      do { _ = try file(folder + "/b.json") }
      #expect(try names(folder) == [])
    }
  }

  @Test func refusals() throws {
    try withFolder { folder in
      #expect(throws: OutputError.cannotCreate(path: folder, reason: "it is a folder")) {
        try file(folder)
      }
      #expect {
        try file(folder + "/no/such/a.json")
      } throws: { if case OutputError.cannotCreate = $0 { true } else { false } }
      let other = folder + "/weights.bin"
      try "precious".write(toFile: other, atomically: true, encoding: .utf8)
      #expect(throws: OutputError.wouldOverwrite(path: other)) { try file(other) }
      #expect(try String(contentsOfFile: other, encoding: .utf8) == "precious")
    }
  }

  @Test(
    "a full device is an error", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func fullDevice() throws {
    let full = try file("/dev/full")
    #expect(
      throws: OutputError.io(
        path: "/dev/full", operation: "write", reason: "No space left on device")
    ) { try full.commit([1]) }
    try file("/dev/null").commit([1])
  }
}

extension Dataset {
  /// The same, with fewer training images.
  func learning(first count: Int) -> Dataset {
    Dataset(
      name: name, source: source, height: height, width: width, training: training.prefix(count),
      test: test)
  }
}
