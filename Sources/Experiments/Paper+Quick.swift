public import Datasets
internal import Networks
internal import SpikingReLU

// The paper's claims on the embedded digits, for continuous integration.

extension Paper.Settings {
  /// Settings for the embedded digits: fewer inputs want larger first weights.
  public static func quick(on dataset: Dataset, hidden: [Int]) -> Paper.Settings {
    var settings = Paper.Settings(dataset: dataset, split: .standard, hidden: hidden)
    settings.epochs = 20
    settings.ablationEpochs = 10
    settings.initialDeviation = 0.1
    return settings
  }
}

extension Paper {
  /// Every learning variant ends below its bound; zero reset does not learn as well as the
  /// others; depth first without held errors diverges.
  public static func quickVerdicts(_ results: [Result]) -> [Verdict] {
    results.map { result in
      let name = "\(result.row), seed \(result.seed)"
      if result.row == "depth-first-no-hold" {
        return Verdict(
          "\(name): diverges, or answers by chance: test error",
          value: result.divergence == nil ? testError(result) : 100, bound: .init(atLeast: 50))
      }
      if result.row == "zero-reset" {
        return Verdict(
          "\(name): does not learn: test error", value: testError(result),
          bound: .init(atLeast: 50))
      }
      return Verdict(
        "\(name): learns: largest test error of its columns", value: testError(result),
        bound: .init(atMost: 15))
    }
  }

  private static func testError(_ result: Result) -> Double {
    result.cells.values.map(\.test).max() ?? .nan
  }

  /// Seconds that a row will take, about: from some images trained and answered now.
  public func cost(of row: PaperRow) throws -> Double {
    let clock = ContinuousClock()
    let images = min(dataset.training.count, 200)
    let part = dataset.training.prefix(images)
    let start = clock.now
    try sample(row, part)
    let each = (clock.now - start) / .seconds(1) / Double(images)
    return each * Double(epochs(of: row) * dataset.training.count)
  }
}
