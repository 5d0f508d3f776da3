public import Networks
internal import SpikeKernels

extension SpikingNetwork {
  /// Predicts many examples on several tasks; the network itself stays as it is.
  ///
  /// - Parameters:
  ///   - inputs: `[examples x n_0]`, finite.
  ///   - workers: the number of tasks, each with a copy of the network. The results are the same for
  ///     any number: random quantizers draw from a stream of their own for each example, and where
  ///     potentials live on from example to example, one task answers all of them in order.
  /// - Returns: the output of each example, in order; see `predict(_:stream:)`.
  /// - Throws: `SpikingError` of the first example that cannot be predicted; `CancellationError`.
  public func predictions(of inputs: Matrix, workers: Int) async throws -> [[Scalar]] {
    precondition(workers >= 1, "\(workers) workers")
    var refreshed = self
    for index in layers.indices { refreshed.layers[index].connection.refreshInt16() }
    let network = refreshed
    let isOrdered = options.layerQuantizer.keepsPotentials || options.inputQuantizer.keepsPotentials
    let count = inputs.rows
    // Contiguous parts, so that what is thrown is what the first example throws.
    let parts = isOrdered ? 1 : min(workers, max(count, 1))
    return try await withThrowingTaskGroup(of: (Int, Result<[[Scalar]], any Error>).self) { group in
      for part in 0..<parts {
        group.addTask {
          var copy = network
          return (
            part,
            Result {
              try (count * part / parts..<count * (part + 1) / parts).map { example in
                try Task.checkCancellation()
                return try copy.predict(inputs.row(example), stream: UInt64(example))
              }
            }
          )
        }
      }
      var results: [Result<[[Scalar]], any Error>?] = Array(repeating: nil, count: parts)
      for try await (part, result) in group { results[part] = result }
      return try results.flatMap { try $0!.get() }
    }
  }
}
