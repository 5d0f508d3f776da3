import Experiments
import ModelFiles
import Networks
import Reports
import SpikingReLU

/// What `convert` prints for people.
enum ConvertTables {
  /// Weights that are not 0 and smaller than the smallest normal Float.
  static func denormals(_ weights: NetworkWeights) -> Int {
    weights.matrices.reduce(0) { $0 + $1.elements.count { $0.isSubnormal } }
  }

  static func lines(_ file: NetworkFile, path: String) -> [String] {
    let weights = file.weights
    var lines = [
      "\(path): \(file.format.rawValue), numbers \(file.fileType), network "
        + weights.topology.description, "",
    ]
    var rows = [["", "inputs", "outputs", "weights", "of them 0", "largest", "largest bias"]]
    for (index, layer) in weights.layers.enumerated() {
      let elements = layer.weights.matrix.elements
      let zeros = elements.count { $0 == 0 }
      rows.append([
        "layer \(index + 1)" + (index + 1 < weights.layers.count ? ", ReLU" : ""),
        Format.count(layer.weights.inputs.count), Format.count(layer.weights.outputs.count),
        Format.count(elements.count),
        Format.fixed(100 * Double(zeros) / Double(max(elements.count, 1)), 1) + "%",
        Format.significant(Double(layer.weights.matrix.largestMagnitude)),
        layer.bias.map {
          Format.significant(Double($0.lazy.map(\.magnitude).max() ?? 0))
        } ?? "none",
      ])
    }
    lines += Format.table(rows)
    let types = file.fileType.split(separator: " ").filter { $0 != "and" }
    if types != ["F32"] {
      lines.append(
        "  numbers of \(file.fileType) became Float (F32)"
          + (types.contains("F64") ? ", rounded to 24 bits" : ", exactly"))
    }
    let largest = weights.matrices.map(\.largestMagnitude).max() ?? 0
    if largest > 1e6 {
      lines.append(
        "  warning: a weight of \(largest) is beyond 10^6; were the bytes of the file swapped?")
    }
    let denormals = denormals(weights)
    if denormals * 100 > weights.parameterCount {
      lines.append(
        "  warning: \(Format.count(denormals)) weights are denormal; additions of them are slow")
    }
    return lines + notes(file.notes) + [""]
  }

  /// What became of the parts of a file: what is faithful in a line, all else by its name.
  private static func notes(_ notes: [ConversionNote]) -> [String] {
    guard !notes.isEmpty else { return [] }
    var lines = ["", "What became of the file's parts:"]
    let faithful = notes.filter { $0.kind == .faithful }
    var outcomes: [String] = []
    for note in faithful where !outcomes.contains(note.outcome) { outcomes.append(note.outcome) }
    for outcome in outcomes {
      let parts = faithful.filter { $0.outcome == outcome }
      let names =
        parts.count > 3 ? "\(parts.count) parts" : parts.map(\.part).joined(separator: ", ")
      lines.append("  faithful: \(names): \(outcome)")
    }
    return lines + notes.filter { $0.kind != .faithful }.map { "  \($0)" }
  }

  /// What would explain a high error of the dense network.
  static func lines(_ causes: [InputDiagnosis.Cause]) -> [String] {
    causes.isEmpty
      ? []
      : [
        "The dense network's errors look like those of a file that is read otherwise than it was made:"
      ]
        + causes.map {
          "  with \($0.option) it errs on \(Format.fixed($0.errorPercent, 2))% in place of "
            + "\(Format.fixed($0.errorPercentWithout, 2))% of the first test images"
        } + [""]
  }

  static func lines(_ result: Conversion.Result, dataset: String) -> [String] {
    var lines = [
      "\(dataset): the dense network is wrong on \(Format.count(result.denseTestErrors)) of "
        + "\(Format.count(result.testImages)) test images, "
        + "\(Format.fixed(result.denseErrorPercent, 2))%",
      "Quantum of a spike: "
        + (result.codingOrigin == "unit scales"
          ? "1, as in the paper"
          : "1 / scale; scales of the input and hidden layers (median) "
            + scales(result.coding).map(Format.significant).joined(separator: ", ")
            + "; from: \(result.codingOrigin)"),
      "",
      "After T steps: errors, answers that are the dense network's, additions over dense multiply-adds",
    ]
    func cells(_ point: Conversion.Point) -> [String] {
      [
        Format.fixed(point.errorPercent, 2) + "%", Format.fixed(point.sameClassPercent, 2) + "%",
        Format.fixed(point.shareOfDense, 3),
      ]
    }
    let columns = ["errors", "agreement", "/ dense\nMACs"]
    let isPaper = result.codes.isEmpty
    var rows = [["T"] + columns + (isPaper ? [] : columns.map { "paper's\n" + $0 })]
    let paper = Dictionary(uniqueKeysWithValues: result.paper.map { ($0.timeSteps, $0) })
    for point in result.points {
      let beside = paper[point.timeSteps].map(cells) ?? ["", "", ""]
      rows.append(["\(point.timeSteps)"] + cells(point) + (isPaper ? [] : beside))
    }
    lines += Format.table(rows)
    if !result.codes.isEmpty { lines += exits(result) }
    lines += ["", "What was lost, and why:"]
    for loss in result.losses {
      let place = loss.layer.map { "layer \($0): " } ?? ""
      let count =
        loss.kind == .biases ? "" : "\(Format.count(loss.count)) of \(Format.count(loss.of)) "
      lines.append("  \(place)\(count)\(lossNames[loss.kind]!)\(loss.text)")
    }
    if result.losses.isEmpty { lines.append("  nothing that was looked for") }
    return lines + [""]
  }

  /// Early exit of each way to check thresholds, the chosen one marked, beside the dense network.
  private static func exits(_ result: Conversion.Result) -> [String] {
    var rows = [
      ["early exit", "errors", "agreement", "/ dense\nMACs", "/ zero-\nskipping", "steps"]
    ]
    for code in result.codes {
      let outcome = code.exit.outcome
      rows.append([
        code.firing.name + (code.isChosen ? " *" : ""),
        Format.fixed(outcome.errorPercent, 2) + "%",
        Format.fixed(outcome.sameClassPercent, 2) + "%", Format.fixed(outcome.shareOfDense, 3),
        Format.fixed(outcome.shareOfDense / result.zeroSkippingShareOfDense, 3),
        Format.fixed(code.exit.meanSteps, 2),
      ])
    }
    rows.append([
      "dense, skipping zeros", Format.fixed(result.denseErrorPercent, 2) + "%", "100.00%",
      Format.fixed(result.zeroSkippingShareOfDense, 3), Format.fixed(1, 3), "",
    ])
    var lines = [""] + Format.table(rows)
    if let exit = result.exit {
      let margin =
        exit.margin.map {
          "margin \(Format.significant(Double($0)))"
            + (result.firing == .refining
              ? ", times \(Format.significant(Double(exit.ratio))) a step" : "")
        } ?? "no margin"
      lines.append("  * chosen: \(margin), at most \(exit.timeSteps) steps")
    }
    return lines + PatternLines.lines(result.patterns)
  }

  private static let lossNames: [Conversion.Loss.Kind: String] = [
    .biases: "", .deadUnits: "units dead, ", .silentUnits: "units silent, ",
    .busyUnits: "units busy, ", .runawayImages: "images: ",
  ]

  /// `k_0`, and the median of each hidden layer's scales.
  private static func scales(_ coding: SpikeCoding) -> [Double] {
    [Double(coding.inputScale)]
      + coding.hiddenScales.map { Double($0.sorted()[$0.count / 2]) }
  }
}
