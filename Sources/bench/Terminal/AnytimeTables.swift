import Experiments
import Measures
import Networks
import Reports
import SpikingReLU

/// What `anytime` prints for people.
enum AnytimeTables {
  static func lines(_ result: Anytime.Result) -> [String] {
    [
      "Scales and margins from \(Format.count(result.calibrationImages)) calibration images, judged "
        + "on \(Format.count(result.testImages)) test images; thresholds are checked "
        + (result.firing == .afterEachSpike ? "after every spike" : "once a step")
        + (result.firing == .refining ? ", spikes refine" : "")
    ] + codes(result) + layers(result) + points(result) + exit(result) + front(result)
      + guarantee(result)
      + timings(result) + ["  \(result.energyAssumptions)", ""]
  }

  /// The best of each way to check thresholds, the chosen one marked.
  private static func codes(_ result: Anytime.Result) -> [String] {
    ["", "Early exit on test images; * costs least on calibration images"]
      + Format.table(Anytime.Result.Code.columns, result.codes)
      + PatternLines.lines(result.patterns)
  }

  private static func layers(_ result: Anytime.Result) -> [String] {
    let tried = result.candidates.count
    return ["", "Quantum of a spike = 1 / scale; spikes and additions an image, with early exit"]
      + Format.table(Anytime.Result.layerColumns, result.layers)
      + [
        "  \(tried) codings tried; chosen: \(result.chosen.origin)"
          + (result.hasPhases ? "; input phases staggered" : "")
          + (result.readoutRefitted ? "; last layer fitted to counts" : ""), "",
        "What another choice would make of it, on calibration images; "
          + (result.leastAgreement.map {
            "cost: operations where \(Format.significant(100 * $0))% agree"
          } ?? "lambda = \(Format.significant(result.lambda))"),
      ]
      + Format.table(Anytime.Result.Choice.columns, result.choices)
  }

  private static func points(_ result: Anytime.Result) -> [String] {
    ["", "After T steps: an image, on average; operations are additions or multiply-adds"]
      + Format.table(Anytime.Result.Row.columns, result.rows)
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
      exit.margin.map {
        "margin \(Format.significant($0))"
          + (result.firing == .refining ? " times \(Format.significant(exit.ratio)) a step" : "")
      }
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
      + Format.table(result.guaranteeColumns, result.guarantee.rows)
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
}
