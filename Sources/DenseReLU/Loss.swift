internal import Networks

/// What training minimizes. `z` is the last layer's pre-activation, `y` the target, `[n_L]`.
public enum Loss: String, Sendable, CaseIterable, Codable {
  /// `1/2 |relu(z) - y|^2`: the paper's, with a ReLU output. Gradient `relu(z) - y` where `z > 0`.
  case halfSquaredError = "half-squared-error"
  /// `-sum y log softmax(z)`: with a linear output. Gradient `softmax(z) - y`.
  case softmaxCrossEntropy = "softmax-cross-entropy"

  /// Replaces pre-activations by the gradient of the mean loss with respect to them.
  ///
  /// - Parameters:
  ///   - z: `[batch x n_L]`; becomes the gradient of each example's own loss (not divided by the
  ///     size of the batch).
  ///   - targets: `[batch x n_L]`.
  /// - Returns: the loss of each example, summed.
  func differentiate(_ z: inout Matrix, targets: Matrix) -> Double {
    var total = 0.0
    for example in 0..<z.rows {
      switch self {
      case .halfSquaredError:
        for unit in 0..<z.columns {
          let value = z[example, unit]
          let difference = max(value, 0) - targets[example, unit]
          total += 0.5 * Double(difference) * Double(difference)
          z[example, unit] = value > 0 ? difference : 0
        }
      case .softmaxCrossEntropy:
        // Shifted by the maximum, so that no exponential overflows.
        var highest = z[example, 0]
        for unit in 1..<z.columns { highest = max(highest, z[example, unit]) }
        var sum = 0.0
        for unit in 0..<z.columns { sum += exponential(Double(z[example, unit] - highest)) }
        let logarithm = naturalLogarithm(sum)
        for unit in 0..<z.columns {
          let logProbability = Double(z[example, unit] - highest) - logarithm
          let target = targets[example, unit]
          if target != 0 { total -= Double(target) * logProbability }
          z[example, unit] = Float(exponential(logProbability)) - target
        }
      }
    }
    return total
  }
}
