/// The weights between two layers: closed, so that a new kind of layer does not compile before every
/// reader, writer and kernel has decided what it does with it.
public enum LayerWeights: Sendable, Equatable {
  /// Fully connected: `W`, `[inputs x outputs]`, a row a source unit.
  case dense(Matrix)

  /// The form of the units that the weights read.
  public var inputs: Shape {
    switch self {
    case .dense(let matrix): Shape(units: matrix.rows)
    }
  }

  /// The form of the units that they make.
  public var outputs: Shape {
    switch self {
    case .dense(let matrix): Shape(units: matrix.columns)
    }
  }

  /// Multiply-adds of one dense pass: `inputs * outputs`.
  public var multiplyAdds: Int {
    switch self {
    case .dense(let matrix): matrix.rows * matrix.columns
    }
  }

  /// The units that a spike of a source unit reaches: what it costs in additions
  /// (docs/Counting.md).
  public func fanOut(of unit: Int) -> Int {
    switch self {
    case .dense(let matrix): matrix.columns
    }
  }

  /// The numbers as a matrix, a row a source unit.
  public var matrix: Matrix {
    switch self {
    case .dense(let matrix): matrix
    }
  }

  /// Changes the numbers in place, without a copy.
  ///
  /// - Parameter body: must keep the shape.
  public mutating func update<Result>(_ body: (inout Matrix) -> Result) -> Result {
    switch self {
    case .dense(var matrix):
      // Out of the enumeration while it changes, so that it has one owner.
      self = Self.vacant
      defer { self = .dense(matrix) }
      return body(&matrix)
    }
  }

  private static let vacant = LayerWeights.dense(Matrix(rows: 0, columns: 0))
}

/// A layer of a network as it is described: weights, biases, and the layers that feed it.
public struct NetworkLayer: Sendable, Equatable {
  /// `W`.
  public var weights: LayerWeights
  /// `b`, `[outputs]`, or `nil` for a layer without biases (the paper's).
  public var bias: [Float]?
  /// The layers whose outputs it reads, counted from 0, the input; in a chain the one below.
  public let feeders: [Int]

  /// A layer.
  public init(weights: LayerWeights, bias: [Float]? = nil, feeders: [Int]) {
    self.weights = weights
    self.bias = bias
    self.feeders = feeders
  }
}

/// Some numbers of a network under the name that files, checkpoints and messages give them.
public struct NetworkParameter: Sendable, Equatable {
  /// What the numbers are.
  public enum Role: Sendable { case weights, bias }

  /// `weights.1`, `biases.1`, ...: layers are counted from 1.
  public let name: String
  /// What the numbers are.
  public let role: Role
  /// 1...L.
  public let layer: Int
  /// The lengths of the axes, outermost first.
  public let shape: [Int]
  /// The numbers, row-major.
  public let elements: [Float]
}
