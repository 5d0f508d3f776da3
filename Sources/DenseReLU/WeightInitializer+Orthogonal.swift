public import Networks

extension WeightInitializer {
  /// A random matrix with orthonormal columns (or rows, when there are fewer of them), times
  /// `gain`: keeps the length of what passes through.
  ///
  /// `W = gain * Q * diag(sign(diag(R)))` where `Q R` is the QR factorization of a matrix of N(0, 1)
  /// numbers; the signs make W uniformly distributed. Source: Saxe, McClelland, Ganguli, *Exact
  /// solutions to the nonlinear dynamics of learning in deep linear neural networks*, ICLR 2014;
  /// Mezzadri, Notices of the AMS 54(5), 2007.
  ///
  /// - Parameter gain: positive; sqrt(2) keeps the variance of ReLU activations.
  public static func orthogonal(gain: Float = Float(2).squareRoot()) -> WeightInitializer {
    precondition(gain.isFinite && gain > 0, "a gain of \(gain) must be positive and finite")
    return WeightInitializer(name: "orthogonal(\(gain))") {
      (inputs, outputs, generator) throws(NetworkError) in
      let isTall = inputs >= outputs
      let random = normalMatrix(
        inputs: max(inputs, outputs), outputs: min(inputs, outputs), standardDeviation: 1,
        from: &generator)
      let factors: (q: Matrix, diagonal: [Float])
      do {
        factors = try LAPACK.qr(random)
      } catch {
        throw .initializationFailed(initializer: "orthogonal", reason: "\(error)")
      }
      let columns = Matrix(rows: random.rows, columns: random.columns) { row, column in
        gain * (factors.diagonal[column] < 0 ? -1 : 1) * factors.q[row, column]
      }
      return isTall ? columns : columns.transposed
    }
  }
}
