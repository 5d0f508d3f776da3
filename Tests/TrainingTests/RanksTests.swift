import Cluster
import Foundation
import Networks
import SpikeKernels
import SpikingReLU
import Synchronization
import Testing
import ThreadCluster

@testable import Datasets
@testable import Experiments
@testable import Training

/// What several ranks do together is what one does alone, bit for bit.
@Suite struct RanksTests {
  enum Learning: String, CaseIterable, CustomTestStringConvertible {
    case spiking, integer, noReset, poisson, dense
    var testDescription: String { rawValue }
  }

  private static func learn(
    _ learning: Learning, team: Team?
  ) async throws -> ReplicaTests.End {
    if learning == .dense {
      let training = DenseTraining(epochs: 2, minibatch: 10, seed: 4)
      return .init(
        try await training.run(hidden: [9], dataset: ReplicaTests.dataset, team: team))
    }
    var training = try ReplicaTests.training(.fractional)
    training.schedule.learningRateDecay = 1
    if learning == .noReset { training.layerQuantizer = .noResetRectHerding }
    if learning == .poisson { training.layerQuantizer = .poisson }
    guard learning == .integer else {
      return .init(
        try await training.run(hidden: [9], dataset: ReplicaTests.dataset, team: team))
    }
    return .init(
      try await training.runInIntegers(hidden: [9], dataset: ReplicaTests.dataset, team: team))
  }

  @Test(
    "evaluation in shares counts the same errors, whichever twin learns",
    arguments: Learning.allCases)
  func evaluation(learning: Learning) async throws {
    let alone = try await Self.learn(learning, team: nil)
    for size in [2, 3] {
      let ends = await ThreadCluster.run(size) { ranks in
        try await Self.learn(learning, team: Team(ranks))
      }
      #expect(try ends[0].get() == alone, "\(size) ranks")
      for end in ends.dropFirst() { #expect(try end.get().reports.isEmpty) }
    }
  }

  @Test("an anytime run in shares finds and reports the same", arguments: [false, true])
  func anytime(refitsReadout: Bool) async throws {
    let (data, calibration) = Dataset.embeddedDigits().split(calibration: 200)
    let (weights, coding) = try await AnytimeTraining(method: .dense, epochs: 6).run(
      hidden: [16], dataset: data, instructionSet: try .selected())
    let test = data.test.prefix(100)
    @Sendable func run(_ team: Team?) async throws -> (String, NetworkWeights) {
      var search = CodingSearch(instructionSet: try .selected(), imageSize: (8, 8))
      (search.timeSteps, search.rounds, search.refitsReadout) = (4, 1, refitsReadout)
      var settings = Anytime.Settings(
        search: search, target: .init(errorPoints: 100, shareOfDense: 100, timeOfDense: nil))
      (settings.trainedCoding, settings.timingSeconds) = (coding, 0)
      let (result, found) = try await Anytime(
        weights: weights, calibration: calibration, test: test, settings: settings
      ).run(team: team)
      // What is timed is not the same again.
      let exit = result.exit
      return (
        "\(result.chosen) \(exit.margin, default: "none") \(exit.ratio) \(exit.timeSteps) \(exit.outcome) "
          + "\(exit.imagesOfSteps) \(exit.additionPercentiles) \(result.paper) "
          + "\(result.guarantee) \(result.margins)",
        found
      )
    }
    let alone = try await run(nil)
    let ends = await ThreadCluster.run(3) { ranks in
      let team = Team(ranks)
      guard ranks.isRoot else {
        try await Anytime.serve(
          team, calibration: calibration, test: test, workers: 1, instructionSet: try .selected())
        return ("", weights)
      }
      return try await run(team)
    }
    let together = try ends[0].get()
    #expect(together.0 == alone.0 && together.1 == alone.1)
    for end in ends.dropFirst() { #expect(try end.get().0.isEmpty) }
  }

  private static func paper() throws -> Paper {
    var settings = Paper.Settings.quick(on: ReplicaTests.dataset, hidden: [8])
    (settings.epochs, settings.ablationEpochs) = (2, 1)
    return Paper(
      settings: settings, dataset: ReplicaTests.dataset, instructionSet: try .selected())
  }

  @Test("rows that ranks run are those of one process; those that are kept are not run again")
  func rows() async throws {
    let jobs = PaperRow.all.prefix(4).flatMap { row -> [PaperRun.Job] in
      [(row, 1), (row, 2)]
    }
    func figures(_ results: [Paper.Result]) -> [String] {
      results.map { "\($0.row) \($0.seed) \($0.cells.sorted { $0.key < $1.key })" }
    }
    let alone = try await PaperRun(paper: try Self.paper(), folder: nil, workers: 2).run(
      jobs, progress: { _, _, _ in }, onEvent: { _ in })
    try await CheckpointTests.withFolder { path in
      for round in 0..<2 {
        let finished = Mutex(0)
        let ends = await ThreadCluster.run(3) { ranks in
          let paper = try Self.paper()
          let folder =
            ranks.isRoot ? try StateFolder(path: path, settings: paper.settings) : nil
          return try await PaperRun(paper: paper, folder: folder, workers: 1, ranks: ranks).run(
            round == 0 ? Array(jobs.prefix(5)) : jobs, progress: { _, _, _ in }
          ) { event in
            if case .finished = event { finished.withLock { $0 += 1 } }
          }
        }
        let found = figures(try ends[0].get())
        #expect(found == Array(figures(alone).prefix(round == 0 ? 5 : 8)))
        #expect(finished.withLock { $0 } == (round == 0 ? 5 : 3))
        for end in ends.dropFirst() { #expect(try end.get().isEmpty) }
      }
    }
  }

  @Test("seeds that ranks train are those of one process; those that are kept are not run again")
  func seeds() async throws {
    @Sendable func train(
      _ ranks: any Communicator, _ seeds: [UInt64], folder: StateFolder?
    ) async throws -> (ends: [TrainedSeed], seen: Int) {
      var seen = 0
      let ends = try await trainInParallel(
        seeds: seeds, workers: 1, ranks: ranks, folder: folder,
        run: { seed, progress in
          var training = try ReplicaTests.training(.sgd)
          (training.seed, training.schedule.epochs) = (seed, 1)
          return try await TrainingSession(
            .spiking(training), hidden: [6], dataset: ReplicaTests.dataset
          ).run(progress: progress)
        }, onRun: { _ in seen += 1 })
      return (ends, seen)
    }
    func errors(_ ends: [TrainedSeed]) -> [String] {
      ends.map { "\($0.seed) \($0.epochs.map { $0.testErrorPercent ?? -1 }) \($0.isInterrupted)" }
    }
    let alone = try await train(SingleProcess(), [5, 6, 7], folder: nil)
    #expect(alone.ends.count == 3 && alone.seen == 3)
    try await CheckpointTests.withFolder { path in
      for seeds in [[5, 7], [5, 6, 7]] as [[UInt64]] {
        let ends = await ThreadCluster.run(2) { ranks in
          let folder =
            ranks.isRoot ? try StateFolder(path: path, settings: ["eta": "0.02"]) : nil
          return try await train(ranks, seeds, folder: folder)
        }
        let found = try ends[0].get()
        #expect(
          errors(found.ends)
            == errors(alone.ends.filter { seeds.contains($0.seed) }) && found.seen == seeds.count)
        #expect(try ends[1].get().ends.isEmpty)
      }
      try Data("{}".utf8).write(to: URL(filePath: path + "/seed6.json"))
      await #expect(throws: StateFolder.Damaged.self) {
        try await train(
          SingleProcess(), [5, 6], folder: StateFolder(path: path, settings: ["eta": "0.02"]))
      }
    }
  }

  @Test("sweeps that ranks measure are whole, in their order, with the counts of one process")
  func sweeps() async throws {
    @Sendable func run(_ ranks: any Communicator) async throws -> ScaleBenchmark.Result? {
      var benchmark = ScaleBenchmark(instructionSet: try .selected())
      benchmark.seconds = 0
      benchmark.activeInputs = [49, 98]
      benchmark.widths = [16, 32]
      benchmark.depths = [1, 2]
      benchmark.timeSteps = [1, 10]
      benchmark.workers = [1]
      return try await benchmark.run(ranks: ranks)
    }
    func counts(_ result: ScaleBenchmark.Result) -> [String] {
      result.sweeps.map { "\($0.name) \($0.points.map { [$0.spikes, $0.additions] })" }
    }
    let alone = try #require(try await run(SingleProcess()))
    let ends = await ThreadCluster.run(3) { try await run($0) }
    #expect(counts(try #require(try ends[0].get())) == counts(alone))
    for end in ends.dropFirst() {
      let none = try end.get()
      #expect(none == nil)
    }
  }
}
