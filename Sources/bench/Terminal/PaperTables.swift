import Cluster
import Experiments
import Reports

/// What `paper` prints for people.
enum PaperTables {
  /// `2.34 / 0.93%`
  private static func pair(_ test: Double, _ train: Double?) -> String {
    Format.fixed(test, 2) + (train.map { " / " + Format.fixed($0, 2) } ?? "")
  }

  /// The figures of one run of a row.
  static func summary(_ result: Paper.Result) -> String {
    let cells = PaperColumn.allCases.compactMap { column in
      result.cells[column.rawValue].map { "\(column.title) \(pair($0.test, $0.train))%" }
    }
    let divergence = result.divergence.map {
      "diverged in epoch \($0.epoch)" + ($0.example.map { ", example \($0)" } ?? "")
        + " (\($0.cause)); "
    }
    return (divergence ?? "") + cells.joined(separator: ", ")
  }

  /// What a run tells as it goes.
  static func lines(_ event: PaperRun.Event, workers: Int) -> [String] {
    switch event {
    case .kept(let rows, let all): ["\(rows) of \(all) rows are finished already."]
    case .starting(let rows, let seconds):
      [
        "\(rows) rows to run on "
          + (Ranks.all.size > 1 ? "\(Ranks.all.size) ranks of " : "")
          + "\(workers) cores, about \(Format.seconds(seconds))."
      ]
    case .finished(let result, let rows, let all, let left):
      [
        "\(result.row), seed \(result.seed): \(summary(result)) in "
          + "\(Format.seconds(result.seconds)); \(rows) of \(all) rows done"
          + (rows < all ? ", about \(Format.seconds(left)) left" : "")
      ]
    }
  }

  /// One line for all rows at work.
  static let showProgress: PaperRun.Progress = { done, total, working in
    Progress.show(
      "rows", done, total, unit: "images",
      detail: ": "
        + working.map { "\($0.job.row.name) (seed \($0.job.seed)), epoch \($0.epoch)" }
        .joined(separator: "; "))
  }

  static func lines(
    _ results: [Paper.Result], rows: [PaperRow], settings: Paper.Settings
  ) -> [String] {
    var lines: [String] = []
    for table in PaperRow.Table.allCases {
      // A row of the paper's table, and below it the networks that it was tried on.
      let body = rows.filter { $0.table == table }.flatMap { row in
        let found = row.columns.compactMap { column in cells(row, column, results) }
        return found.isEmpty ? [] : [[row.title]] + found
      }
      guard !body.isEmpty else { continue }
      let title =
        table == .variants
        ? "(a) Variants, \(settings.epochs) epochs"
        : "(b) Ablations, \(settings.ablationEpochs) epochs"
      lines += ["", "\(title): percent error, test / training"]
      let header = ["", "ours", "95% of\ntest", "seeds", "authors", "test -\ntheirs"]
      // The authors' figures are of MNIST.
      let columns = settings.dataset == "mnist" ? header.count : header.count - 2
      lines += Format.table(([header] + body).map { Array($0.prefix(columns)) })
      if body.contains(where: { $0.contains { $0.hasPrefix("* ") } }) {
        lines.append("  * in some runs learning diverged")
      }
    }
    return lines
  }

  private static func cells(
    _ row: PaperRow, _ column: PaperColumn, _ results: [Paper.Result]
  ) -> [String]? {
    let runs = results.filter { $0.row == row.name }
    let cells = runs.compactMap { $0.cells[column.rawValue] }
    guard !cells.isEmpty else { return nil }
    let count = Double(cells.count)
    let (test, train) = (
      cells.map(\.test).reduce(0, +) / count, cells.map(\.train).reduce(0, +) / count
    )
    // Of the mean: the interval of one run, narrower by the root of their number.
    let half = cells.map { ($0.testInterval95[1] - $0.testInterval95[0]) / 2 }.reduce(0, +) / count
    let diverged = runs.count { $0.divergence != nil }
    let authors = row.authors[column]
    return [
      "  " + column.title, (diverged > 0 ? "* " : "") + pair(test, train),
      "+- " + Format.fixed(half / count.squareRoot(), 2), "\(cells.count)",
      authors.map { pair($0.test, $0.train) } ?? "-",
      authors.map { Format.fixed(test - $0.test, 2) } ?? "-",
    ]
  }
}
