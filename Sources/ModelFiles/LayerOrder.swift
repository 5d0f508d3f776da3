/// The order of layers that a file of tensors does not say: found by the numbers in their names where these are one
/// numbering, else by shapes where one order only fits, else by words that say what comes first; or not at all.
struct LayerOrder {
  /// A layer, by its module's path and its sizes.
  struct Layer {
    let path: [String]
    let inputs: Int
    let outputs: Int

    var name: String { path.joined(separator: ".") }
  }

  /// What decided.
  enum Reason: Equatable {
    case numbers
    /// Numbers, where one name has none: `dense`, `dense_1`.
    case counted(String)
    case shapes
    case words([String])
  }

  enum Found {
    case order([Int], Reason)
    /// No order fits.
    case none
    /// Several do: the first few.
    case several([[Int]])
  }

  /// Steps of the search for orders before it is given up.
  private static let mostSteps = 200_000
  /// Orders that are shown.
  private static let mostShown = 6

  /// Words by what they say: that a layer is the first, that it is before the last ones, between, the last.
  private static let words: [Set<String>] = [
    ["in", "input", "inputs", "first", "stem", "embed"],
    ["feature", "features", "backbone", "encoder", "body", "trunk", "extractor", "base"],
    ["hidden", "hid", "mid", "middle"],
    [
      "out", "output", "outputs", "last", "final", "head", "classifier", "decoder", "logits",
      "predictions",
    ],
  ]
  /// Layers without one numbering that are put into an order.
  private static let mostLayers = 64

  let layers: [Layer]
  /// The name without a number beside others that begin with 2.
  private let uncounted: String?
  /// Whether a layer stands before another by numbers in their names; `nil` where these do not say. Empty beyond
  /// `mostLayers`.
  private let isBefore: [[Bool?]]

  init(_ layers: [Layer]) {
    let (layers, first) = Self.counted(layers)
    self.layers = layers
    uncounted = first
    isBefore =
      layers.count > Self.mostLayers
      ? [] : layers.map { first in layers.map { Self.isBefore(first.path, $0.path) } }
  }

  /// The order, if there is one.
  var found: Found {
    guard layers.count > 1 else { return .order(Array(layers.indices), .numbers) }
    if let order = byNumbers, fits(order) {
      let first = layers[order[0]].path.first {
        Self.numbers($0) == [-1] && Self.isCounted($0, layers)
      }
      return .order(order, (uncounted ?? first).map { .counted($0) } ?? .numbers)
    }
    guard layers.count <= Self.mostLayers else { return .several([]) }
    var orders = orders(keepsNumbers: true)
    if orders.isEmpty { orders = self.orders(keepsNumbers: false) }
    switch orders.count {
    case 0: return .none
    case 1: return .order(orders[0], .shapes)
    default:
      if let (order, words) = byWords(orders) { return .order(order, .words(words)) }
      return .several(Array(orders.prefix(Self.mostShown)))
    }
  }

  func fits(_ order: [Int]) -> Bool {
    zip(order, order.dropFirst()).allSatisfy { layers[$0].outputs == layers[$1].inputs }
  }

  /// Ordinals, in their order.
  private static let ordinals = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
  ]
  private static let cardinals = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
  ]

  /// With numbers where names have words for them (`first`, `second`; `layer_one`, `layer_two`), and where one has
  /// none beside others that begin with 2: `fc`, `fc2`, `fc3`.
  private static func counted(_ layers: [Layer]) -> (layers: [Layer], uncounted: String?) {
    func with(_ ends: [(stem: String, number: Int)]) -> [Layer] {
      zip(layers, ends).map { layer, end in
        Layer(
          path: Array(layer.path.dropLast()) + ["\(end.stem)\(end.number)"],
          inputs: layer.inputs, outputs: layer.outputs)
      }
    }
    guard layers.count > 1, Set(layers.map { Array($0.path.dropLast()) }).count == 1 else {
      return (layers, nil)
    }
    let names = layers.map { $0.path.last ?? "" }
    for words in [ordinals, cardinals] {
      let ends = names.compactMap { name -> (stem: String, number: Int)? in
        let last = name.lowercased().split(separator: "_").last.map(String.init) ?? ""
        guard let number = words.firstIndex(of: last) else { return nil }
        return (String(name.dropLast(last.count)), number + 1)
      }
      if ends.count == layers.count, Set(ends.map(\.stem)).count == 1,
        Set(ends.map(\.number)) == Set(1...layers.count)
      {
        return (with(ends), nil)
      }
    }
    let bare = names.filter { numbers($0) == [-1] }
    guard bare.count == 1, let stem = bare.first, !stem.isEmpty else { return (layers, nil) }
    let ends = names.map { name -> (stem: String, number: Int)? in
      if name == stem { return (stem, 1) }
      guard name.hasPrefix(stem), let number = Int(name.dropFirst(stem.count)) else { return nil }
      return (stem, number)
    }.compactMap(\.self)
    guard ends.count == layers.count, Set(ends.map(\.number)) == Set(1...layers.count) else {
      return (layers, nil)
    }
    return (with(ends), stem)
  }

  /// All names but for their numbers are the same, and the numbers differ.
  private var byNumbers: [Int]? {
    guard Set(layers.map { Self.stem($0.path) }).count == 1 else { return nil }
    let numbers = layers.map { $0.path.flatMap(Self.numbers) }
    guard Set(numbers).count == layers.count else { return nil }
    return layers.indices.sorted { numbers[$0].lexicographicallyPrecedes(numbers[$1]) }
  }

  /// By the first part in which names differ: they differ by its numbers alone.
  private static func isBefore(_ left: [String], _ right: [String]) -> Bool? {
    guard
      let place = zip(left, right).enumerated().first(where: { $0.element.0 != $0.element.1 })?
        .offset,
      stem([left[place]]) == stem([right[place]])
    else { return nil }
    let (first, second) = (numbers(left[place]), numbers(right[place]))
    return first == second ? nil : first.lexicographicallyPrecedes(second)
  }

  /// Names with a mark for each number. Keras counts `dense`, `dense_1`, `dense_2`.
  private static func stem(_ path: [String]) -> String {
    path.map { part in
      var stem = ""
      var isNumber = false
      for character in part {
        if character.isWholeNumber, character.isASCII {
          if !isNumber { stem.append("#") }
          isNumber = true
        } else {
          stem.append(character)
          isNumber = false
        }
      }
      return stem.hasSuffix("_#") ? String(stem.dropLast(2)) : stem
    }.joined(separator: "\u{0}")
  }

  /// Whether others have this name with a number behind it.
  private static func isCounted(_ part: String, _ layers: [Layer]) -> Bool {
    layers.contains { $0.path.contains { $0.hasPrefix(part + "_") && stem([$0]) == part } }
  }

  private static func numbers(_ part: String) -> [Int] {
    let numbers = part.split { !$0.isASCII || !$0.isWholeNumber }.map { Int($0) ?? .max }
    return numbers.isEmpty ? [-1] : numbers
  }

  /// Orders in which each layer takes what the one before gives.
  ///
  /// - Parameter keepsNumbers: whether layers that are numbered keep that order among each other.
  /// - Complexity: at most `mostSteps` steps; beyond them there are several for sure.
  private func orders(keepsNumbers: Bool) -> [[Int]] {
    var found: [[Int]] = []
    var (order, isUsed, steps) = ([Int](), [Bool](repeating: false, count: layers.count), 0)
    func extend() {
      steps += 1
      guard steps < Self.mostSteps, found.count < 64 else { return }
      if order.count == layers.count { return found.append(order) }
      for next in layers.indices where !isUsed[next] {
        if let last = order.last, layers[last].outputs != layers[next].inputs { continue }
        if keepsNumbers,
          layers.indices.contains(where: { !isUsed[$0] && isBefore[$0][next] == true })
        {
          continue
        }
        isUsed[next] = true
        order.append(next)
        extend()
        order.removeLast()
        isUsed[next] = false
      }
    }
    extend()
    return found
  }

  /// The one order in which words say what comes first, between and last. Each layer that numbers do not place must
  /// have such a word: one without may be a branch.
  private func byWords(_ orders: [[Int]]) -> (order: [Int], words: [String])? {
    let ranks = layers.map(Self.rank)
    for first in layers.indices {
      for second in layers.indices where second > first && isBefore[first][second] == nil {
        guard let left = ranks[first], let right = ranks[second], left.rank != right.rank else {
          return nil
        }
      }
    }
    let fitting = orders.filter { order in
      let places = order.compactMap { ranks[$0]?.rank }
      return zip(places, places.dropFirst()).allSatisfy { $0 <= $1 }
    }
    guard fitting.count == 1 else { return nil }
    var words: [String] = []
    for layer in fitting[0] {
      if let word = ranks[layer]?.word, !words.contains(word) { words.append(word) }
    }
    return (fitting[0], words)
  }

  private static func rank(_ layer: Layer) -> (rank: Int, word: String)? {
    for part in layer.path {
      for word in part.lowercased().split(whereSeparator: { !$0.isLetter }).map(String.init) {
        if let rank = words.firstIndex(where: { $0.contains(word) }) { return (rank, word) }
      }
    }
    return nil
  }
}
