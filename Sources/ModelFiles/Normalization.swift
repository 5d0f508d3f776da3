internal import Networks

/// Batch normalization with its running statistics, as an affine map a channel.
///
/// `y = gamma (x - mean) / sqrt(variance + epsilon) + beta` (Ioffe and Szegedy, arXiv 1502.03167).
struct Normalization {
  let factors: [Double]
  let offsets: [Double]

  /// - Returns: `nil` where a variance and epsilon are together not positive.
  init?(gamma: [Double], beta: [Double], mean: [Double], variance: [Double], epsilon: Double) {
    guard variance.allSatisfy({ $0 + epsilon > 0 }) else { return nil }
    factors = zip(gamma, variance).map { $0 / ($1 + epsilon).squareRoot() }
    offsets = zip(beta, zip(mean, factors)).map { $0 - $1.0 * $1.1 }
  }
}

extension Preprocessing {
  /// `x' = x factor + offset` for each input.
  ///
  /// - Throws: `ModelFileError.Fault.preprocessing` where neither one number nor one a channel or input is given.
  func affine(inputs: Int) throws -> (factors: [Double], offsets: [Double]) {
    func all(_ values: [Double], _ option: String) throws -> [Double] {
      guard !values.isEmpty, inputs % values.count == 0 else {
        throw ModelFileError.Fault.preprocessing(
          option: option, found: values.count, inputs: inputs)
      }
      if isInterleaved { return (0..<inputs).map { values[$0 % values.count] } }
      // Channels come one after the other, as in PyTorch and in CIFAR-10's files.
      let each = inputs / values.count
      return values.flatMap { Array(repeating: $0, count: each) }
    }
    let (scale, mean, std) = try (all(scale, "--scale"), all(mean, "--mean"), all(std, "--std"))
    return (zip(scale, std).map { $0 / $1 }, zip(mean, std).map { -$0 / $1 })
  }

  /// What is said of it.
  var note: ConversionNote {
    func shown(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: ",") }
    return ConversionNote(
      .faithful, "inputs",
      "(\(shown(scale)) x - \(shown(mean))) / \(shown(std)), folded into the first layer")
  }
}
