import ArgumentParser
import ModelFiles

/// What a file of a network does not say.
struct ReadingOptionGroup: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The layers in their order, by their names in the file, where names and shapes do not say it.",
      valueName: "name,name,..."))
  var layers: String?

  @Option(
    help: ArgumentHelp(
      """
      How weights lie: out,in (PyTorch), in,out (Keras, Flax), or fortran: numbers of in,out under a shape of out,in.
      """, valueName: "layout"), transform: Self.layout)
  var layout: ReadingOptions.Layout?

  @Option(
    help: ArgumentHelp(
      "Leave out tensors whose names begin so; may be given several times.", valueName: "name"))
  var ignore: [String] = []

  @Option(
    help: ArgumentHelp(
      "The activation between layers of a file of tensors: relu.", valueName: "name"))
  var activation: String?

  @Option(
    help: ArgumentHelp(
      "Inputs were (scale x - mean) / std in training: a number, or one a channel. It is folded into layer 1.",
      valueName: "x,x,..."), transform: Self.numbers)
  var scale: [Double]?

  @Option(help: ArgumentHelp("See --scale.", valueName: "x,x,..."), transform: Self.numbers)
  var mean: [Double]?

  @Option(help: ArgumentHelp("See --scale.", valueName: "x,x,..."), transform: Self.numbers)
  var std: [Double]?

  @Option(
    help: ArgumentHelp(
      "What a spike of a NIR graph leaves of the potential: subtract. NIR does not say it.",
      valueName: "rule"))
  var nirReset: String?

  func validate() throws {
    if let nirReset, ReadingOptions.NIRReset(rawValue: nirReset) == nil {
      throw ValidationError(
        "'--nir-reset \(nirReset)': neurons that are set to v_reset lose what is beyond the threshold, and are no ReLU: "
          + "expected subtract.")
    }
    if let activation, activation.lowercased() != "relu" {
      throw ValidationError(
        "'--activation \(activation)': spiking neurons of this package compute ReLU, and no other: expected relu."
      )
    }
    if let std, std.contains(0) {
      throw ValidationError("'--std': expected numbers that are not 0.")
    }
    if let layers, layers.split(separator: ",", omittingEmptySubsequences: false).contains("") {
      throw ValidationError("'--layers': expected names with a comma between, found '\(layers)'.")
    }
  }

  /// Whether one of them was given.
  var areGiven: Bool {
    layers != nil || layout != nil || !ignore.isEmpty || activation != nil || preprocessing != nil
      || nirReset != nil
  }

  /// For a reader.
  ///
  /// - Parameters:
  ///   - wholeNumberScale: what a pixel of 1 was in the data's files.
  ///   - isInterleaved: whether its colours come pixel by pixel.
  func options(wholeNumberScale: Double? = nil, isInterleaved: Bool = false) -> ReadingOptions {
    var options = ReadingOptions(
      layers: layers?.split(separator: ",").map(String.init) ?? [], layout: layout, ignored: ignore,
      preprocessing: preprocessing, wholeNumberScale: wholeNumberScale)
    options.preprocessing?.isInterleaved = isInterleaved
    options.nirReset = nirReset.flatMap(ReadingOptions.NIRReset.init)
    return options
  }

  /// What is done to inputs; `nil` where nothing is said.
  var preprocessing: Preprocessing? {
    guard scale != nil || mean != nil || std != nil else { return nil }
    return Preprocessing(scale: scale ?? [1], mean: mean ?? [0], std: std ?? [1])
  }

  private static func layout(_ text: String) throws -> ReadingOptions.Layout {
    guard let layout = ReadingOptions.Layout(rawValue: text) else {
      let all = ReadingOptions.Layout.allCases.map(\.rawValue).joined(separator: "; ")
      throw ValidationError("expected one of: \(all); found '\(text)'")
    }
    return layout
  }

  private static func numbers(_ text: String) throws -> [Double] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0.trimmingPrefix { $0 == " " }) }
    guard numbers.count == parts.count, numbers.allSatisfy(\.isFinite) else {
      throw ValidationError("expected finite numbers with a comma between, found '\(text)'")
    }
    return numbers
  }
}
