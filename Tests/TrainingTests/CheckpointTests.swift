import CFaultInjection
import Datasets
import Foundation
import ModelFiles
import Networks
import SpikeKernels
import SpikingReLU
import Synchronization
import Testing

@testable import Files
@testable import Training

/// Nothing lost: what is resumed ends where it would have ended, and no fault damages what was there.
@Suite struct CheckpointTests {
  static func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
  }

  static func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  // MARK: Resumed runs

  enum Variant: String, CaseIterable, CustomTestStringConvertible {
    case fractional, sgd, smooth, integer, poisson, averaged, noReset, dense, denseShifted
    var testDescription: String { rawValue }
  }

  private struct End: Equatable {
    let weights: NetworkWeights
    /// Reports without times.
    let reports: [String]
    let isInterrupted: Bool

    init<Model>(_ result: LearningResult<Model>) {
      weights = result.weights
      isInterrupted = result.isInterrupted
      reports = result.epochs.map { report in
        "\(report.epoch) \(report.learningRate) \(report.examples) "
          + "\(report.runningErrorPercent ?? -1) \(report.trainErrorPercent ?? -1) "
          + "\(report.testErrorPercent ?? -1) \(report.work.map { "\($0)" } ?? "")"
      }
    }
  }

  /// Runs a variant; `progress` may cancel.
  private static func run(
    _ variant: Variant, _ checkpoints: CheckpointFolder?,
    progress: LearningSchedule.Progress? = nil
  ) async throws -> End {
    let all = Dataset.embeddedDigits()
    let data = Dataset(
      name: all.name, source: all.source, height: 8, width: 8,
      training: all.training.prefix(150), test: all.test.prefix(40))
    var schedule = LearningSchedule()
    (schedule.epochs, schedule.shuffles, schedule.learningRateDecay) = (3, true, 0.9)
    if variant == .averaged { schedule.averagedEpochs = 2 }
    if variant == .dense || variant == .denseShifted {
      var training = DenseTraining(epochs: 3, minibatch: 7, seed: 4)
      if variant == .denseShifted { training.shift = 1 }
      training.schedule = schedule
      return End(
        try await training.run(
          hidden: [9], dataset: data, progress: progress, checkpoints: checkpoints))
    }
    var options = try TrainingOptions(learningRate: 0.01)
    switch variant {
    case .sgd: options.update = .sgd
    case .smooth: options.usesSmoothGradients = true
    case .poisson: options.forwardQuantizer = .poisson
    case .noReset: options.forwardQuantizer = .noResetRectHerding
    default: break
    }
    var training = SpikingTraining(options: options, instructionSet: try .selected())
    (training.timeSteps, training.seed, training.initialDeviation) = (4, 6, 0.1)
    if variant == .noReset { training.layerQuantizer = .noResetRectHerding }
    if variant == .integer { schedule.learningRateDecay = 1 }
    training.schedule = schedule
    return variant == .integer
      ? End(
        try await training.runInIntegers(
          hidden: [9, 6], dataset: data, progress: progress, checkpoints: checkpoints))
      : End(
        try await training.run(
          hidden: [9, 6], dataset: data, progress: progress, checkpoints: checkpoints))
  }

  @Test(
    "a run that was stopped anywhere, and goes on, ends bit for bit", arguments: Variant.allCases)
  func resumed(_ variant: Variant) async throws {
    let whole = try await Self.run(variant, nil)
    var random = SystemRandomNumberGenerator()
    try await Self.withFolder { folder in
      // Stopped twice, at steps that are drawn anew for each test: a failure names them.
      var stops = [
        Int.random(in: 1...140, using: &random), Int.random(in: 1...200, using: &random),
      ]
      let drawn = stops
      for part in 0..<3 {
        let checkpoints = try CheckpointFolder(
          path: folder, settings: [:], interval: .milliseconds(1), keep: 2, resumes: part > 0)
        #expect((checkpoints.resumedFrom != nil) == (part > 0))
        let seen = Atomic<Int>(0)
        let stop = stops.isEmpty ? Int.max : stops.removeFirst()
        let end = try await Task {
          try await Self.run(variant, checkpoints) { _, _, _, _ in
            if seen.add(1, ordering: .relaxed).newValue == stop {
              unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            }
          }
        }.value
        if end.isInterrupted {
          #expect(part < 2, "\(drawn)")
        } else {
          #expect(end == whole, "stopped after \(drawn) steps")
        }
        #expect(try Self.names(in: folder).count <= 3)
      }
    }
  }

  @Test("a checkpoint between steps, as after a kill, goes on bit for bit")
  func killed() async throws {
    let whole = try await Self.run(.fractional, nil)
    try await Self.withFolder { folder in
      let first = try CheckpointFolder(
        path: folder, settings: [:], interval: .zero, keep: 1000, resumes: false)
      _ = try await Self.run(.fractional, first)
      let all = try Self.names(in: folder).filter { $0.hasPrefix("checkpoint-") }
      #expect(all.count == 3 * 150 + 1)
      // Not released: the folder is locked. Each checkpoint in a folder of its own.
      for name in [all[0], all[149], all[150], all[333], all[all.count - 1]] {
        let other = folder + "/other-" + name
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: folder + "/" + name, toPath: other + "/" + name)
        let again = try CheckpointFolder(
          path: other, settings: [:], interval: .seconds(1000), keep: 1, resumes: true)
        let resumed = try await Self.run(.fractional, again)
        #expect(resumed == whole, "\(name)")
      }
      withExtendedLifetime(first) {}
    }
  }

  // MARK: The folder

  private static func file(_ value: Float) -> CheckpointFile {
    var file = CheckpointFile()
    file.arrays = [
      "a": .floats([value, .nan, -0.0]), "b": .integers([-1, 2]), "c": .doubles([.pi]),
      "d \"quoted\"\n": .bytes([1, 2, 3]),
    ]
    return file
  }

  private static func folder(
    _ path: String, settings: [String: String] = ["--eta": "0.01"], resumes: Bool = true
  ) throws -> CheckpointFolder {
    try CheckpointFolder(
      path: path, settings: settings, interval: .zero, keep: 2, resumes: resumes)
  }

  @Test("the newest are kept; other settings, a second run and a forgotten --resume are refused")
  func folder() async throws {
    try await Self.withFolder { path in
      do {
        let folder = try Self.folder(path, resumes: false)
        #expect(throws: FolderLocked(path: path)) { try Self.folder(path) }
        for value in 1...4 { try folder.write(Self.file(Float(value))) }
      }
      #expect(
        try Self.names(in: path) == [
          "checkpoint-000003.safetensors", "checkpoint-000004.safetensors", "lock",
        ])
      #expect(throws: CheckpointFolder.Failure.occupied(path: path)) {
        try Self.folder(path, resumes: false)
      }
      #expect(
        throws: CheckpointFolder.Failure.otherSettings(
          path: path,
          differences: [
            "--eta is 0.01 there, 0.02 here", "--steps is not given there, 5 here",
          ])
      ) { try Self.folder(path, settings: ["--eta": "0.02", "--steps": "5"]) }
      // A temporary file that a killed run left goes; other files stay.
      try Data([1]).write(to: URL(filePath: path + "/checkpoint-000005.safetensors.tmp-77"))
      try Data([1]).write(to: URL(filePath: path + "/notes.tmp-1"))
      do {
        let folder = try Self.folder(path)
        #expect(folder.resumedFrom?.hasSuffix("checkpoint-000004.safetensors") == true)
        #expect(folder.resumed?.arrays["b"] == .integers([-1, 2]))
        #expect(try !Self.names(in: path).contains { $0.hasSuffix("tmp-77") })
        #expect(try Self.names(in: path).contains("notes.tmp-1"))
      }
      // The newest not to be read at all: the one before.
      try FileManager.default.createDirectory(
        atPath: path + "/checkpoint-000009.safetensors", withIntermediateDirectories: false)
      do {
        let folder = try Self.folder(path)
        #expect(folder.resumedFrom?.hasSuffix("checkpoint-000004.safetensors") == true)
        #expect(folder.passedOver.count == 1 && folder.passedOver[0].contains("not a regular file"))
      }
      try FileManager.default.removeItem(atPath: path + "/checkpoint-000009.safetensors")
      // The newest damaged: the one before, and what is wrong is told.
      let newest = path + "/checkpoint-000004.safetensors"
      var bytes = [UInt8](try Data(contentsOf: URL(filePath: newest)))
      bytes[bytes.count - 1] ^= 1
      try Data(bytes).write(to: URL(filePath: newest))
      do {
        let folder = try Self.folder(path)
        #expect(folder.resumedFrom?.hasSuffix("checkpoint-000003.safetensors") == true)
        #expect(folder.passedOver.count == 1 && folder.passedOver[0].contains("000004"))
        #expect(folder.passedOver[0].contains("the data is damaged: CRC-32"))
        // The damaged one is not written over.
        try folder.write(Self.file(9))
        #expect(try Self.names(in: path).contains("checkpoint-000005.safetensors"))
      }
      for name in try Self.names(in: path) where name.hasPrefix("checkpoint") {
        try Data("x".utf8).write(to: URL(filePath: path + "/" + name))
      }
      #expect { try Self.folder(path) } throws: { "\($0)".hasPrefix("no whole checkpoint: ") }
    }
  }

  @Test("a folder that is removed under a run: an error")
  func removed() async throws {
    try await Self.withFolder { path in
      let folder = try Self.folder(path, resumes: false)
      try FileManager.default.removeItem(atPath: path)
      #expect {
        try folder.write(Self.file(1))
      } throws: {
        if case OutputError.cannotCreate? = $0 as? OutputError { true } else { false }
      }
    }
  }

  @Test("a checkpoint of another run is a typed error, not a trap")
  func mismatch() async throws {
    try await Self.withFolder { path in
      let folder = try Self.folder(path, resumes: false)
      for change in [
        { (file: inout CheckpointFile) in file.arrays["position"] = nil },
        { $0.arrays["position"] = .bytes(Array("{}".utf8)) },
        { $0.arrays["learner"] = .floats([]) },
        { $0.arrays["learner.weights.1"] = .floats([1]) },
        { $0.arrays["learner.weights.1"] = .integers([1]) },
        { $0.arrays["learner.extra"] = .floats([1]) },
        { $0.arrays["whole.weights.2"] = .floats([1, 2]) },
        { $0.arrays["whole.weights.1"] = .floats(Array(repeating: .nan, count: 64 * 9)) },
        { $0.arrays["learner.backward.1.potentials"] = nil },
        { $0.arrays["learner.backward.1.potentials"] = .floats(Array(repeating: .nan, count: 9)) },
      ] as [(inout CheckpointFile) -> Void] {
        let dataset = Dataset.embeddedDigits()
        var generator = SeededGenerator(seed: 1)
        let weights = try NetworkWeights(
          topology: [64, 9, 10], initializer: .he, generator: &generator)
        let learner = SpikingLearner(
          network: try LearningMLP(
            weights: weights, options: PredictionOptions(timeSteps: 2),
            training: TrainingOptions()))
        var run = try LearningRun(learner: learner, order: generator)
        var file = try run.checkpoint()
        let count = dataset.training.count
        try run.restore(file, epochs: 3, examples: count)
        change(&file)
        #expect(throws: (any Error).self) {
          try run.restore(file, epochs: 3, examples: count)
        }
      }
      withExtendedLifetime(folder) {}
    }
  }

  // MARK: Damage

  @Test("every number is kept bit for bit; every prefix and every flipped bit is refused")
  func damage() async throws {
    try await Self.withFolder { path in
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let name = path + "/c"
      let bytes = Self.file(3).encoded
      func read(_ bytes: [UInt8]) throws -> CheckpointFile {
        try Data(bytes).write(to: URL(filePath: name))
        return try CheckpointFile(path: name)
      }
      let back = try read(bytes)
      #expect(back.encoded == bytes)
      guard case .floats(let floats)? = back.arrays["a"] else {
        Issue.record("no floats")
        return
      }
      #expect(floats.map(\.bitPattern) == [3, Float.nan, -0.0].map(\.bitPattern))
      for length in 0..<bytes.count {
        #expect(throws: ModelFileError.self, "\(length) bytes") {
          try read(Array(bytes[..<length]))
        }
      }
      for bit in 0..<8 * bytes.count {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(throws: ModelFileError.self, "bit \(bit)") { try read(damaged) }
      }
      #expect(throws: ModelFileError.self) { try read(bytes + [0]) }
    }
  }

  @Test(
    "the Nth open, write, fsync or rename fails, once or for ever: an error, nothing damaged, nothing left",
    .enabled(if: cfi_is_available() != 0, "calls cannot be made to fail in this build"),
    arguments: [CFI_OPEN, CFI_WRITE, CFI_FSYNC, CFI_RENAME].map(\.rawValue), [false, true])
  func faults(call: UInt32, forever: Bool) async throws {
    try await Self.withFolder { path in
      let folder = try Self.folder(path, resumes: false)
      try folder.write(Self.file(1))
      let before = try Data(contentsOf: URL(filePath: path + "/checkpoint-000001.safetensors"))
      var (hits, nth) = (0, 1)
      while true {
        cfi_arm(cfi_call(rawValue: call), Int32(nth), forever ? 1 : 0, EIO)
        var failure: OutputError?
        do {
          try folder.write(Self.file(Float(nth)))
        } catch let error as OutputError {
          failure = error
        } catch {
          cfi_disarm()
          throw error
        }
        let calls = cfi_disarm()
        if calls < nth { break }
        hits += 1
        #expect(failure != nil, "call \(nth)")
        #expect("\(failure!)".contains("Input/output error"))
        // What was there before is there, byte for byte, until a later one is whole; nothing else is.
        let names = try Self.names(in: path)
        for name in names where name != "lock" {
          #expect(name.hasSuffix(".safetensors"), "\(name)")
          _ = try CheckpointFile(path: path + "/" + name)
        }
        if names.contains("checkpoint-000001.safetensors") {
          #expect(
            try Data(contentsOf: URL(filePath: path + "/checkpoint-000001.safetensors")) == before)
        }
        // The first sync is the file's own: what is not synced is not renamed.
        if call == CFI_FSYNC.rawValue, nth == 1 { #expect(names.count == 2) }
        #expect(names.count >= 2)
        nth += 1
      }
      // The file and its folder are synced.
      #expect(hits >= (call == CFI_FSYNC.rawValue ? 2 : 1), "calls seen: \(hits)")
      try folder.write(Self.file(1000))
    }
  }

  @Test(
    "short writes and interrupted calls are no faults",
    .enabled(if: cfi_is_available() != 0, "calls cannot be made to fail in this build"))
  func shortWrites() async throws {
    try await Self.withFolder { path in
      let folder = try Self.folder(path, resumes: false)
      cfi_arm(CFI_WRITE, 1, 1, 0)
      try folder.write(Self.file(1))
      #expect(cfi_disarm() > 100)
      cfi_arm(CFI_WRITE, 1, 0, EINTR)
      try folder.write(Self.file(2))
      #expect(cfi_disarm() == 2)
      _ = try CheckpointFile(path: path + "/checkpoint-000001.safetensors")
      _ = try CheckpointFile(path: path + "/checkpoint-000002.safetensors")
    }
  }
}
