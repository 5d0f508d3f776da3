public import Datasets
internal import DenseReLU
public import Networks
internal import SpikeKernels
public import SpikingReLU

/// A spiking network at work, to look at: every spike and some potentials of one image, and how counts
/// of some images stand to the dense network's activations.
public struct ActivityReport: Sendable {
  /// A spike: when, of which unit, which sign.
  struct Event: Sendable {
    /// The step and, within it, the place among the layer's spikes, as a fraction.
    let time: Double
    let layer: Int
    let unit: Int
    let sign: Int
  }

  /// The potential of a unit after a step.
  struct Potential: Sendable {
    let step: Int
    let layer: Int
    let unit: Int
    let value: Double
  }

  /// What a unit has sent, over T (of refining, 2^(T - 1)), beside the dense activation.
  struct Pair: Sendable {
    let layer: Int
    let activation: Double
    let rate: Double
  }

  let topology: Topology
  let timeSteps: Int
  /// Whether the quantum of a spike falls; the last layer sends nothing then.
  let isRefining: Bool
  /// The steps whose spikes and potentials are kept: the first.
  let shownSteps: Int
  let image: [Float]
  let height: Int
  let width: Int
  let label: Int
  let answer: Int
  var events: [Event] = []
  var potentials: [Potential] = []
  var pairs: [Pair] = []
  /// `[layer][spikes]`: units and images with so many spikes, up to 20 or more.
  var histogram: [[Int]]
  /// `[label][answer]` of all images that were answered.
  var confusion: [[Int]]

  /// The most units of a layer whose potentials are drawn, and the most images for scatter.
  private static let units = 3
  private static let images = 8
  /// The most steps of which every spike is kept.
  private static let steps = 64

  /// Watches a network on the first images of a dataset.
  ///
  /// - Parameters:
  ///   - coding, firing: of the spiking network; `nil` and every spike for the paper's.
  ///   - answers: images for the table of confusions.
  public init(
    weights: NetworkWeights, coding: SpikeCoding? = nil,
    firing: PredictionOptions.Firing = .afterEachSpike, timeSteps: Int, data: LabelledImages,
    height: Int, width: Int, answers: Int = 2000
  ) throws {
    topology = weights.topology
    self.timeSteps = timeSteps
    isRefining = firing == .refining
    shownSteps = min(timeSteps, Self.steps)
    self.height = height
    self.width = width
    image = data.images.row(0)
    label = data.labels[0]
    var options = try PredictionOptions(timeSteps: timeSteps)
    options.firing = firing
    options.recording = .counts
    let time =
      isRefining
      ? Double(sign: .plus, exponent: timeSteps - 1, significand: 1) : Double(timeSteps)
    var network = try SpikingMLP(weights: weights, coding: coding, options: options)
    var dense = DenseMLP(weights: weights)
    let depth = weights.layers.count
    histogram = topology.map { _ in Array(repeating: 0, count: 21) }
    confusion = Array(repeating: Array(repeating: 0, count: data.classes), count: data.classes)

    // The first image, step by step.
    try network.present(image)
    var chosen: [[Int]] = []
    for step in 1...timeSteps {
      try network.step()
      guard step <= shownSteps else { continue }
      for layer in 0...depth {
        let spikes = network.spikes(ofLayer: layer)
        for (place, spike) in spikes.enumerated() {
          events.append(
            Event(
              time: Double(step) + (Double(place) + 0.5) / Double(max(spikes.count, 1)),
              layer: layer, unit: spike.unit, sign: spike.sign))
        }
      }
    }
    answer = network.output.argmax
    for layer in 0...depth {
      // Those that send most: there is something to see.
      let counts = network.spikeCounts(ofLayer: layer)
      chosen.append(
        Array(counts.indices.sorted { (-counts[$0], $0) < (-counts[$1], $1) }.prefix(Self.units)))
    }
    try network.present(image)
    for step in 1...shownSteps {
      try network.step()
      for layer in 1...depth {
        let all = network.potentials(ofLayer: layer)
        potentials += chosen[layer].map {
          Potential(step: step, layer: layer, unit: $0, value: Double(all[$0]))
        }
      }
    }

    for index in 0..<min(answers, data.count) {
      let values = data.images.row(index)
      let answer = try network.predict(values).argmax
      confusion[data.labels[index]][answer] += 1
      guard index < 100 else { continue }
      _ = try dense.predict(values)
      // Counts of a refining network are in quanta of the last step, not in spikes.
      let spikes = isRefining ? try Self.spikes(of: &network, values, steps: timeSteps) : nil
      for layer in 0...(isRefining ? depth - 1 : depth) {
        let scale = coding?.hiddenScales(ofLayer: layer)
        let input = layer == 0 ? Double(coding?.inputScale ?? 1) : 1
        let activations = dense.activation(ofLayer: layer)
        for (unit, count) in network.spikeCounts(ofLayer: layer).enumerated() {
          histogram[layer][min(spikes?[layer][unit] ?? abs(count), 20)] += 1
          guard index < Self.images, activations[unit] != 0 || count != 0 else { continue }
          let quantum = input * Double(scale?[unit] ?? 1)
          pairs.append(
            Pair(
              layer: layer, activation: max(0, Double(activations[unit])),
              rate: Double(count) / time / quantum))
        }
      }
    }
  }

  /// The spikes that each unit of each layer sends for an image.
  private static func spikes(
    of network: inout SpikingMLP, _ values: [Float], steps: Int
  ) throws -> [[Int]] {
    var spikes = network.topology.units.map { [Int](repeating: 0, count: $0) }
    try network.present(values)
    for _ in 0..<steps {
      try network.step()
      for layer in spikes.indices {
        for spike in network.spikes(ofLayer: layer) { spikes[layer][spike.unit] += 1 }
      }
    }
    return spikes
  }
}

extension HTMLReport {
  /// Adds the charts of an activity report.
  mutating func add(_ activity: ActivityReport) {
    let depth = activity.topology.count - 1
    func name(_ layer: Int) -> String { layer == 0 ? "input" : "layer \(layer)" }
    let part =
      activity.shownSteps < activity.timeSteps ? ", the first \(activity.shownSteps) drawn" : ""
    blocks.append(.heading("A network spiking"))
    blocks.append(
      .text(
        "One image, \(activity.timeSteps) steps\(part): class \(activity.label), answered "
          + "\(activity.answer)."))
    var pixels: [[JSONValue]] = []
    for y in 0..<activity.height {
      for x in 0..<activity.width {
        pixels.append([
          .number(Double(x)), .number(Double(y)),
          .number(Double(activity.image[y * activity.width + x])),
        ])
      }
    }
    add(
      .heatmap(
        "image", title: "The image",
        caption: activity.isRefining
          ? "What the input sends, more finely with each step."
          : "What the input is fed in every step.",
        x: .init(column: "x", title: ""), y: .init(column: "y", title: ""), color: "value",
        colorTitle: nil, scheme: "greys", rows: pixels, columns: ["x", "y", "value"], width: 196,
        height: 196))
    for layer in 0...depth {
      let events = activity.events.filter { $0.layer == layer }
      // A report is to be opened on a phone: of very many spikes, a part.
      let every = max(1, events.count / 6000)
      let drawn = stride(from: 0, to: events.count, by: every).map { events[$0] }
      let spikes: [[JSONValue]] = drawn.map { event in
        let time = (event.time * 1000).rounded() / 1000
        return [.number(time), .number(Double(event.unit)), .string(event.sign > 0 ? "+" : "−")]
      }
      let sender =
        layer == 0 ? "the input" : layer == depth ? "layer \(layer), the output" : name(layer)
      let units = activity.topology[layer].count
      let share = every > 1 ? ", one in \(every) drawn" : ""
      // The compiler takes seconds for the same in one expression.
      let caption: String =
        "\(events.count) spikes in \(activity.shownSteps) steps, of \(units) units\(share); within a step "
        + "in the order in which they were sent."
      add(
        .points(
          "raster-\(layer)", title: "Spikes of \(sender)", caption: caption,
          x: .init(column: "time", title: "step", isWhole: true),
          y: .init(column: "unit", title: "unit", isWhole: true),
          series: "sign", size: 10, opacity: 0.9,
          rows: spikes, columns: ["time", "unit", "sign"],
          height: layer == depth ? 120 : min(max(Double(units), 120), 300)))
    }
    let potentials: [[JSONValue]] = activity.potentials.map { potential in
      let unit = "\(name(potential.layer)), unit \(potential.unit)"
      return [.number(Double(potential.step)), .number(potential.value), .string(unit)]
    }
    add(
      .lines(
        "potentials", title: "Potentials after each step",
        caption:
          "The \(activity.potentials.isEmpty ? 0 : 3) busiest units of each layer; a unit fires "
          + "above 1/2, and a rectified one may sink.",
        x: .init(column: "step", title: "step", isWhole: true),
        y: .init(column: "potential", title: "potential"),
        series: "unit",
        rows: potentials, columns: ["step", "potential", "unit"]))
    let pairs: [[JSONValue]] = activity.pairs.map { pair in
      func short(_ value: Double) -> JSONValue { .number((value * 1e4).rounded() / 1e4) }
      return [short(pair.activation), short(pair.rate), .string(name(pair.layer))]
    }
    let sent = activity.isRefining ? "what it has sent" : "spikes over steps"
    add(
      .points(
        "rates", title: "Counts against activations",
        caption:
          "Each unit of 8 images: \(sent), in units of the activation, against the dense network's "
          + "ReLU. The dashed line is equality.",
        x: .init(column: "activation", title: "dense activation"),
        y: .init(column: "rate", title: activity.isRefining ? "sent" : "count / T"),
        series: "layer", size: 14, opacity: 0.5,
        diagonal: true,
        rows: pairs, columns: ["activation", "rate", "layer"], height: 340))
    var histogram: [[JSONValue]] = []
    for layer in 0...(activity.isRefining ? depth - 1 : depth) {
      let total = Double(activity.histogram[layer].reduce(0, +))
      for (spikes, count) in activity.histogram[layer].enumerated() where count > 0 {
        histogram.append([
          .number(Double(spikes)), .number(100 * Double(count) / total), .string(name(layer)),
        ])
      }
    }
    add(
      .lines(
        "histogram", title: "Spikes of a unit",
        caption: "The share of units, over 100 images, that sent so many spikes in "
          + "\(activity.timeSteps) steps; 20 stands for 20 or more.",
        x: .init(column: "spikes", title: "spikes", isWhole: true),
        y: .init(column: "percent", title: "% of units", isLogarithmic: true), series: "layer",
        rows: histogram, columns: ["spikes", "percent", "layer"]))
    var confusion: [[JSONValue]] = []
    for (label, answers) in activity.confusion.enumerated() {
      for (answer, count) in answers.enumerated() {
        confusion.append([.number(Double(label)), .number(Double(answer)), .number(Double(count))])
      }
    }
    add(
      .heatmap(
        "confusion", title: "What is taken for what",
        caption: "\(activity.confusion.flatMap { $0 }.reduce(0, +)) test images.",
        x: .init(column: "answer", title: "answer"), y: .init(column: "class", title: "class"),
        color: "images", colorTitle: nil, scheme: "blues", isLogarithmic: true, text: "images",
        rows: confusion, columns: ["class", "answer", "images"], height: 320))
  }
}
