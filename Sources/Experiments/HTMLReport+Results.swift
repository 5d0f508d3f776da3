extension HTMLReport {
  /// The report of `Comparison`.
  public init(_ result: Comparison.Result, portrait: Portrait, manifest: RunManifest) {
    self.init(title: "Dense against spiking, of the same weights", manifest: manifest)
    blocks.append(.verdicts(result.verdicts))
    blocks.append(.heading("Convergence"))
    let points = result.convergence.points
    let first = points[0]
    var rows: [[JSONValue]] = []
    for point in points {
      let t = Double(point.timeSteps)
      for (value, series) in [
        (point.meanError, "mean error"), (point.maximumError, "largest error"),
        (first.meanError * Double(first.timeSteps) / t, "1/T"), (point.meanBound, "rigorous bound"),
      ] where value > 0 {
        rows.append([.number(t), .number(value), .string(series)])
      }
    }
    add(
      .lines(
        "convergence", title: "Error against T",
        caption:
          "|spiking output − dense output| over \(result.images) images, beside 1/T and the mean "
          + "of the bound that holds for every image.",
        x: .init(column: "T", title: "T", isLogarithmic: true),
        y: .init(column: "error", title: "error", isLogarithmic: true), series: "what",
        dashed: ["1/T", "rigorous bound"], rows: rows, columns: ["T", "error", "what"], height: 340)
    )
    add(
      .lines(
        "layers", title: "Each layer", caption: "Mean |count / T − activation|.",
        x: .init(column: "T", title: "T", isLogarithmic: true),
        y: .init(column: "error", title: "error", isLogarithmic: true), series: "layer",
        rows: points.flatMap { point in
          point.layerMeanErrors.enumerated().filter { $0.element > 0 }.map { layer, error in
            [
              .number(Double(point.timeSteps)), .number(error),
              .string(layer == 0 ? "input" : "layer \(layer)"),
            ]
          }
        }, columns: ["T", "error", "layer"]))
    add(
      .lines(
        "answers", title: "Answers",
        caption:
          "Wrong answers on the test images, and images that get another class than from the "
          + "dense network.",
        x: .init(column: "T", title: "T", isLogarithmic: true),
        y: .init(column: "percent", title: "%", fromZero: true), series: "what",
        dashed: ["dense errors"],
        rows: points.flatMap { point -> [[JSONValue]] in
          let t = JSONValue.number(Double(point.timeSteps))
          return [
            [t, .number(point.testErrorPercent), "spiking errors"],
            [t, .number(result.denseTestErrorPercent), "dense errors"],
            [t, .number(100 * (1 - point.argmaxAgreement)), "another class than dense"],
          ]
        }, columns: ["T", "percent", "what"]))
    blocks.append(.heading("Operations and energy"))
    let operations = result.operations
    add(
      .bars(
        "operations", title: "Operations an image, T = \(operations.timeSteps)",
        caption: "Additions of the spiking network, multiply-adds of the dense one.",
        value: .init(column: "operations", title: "operations"),
        category: .init(column: "network", title: ""),
        rows: [
          ["spiking", .number(operations.additionsPerImage)],
          ["dense, skipping zeros", .number(operations.zeroSkippingMultiplyAddsPerImage)],
          ["dense", .number(operations.denseMultiplyAddsPerImage)],
        ], columns: ["network", "operations"], height: 100))
    add(
      .bars(
        "energy", title: "Energy an image", caption: operations.energyAssumptions + ".",
        value: .init(column: "nanojoules", title: "nJ", isLogarithmic: true),
        category: .init(column: "arithmetic", title: ""), series: "network", grouped: true,
        rows: operations.energy.flatMap { energy -> [[JSONValue]] in
          let name = JSONValue.string(
            energy.arithmetic.rawValue + (energy.withWeightReads ? " with reads" : ""))
          return [
            [name, .number(energy.spiking), "spiking"],
            [name, .number(energy.zeroSkipping), "dense, skipping zeros"],
            [name, .number(energy.dense), "dense"],
          ]
        }, columns: ["arithmetic", "nanojoules", "network"], height: 160))
    let timings = result.timings
    add(
      .bars(
        "time", title: "Time of one image, T = \(timings.timeSteps)",
        caption: "One at a time, one thread; medians of \(timings.rounds) rounds in turn.",
        value: .init(column: "microseconds", title: "µs"),
        category: .init(column: "network", title: ""),
        rows: [
          ["spiking", .number(timings.spikingMicroseconds)],
          ["dense, skipping zeros", .number(timings.zeroSkippingMicroseconds)],
          ["dense", .number(timings.denseMicroseconds)],
        ], columns: ["network", "microseconds"], height: 100))
    add(portrait)
  }

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

  /// The report of `KernelBenchmark`.
  public init(_ result: KernelBenchmark.Result, verdicts: [Verdict], manifest: RunManifest) {
    self.init(title: "Kernels against the hardware", manifest: manifest)
    if !verdicts.isEmpty { blocks.append(.verdicts(verdicts)) }
    blocks.append(.heading("Bandwidth"))
    add(
      .bars(
        "roofline", title: "Weights read a second, beside what each level of memory gives",
        caption: "Kernels by instruction set; levels of memory measured in the same run.",
        value: .init(column: "GB/s", title: "GB/s", isLogarithmic: true),
        category: .init(column: "kernel", title: ""), series: "set", grouped: true,
        rows: result.bandwidths.map {
          [.string("read \($0.level)"), .number($0.gigabytesPerSecond), "memory"]
        }
          + result.kernels.compactMap { kernel in
            kernel.gigabytesPerSecond.map {
              [.string(kernel.name), .number($0), .string(kernel.instructionSet)]
            }
          }, columns: ["kernel", "GB/s", "set"]))
    add(
      .bars(
        "kernels", title: "Nanoseconds a spike", caption: "Each kernel on each instruction set.",
        value: .init(column: "ns", title: "ns", isLogarithmic: true),
        category: .init(column: "kernel", title: ""), series: "set", grouped: true,
        rows: result.kernels.map {
          [.string($0.name), .number($0.nanosecondsPerSpike), .string($0.instructionSet)]
        }, columns: ["kernel", "ns", "set"]))
    add(
      .lines(
        "crossover", title: "Crossover density",
        caption: "The share of active inputs below which a layer fed by events is faster than "
          + "cblas_sgemv, by width.",
        x: .init(column: "width", title: "width", isLogarithmic: true),
        y: .init(column: "share", title: "share of active inputs", fromZero: true), series: nil,
        rows: result.crossovers.map { [.number(Double($0.width)), .number($0.share)] },
        columns: ["width", "share"]))
    blocks.append(
      .table(
        title: "Ratios of one run", header: ["", "ratio", "target", "us", "of us"],
        rows: result.ratios.map {
          [
            $0.name, Self.rounded($0.value), $0.target.map(Self.rounded) ?? "",
            Self.rounded($0.microseconds), Self.rounded($0.otherMicroseconds),
          ]
        }))
  }

  /// The report of `ScaleBenchmark`.
  public init(_ result: ScaleBenchmark.Result, verdicts: [Verdict], manifest: RunManifest) {
    self.init(title: "How cost grows", manifest: manifest)
    blocks.append(.verdicts(verdicts))
    blocks.append(.heading("Sweeps"))
    for (index, sweep) in result.sweeps.enumerated() {
      add(
        .lines(
          "sweep-\(index)", title: "Against \(sweep.name)",
          caption: "Time of a prediction; exponent of time \(Self.rounded(sweep.timeExponent)), of "
            + "additions \(Self.rounded(sweep.additionsExponent)), of time over spikes "
            + "\(Self.rounded(sweep.timeOverSpikesExponent)).",
          x: .init(column: "value", title: sweep.name, isLogarithmic: true),
          y: .init(column: "microseconds", title: "µs", isLogarithmic: true), series: nil,
          rows: sweep.points.map {
            [
              .number(Double($0.value)), .number($0.microseconds), .number($0.spikes),
              .number($0.additions), $0.peakBytes.map { .number(Double($0)) } ?? .null,
            ]
          }, columns: ["value", "microseconds", "spikes", "additions", "peakBytes"]))
    }
    add(
      .bars(
        "tasks", title: "Predictions on several tasks", caption: "Examples a second.",
        value: .init(column: "examples", title: "examples/s"),
        category: .init(column: "tasks", title: ""),
        rows: result.throughputs.map {
          [.string("\($0.workers)"), .number($0.examplesPerSecond), .number($0.speedup)]
        }, columns: ["tasks", "examples", "speedup"]))
  }
}
