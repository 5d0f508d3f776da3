public import Experiments
public import Training

extension HTMLReport {
  /// The report of one training run, or of several.
  public init(
    training runs: [(name: String, epochs: [EpochReport])], title: String, manifest: RunManifest
  ) {
    self.init(title: title, manifest: manifest)
    blocks.append(.heading("Learning"))
    func rows(_ figures: [(String, (EpochReport) -> Double?)]) -> [[JSONValue]] {
      runs.flatMap { run in
        run.epochs.flatMap { epoch in
          figures.compactMap { name, figure in
            figure(epoch).map {
              [
                .number(Double(epoch.epoch)), .number($0),
                .string(runs.count == 1 ? name : "\(run.name), \(name)"),
              ]
            }
          }
        }
      }
    }
    add(
      .lines(
        "errors", title: "Errors", caption: "Wrong answers after each epoch, and while learning.",
        x: .init(column: "epoch", title: "epoch", isWhole: true),
        y: .init(column: "percent", title: "%", fromZero: true), series: "what",
        rows: rows([
          ("test", \.testErrorPercent), ("training", \.trainErrorPercent),
          ("while learning", \.runningErrorPercent),
        ]), columns: ["epoch", "percent", "what"]))
    let spikes = rows([
      ("forward spikes", { $0.work?.forwardSpikes }), ("error spikes", { $0.work?.backwardSpikes }),
    ])
    if spikes.contains(where: { $0[1] != .number(0) }) {
      add(
        .lines(
          "spikes", title: "Spikes an image", caption: "Of training, on average over the epoch.",
          x: .init(column: "epoch", title: "epoch", isWhole: true),
          y: .init(column: "spikes", title: "spikes", fromZero: true), series: "what", rows: spikes,
          columns: ["epoch", "spikes", "what"]))
    }
    add(
      .lines(
        "operations", title: "Operations an image", caption: "Of training.",
        x: .init(column: "epoch", title: "epoch", isWhole: true),
        y: .init(column: "operations", title: "operations", fromZero: true), series: "what",
        rows: rows([
          ("additions forward", { $0.work?.forwardAdditions }),
          ("additions backward", { $0.work?.backwardAdditions }),
          ("updates", { $0.work?.updateOperations }),
          ("dense multiply-adds", { ($0.work?.denseMultiplyAdds).flatMap { $0 > 0 ? $0 : nil } }),
        ]), columns: ["epoch", "operations", "what"]))
    add(
      .lines(
        "speed", title: "Images a second", caption: "Of training, on this machine.",
        x: .init(column: "epoch", title: "epoch", isWhole: true),
        y: .init(column: "images", title: "images/s", fromZero: true), series: "what",
        rows: rows([("training", \.imagesPerSecond)]), columns: ["epoch", "images", "what"]))
  }

  /// The report of `Paper`.
  public init(
    paper results: [Paper.Result], on dataset: String, rows: [PaperRow], verdicts: [Verdict],
    manifest: RunManifest
  ) {
    self.init(title: "The paper's tables", manifest: manifest)
    if !verdicts.isEmpty { blocks.append(.verdicts(verdicts)) }
    blocks.append(.heading("Test errors, ours beside the authors'"))
    let seeds = Set(results.map(\.seed)).count
    for column in PaperColumn.allCases {
      var points: [[JSONValue]] = []
      for row in rows {
        for result in results where result.row == row.name {
          guard let cell = result.cells[column.rawValue] else { continue }
          points.append([
            .string(row.title), .number(cell.test),
            .string(seeds > 1 ? "ours, seed \(result.seed)" : "ours"),
          ])
        }
        if let authors = row.authors[column],
          points.contains(where: { $0[0] == .string(row.title) })
        {
          points.append([.string(row.title), .number(authors.test), "authors"])
        }
      }
      guard !points.isEmpty else { continue }
      add(
        .bars(
          "paper-\(column.rawValue)", title: column.title,
          caption:
            "Wrong answers in percent: ours on \(dataset), the authors' on MNIST. A row that diverges "
            + "is near 90.",
          value: .init(column: "percent", title: "test error, %", isLogarithmic: true),
          category: .init(column: "row", title: ""), series: "whose", grouped: true, rows: points,
          columns: ["row", "percent", "whose"]))
    }
  }
}
