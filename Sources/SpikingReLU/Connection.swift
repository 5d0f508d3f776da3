internal import Networks
internal import SpikeKernels

/// What carries spikes into a layer: a weight row a source unit, and the biases as the weights of one
/// more source unit that is always on.
struct Connection<Scalar: SpikeScalar>: Sendable {
  /// Biases, as the one weight row of an always-on unit.
  struct Bias: Sendable {
    /// `[1 x units]`.
    let row: RowMajorMatrix<Scalar>
    /// A magnitude that none exceeds.
    let bound: Scalar
  }

  /// `W`, `[inputs x units]`, in units of 1 / `quantum`.
  private(set) var weights: RowMajorMatrix<Scalar>
  /// A magnitude that no weight exceeds. Updates that exceed it find a new one.
  private(set) var bound: Scalar
  /// The same weights in 16 bits, where they fit and have not changed since.
  private(set) var int16: Int16Weights?
  /// `b`, where the layer has biases.
  let bias: Bias?
  /// The quantum of the spikes that it makes neurons send.
  let quantum: Scalar
  /// The units that a spike reaches: columns, but for those of slots without a unit.
  let fanOut: Int

  /// A connection of the given weights.
  ///
  /// - Parameters:
  ///   - bias: `[units]`, or `nil`.
  ///   - fanOut: the units among the columns; `nil` for all.
  ///   - usesInt16: whether a form in 16 bits is made where it fits.
  init(
    weights: RowMajorMatrix<Scalar>, bias: Bias?, quantum: Scalar, fanOut: Int? = nil,
    usesInt16: Bool = true
  ) {
    self.weights = weights
    self.fanOut = fanOut ?? weights.columns
    self.quantum = quantum
    bound = Scalar.bound(of: weights, quantum: quantum)
    int16 = usesInt16 ? Scalar.int16Weights(of: weights) : nil
    self.bias = bias
  }

  /// A connection of the given weights.
  ///
  /// - Parameter bias: `[units]`, or `nil`.
  init(weights: RowMajorMatrix<Scalar>, bias: [Scalar]? = nil, quantum: Scalar) {
    self.init(
      weights: weights,
      bias: bias.map {
        let row = RowMajorMatrix(rows: 1, columns: $0.count, elements: $0)
        return Bias(row: row, bound: Scalar.bound(of: row, quantum: quantum))
      }, quantum: quantum)
  }

  /// Nothing comes in: the connection of an input layer.
  static func none(units: Int, quantum: Scalar) -> Connection {
    Connection(weights: RowMajorMatrix(rows: 0, columns: units), quantum: quantum)
  }

  /// Additions that all spikes of a train cost: the sum of their fan-outs (docs/Counting.md).
  func additions(of spikes: SpikeTrain) -> Int { spikes.count * fanOut }

  /// The weights of each source unit that are not 0: NeuroBench counts only those.
  var nonzeroWeights: [Int] {
    (0..<weights.rows).map { row in weights.row(row).reduce(0) { $0 + ($1 == .zero ? 0 : 1) } }
  }

  /// Whether a rectified unit cannot fire twice for one row.
  var firesOnce: Bool { bound <= quantum }

  /// So many rows cannot take a potential from 0 beyond its limit; 0 where that is not known.
  var rowsWithoutUnderflow: Int {
    // Half of the limit is for rounding, in Float; integers have none.
    let bound = bound.asDouble
    return bound.isFinite ? Int(Scalar.potentialLimit.asDouble / bound) / 2 : 0
  }

  // MARK: Learning

  /// Replaces the weights by others of the same shape.
  mutating func replaceWeights(by weights: RowMajorMatrix<Scalar>) {
    precondition(
      weights.rows == self.weights.rows && weights.columns == self.weights.columns,
      "weights of \(weights.rows) x \(weights.columns) for a connection of other ones")
    self.weights = weights
    int16 = nil
    bound = Scalar.bound(of: weights, quantum: quantum)
  }

  /// Makes the 16-bit form anew, where weights have changed since.
  mutating func refreshInt16() {
    if int16 == nil { int16 = Scalar.int16Weights(of: weights) }
  }

  /// `W[i, unit] -= c * factor` for the active source units i and their counts c.
  mutating func updateColumn(
    _ unit: Int, by active: ActiveUnits<Scalar>, factor: Scalar, _ instructionSet: InstructionSet
  ) {
    let exceedsBound = KernelTable<Scalar>(instructionSet).updateColumn(
      unit, of: &weights, by: active, factor: factor, bound: bound)
    int16 = nil
    if exceedsBound { bound = Scalar.bound(of: weights, quantum: quantum) }
  }
}

extension Topology {
  /// The layers of a chain of connections.
  init<Scalar>(connections: [Connection<Scalar>]) {
    self.init(
      ([connections[0].weights.rows] + connections.map(\.weights.columns)).map(Shape.init(units:)))
  }
}
