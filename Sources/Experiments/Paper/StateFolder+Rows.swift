public import Networks
public import Training

extension StateFolder {
  /// A finished row of the paper's tables, if it is there.
  ///
  /// - Throws: `Damaged`.
  public func result(of row: PaperRow, seed: UInt64) throws -> Paper.Result? {
    try self.row("\(row.name)-seed\(seed)") { $0.row == row.name && $0.seed == seed }
  }

  /// Keeps a finished row of the paper's tables.
  public func keep(_ result: Paper.Result, weights: NetworkWeights) throws {
    try keep(result, "\(result.row)-seed\(result.seed)", weights: weights)
  }
}
