internal import Datasets
internal import Networks

/// Examples as a file has them: numbers and labels, before classes are counted.
struct LabelledRows {
  /// Labels of examples: whole numbers, or texts.
  enum Labels {
    case numbers([Int])
    case texts([String])

    var count: Int {
      switch self {
      case .numbers(let all): all.count
      case .texts(let all): all.count
      }
    }

    var texts: [String] {
      switch self {
      case .numbers(let all): all.map(String.init)
      case .texts(let all): all
      }
    }
  }

  /// The file, for messages.
  let path: String
  /// Numbers of an example.
  let columns: Int
  /// Of all examples, one after the other.
  var values: [Float]
  var labels: Labels

  var count: Int { labels.count }
}

/// Makes a dataset of what files have: counts classes, divides pixels, draws a test part where there is none.
struct DatasetAssembly {
  let name: String
  let source: String
  let shape: Shape
  var channelOrder = Dataset.ChannelOrder.first
  /// Whether numbers are bytes: pixels, whose largest is 255.
  let isBytes: Bool
  let options: DataOptions
  /// Names of classes that are numbers, where a file has them.
  var names: [String]?
  var notes: [String] = []
  /// Whether examples come class by class, so that the first of a test part would be of one.
  var isByClass = false
  /// Whether numbers of the files are divided; images of files are from 0 to 1 already.
  var isDivided = true

  /// - Parameter test: `nil` where there is none: a fifth of each class, drawn with a fixed seed.
  /// - Throws: `DatasetError`.
  func dataset(_ training: LabelledRows, test: LabelledRows?) throws(DatasetError) -> Dataset {
    var notes = notes
    for part in [training, test].compactMap(\.self) {
      guard part.count > 0 else { throw .badData(path: part.path, reason: "no examples") }
      guard part.columns == shape.count else {
        throw .badData(
          path: part.path, reason: "examples of \(part.columns) numbers, expected \(shape.count)")
      }
    }
    var (training, test) = (training, test)
    let classes = try classes(&training, &test, notes: &notes)
    let divisor = divisor(training, test, notes: &notes)
    let unused = LabelNames.unused(
      classes.numbers.training + classes.numbers.test, classes: classes.count)
    notes += LabelNames.notes(unused: unused, classes: classes.count)
    func images(_ rows: LabelledRows, _ labels: [Int]) -> LabelledImages {
      let scale = isDivided ? Float(divisor) : 1
      let values = scale == 1 ? rows.values : rows.values.map { $0 / scale }
      return LabelledImages(
        images: Matrix(rows: rows.count, columns: rows.columns, elements: values), labels: labels,
        classes: classes.count, unusedClasses: unused)
    }
    let learned = images(training, classes.numbers.training)
    let parts: (training: [Int], test: [Int])
    let judged: LabelledImages
    if let test {
      let all = images(test, classes.numbers.test)
      judged = isByClass ? all.selecting(Self.shuffled(Array(0..<all.count), stream: 1 << 21)) : all
      parts = (Self.shuffled(Array(0..<learned.count), stream: 1 << 20), [])
    } else {
      guard learned.count > classes.count else {
        throw .badData(
          path: training.path,
          reason:
            "\(learned.count) examples of \(classes.count) classes are too few to keep some for testing"
        )
      }
      parts = Self.split(learned.labels, classes: classes.count)
      judged = learned.selecting(parts.test)
      notes.append(
        "no test part: \(judged.count) of \(learned.count) examples, a fifth of each class, are kept for "
          + "testing (drawn with seed 0)")
    }
    return Dataset(
      name: name, source: source, shape: shape, channelOrder: channelOrder,
      training: learned.selecting(parts.training), test: judged, classNames: classes.names,
      divisor: divisor, isDivisorKnown: isBytes && options.divisor == nil, notes: notes)
  }

  private struct Classes {
    let count: Int
    let names: [String]?
    let numbers: (training: [Int], test: [Int])
  }

  private func classes(
    _ training: inout LabelledRows, _ test: inout LabelledRows?, notes: inout [String]
  ) throws(DatasetError) -> Classes {
    if case .numbers(let learned) = training.labels {
      var judged: [Int] = []
      if let test {
        guard case .numbers(let numbers) = test.labels else {
          throw .badData(
            path: test.path, reason: "labels are texts, and those of training are numbers")
        }
        judged = numbers
      }
      var count = try LabelNames.classes(in: [learned], path: training.path)
      if let test {
        let most = max(count, self.names?.count ?? 0)
        if let row = judged.firstIndex(where: { $0 < 0 || $0 >= most }) {
          throw .labelOutOfRange(path: test.path, index: row, value: judged[row], classes: most)
        }
      }
      if let known = self.names, known.count >= count { count = known.count }
      return Classes(
        count: count, names: self.names?.count == count ? self.names : nil,
        numbers: (learned, judged))
    }
    let texts = training.labels.texts
    let names = Set(texts).sorted()
    guard (2...LabelNames.maximumClasses).contains(names.count) else {
      throw .badData(
        path: training.path,
        reason: "\(names.count) different labels, expected 2...\(LabelNames.maximumClasses)")
    }
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let judged = test?.labels.texts ?? []
    if let test, let row = judged.firstIndex(where: { numbers[$0] == nil }) {
      throw .badData(
        path: test.path,
        reason:
          "example \(row + 1): class \(judged[row].prefix(60).debugDescription) has no training example"
      )
    }
    notes.append(
      "\(names.count) classes in alphabetical order: "
        + names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", ..." : ""))
    return Classes(
      count: names.count, names: names,
      numbers: (texts.map { numbers[$0]! }, judged.map { numbers[$0]! }))
  }

  /// What numbers are divided by, and a word where that was guessed.
  private func divisor(
    _ training: LabelledRows, _ test: LabelledRows?, notes: inout [String]
  ) -> Double {
    if let divisor = options.divisor { return divisor }
    if isBytes { return 255 }
    var largest: Float = 0
    for part in [training, test].compactMap(\.self) {
      for value in part.values {
        guard value >= 0, value <= 255, value == value.rounded() else { return 1 }
        largest = max(largest, value)
      }
    }
    guard largest > 16 else { return 1 }
    notes.append(
      "numbers are whole, 0 to \(Int(largest)): taken as pixels and divided by 255 (--divide says otherwise)"
    )
    return 255
  }

  /// A fifth of each class, rounded up where there are two examples or more, and the others, both in an order that is
  /// drawn: files are often sorted by class.
  static func split(_ labels: [Int], classes: Int) -> (training: [Int], test: [Int]) {
    var members: [[Int]] = Array(repeating: [], count: classes)
    for (index, label) in labels.enumerated() { members[label].append(index) }
    var (training, test): ([Int], [Int]) = ([], [])
    for (label, all) in members.enumerated() {
      let drawn = shuffled(all, stream: UInt64(label))
      let kept = all.count < 2 ? 0 : (all.count + 4) / 5
      test += drawn.prefix(kept)
      training += drawn.dropFirst(kept)
    }
    return (shuffled(training.sorted(), stream: 1 << 20), shuffled(test.sorted(), stream: 1 << 21))
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
