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
    switch self {
    case .halfSquaredError: total = Self.halfSquares(&z, targets: targets)
    case .softmaxCrossEntropy:
      for example in 0..<z.rows { total += Self.softmax(&z, example, targets: targets) }
    }
    return total
  }

  /// Replaces `z` by `relu(z) - y` where it is positive, else by 0; returns `1/2 |relu(z) - y|^2`. The
  /// padding of both is 0, and stays so.
  private static func halfSquares(_ z: inout Matrix, targets: Matrix) -> Double {
    precondition(targets.stride == z.stride && targets.rows == z.rows, "targets of another shape")
    return unsafe z.withUnsafeMutableBufferPointer { z in
      unsafe targets.withUnsafeBufferPointer { targets in
        var total = 0.0
        for index in z.indices {
          let value = unsafe z[index]
          let difference = unsafe max(value, 0) - targets[index]
          total += 0.5 * Double(difference) * Double(difference)
          unsafe z[index] = value > 0 ? difference : 0
        }
        return total
      }
    }
  }

  /// Replaces one row by `softmax(z) - y`; returns `-sum y log softmax(z)`.
  private static func softmax(_ z: inout Matrix, _ example: Int, targets: Matrix) -> Double {
    // Shifted by the maximum, so that no exponential overflows.
    var highest = z[example, 0]
    for unit in 1..<z.columns { highest = max(highest, z[example, unit]) }
    return unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: z.columns) { powers in
      var sum = 0.0
      for unit in 0..<z.columns {
        unsafe powers[unit] = exponential(Double(z[example, unit] - highest))
        sum += unsafe powers[unit]
      }
      var loss = 0.0
      let logarithm = naturalLogarithm(sum)
      for unit in 0..<z.columns {
        let target = targets[example, unit]
        if target != 0 {
          loss -= Double(target) * (Double(z[example, unit] - highest) - logarithm)
        }
        z[example, unit] = unsafe Float(powers[unit] / sum) - target
      }
      return loss
    }
  }
}
