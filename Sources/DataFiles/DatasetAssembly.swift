internal import Datasets
internal import Networks

/// Makes a dataset of what files have: counts classes, divides numbers, draws a test part where there is none.
struct DatasetAssembly {
  let name: String
  let source: String
  let shape: Shape
  var channelOrder = Dataset.ChannelOrder.first
  let options: DataOptions
  /// Names of classes that are numbers, where a file has them.
  var names: [String]?
  var notes: [String] = []
  /// Whether examples come class by class, so that the first of a test part would be of one.
  var isByClass = false

  /// - Parameter test: `nil` where there is none: a fifth of each class, drawn with a fixed seed.
  /// - Throws: `DatasetError`.
  func dataset(_ training: LabelledRows, test: LabelledRows?) throws(DatasetError) -> Dataset {
    let parts = [training] + (test.map { [$0] } ?? [])
    for part in parts {
      guard part.count > 0 else { throw .badData(path: part.path, reason: "no examples") }
      guard part.columns == shape.count else {
        throw .badData(
          path: part.path, reason: "examples of \(part.columns) numbers, expected \(shape.count)")
      }
    }
    let classes = try ClassLabels(training, test: test, names: names)
    let scale = try NumberScale(parts, said: options.divisor)
    let unused = LabelNames.unused(classes.training + classes.test, classes: classes.count)
    func images(_ rows: LabelledRows, _ labels: [Int]) -> LabelledImages {
      let divisor = scale.isApplied ? Float(scale.divisor) : 1
      let values = divisor == 1 ? rows.values : rows.values.map { $0 / divisor }
      return LabelledImages(
        images: Matrix(rows: rows.count, columns: rows.columns, elements: values), labels: labels,
        classes: classes.count, unusedClasses: unused)
    }
    let learned = images(training, classes.training)
    var notes = notes + classes.notes + scale.notes
    notes += LabelNames.notes(unused: unused, classes: classes.count)
    let (training, judged): (LabelledImages, LabelledImages)
    if let test {
      let all = images(test, classes.test)
      judged =
        isByClass
        ? all.selecting(TestSplit.shuffled(Array(0..<all.count), stream: TestSplit.testStream))
        : all
      training = learned.selecting(
        TestSplit.shuffled(Array(0..<learned.count), stream: TestSplit.trainingStream))
    } else {
      guard learned.count > classes.count else {
        throw .badData(
          path: source,
          reason:
            "\(learned.count) examples of \(classes.count) classes are too few to keep some for testing"
        )
      }
      let split = TestSplit(learned.labels, classes: classes.count)
      judged = learned.selecting(split.test)
      training = learned.selecting(split.training)
      notes.append(
        "no test part: \(judged.count) of \(learned.count) examples, a fifth of each class, are kept for "
          + "testing (drawn with seed 0)")
    }
    return Dataset(
      name: name, source: source, shape: shape, channelOrder: channelOrder, training: training,
      test: judged, classNames: classes.names, divisor: scale.divisor,
      isDivisorKnown: scale.isKnown, notes: notes)
  }
}

/// What numbers of files are divided by.
struct NumberScale {
  let divisor: Double
  /// Whether numbers are divided: those of images are from 0 to 1 already.
  let isApplied: Bool
  /// Whether their type says so.
  let isKnown: Bool
  let notes: [String]

  /// Numbers as they look.
  private enum Look: Equatable {
    /// Whole, 0 to 255, some beyond 16.
    case pixels
    /// Whole, 0 to 16, some beyond 1.
    case small
    /// 0 and 1.
    case bits
    /// Anything else.
    case others
  }

  /// - Throws: `DatasetError.badData` where training and test parts differ, so that one divisor would be wrong.
  init(_ parts: [LabelledRows], said: Double?) throws(DatasetError) {
    if parts.allSatisfy({ $0.numbers == .unit }) {
      (divisor, isApplied, isKnown, notes) = (255, false, true, [])
      return
    }
    if let said {
      (divisor, isApplied, isKnown, notes) = (said, true, false, [])
      return
    }
    func differ(_ first: String, _ second: String) -> DatasetError {
      .badData(
        path: parts[1].path,
        reason: "its numbers are \(second), and those of \(parts[0].path) are \(first): "
          + "make them alike, or say --divide")
    }
    let areBytes = parts.map { $0.numbers == .bytes }
    guard Set(areBytes).count == 1 else {
      throw areBytes[0] ? differ("bytes", "others") : differ("others", "bytes")
    }
    if areBytes[0] {
      (divisor, isApplied, isKnown, notes) = (255, true, true, [])
      return
    }
    let looks = parts.map { Self.look($0.values) }
    (isApplied, isKnown) = (true, false)
    guard looks.contains(.pixels) else {
      (divisor, notes) = (1, [])
      return
    }
    guard looks.allSatisfy({ $0 == .pixels || $0 == .small }) else {
      throw looks[0] == .pixels
        ? differ("whole, up to 255", "not") : differ("not", "whole, up to 255")
    }
    divisor = 255
    notes = [
      "numbers are whole, 0 to 255: taken as pixels and divided by 255 (--divide says otherwise)"
    ]
  }

  private static func look(_ values: [Float]) -> Look {
    var largest: Float = 0
    for value in values {
      guard value >= 0, value <= 255, value == value.rounded() else { return .others }
      largest = max(largest, value)
    }
    return largest > 16 ? .pixels : largest > 1 ? .small : .bits
  }
}

/// A test part that is drawn.
struct TestSplit {
  let training: [Int]
  let test: [Int]

  static let trainingStream: UInt64 = 1 << 20
  static let testStream: UInt64 = 1 << 21

  /// A fifth of each class, rounded up where there are two examples or more, and the others, both in an order that is
  /// drawn: files are often sorted by class.
  init(_ labels: [Int], classes: Int) {
    var members: [[Int]] = Array(repeating: [], count: classes)
    for (index, label) in labels.enumerated() { members[label].append(index) }
    var (training, test): ([Int], [Int]) = ([], [])
    for (label, all) in members.enumerated() {
      let drawn = Self.shuffled(all, stream: UInt64(label))
      let kept = all.count < 2 ? 0 : (all.count + 4) / 5
      test += drawn.prefix(kept)
      training += drawn.dropFirst(kept)
    }
    self.training = Self.shuffled(training.sorted(), stream: Self.trainingStream)
    self.test = Self.shuffled(test.sorted(), stream: Self.testStream)
  }

  /// Fisher and Yates, by our own generator: the same on every machine.
  static func shuffled(_ indices: [Int], stream: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: 0, stream: stream)
    var result = indices
    for place in result.indices.dropFirst().reversed() {
      result.swapAt(place, Int(generator.next() % UInt64(place + 1)))
    }
    return result
  }
}
