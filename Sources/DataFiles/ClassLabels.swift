internal import Datasets

/// Classes of the labels of files: whole numbers from 0 on as they are, all others by their names, in order.
struct ClassLabels {
  /// How many there are.
  let count: Int
  /// Their names; `nil` where they are their numbers.
  let names: [String]?
  /// Of each training example, and of each test example.
  let training: [Int]
  let test: [Int]
  let notes: [String]

  /// - Parameter names: of classes that are numbers, where a file has them.
  /// - Throws: `DatasetError` for labels that are no classes, and for classes that only the test part has.
  init(
    _ training: LabelledRows, test: LabelledRows?, names: [String]?
  ) throws(DatasetError) {
    if case .numbers(let learned) = training.labels, learned.allSatisfy({ $0 >= 0 }) {
      let count = max(
        try LabelNames.classes(in: [learned], path: training.path), names?.count ?? 0)
      var judged: [Int] = []
      if let test {
        guard case .numbers(let numbers) = test.labels else {
          throw .badData(
            path: test.path, reason: "labels are texts, and those of training are numbers")
        }
        judged = numbers
        if let row = judged.firstIndex(where: { !(0..<count).contains($0) }) {
          throw .labelOutOfRange(path: test.path, index: row, value: judged[row], classes: count)
        }
      }
      (self.count, self.training, self.test) = (count, learned, judged)
      (self.names, notes) = (names?.count == count ? names : nil, [])
      return
    }
    let texts = training.labels.texts
    // -1 before 1, and 10 after 9.
    let all = Set(texts).sorted { first, second in
      if let left = Int(first), let right = Int(second) { return left < right }
      return first < second
    }
    guard (2...LabelNames.maximumClasses).contains(all.count) else {
      throw .badData(
        path: training.path,
        reason: "\(all.count) different labels, expected 2...\(LabelNames.maximumClasses)")
    }
    let numbers = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
    let judged = test?.labels.texts ?? []
    if let test, let row = judged.firstIndex(where: { numbers[$0] == nil }) {
      throw .badData(
        path: test.path,
        reason:
          "example \(row + 1): class \(judged[row].prefix(60).debugDescription) has no training example"
      )
    }
    (count, self.names) = (all.count, all)
    (self.training, self.test) = (texts.map { numbers[$0]! }, judged.map { numbers[$0]! })
    notes = [
      "\(all.count) classes in order: " + all.prefix(12).joined(separator: ", ")
        + (all.count > 12 ? ", ..." : "")
    ]
  }
}
