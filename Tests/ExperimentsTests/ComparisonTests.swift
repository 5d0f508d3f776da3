import DenseReLU
import Files
import Foundation
import Measures
import Networks
import SpikeKernels
import Synchronization
import TestSupport
import Testing

@testable import Datasets
@testable import Experiments
@testable import Training

@Suite struct ComparisonTests {
  private func result(workers: Int) async throws -> Comparison.Result {
    let digits = Dataset.embeddedDigits()
    let training = DenseTraining(epochs: 2, seed: 3)
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
    #expect(one.topology == [64, 12, 10] && one.images == 12)
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
    let task = Task {
      unsafe withUnsafeCurrentTask { task in unsafe task!.cancel() }
      return try await DenseTraining(epochs: 3).network(
        hidden: [8], dataset: .embeddedDigits())
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
