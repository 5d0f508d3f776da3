import Cluster
import Datasets
import DenseReLU
import EventRecordings
import Experiments
import Foundation
import MPICluster
import ModelFiles
import Networks
import SpikeKernels
import SpikingReLU
import Testing

@testable import Training

/// The README's example, compiled and run; its lines are compared with the README's.
@Suite struct ReadmeTests {
  @Test func example() throws {
    // begin README example
    var generator = SeededGenerator(seed: 1)
    let weights = try NetworkWeights(
      topology: [784, 200, 200, 10], initializer: .he, generator: &generator)

    var dense = DenseMLP(weights: weights)
    var spiking = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 100))

    let image = [Float](repeating: 0.5, count: 784)
    print(try dense.predict(image))  // the last layer's pre-activations
    print(try spiking.predict(image))  // the same, within B / T: see RigorousBound
    print(spiking.ledger.additions)  // what it cost
    // end README example
    #expect(spiking.ledger.additions > 0)
  }

  @Test func learning() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "digits.safetensors").path
    // begin README learning
    let digits = Dataset.embeddedDigits()
    var generator = SeededGenerator(seed: 1)
    let first = try NetworkWeights(
      topology: [64, 64, 10], initializer: .normal(standardDeviation: 0.05),
      generator: &generator)
    var learner = try LearningMLP(
      weights: first, options: PredictionOptions(timeSteps: 10),
      training: TrainingOptions(learningRate: 0.02))
    let targets = digits.training.targets
    for example in 0..<digits.training.count {  // your stream: one example in, one update out
      try learner.train(input: digits.training.images.row(example), target: targets.row(example))
    }
    try learner.networkWeights.write(safetensors: path)  // whole or not at all; PyTorch reads it
    let weights = try NetworkWeights(safetensors: path)
    var spiking = try SpikingMLP(weights: weights, options: PredictionOptions(timeSteps: 10))
    print(try spiking.predict(digits.test.images.row(0)).argmax, digits.test.labels[0])
    // end README learning
    let errors = try (0..<digits.test.count).count {
      try spiking.predict(digits.test.images.row($0)).argmax != digits.test.labels[$0]
    }
    // One pass is no more than a beginning; chance is 90%.
    #expect(errors < digits.test.count / 2)
  }

  @Test func earlyExit() throws {
    var generator = SeededGenerator(seed: 1)
    let weights = try NetworkWeights(
      topology: [64, 64, 10], initializer: .he, generator: &generator)
    let image = Dataset.embeddedDigits().test.images.row(0)
    // begin README early exit
    let coding = try SpikeCoding(
      topology: weights.topology, inputExponent: -1, layerScales: [1],
      inputPhases: SpikeCoding.staggeredPhases(2, height: 8, width: 8))
    var options = try PredictionOptions(timeSteps: 12)
    options.firing = .oncePerStep
    var network = try SpikingMLP(weights: weights, coding: coding, options: options)
    let answer = try network.predict(image, until: ExitRule(margin: 5))
    print(answer.label, answer.timeSteps, answer.margin)
    // end README early exit
    #expect(1...12 ~= answer.timeSteps)
  }

  @Test func stream() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = try DotRecordings(path, training: 3, test: 1)
    let folder = path
    // begin README stream
    var generator = SeededGenerator(seed: 1)
    let first = try NetworkWeights(
      topology: [34 * 34, 200, 10], initializer: .normal(standardDeviation: 0.02),
      generator: &generator)
    var learner = try LearningMLP(
      weights: first, options: PredictionOptions(timeSteps: 40),
      training: TrainingOptions(learningRate: 0.03))
    for recording in try RecordingList.read(folder: folder).training {
      var events = try EventStream(path: recording.path)
      let input = EventInput(sensor: events.sensor, polarity: .ignored)
      var next: Int64 = 7500
      try learner.beginStream(target: (0..<10).map { $0 == recording.label ? 1 : 0 })
      while let event = try events.next() {  // your camera: one event in
        while event.time >= next {
          try learner.endStep()  // errors go back, weights change
          next += 7500
        }
        try learner.receive(Spike(unit: input.unit(of: event), sign: input.sign(of: event)))
      }
      try learner.endStep()  // what it answered, while it learned:
      print(learner.outputSums.argmax, recording.label)
    }
    // end README stream
    #expect(learner.weights != first.matrices)
  }

  @Test func ranks() async throws {
    // begin docs/Scaling.md ranks
    let ranks = try joinCluster(environment: ProcessInfo.processInfo.environment)
    var training = SpikingTraining(
      options: try TrainingOptions(learningRate: 0.04), instructionSet: try .selected())
    training.schedule.epochs = 2
    let result = try await training.run(
      replicas: ReplicaLayout(replicas: 2, interval: 100, ranks: ranks), hidden: [32],
      dataset: .embeddedDigits())
    if ranks.isRoot { print(result.epochs.last?.testErrorPercent ?? 100) }
    try ranks.finish()
    // end docs/Scaling.md ranks
    #expect(result.epochs.count == 2 && !result.isInterrupted)
  }

  @Test("the README and the documents show the lines that are compiled here")
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
    let examples = ["example", "learning", "early exit", "stream"].map { ("README", $0) }
    for (document, example) in examples + [("docs/Scaling.md", "ranks")] {
      let name = document == "README" ? "README.md" : document
      let readme = try lines(root.appending(path: name))
      let begin = try #require(source.firstIndex(of: "// begin \(document) \(example)"))
      let end = try #require(source.firstIndex(of: "// end \(document) \(example)"))
      #expect(example != "learning" || end - begin - 1 < 20)
      for line in source[(begin + 1)..<end] {
        #expect(readme.contains(line), "\(line)")
      }
    }
  }
}
