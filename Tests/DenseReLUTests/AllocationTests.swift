import CAllocationCounter
import Networks
import Testing

@testable import DenseReLU

@Suite struct AllocationTests {
  @Test(
    "a training step allocates nothing once its buffers are there",
    .enabled(if: csk_allocations_of_thread() >= 0, "allocations are not counted in this build"),
    arguments: [1, 64])
  func trainingStep(batch: Int) throws {
    BLAS.threads = 1
    var generator = SeededGenerator(seed: 5)
    var network = DenseMLP(
      weights: try NetworkWeights(
        topology: [30, 20, 10], initializer: .he, generator: &generator))
    let inputs = Matrix(rows: batch, columns: 30) { _, _ in Float(generator.nextUniform()) }
    let targets = Matrix(rows: batch, columns: 10) { row, column in
      row % 10 == column ? 1 : 0
    }
    _ = try network.train(inputs: inputs, targets: targets, learningRate: 0.01)
    let before = csk_allocations_of_thread()
    for _ in 0..<10 {
      _ = try network.train(inputs: inputs, targets: targets, learningRate: 0.01)
    }
    #expect(csk_allocations_of_thread() == before)
    // The counter counts: a matrix is an allocation.
    _ = Matrix(rows: 2, columns: 2)
    #expect(csk_allocations_of_thread() > before)
  }
}
