public import Experiments
internal import Networks
public import Training

extension HTMLReport {
  /// The report of `SigmaDeltaComparison`.
  public init(_ result: SigmaDeltaComparison.Result, source: String, manifest: RunManifest) {
    self.init(title: "Sigma-delta: work follows change", manifest: manifest)
    blocks.append(.verdicts(result.verdicts))
    blocks.append(
      .text(
        "Network \(result.topology) of \(source). Each layer "
          + "sends the changes of its rounded activations; the rounding network computes the same from "
          + "each frame alone."))
    var rows: [[JSONValue]] = []
    for order in result.orders {
      for (name, row) in [
        ("sigma-delta", order.sigmaDelta), ("rounding", order.rounding),
        ("dense, skipping zeros", order.zeroSkipping), ("dense", order.dense),
      ] {
        rows.append([
          .number(row.shareOfDense), .number(row.errorPercent), .string(name), .string(order.name),
        ])
      }
    }
    add(
      .points(
        "operations", title: "Errors against operations",
        caption:
          "\(result.frames) test images. Operations are additions, or multiply-adds of the dense "
          + "network, over all multiply-adds of the dense network.",
        x: .init(column: "share", title: "operations / dense", isLogarithmic: true),
        y: .init(column: "percent", title: "test error, %"), series: "network", shape: "order",
        size: 90, rows: rows, columns: ["share", "percent", "network", "order"]))
    add(
      .bars(
        "layers", title: "Additions a frame, by the layer that adds", caption: "Temporal order.",
        value: .init(column: "additions", title: "additions"),
        category: .init(column: "layer", title: ""),
        rows: result.orders[0].layers.enumerated().dropFirst().map {
          [.string("layer \($0)"), .number($1.additions)]
        }, columns: ["layer", "additions"]))
    blocks.append(.text(result.energyAssumptions + "."))
  }
}
