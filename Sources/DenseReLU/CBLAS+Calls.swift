internal import CBLAS
public import Networks

// The only Swift that calls C BLAS and LAPACK: one thin function for each of theirs.

/// BLAS, on matrices of this package. Results repeat bit for bit for one thread count on one
/// machine; between thread counts or processors the last bits may differ.
public enum BLAS {
  /// The number of threads that BLAS uses; for all callers in the process. 1 until it is set.
  ///
  /// One is right for one-example products and inside parallel workers: OpenBLAS runs a thread
  /// pool of its own. And the last bits of a product, and so learned weights, depend on the number.
  /// Corresponds to `openblas_set_num_threads`.
  public static var threads: Int {
    get {
      oneThread
      return Int(openblas_get_num_threads())
    }
    set {
      oneThread
      precondition((1...1024).contains(newValue), "\(newValue) BLAS threads, expected 1...1024")
      openblas_set_num_threads(Int32(newValue))
    }
  }

  /// Touched before every product: the first one sets the number of threads.
  fileprivate static let oneThread: Void = openblas_set_num_threads(1)

  /// How the library was built. Corresponds to `openblas_get_config`.
  public static var configuration: String {
    unsafe String(cString: openblas_get_config()).split(separator: " ").joined(separator: " ")
  }

  /// The processor whose kernels run. Corresponds to `openblas_get_corename`.
  public static var coreName: String { unsafe String(cString: openblas_get_corename()) }

  /// Whether a matrix is read as it is or with rows and columns exchanged.
  public enum Transpose: Sendable {
    /// As it is.
    case no
    /// Rows and columns exchanged.
    case yes

    fileprivate var code: CBLAS_TRANSPOSE { self == .yes ? CblasTrans : CblasNoTrans }
  }

  /// `C = alpha * op(A) * op(B) + beta * C`. Corresponds to `cblas_sgemm`.
  ///
  /// - Precondition: `op(A)` is `[m x k]`, `op(B)` `[k x n]`, `C` `[m x n]`; no size is 0.
  /// - Complexity: `m * n * k` multiply-adds.
  public static func gemm(
    _ transposeA: Transpose, _ transposeB: Transpose, alpha: Float, _ a: Matrix, _ b: Matrix,
    beta: Float, into c: inout Matrix
  ) {
    oneThread
    let (m, k) = transposeA == .no ? (a.rows, a.columns) : (a.columns, a.rows)
    let (inner, n) = transposeB == .no ? (b.rows, b.columns) : (b.columns, b.rows)
    precondition(
      k == inner && c.rows == m && c.columns == n,
      "a product of \(m) x \(k) and \(inner) x \(n) into \(c.rows) x \(c.columns)")
    precondition(m > 0 && n > 0 && k > 0, "a product of an empty matrix")
    let (lda, ldb, ldc) = (size(a.stride), size(b.stride), size(c.stride))
    unsafe c.withUnsafeMutableBufferPointer { c in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
          unsafe cblas_sgemm(
            CblasRowMajor, transposeA.code, transposeB.code, size(m), size(n), size(k), alpha,
            a.baseAddress, lda, b.baseAddress, ldb, beta, c.baseAddress, ldc)
        }
      }
    }
  }

  /// `Y[0, :] = op(A) X[0, :]`, the product with the only row of `x`. Corresponds to
  /// `cblas_sgemv`.
  ///
  /// - Precondition: `op(A)` is `[n x k]`, `x` `[1 x k]`, `y` `[1 x n]`; no size is 0.
  /// - Complexity: `n * k` multiply-adds, and one read of `A`.
  public static func gemv(_ transpose: Transpose, _ a: Matrix, row x: Matrix, into y: inout Matrix)
  {
    oneThread
    let (n, k) = transpose == .no ? (a.rows, a.columns) : (a.columns, a.rows)
    precondition(
      x.rows == 1 && y.rows == 1 && x.columns == k && y.columns == n && n > 0 && k > 0,
      "a product of \(n) x \(k) with \(x.columns) values into \(y.columns)")
    let (rows, columns, lda) = (size(a.rows), size(a.columns), size(a.stride))
    unsafe y.withUnsafeMutableBufferPointer { y in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe x.withUnsafeBufferPointer { x in
          unsafe cblas_sgemv(
            CblasRowMajor, transpose.code, rows, columns, 1, a.baseAddress, lda,
            x.baseAddress, 1, 0, y.baseAddress, 1)
        }
      }
    }
  }

  /// `A += alpha * X[0, :]^T Y[0, :]`. Corresponds to `cblas_sger`.
  ///
  /// - Precondition: `A` is `[m x n]`, `x` `[1 x m]`, `y` `[1 x n]`; no size is 0.
  /// - Complexity: `m * n` multiply-adds.
  public static func ger(alpha: Float, row x: Matrix, row y: Matrix, into a: inout Matrix) {
    oneThread
    precondition(
      x.rows == 1 && y.rows == 1 && x.columns == a.rows && y.columns == a.columns
        && a.rows > 0 && a.columns > 0,
      "an outer product of \(x.columns) and \(y.columns) into \(a.rows) x \(a.columns)")
    let (rows, columns, lda) = (size(a.rows), size(a.columns), size(a.stride))
    unsafe a.withUnsafeMutableBufferPointer { a in
      unsafe x.withUnsafeBufferPointer { x in
        unsafe y.withUnsafeBufferPointer { y in
          unsafe cblas_sger(
            CblasRowMajor, rows, columns, alpha, x.baseAddress, 1, y.baseAddress, 1,
            a.baseAddress, lda)
        }
      }
    }
  }

  /// `Y[0, :] += sum over i with X[0, i] != 0 of X[0, i] * A[i, :]`: rows of zeros cost nothing.
  /// One `cblas_saxpy` a nonzero input.
  ///
  /// - Precondition: `A` is `[m x n]`, `x` `[1 x m]`, `y` `[1 x n]`.
  /// - Returns: the number of nonzero inputs.
  /// - Complexity: `n` multiply-adds for each nonzero input.
  public static func addRows(of a: Matrix, scaledBy x: Matrix, to y: inout Matrix) -> Int {
    oneThread
    precondition(
      x.rows == 1 && y.rows == 1 && x.columns == a.rows && y.columns == a.columns,
      "\(x.columns) values for \(a.rows) x \(a.columns) into \(y.columns)")
    let (inputs, stride, columns) = (a.rows, a.stride, size(a.columns))
    return unsafe y.withUnsafeMutableBufferPointer { y in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe x.withUnsafeBufferPointer { x in
          var nonzero = 0
          for input in 0..<inputs where unsafe x[input] != 0 {
            nonzero += 1
            unsafe cblas_saxpy(
              columns, x[input], a.baseAddress! + input * stride, 1, y.baseAddress, 1)
          }
          return nonzero
        }
      }
    }
  }

  /// A size as BLAS takes it: OpenBLAS reports a size that wraps on the terminal, and goes on.
  private static func size(_ value: Int) -> Int32 {
    guard let size = Int32(exactly: value) else {
      preconditionFailure("dimensionTooLarge: \(value), BLAS takes sizes up to 2^31 - 1")
    }
    return size
  }
}

/// LAPACK, on matrices of this package.
public enum LAPACK {
  /// A routine reported a problem.
  public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name of the routine.
    public let routine: String
    /// Its `info`: negative for an argument or for memory (-1010, -1011), positive for the numbers.
    public let info: Int

    /// The routine and its report.
    public var description: String { "\(routine) reported info = \(info)" }
  }

  /// The factors of `A = Q R`, Q with orthonormal columns. Corresponds to `LAPACKE_sgeqrf` and
  /// `LAPACKE_sorgqr`.
  ///
  /// - Parameter a: `[m x n]`, m >= n >= 1, finite.
  /// - Returns: Q, `[m x n]`, and the diagonal of R, `[n]`.
  /// - Throws: `Failure` when a routine reports one.
  public static func qr(_ a: Matrix) throws(Failure) -> (q: Matrix, diagonal: [Float]) {
    BLAS.oneThread
    precondition(a.rows >= a.columns && a.columns > 0, "a QR of \(a.rows) x \(a.columns)")
    var q = a
    var scales = [Float](repeating: 0, count: a.columns)
    let (m, n, lda) = (LAPACKInt(a.rows), LAPACKInt(a.columns), LAPACKInt(a.stride))
    let factored = unsafe q.withUnsafeMutableBufferPointer { q in
      unsafe LAPACKE_sgeqrf(LAPACK_ROW_MAJOR, m, n, q.baseAddress, lda, &scales)
    }
    guard factored == 0 else { throw Failure(routine: "LAPACKE_sgeqrf", info: Int(factored)) }
    let diagonal = (0..<a.columns).map { q[$0, $0] }
    let formed = unsafe q.withUnsafeMutableBufferPointer { q in
      unsafe LAPACKE_sorgqr(LAPACK_ROW_MAJOR, m, n, n, q.baseAddress, lda, scales)
    }
    guard formed == 0 else { throw Failure(routine: "LAPACKE_sorgqr", info: Int(formed)) }
    return (q, diagonal)
  }

  /// Solves `A X = B` for a symmetric, positive definite A. Corresponds to `LAPACKE_sposv`.
  ///
  /// - Parameters:
  ///   - a: `[n x n]`; becomes its Cholesky factor.
  ///   - b: `[n x m]`; becomes X.
  /// - Throws: `Failure`, of positive info where A is not positive definite.
  public static func solve(
    positiveDefinite a: inout Matrix, _ b: inout Matrix
  ) throws(Failure) {
    BLAS.oneThread
    precondition(a.rows == a.columns && b.rows == a.rows, "systems of other shapes")
    let (n, m) = (LAPACKInt(a.rows), LAPACKInt(b.columns))
    let (lda, ldb) = (LAPACKInt(a.stride), LAPACKInt(b.stride))
    let info = unsafe a.withUnsafeMutableBufferPointer { a in
      unsafe b.withUnsafeMutableBufferPointer { b in
        unsafe LAPACKE_sposv(
          LAPACK_ROW_MAJOR, Int8(UInt8(ascii: "U")), n, m, a.baseAddress, lda, b.baseAddress, ldb)
      }
    }
    guard info == 0 else { throw Failure(routine: "LAPACKE_sposv", info: Int(info)) }
  }
}
