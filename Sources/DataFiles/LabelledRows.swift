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

  /// What its numbers are.
  enum Numbers: Equatable {
    /// Of images, from 0 to 1 already.
    case unit
    /// Unsigned bytes: pixels, whose largest is 255.
    case bytes
    /// Anything.
    case any
  }

  /// The file, for messages.
  let path: String
  /// Numbers of an example.
  let columns: Int
  /// Of all examples, one after the other.
  var values: [Float]
  var labels: Labels
  var numbers = Numbers.any

  var count: Int { labels.count }
}
