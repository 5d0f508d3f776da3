import DenseReLU
import Foundation
import Networks
import SpikingReLU
import Testing

/// The README's example, compiled and run; its lines are compared with the README's.
@Suite struct ReadmeTests {
  @Test func example() throws {
    // begin README example
    var generator = SeededGenerator(seed: 1)
    let weights = try NetworkWeights(
      layerSizes: [784, 200, 200, 10], initializer: .he, generator: &generator)

    var dense = DenseMLP(weights: weights)
    var spiking = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 100))

    let image = [Float](repeating: 0.5, count: 784)
    print(try dense.predict(image))  // the last layer's pre-activations
    print(try spiking.predict(image))  // the same, within B / T: see RigorousBound
    print(spiking.ledger.additions)  // what it cost

    // Learning by spikes, one example at a time; predict whenever you like.
    var learner = try LearningMLP(
      weights: weights, options: PredictionOptions(timeSteps: 10),
      training: TrainingOptions(learningRate: 0.01))
    let target: [Float] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    try learner.train(input: image, target: target)
    let digit = try learner.predict(image).argmax
    print(digit)
    // end README example
    #expect(spiking.ledger.additions > 0)
  }

  @Test("the README shows the lines that are compiled here")
  func sameLines() throws {
    let test = URL(filePath: #filePath)
    let root = test.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    func lines(_ url: URL) throws -> [String] {
      try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
        $0.trimmingCharacters(in: .whitespaces).replacing("    //", with: "  //")
          .replacing("   //", with: "  //")
      }
    }
    let source = try lines(test)
    let begin = try #require(source.firstIndex(of: "// begin README example"))
    let end = try #require(source.firstIndex(of: "// end README example"))
    let readme = try lines(root.appending(path: "README.md"))
    for line in source[(begin + 1)..<end] {
      #expect(readme.contains(line), "\(line)")
    }
  }
}
