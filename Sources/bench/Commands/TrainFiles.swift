import Experiments
import Networks
import Reports
import Training

/// The files that a run ends with, opened before it starts.
struct TrainFiles {
  let run: CommandRun
  private let weights: NetworkOutput?

  init(_ run: CommandRun, save: String?) throws {
    self.run = run
    weights = try Ranks.onRoot { try save.map(NetworkOutput.init) }
  }

  /// - Parameter page: the report to look at, where the run has come to an end.
  func commit(
    weights network: NetworkWeights, epochs: [EpochReport], report: some Encodable,
    page: @autoclosure () -> HTMLReport? = nil
  ) throws {
    try weights?.commit(network)
    for note in weights?.notes() ?? [] { try Output.line(note) }
    try run.write(report, report: page(), table: CSVTable(EpochReport.columns, epochs))
  }
}

/// The run was interrupted, and what there was has been written.
struct InterruptedAfterResults: Error {}
