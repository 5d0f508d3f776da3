import Experiments
import Training

/// The table of a learning curve, a line an epoch.
enum TrainTable {
  private static let columns = [
    "epoch", "running", "train", "test", "images/s", "spikes", "errors", "fwd adds", "bwd adds",
    "updates",
  ]

  static var header: String { columns.map { pad($0) }.joined() }

  static func line(_ report: EpochReport) -> String {
    func percent(_ value: Double?) -> String { value.map { Format.fixed($0, 2) + "%" } ?? "-" }
    func figure(_ value: Double?) -> String { value.map { Format.count($0) } ?? "-" }
    return [
      String(report.epoch), percent(report.runningErrorPercent),
      percent(report.trainErrorPercent), percent(report.testErrorPercent),
      figure(report.imagesPerSecond), figure(report.work?.forwardSpikes),
      report.work.map { Format.fixed($0.backwardSpikes, 1) } ?? "-",
      figure(report.work?.forwardAdditions), figure(report.work?.backwardAdditions),
      figure(report.work?.updateOperations),
    ].map { pad($0) }.joined()
  }

  /// How much faster replicas learned than one network.
  static func line(_ speed: LearningSpeed) -> String {
    "Learning at \(Format.count(speed.imagesPerSecond)) images/s; one network alone, with these weights, "
      + "\(Format.count(speed.aloneImagesPerSecond)): speed-up \(Format.fixed(speed.speedup, 2)) on "
      + "\(speed.cores) core\(speed.cores == 1 ? "" : "s"), efficiency \(Format.fixed(speed.efficiency, 2))."
  }

  static func pad(_ text: String) -> String {
    String(repeating: " ", count: max(1, 10 - text.count)) + text
  }
}

extension EpochReport {
  static let csvHeader =
    "epoch,learning_rate,examples,running_error_percent,train_error_percent,test_error_percent,"
    + "images_per_second,forward_spikes,backward_spikes,forward_additions,backward_additions,"
    + "update_operations,dense_multiply_adds"

  /// A line of the CSV file; what was not measured is empty.
  var csv: String {
    let figures: [Double?] = [
      runningErrorPercent, trainErrorPercent, testErrorPercent, imagesPerSecond,
      work?.forwardSpikes, work?.backwardSpikes, work?.forwardAdditions, work?.backwardAdditions,
      work?.updateOperations, work?.denseMultiplyAdds,
    ]
    return
      (["\(epoch)", "\(learningRate)", "\(examples)"]
      + figures.map { $0.map { "\($0)" } ?? "" }).joined(separator: ",")
  }
}
