public import Experiments
internal import Measures
public import Training

extension HTMLReport {
  /// The report of `Anytime`.
  public init(_ result: Anytime.Result, activity: ActivityReport, manifest: RunManifest) {
    self.init(title: "Anytime: accuracy for operations", manifest: manifest)
    blocks.append(.verdicts(result.verdicts))
    let dense = result.dense
    blocks.append(.heading("Accuracy for operations"))
    var rows: [[JSONValue]] = []
    func row(_ share: Double, _ error: Double, _ what: String, _ detail: String) {
      guard share > 0 else { return }
      rows.append([.number(share), .number(error), .string(what), .string(detail)])
    }
    for code in result.codes {
      for point in code.points {
        row(
          point.outcome.shareOfDense, point.outcome.testErrorPercent,
          "\(code.firing.name), T steps", "T = \(point.timeSteps)")
      }
    }
    for exit in result.margins {
      row(
        exit.outcome.shareOfDense, exit.outcome.testErrorPercent,
        "\(result.firing.name), early exit by margin",
        exit.margin.map { "margin \(Self.rounded($0))" } ?? "no exit")
    }
    for code in result.codes {
      row(
        code.exit.outcome.shareOfDense, code.exit.outcome.testErrorPercent,
        code.isChosen ? "chosen exit" : "\(code.firing.name), its exit",
        code.exit.margin.map { "margin \(Self.rounded($0))" } ?? "no exit")
    }
    for point in result.paper {
      row(
        point.outcome.shareOfDense, point.outcome.testErrorPercent, "the paper's network",
        "T = \(point.timeSteps)")
    }
    row(
      dense.zeroSkippingMultiplyAdds / dense.multiplyAdds, dense.testErrorPercent,
      "dense, skipping zeros", "")
    row(1, dense.testErrorPercent, "dense", "")
    add(
      .lines(
        "operations", title: "Errors against operations",
        caption:
          "\(result.testImages) test images, the best of each way to check thresholds; chosen: "
          + "\(result.firing.name). Operations are additions, or multiply-adds of the "
          + "dense network, over all multiply-adds of the dense network.",
        x: .init(column: "share", title: "operations / dense", isLogarithmic: true),
        y: .init(column: "percent", title: "test error, %", isLogarithmic: true), series: "what",
        dashed: ["the paper's network"], marked: ["chosen exit"], rows: rows,
        columns: ["share", "percent", "what", "detail"], height: 360, order: "share"))
    var others: [[JSONValue]] = []
    for code in result.codes {
      for point in code.points {
        for (what, percent) in [
          ("errors", point.outcome.testErrorPercent),
          ("answers that are not the dense network's", 100 * (1 - point.outcome.agreement)),
        ] where percent > 0 {
          others.append([
            .number(Double(point.timeSteps)), .number(percent),
            .string("\(code.firing.name): \(what)"),
          ])
        }
      }
    }
    add(
      .lines(
        "steps", title: "Errors and other answers against steps",
        caption:
          "Without early exit, the best of each way to check thresholds. What is 0 is not drawn.",
        x: .init(column: "steps", title: "steps T"),
        y: .init(column: "percent", title: "%", isLogarithmic: true), series: "what", rows: others,
        columns: ["steps", "percent", "what"], height: 320, order: "steps"))
    var joules: [[JSONValue]] = []
    func plot(_ energy: [Anytime.Result.Energy], _ error: Double, _ what: String, _ detail: String)
    {
      for energy in energy where energy.withWeightReads && energy.nanojoules > 0 {
        joules.append([
          .number(energy.nanojoules), .number(error),
          .string("\(what), \(energy.arithmetic.rawValue)"), .string(detail),
        ])
      }
    }
    for point in result.points {
      let outcome = point.outcome
      plot(outcome.energy, outcome.testErrorPercent, "T steps", "T = \(point.timeSteps)")
    }
    for exit in result.margins {
      plot(
        exit.outcome.energy, exit.outcome.testErrorPercent, "early exit",
        exit.margin.map { "margin \(Self.rounded($0))" } ?? "no exit")
    }
    plot(dense.zeroSkippingEnergy, dense.testErrorPercent, "dense, skipping zeros", "")
    plot(dense.energy, dense.testErrorPercent, "dense", "")
    add(
      .lines(
        "errors-energy", title: "Errors against energy",
        caption: "With weight reads, which both kinds of network make; in two arithmetics.",
        x: .init(column: "nanojoules", title: "nJ an image", isLogarithmic: true),
        y: .init(column: "percent", title: "test error, %", isLogarithmic: true), series: "what",
        rows: joules, columns: ["nanojoules", "percent", "what", "detail"], height: 320,
        order: "nanojoules"))
    func energies(_ energy: [Anytime.Result.Energy], _ network: String) -> [(
      arithmetic: EnergyModel.Arithmetic, withReads: Bool, nanojoules: Double, network: String
    )] {
      energy.map { ($0.arithmetic, $0.withWeightReads, $0.nanojoules, network) }
    }
    add(
      .energy(
        energies(result.exit.outcome.energy, "early exit")
          + energies(result.quantized.energy, "dense of \(result.quantized.bits) bits")
          + energies(result.quantized.tableEnergy ?? [], "the same by patterns")
          + energies(dense.zeroSkippingEnergy, "dense, skipping zeros")
          + energies(dense.energy, "dense"), assumptions: result.energyAssumptions))
    let timings = result.timings
    add(
      .times(
        "Time of one image", rounds: timings.rounds,
        [
          ("spiking, early exit", timings.exitMicroseconds),
          ("dense, skipping zeros", timings.zeroSkippingMicroseconds),
          ("dense, BLAS calls alone", timings.blasMicroseconds),
          ("dense", timings.denseMicroseconds),
        ]))
    blocks.append(.heading("Early exit"))
    add(
      .bars(
        "exit", title: "When images end",
        caption: "Images that ended after so many steps, with the margin that was found; "
          + "\(Self.rounded(result.exit.meanSteps)) steps on average.",
        value: .init(column: "images", title: "images"),
        category: .init(column: "steps", title: "steps"),
        series: "answer",
        rows: result.exit.imagesOfSteps.indices.flatMap { step -> [[JSONValue]] in
          let wrong = result.exit.errorsOfSteps[step]
          let name = JSONValue.string("\(step + 1)")
          return [
            [name, .number(Double(result.exit.imagesOfSteps[step] - wrong)), "right"],
            [name, .number(Double(wrong)), "wrong"],
          ]
        }, columns: ["steps", "images", "answer"]))
    blocks.append(.heading("Scales"))
    blocks.append(
      .table(
        title: "Quantum of a spike, and what each layer sends with early exit",
        Anytime.Result.layerColumns, result.layers))
    blocks.append(
      .text(
        "Of \(result.candidates.count) codings the one that costs least was chosen: expected error in "
          + "percent + \(Self.rounded(result.lambda)) × operations / dense. It came from: "
          + "\(result.chosen.origin)."
          + (result.hasPhases ? " Input phases are staggered." : "")
          + " A larger scale of a layer makes finer steps and more spikes; a smaller one saves spikes "
          + "until their rounding is seen in the answers."))
    blocks.append(
      .table(
        title: "Why each is as it is: what a change would make of it, on calibration images",
        Anytime.Result.Choice.columns, result.choices))
    add(
      .points(
        "candidates", title: "Codings that were tried",
        caption: "On \(result.calibrationImages) calibration images, each with its best margin.",
        x: .init(column: "share", title: "operations / dense"),
        y: .init(column: "expected", title: "expected error, %"), series: "phases", size: 60,
        rows: result.candidates.map { candidate in
          [
            .number(candidate.shareOfDense), .number(candidate.expectedErrorPercent),
            .string(candidate.hasPhases ? "staggered phases" : "no phases"),
            .string(candidate.origin), .number(candidate.errorPercent),
            .string(candidate.scales.map(Self.rounded).joined(separator: " ")),
          ]
        }, columns: ["share", "expected", "phases", "origin", "percent", "scales"]))
    add(
      .lines(
        "front", title: "Front over T and scales",
        caption: "Calibration images: fewer operations only with more errors.",
        x: .init(column: "share", title: "operations / dense", isLogarithmic: true),
        y: .init(column: "percent", title: "error, %", isLogarithmic: true), series: nil,
        rows: result.front.filter { $0.shareOfDense > 0 }.map { point in
          [
            .number(point.shareOfDense), .number(point.errorPercent),
            .string(point.timeSteps.map { "T = \($0)" } ?? "early exit"),
            .string(point.scales.map(Self.rounded).joined(separator: " ")),
          ]
        }, columns: ["share", "percent", "T", "scales"]))
    blocks.append(
      .table(
        title:
          "Which T for the dense network's class: promised by the bound in exact arithmetic, on "
          + "\(result.guarantee.images) test images, and measured on all",
        result.guaranteeColumns, result.guarantee.rows))
    add(activity)
  }
}
