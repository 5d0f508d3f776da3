public import Experiments
public import Measures
internal import Networks
public import SpikingReLU
public import Streams
public import Training

// The columns of every table that is shown in more than one place.

extension Comparison.Result {
  /// Both models after some number of steps: a row a `Convergence.Point`.
  public var pointColumns: [Column<Comparison.Convergence.Point>] {
    Self.pointColumns(denseErrorPercent: denseTestErrorPercent, firing: firing)
  }

  static func pointColumns(
    denseErrorPercent: Double, firing: PredictionOptions.Firing
  ) -> [Column<Comparison.Convergence.Point>] {
    [
      Column("T", key: "timeSteps", count: \.timeSteps),
      Column("mean\n|error|", key: "meanError", number: \.meanError),
      Column("largest\n|error|", key: "maximumError", number: \.maximumError),
      Column(firing == .refining ? "2^(T-1)\nx mean" : "T x\nmean", number: \.scaledMeanError),
      Column(nil, key: "meanBound", number: \.meanBound),
      Column("share of\nbound", format: Format.fixed(3), number: \.outputShareOfBound),
      Column(
        "agree-\nment", key: "argmaxAgreement", format: Format.share(2), number: \.argmaxAgreement),
      Column(
        "spiking\nerrors", key: "testErrorPercent", format: Format.percent(2),
        number: \.testErrorPercent),
      Column("dense\nerrors", format: Format.percent(2)) { _ in denseErrorPercent },
    ]
  }
}

extension KernelBenchmark.Result {
  /// A row a kernel and instruction set.
  public static var kernelColumns: [Column<KernelBenchmark.Kernel>] {
    [
      Column("kernel", key: "kernel", text: \.name),
      Column("set", key: "instructionSet", text: \.instructionSet),
      Column("ns a spike", key: "nanosecondsPerSpike", number: \.nanosecondsPerSpike),
      Column("GB/s", key: "gigabytesPerSecond", number: \.gigabytesPerSecond),
    ]
  }

  /// A row a ratio of two times.
  public static var ratioColumns: [Column<KernelBenchmark.Ratio>] {
    [
      Column("", text: \.name),
      Column("us", format: Format.fixed(1), number: \.microseconds),
      Column("/ us", format: Format.fixed(1), number: \.otherMicroseconds),
      Column("ratio", format: Format.fixed(2), number: \.value),
      Column("target", format: { "<= " + Format.fixed($0, 2) }, number: \.target),
    ]
  }
}

extension PredictionOptions.Firing {
  /// In words.
  public var name: String {
    switch self {
    case .afterEachSpike: "rate, after each spike"
    case .oncePerStep: "rate, once a step"
    case .refining: "refining"
    }
  }
}

extension SearchedCode where Point == Anytime.Result.Point, Exit == Anytime.Result.Exit {
  /// A row a way to check thresholds, with early exit on test images; the chosen one is marked.
  public static var columns: [Column<Anytime.Result.Code>] {
    [
      Column("early exit", text: { $0.firing.name + ($0.isChosen ? " *" : "") }),
      Column("errors", format: Format.percent(2), number: \.exit.outcome.testErrorPercent),
      Column("agreement", format: Format.share(2), number: \.exit.outcome.agreement),
      Column("/ dense\nMACs", format: Format.fixed(3), number: \.exit.outcome.shareOfDense),
      Column("steps", format: Format.fixed(2), number: \.exit.meanSteps),
      Column("us", format: Format.fixed(2), number: \.exit.microseconds),
      Column("cost", format: Format.fixed(3), number: \.calibrationCost),
    ]
  }
}

extension Anytime.Result {
  /// A row a layer, with early exit.
  public static var layerColumns: [Column<Layer>] {
    [
      Column("") { $0.layer == 0 ? "input" : "layer \($0.layer)" },
      Column("scale") { layer in
        let (least, largest) = (layer.scale[0], layer.scale[2])
        return Format.significant(least)
          + (least == largest ? "" : " ... \(Format.significant(largest))")
      },
      Column("quantum") { 1 / $0.scale[1] },
      Column("spikes", format: Format.fixed(1), number: \.spikes),
      Column("rate", number: \.rate),
      Column("additions", format: Format.count, number: \.additions),
    ]
  }

  /// What a change of the coding would make of it, on calibration images.
  public struct Choice {
    let name: String
    let expectedErrorPercent: Double
    let shareOfDense: Double
    let cost: Double

    /// A row a choice.
    public static var columns: [Column<Choice>] {
      [
        Column("change", text: \.name),
        Column("expected errors", format: Format.percent(2), number: \.expectedErrorPercent),
        Column("/ dense MACs", format: Format.fixed(3), number: \.shareOfDense),
        Column("cost", format: Format.fixed(3), number: \.cost),
      ]
    }
  }

  /// The coding as it was chosen, then its changes.
  public var choices: [Choice] {
    [
      Choice(
        name: "as chosen", expectedErrorPercent: chosen.expectedErrorPercent,
        shareOfDense: chosen.shareOfDense, cost: chosen.cost)
    ]
      + alternatives.map {
        Choice(
          name: $0.change, expectedErrorPercent: $0.expectedErrorPercent,
          shareOfDense: $0.shareOfDense, cost: $0.cost)
      }
  }

  /// A network on the test images: an image, on average.
  public struct Row {
    /// What it is; of the curve, how many steps.
    let name: String
    /// Steps, on average; `nil` for other networks than the anytime one.
    let steps: Double?
    let errorPercent: Double
    let agreement: Double?
    let operations: Double
    let shareOfDense: Double
    let energy: [Energy]
    let microseconds: Double?

    private func joules(_ arithmetic: EnergyModel.Arithmetic, withReads: Bool) -> Double? {
      energy.first { $0.arithmetic == arithmetic && $0.withWeightReads == withReads }?.nanojoules
    }

    /// What people see of a network, and programs of the curve.
    public static var columns: [Column<Row>] {
      [
        Column("T", key: "timeSteps", text: \.name) { $0.steps.map { "\($0)" } ?? "" },
        Column(
          "errors", key: "testErrorPercent", format: Format.percent(2), number: \.errorPercent),
        Column(
          "agree-\nment", key: "agreement", absent: "", format: Format.share(2),
          number: \.agreement),
        Column("operations", key: "additions", format: Format.count, number: \.operations),
        Column(
          "/ dense\nMACs", key: "shareOfDense", format: Format.fixed(3), number: \.shareOfDense),
        Column(nil, key: "fp32Nanojoules") { $0.joules(.fp32, withReads: false) },
        Column("int32\nnJ", key: "int32Nanojoules") { $0.joules(.int32, withReads: false) },
        Column("int32 +\nreads") { $0.joules(.int32, withReads: true) },
        Column(
          "us", key: "microseconds", absent: "", format: Format.fixed(2), number: \.microseconds),
      ]
    }
  }

  private func row(
    _ name: String, steps: Double?, _ outcome: Outcome, _ microseconds: Double?
  ) -> Row {
    Row(
      name: name, steps: steps, errorPercent: outcome.testErrorPercent,
      agreement: outcome.agreement, operations: outcome.additions,
      shareOfDense: outcome.shareOfDense, energy: outcome.energy, microseconds: microseconds)
  }

  /// A row a number of steps, then one of early exit, with its mean number of steps.
  public var curveRows: [Row] {
    points.map {
      row("\($0.timeSteps)", steps: Double($0.timeSteps), $0.outcome, $0.microseconds)
    } + [row("early exit", steps: exit.meanSteps, exit.outcome, timings.exitMicroseconds)]
  }

  /// The curve, beside the dense network and the paper's.
  public var rows: [Row] {
    curveRows
      + [
        Row(
          name: "dense, no zeros", steps: nil, errorPercent: dense.testErrorPercent,
          agreement: nil, operations: dense.zeroSkippingMultiplyAdds,
          shareOfDense: dense.zeroSkippingMultiplyAdds / dense.multiplyAdds,
          energy: dense.zeroSkippingEnergy, microseconds: timings.zeroSkippingMicroseconds),
        Row(
          name: "dense, \(quantized.bits) bits", steps: nil,
          errorPercent: quantized.testErrorPercent, agreement: quantized.agreement,
          operations: quantized.multiplyAdds,
          shareOfDense: quantized.multiplyAdds / dense.multiplyAdds, energy: quantized.energy,
          microseconds: nil),
        quantized.tableAdditions.map {
          Row(
            name: "by patterns", steps: nil, errorPercent: quantized.testErrorPercent,
            agreement: quantized.agreement, operations: $0, shareOfDense: $0 / dense.multiplyAdds,
            energy: quantized.tableEnergy ?? [], microseconds: nil)
        },
        Row(
          name: "dense", steps: nil, errorPercent: dense.testErrorPercent, agreement: nil,
          operations: dense.multiplyAdds, shareOfDense: 1, energy: dense.energy,
          microseconds: timings.denseMicroseconds),
      ].compactMap(\.self)
      + paper.filter { [1, 2, 3, 5, 10].contains($0.timeSteps) }.map {
        row("paper's, \($0.timeSteps)", steps: nil, $0.outcome, nil)
      }
  }

  /// A row a share of images that answer as the dense network does.
  public var guaranteeColumns: [Column<Guarantee.Row>] {
    [
      Column("agreement", format: Format.share(1), number: \.agreement),
      Column("bound", absent: "none", count: \.guaranteedSteps),
      Column("measured", absent: "> \(timeSteps)", count: \.measuredSteps),
    ]
  }
}

extension ScaleBenchmark.Sweep {
  /// A row a value of what is varied.
  public var columns: [Column<ScaleBenchmark.Point>] {
    [
      Column(nil, key: "sweep") { _ in name },
      Column("", key: "value", count: \.value),
      Column("network") { Self.network($0.topology.units) },
      Column("T", key: "timeSteps", count: \.timeSteps),
      Column("spikes", key: "spikes", format: Format.count, number: \.spikes),
      Column("additions", key: "additions", format: Format.count, number: \.additions),
      Column("us", key: "microseconds", number: \.microseconds),
      Column("ns a\nspike") { $0.microseconds * 1000 / max($0.spikes, 1) },
      Column(
        nil, key: "peakBytes", text: { _ in "" }, value: { $0.peakBytes.map { "\($0)" } ?? "" }),
      Column("peak\nMB", format: Format.fixed(1)) { $0.peakBytes.map { Double($0) / 1e6 } },
    ]
  }

  /// `784-200-200-10`; many equal layers as `16 x 256-10`.
  private static func network(_ sizes: [Int]) -> String {
    let equal = sizes.prefix { $0 == sizes[0] }.count
    let rest = sizes.dropFirst(equal > 3 ? equal : 0).map(String.init)
    return ((equal > 3 ? ["\(equal) x \(sizes[0])"] : []) + rest).joined(separator: "-")
  }
}

extension ReplicaBenchmark.Speed {
  /// A row a way of learning, on all ranks beside one.
  public static var columns: [Column<Self>] {
    [
      Column("network", text: \.twin),
      Column("images of\na rank", count: \.examplesPerStep),
      Column("images/s", format: Format.count, number: \.imagesPerSecond),
      Column("one\nalone", format: Format.count, number: \.aloneImagesPerSecond),
      Column("speed-\nup", format: Format.fixed(2), number: \.speedup),
      Column("effi-\nciency", format: Format.share(1), number: \.efficiency),
      Column("by the\nmodel", format: Format.share(1), number: \.modelEfficiency),
      Column("bytes\na step", format: Format.count, number: \.bytesPerStep),
      Column("by\nformula", format: Format.count, number: \.expectedBytesPerStep),
    ]
  }
}

extension ReplicaBenchmark.Cell {
  /// A row a number of replicas and an interval.
  public static var columns: [Column<Self>] {
    [
      Column("N", key: "replicas", count: \.replicas),
      Column("K", key: "interval", count: \.interval),
      Column(
        "error", key: "testErrorPercent", format: Format.percent(2), number: \.testErrorPercent),
      Column(nil, key: "low") { $0.testErrorInterval95?[0] ?? 100 },
      Column(nil, key: "high") { $0.testErrorInterval95?[1] ?? 100 },
      Column(nil, key: "divergence") { $0.divergence ?? "" },
    ]
  }
}

extension StreamLearning.Result {
  /// Learning, and predicting: a recording, on average.
  public var workRows: [(name: String, work: Work)] {
    [("learning", learning), ("predicting", predicting)]
  }

  /// Their columns.
  public static var workColumns: [Column<(name: String, work: Work)>] {
    [
      Column("a recording", text: \.name),
      Column("events", format: Format.count, number: \.work.events),
      Column("additions", format: Format.count, number: \.work.additions),
      Column("multiply-\nadds", format: Format.count, number: \.work.updateMultiplyAdds),
      Column("ms", number: \.work.milliseconds),
      Column("times real\ntime", number: \.work.realTimeFactor),
    ]
  }
}

extension EpochReport {
  /// A row an epoch; what was not measured is empty.
  public static var columns: [Column<EpochReport>] {
    func percent(
      _ heading: String, _ key: String, _ value: @escaping (EpochReport) -> Double?
    ) -> Column<EpochReport> {
      Column(heading, key: key, format: Format.percent(2), number: value)
    }
    func figure(
      _ heading: String?, _ key: String, _ value: @escaping (EpochReport) -> Double?
    ) -> Column<EpochReport> {
      Column(heading, key: key, format: Format.count, number: value)
    }
    return [
      Column("epoch", key: "epoch") { "\($0.epoch)" },
      Column(nil, key: "learning_rate") { "\($0.learningRate)" },
      Column(nil, key: "examples") { "\($0.examples)" },
      percent("running", "running_error_percent", \.runningErrorPercent),
      percent("train", "train_error_percent", \.trainErrorPercent),
      percent("test", "test_error_percent", \.testErrorPercent),
      figure("images/s", "images_per_second", \.imagesPerSecond),
      figure("spikes", "forward_spikes", \.work?.forwardSpikes),
      Column(
        "errors", key: "backward_spikes", format: Format.fixed(1),
        number: \.work?.backwardSpikes),
      figure("fwd adds", "forward_additions", \.work?.forwardAdditions),
      figure("bwd adds", "backward_additions", \.work?.backwardAdditions),
      figure("updates", "update_operations", \.work?.updateOperations),
      figure(nil, "dense_multiply_adds", \.work?.denseMultiplyAdds),
    ]
  }
}
