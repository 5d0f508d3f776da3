/// How fresh weights are drawn.
///
/// `normal(standardDeviation:)` and `he` live here; `DenseReLU` adds `orthogonal`, which needs
/// LAPACK.
public struct WeightInitializer: Sendable {
  /// The name that reports show.
  public let name: String

  private let drawLayer: @Sendable (Int, Int, inout SeededGenerator) throws(NetworkError) -> Matrix

  /// An initializer that makes each layer with `draw(inputs, outputs, &generator)`, which returns
  /// an `[inputs x outputs]` matrix.
  public init(
    name: String,
    draw: @escaping @Sendable (Int, Int, inout SeededGenerator) throws(NetworkError) -> Matrix
  ) {
    self.name = name
    drawLayer = draw
  }

  /// Draws the weights of one layer, `[inputs x outputs]`.
  public func draw(
    inputs: Int, outputs: Int, from generator: inout SeededGenerator
  ) throws(NetworkError) -> Matrix {
    try drawLayer(inputs, outputs, &generator)
  }

  /// `W_ij ~ N(0, standardDeviation^2)`; the paper uses 0.01.
  ///
  /// - Precondition: `standardDeviation` is finite and positive.
  public static func normal(standardDeviation: Float) -> WeightInitializer {
    precondition(
      standardDeviation.isFinite && standardDeviation > 0,
      "a standard deviation of \(standardDeviation) must be positive and finite")
    return WeightInitializer(name: "normal(\(standardDeviation))") { inputs, outputs, generator in
      normalMatrix(
        inputs: inputs, outputs: outputs, standardDeviation: Double(standardDeviation),
        from: &generator)
    }
  }

  /// `W_ij ~ N(0, 2 / inputs)`: keeps the variance of ReLU activations from layer to layer.
  ///
  /// Source: He, Zhang, Ren, Sun, *Delving Deep into Rectifiers*, ICCV 2015, equation 10.
  public static var he: WeightInitializer {
    WeightInitializer(name: "he") { inputs, outputs, generator in
      normalMatrix(
        inputs: inputs, outputs: outputs,
        standardDeviation: (2 / Double(inputs)).squareRoot(), from: &generator)
    }
  }

  /// An `[inputs x outputs]` matrix of independent normal numbers, drawn in row-major order.
  public static func normalMatrix(
    inputs: Int, outputs: Int, standardDeviation: Double, from generator: inout SeededGenerator
  ) -> Matrix {
    Matrix(rows: inputs, columns: outputs) { _, _ in
      Float(standardDeviation * generator.nextNormal())
    }
  }
}
