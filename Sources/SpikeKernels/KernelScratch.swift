internal import CSpikeKernels
internal import Networks

/// Memory that the compiled kernels work in. One a network; it holds nothing between calls.
public struct KernelScratch<Scalar: PotentialScalar>: Sendable {
  /// Two halves of `capacity` records: firings of a chunk of rows, and room to sort them.
  var firings: [csk_firing]
  let capacity: Int
  /// Potentials and sums as they were before a chunk of rows, to go back to.
  var snapshot: AlignedArray<Scalar>

  /// Scratch for feeds of layers of at most `units`.
  ///
  /// 128 rows at a time where that takes no more than 65,536 records (2 MiB), else fewer, at
  /// least one.
  public init(units: Int) {
    let stride = RowMajorMatrix<Scalar>.stride(columns: max(units, 1))
    let rows = min(max(65_536 / stride, 1), Int(CSK_CHUNK_ROWS))
    capacity = rows * stride
    firings = Array(
      repeating: csk_firing(row: 0, spike: 0, tag: 0, count: 0), count: 2 * capacity)
    snapshot = AlignedArray(repeating: .zero, count: 2 * stride)
  }
}
