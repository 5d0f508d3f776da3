public import Datasets
internal import DenseReLU
internal import Measures
public import Networks

/// Why a network errs as it does where its file was read as it should not be: inputs that were standardized in
/// training, or whole numbers, or weights that lie otherwise.
public struct InputDiagnosis: Sendable {
  /// Something that would explain most errors.
  public struct Cause: Sendable, Equatable, Encodable {
    /// What a user can say of it.
    public let option: String
    /// Errors on the images that were looked at, with it.
    public let errorPercent: Double
    /// The same without it.
    public let errorPercentWithout: Double
  }

  /// Images that are looked at.
  private static let images = 1000
  /// Below so many percent nothing is looked for.
  private static let least = 5.0

  /// What explains errors, the best first: each leaves at most half of them.
  ///
  /// - Parameters:
  ///   - weights: as they were read.
  ///   - others: the same file read otherwise, by the option that says so.
  ///   - data: labelled images, in 0...1.
  ///   - wholeNumberScale: what a pixel of 1 was.
  /// - Throws: `DenseError` of the network as it was read.
  public static func causes(
    _ weights: NetworkWeights, others: [(option: String, weights: NetworkWeights)] = [],
    on data: LabelledImages, wholeNumberScale: Double
  ) throws -> [Cause] {
    let data = data.prefix(images)
    let without = try errorPercent(weights, data) { $0 }
    guard without >= least else { return [] }
    var found: [Cause] = []
    func look(_ option: String, _ weights: NetworkWeights, _ change: (Float) -> Float) {
      // A network that cannot be run so is no explanation.
      guard let percent = try? errorPercent(weights, data, change), percent <= without / 2 else {
        return
      }
      found.append(Cause(option: option, errorPercent: percent, errorPercentWithout: without))
    }
    var (sum, squares, count) = (0.0, 0.0, 0.0)
    for index in 0..<data.count {
      for value in data.images.row(index) {
        sum += Double(value)
        squares += Double(value) * Double(value)
        count += 1
      }
    }
    let mean = Float(sum / count)
    let deviation = Float((squares / count - sum / count * sum / count).squareRoot())
    func shown(_ value: Float) -> String { "\((value * 10_000).rounded() / 10_000)" }
    if deviation > 0 {
      look("--mean \(shown(mean)) --std \(shown(deviation))", weights) { ($0 - mean) / deviation }
    }
    look("--mean 0.5 --std 0.5", weights) { ($0 - 0.5) / 0.5 }
    look("--scale \(wholeNumberScale)", weights) { $0 * Float(wholeNumberScale) }
    for (option, other) in others { look(option, other) { $0 } }
    return found.sorted { $0.errorPercent < $1.errorPercent }
  }

  /// Errors of always the same answer, the best there is: what a network must be below.
  public static func constantErrorPercent(_ data: LabelledImages) -> Double {
    var counts = [Int](repeating: 0, count: data.classes)
    for label in data.labels { counts[label] += 1 }
    return 100 * (1 - Double(counts.max() ?? 0) / Double(max(data.count, 1)))
  }

  private static func errorPercent(
    _ weights: NetworkWeights, _ data: LabelledImages, _ change: (Float) -> Float
  ) throws -> Double {
    var dense = DenseMLP(weights: weights)
    var wrong = 0
    for index in 0..<data.count {
      let output = try dense.predict(data.images.row(index).map(change))
      if output.argmax != data.labels[index] { wrong += 1 }
    }
    return 100 * Double(wrong) / Double(max(data.count, 1))
  }
}
