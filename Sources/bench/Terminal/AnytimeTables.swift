import Experiments
import Networks
import SpikingReLU

/// What `anytime` prints for people.
enum AnytimeTables {
  static func lines(_ result: Anytime.Result) -> [String] {
    [
      "Scales and margins from \(Format.count(result.calibrationImages)) calibration images, judged "
        + "on \(Format.count(result.testImages)) test images; thresholds are checked "
        + (result.firing == .oncePerStep ? "once a step" : "after every spike")
    ] + layers(result) + points(result) + exit(result) + front(result) + guarantee(result)
      + timings(result) + ["  \(result.energyAssumptions)", ""]
  }

  private static func layers(_ result: Anytime.Result) -> [String] {
    let rows = result.layers.map { layer in
      let scale =
        layer.scale[0] == layer.scale[2]
        ? Format.significant(layer.scale[0])
        : "\(Format.significant(layer.scale[0])) ... \(Format.significant(layer.scale[2]))"
      return [
        layer.layer == 0 ? "input" : "layer \(layer.layer)", scale,
        Format.significant(1 / layer.scale[1]), Format.fixed(layer.spikes, 1),
        Format.significant(layer.rate), Format.count(layer.additions),
      ]
    }
    let tried = result.candidates.count
    return ["", "Quantum of a spike = 1 / scale; spikes and additions an image, with early exit"]
      + Format.table(
        [["", "scale", "quantum", "spikes", "rate", "additions"]] + rows)
      + [
        "  \(tried) codings tried; chosen: \(result.chosen.origin)"
          + (result.hasPhases ? "; input phases staggered" : "")
          + (result.readoutRefitted ? "; last layer fitted to counts" : ""), "",
        "What another choice would make of it, on calibration images; lambda = "
          + Format.significant(result.lambda),
      ]
      + Format.table(
        [["change", "expected errors", "/ dense MACs", "cost"]]
          + alternatives(result).map { name, error, share, cost in
            [name, Format.fixed(error, 2) + "%", Format.fixed(share, 3), Format.fixed(cost, 3)]
          })
  }

  private static func alternatives(
    _ result: Anytime.Result
  ) -> [(String, Double, Double, Double)] {
    let chosen = result.chosen
    return [("as chosen", chosen.expectedErrorPercent, chosen.shareOfDense, chosen.cost)]
      + result.alternatives.map {
        ($0.change, $0.expectedErrorPercent, $0.shareOfDense, $0.cost)
      }
  }

  private static func row(
    _ name: String, errors: Double, agreement: Double? = nil, operations: Double, share: Double,
    energy: [Anytime.Result.Energy], microseconds: Double?
  ) -> [String] {
    func joules(_ arithmetic: EnergyModel.Arithmetic, withReads: Bool) -> String {
      Format.significant(
        energy.first { $0.arithmetic == arithmetic && $0.withWeightReads == withReads }!.nanojoules)
    }
    return [
      name, Format.fixed(errors, 2) + "%",
      agreement.map { Format.fixed(100 * $0, 2) + "%" } ?? "", Format.count(operations),
      Format.fixed(share, 3), joules(.fp32, withReads: false), joules(.int32, withReads: false),
      joules(.fp32, withReads: true), joules(.int32, withReads: true),
      microseconds.map { Format.fixed($0, 2) } ?? "",
    ]
  }

  private static func row(
    _ name: String, _ outcome: Anytime.Result.Outcome, _ microseconds: Double?
  ) -> [String] {
    row(
      name, errors: outcome.testErrorPercent, agreement: outcome.agreement,
      operations: outcome.additions, share: outcome.shareOfDense, energy: outcome.energy,
      microseconds: microseconds)
  }

  private static func points(_ result: Anytime.Result) -> [String] {
    let header = [
      "T", "errors", "agree-\nment", "operations", "/ dense\nMACs", "fp32\nnJ", "int32\nnJ",
      "fp32 +\nreads",
      "int32 +\nreads", "us",
    ]
    let (timings, dense) = (result.timings, result.dense)
    let rows =
      result.points.map { row(String($0.timeSteps), $0.outcome, $0.microseconds) } + [
        row("early exit", result.exit.outcome, timings.exitMicroseconds),
        row(
          "dense, skipping zeros", errors: dense.testErrorPercent,
          operations: dense.zeroSkippingMultiplyAdds,
          share: dense.zeroSkippingMultiplyAdds / dense.multiplyAdds,
          energy: dense.zeroSkippingEnergy, microseconds: timings.zeroSkippingMicroseconds),
        row(
          "dense", errors: dense.testErrorPercent, operations: dense.multiplyAdds, share: 1,
          energy: dense.energy, microseconds: timings.denseMicroseconds),
      ]
      + result.paper.filter { [1, 2, 3, 5, 10].contains($0.timeSteps) }.map {
        row("paper's, T = \($0.timeSteps)", $0.outcome, nil)
      }
    return ["", "After T steps: an image, on average; operations are additions or multiply-adds"]
      + Format.table([header] + rows)
  }

  private static func exit(_ result: Anytime.Result) -> [String] {
    let exit = result.exit
    let images = Double(result.testImages)
    let rows = exit.imagesOfSteps.indices.filter { exit.imagesOfSteps[$0] > 0 }.map { step in
      [
        String(step + 1), Format.count(exit.imagesOfSteps[step]),
        Format.fixed(100 * Double(exit.imagesOfSteps[step]) / images, 2) + "%",
        String(exit.errorsOfSteps[step]),
      ]
    }
    let steps = exit.stepPercentiles.map(String.init).joined(separator: ", ")
    let additions = exit.additionPercentiles.map { Format.count($0) }.joined(separator: ", ")
    let margin =
      exit.margin.map { "margin \(Format.significant($0))" }
      ?? "no margin that occurs is better than all steps"
    return [
      "",
      "Early exit, \(margin), at most \(exit.timeSteps) steps: \(Format.fixed(exit.meanSteps, 2)) steps on average",
    ] + Format.table([["after", "images", "", "wrong"]] + rows) + [
      "  median, 90th, 99th percentile: steps \(steps); additions \(additions)", "",
      "Other margins",
    ]
      + Format.table(
        [["margin", "errors", "agreement", "/ dense MACs", "steps"]]
          + result.margins.enumerated().filter { $0.offset % 3 == 0 }.map { _, exit in
            [
              exit.margin.map(Format.significant) ?? "none",
              Format.fixed(exit.outcome.testErrorPercent, 2) + "%",
              Format.fixed(100 * exit.outcome.agreement, 2) + "%",
              Format.fixed(exit.outcome.shareOfDense, 3),
              Format.fixed(exit.meanSteps, 2),
            ]
          })
  }

  private static func front(_ result: Anytime.Result) -> [String] {
    let step = max(1, result.front.count / 12)
    let shown = result.front.enumerated().filter {
      $0.offset % step == 0 || $0.offset == result.front.count - 1
    }
    return [
      "", "Front over T and scales, calibration images: fewer operations only with more errors",
    ]
      + Format.table(
        [["/ dense MACs", "errors", "T", "scales"]]
          + shown.map { _, point in
            [
              Format.fixed(point.shareOfDense, 3), Format.fixed(point.errorPercent, 2) + "%",
              point.timeSteps.map(String.init) ?? "early exit",
              point.scales.map(Format.significant).joined(separator: " "),
            ]
          })
  }

  private static func guarantee(_ result: Anytime.Result) -> [String] {
    [
      "",
      "Which T for the dense network's class: promised by the bound in exact arithmetic, on "
        + "\(Format.count(result.guarantee.images)) test images, and measured on all",
    ]
      + Format.table(
        [["agreement", "bound", "measured"]]
          + result.guarantee.rows.map { row in
            [
              Format.fixed(100 * row.agreement, 1) + "%",
              row.guaranteedSteps.map { Format.count($0) } ?? "none",
              row.measuredSteps.map(String.init) ?? "> \(result.timeSteps)",
            ]
          })
  }

  private static func timings(_ result: Anytime.Result) -> [String] {
    let timings = result.timings
    return [
      "",
      "Time of one image, one at a time, one thread; medians of \(timings.rounds) rounds of "
        + "\(timings.imagesPerRound) images",
    ]
      + Format.table([
        ["", "microseconds", "early exit / it"],
        ["spiking, early exit", Format.fixed(timings.exitMicroseconds, 2), ""],
        [
          "dense, BLAS calls alone", Format.fixed(timings.blasMicroseconds, 2),
          Format.fixed(timings.exitOverBLAS, 3),
        ],
        [
          "dense", Format.fixed(timings.denseMicroseconds, 2),
          Format.fixed(timings.exitOverDense, 3),
        ],
        [
          "dense, skipping zeros", Format.fixed(timings.zeroSkippingMicroseconds, 2),
          Format.fixed(timings.exitOverZeroSkipping, 3),
        ],
      ])
  }

  /// The columns of the curve.
  static let columns = [
    "timeSteps", "testErrorPercent", "agreement", "additions", "shareOfDense", "fp32Nanojoules",
    "int32Nanojoules", "microseconds",
  ]

  /// The curve: a line a number of steps, then one of early exit, with its mean number of steps.
  static func rows(_ result: Anytime.Result) -> [[String]] {
    func row(
      _ steps: Double, _ outcome: Anytime.Result.Outcome, _ microseconds: Double?
    ) -> [String] {
      let joules = EnergyModel.Arithmetic.allCases.map { arithmetic in
        outcome.energy.first { $0.arithmetic == arithmetic && !$0.withWeightReads }!.nanojoules
      }
      return
        ([
          steps, outcome.testErrorPercent, outcome.agreement, outcome.additions,
          outcome.shareOfDense,
        ] + joules).map { "\($0)" } + [microseconds.map { "\($0)" } ?? ""]
    }
    return result.points.map { row(Double($0.timeSteps), $0.outcome, $0.microseconds) }
      + [row(result.exit.meanSteps, result.exit.outcome, result.timings.exitMicroseconds)]
  }
}
