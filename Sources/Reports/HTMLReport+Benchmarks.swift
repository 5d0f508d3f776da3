public import Experiments
internal import Measures
public import Training

extension HTMLReport {
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
        title: "Ratios of one run", KernelBenchmark.Result.ratioColumns, result.ratios))
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
