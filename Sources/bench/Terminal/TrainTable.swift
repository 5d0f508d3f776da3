import Experiments
import Reports
import Training

/// The table of a learning curve, a line an epoch.
enum TrainTable {
  /// Lines are printed as they come: columns have widths that hold what is usual, 78 together.
  private static let widths = [5, 8, 8, 8, 9, 7, 7, 9, 9, 8]

  /// - Parameter first: the heading of the first column, where that is not the epoch.
  static func header(first: String? = nil) -> String {
    line(Format.headings(EpochReport.columns), first)
  }

  /// - Parameter first: what the first column says, where that is not the epoch.
  static func line(_ report: EpochReport, first: String? = nil) -> String {
    line(Format.cells(EpochReport.columns, report), first)
  }

  private static func line(_ cells: [String], _ first: String?) -> String {
    zip(widths, [first ?? cells[0]] + cells.dropFirst()).map { width, cell in
      String(repeating: " ", count: max(1, width - cell.count)) + cell
    }.joined()
  }

  /// How much faster replicas learned than one network.
  static func line(_ speed: LearningSpeed) -> String {
    "Learning at \(Format.count(speed.imagesPerSecond)) images/s; one network alone, with these weights, "
      + "\(Format.count(speed.aloneImagesPerSecond)): speed-up \(Format.fixed(speed.speedup, 2)) on "
      + "\(speed.cores) core\(speed.cores == 1 ? "" : "s"), efficiency \(Format.fixed(speed.efficiency, 2))."
  }
}
