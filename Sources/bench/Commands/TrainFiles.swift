import Experiments
import Files
import Networks
import Training

/// The files that a run ends with, opened before it starts.
struct TrainFiles {
  let json: AtomicFile?
  let weights: NetworkOutput?
  let csv: AtomicFile?

  init(json: AtomicFile?, save: String?, csv: String?) throws {
    self.json = json
    weights = try Ranks.onRoot { try save.map(NetworkOutput.init) }
    self.csv = try Ranks.onRoot {
      try csv.map { try AtomicFile(path: $0) { $0[0] == UInt8(ascii: "e") } }
    }
  }

  func commit(weights network: NetworkWeights, epochs: [EpochReport], report: some Encodable) throws
  {
    try weights?.commit(network)
    for note in weights?.notes ?? [] { try Output.line(note) }
    let lines = [EpochReport.csvHeader] + epochs.map(\.csv)
    try csv?.commit(Array((lines.joined(separator: "\n") + "\n").utf8))
    try json?.commit(json: report)
  }
}

/// The run was interrupted, and what there was has been written.
struct InterruptedAfterResults: Error {}
