#if NIR
  internal import Files
  internal import Networks

  /// Reads a NIR graph: its layers by the edges, its neurons as the user says.
  ///
  /// NIR's IF integrates `r I`, and fires where v reaches v_threshold; whether v is set to v_reset or falls by the
  /// threshold then, whether it fires at the threshold or beyond it, and once a step or as often as it can, the graph does
  /// not say, and each reader has its own answer (docs/Networks.md). With a reset by subtraction, as often as it can, an IF
  /// is a ReLU whose spikes have the quantum v_threshold, in the limit: that is what is read here, where
  /// `ReadingOptions.nirReset` says so.
  ///
  /// A graph that this package wrote says what its neurons are: its quantum is `v_threshold - v_reset`.
  struct NIRGraph {
    private static let maximumNodes = 4096
    private static let nodes = "/node/nodes"

    private let file: HDF5Reader
    private let options: ReadingOptions
    private let metadata: [String: String]
    private var notes: [ConversionNote] = []
    private var chain = AffineChain()
    /// Of weights.
    private var types: Set<String> = []

    static func read(_ source: RegularFile, _ options: ReadingOptions) throws -> NetworkContents {
      do {
        return try HDF5Library.exclusively {
          var graph = try NIRGraph(source, options)
          return try graph.network()
        }
      } catch let fault as HDF5Fault {
        throw ModelFileError.Fault.modelMismatch(["NIR: \(fault)"])
      } catch let fault as AffineChain.Fault {
        throw ModelFileError.Fault.modelMismatch(["NIR: \(fault)"])
      }
    }

    private init(_ source: RegularFile, _ options: ReadingOptions) throws {
      file = try HDF5Reader(source)
      self.options = options
      guard file.has(Self.nodes), file.has("/node/edges") else {
        throw ModelFileError.Fault.otherKind(
          "an HDF5 file without the nodes and edges of NIR, as Keras writes .h5 files",
          advice:
            "keras: model.export(\"net.onnx\", format=\"onnx\"), or numpy.savez(\"net.npz\", **{v.path: v for v in model.variables})"
        )
      }
      var metadata: [String: String] = [:]
      if file.has("/node/metadata") {
        for name in try file.names(in: "/node/metadata", most: 1000) {
          metadata[name] = try? file.texts("/node/metadata/" + name).first
        }
      }
      // Quanta are in the weights of a graph: once more they would make another network.
      for name in metadata.keys where name.hasPrefix("spik") { metadata[name] = nil }
      self.metadata = metadata
    }

    private var isOurs: Bool { metadata["producer"]?.hasPrefix("DeepSpikingNetworks") ?? false }

    private mutating func network() throws -> NetworkContents {
      let order = try self.order()
      let kinds = try order.map { try file.texts("\(Self.nodes)/\($0)/type").first ?? "" }
      var problems = zip(order, kinds).compactMap(problem)
      let neurons = zip(order, kinds).filter { $0.1 == "IF" }.map { shown($0.0) }
      if !neurons.isEmpty, !isOurs, options.nirReset != .subtract {
        problems.append(
          "IF \(neurons.joined(separator: ", ")): NIR does not say what a spike leaves of the potential: v_reset, or what "
            + "is beyond the threshold; if the network subtracts the threshold, and fires as often as it can, say "
            + "--nir-reset subtract")
      }
      guard problems.isEmpty else { throw ModelFileError.Fault.modelMismatch(problems) }
      let last = kinds.lastIndex { $0 != "Output" } ?? 0
      for (place, (name, type)) in zip(order, kinds).enumerated() {
        try take(name, type, isLast: place == last)
      }
      let (layers, biases) = try chain.network()
      let used = Set(order)
      for name in try file.names(in: Self.nodes, most: Self.maximumNodes) where !used.contains(name)
      {
        throw ModelFileError.Fault.modelMismatch([
          "node \(shown(name)) is on no way from the input to the output"
        ])
      }
      return NetworkContents(
        weights: try NetworkWeights(layers: layers, biases: biases), metadata: metadata,
        fileTypes: types, notes: notes)
    }

    /// Names of nodes from the input to the output, by the edges.
    private func order() throws -> [String] {
      let texts = try file.texts("/node/edges")
      guard texts.count % 2 == 0, !texts.isEmpty else {
        throw ModelFileError.Fault.modelMismatch(["NIR: edges that are no pairs of nodes"])
      }
      var next: [String: String] = [:]
      var before: [String: String] = [:]
      for place in stride(from: 0, to: texts.count, by: 2) {
        let (from, to) = (texts[place], texts[place + 1])
        if let other = next[from], other != to {
          throw ModelFileError.Fault.modelMismatch([
            "node \(shown(from)) feeds \(shown(other)) and \(shown(to)): a branch, expected a chain"
          ])
        }
        if let other = before[to], other != from {
          throw ModelFileError.Fault.modelMismatch([
            "node \(shown(to)) is fed by \(shown(other)) and \(shown(from)): expected a chain"
          ])
        }
        (next[from], before[to]) = (to, from)
      }
      let starts = next.keys.filter { before[$0] == nil }.sorted()
      guard let start = starts.first, starts.count == 1 else {
        throw ModelFileError.Fault.modelMismatch([
          "NIR: \(starts.count) nodes that nothing feeds, expected one: the input"
        ])
      }
      var order = [start]
      while let node = next[order[order.count - 1]] {
        guard order.count <= Self.maximumNodes else {
          throw ModelFileError.Fault.modelMismatch(["NIR: more than \(Self.maximumNodes) nodes"])
        }
        order.append(node)
      }
      return order
    }

    /// Why a node cannot be taken.
    private func problem(_ name: String, _ type: String) -> String? {
      func node(_ reason: String) -> String { "node \(shown(name)) (\(type)): \(reason)" }
      switch type {
      case "Input", "Output", "Linear", "Affine", "Scale", "Flatten", "I", "IF": return nil
      case "LIF", "CubaLIF", "LI", "CubaLI":
        return node("it leaks: a ReLU network has no time, expected IF")
      case "Conv1d", "Conv2d", "AvgPool2d", "SumPool2d":
        return node("convolutions and pooling are not read yet")
      default: return node("expected Linear, Affine, Scale, Flatten, IF or I")
      }
    }

    private mutating func take(_ name: String, _ type: String, isLast: Bool) throws {
      let path = "\(Self.nodes)/\(name)/"
      func fault(_ reason: String) -> ModelFileError.Fault {
        .modelMismatch(["node \(shown(name)) (\(type)): \(reason)"])
      }
      switch type {
      case "Linear", "Affine":
        let (values, shape, numberType) = try file.numbers(path + "weight")
        types.insert(numberType)
        guard shape.count == 2 else { throw fault("a weight of shape \(shape), expected a matrix") }
        if chain.isAtStart, isOurs, let text = metadata[NIRFile.inputScale] {
          guard let scale = Double(text), scale > 0, scale.isFinite else {
            throw fault("input_scale \(text) in the metadata, expected a positive number")
          }
          try chain.scale(by: Array(repeating: scale, count: shape[1]))
        }
        let floats = try ElementType.floats(values, tensor: name)
        try chain.multiply(
          by: Matrix(rows: shape[0], columns: shape[1], elements: floats).transposed)
        if type == "Affine" {
          try chain.shift(by: file.numbers(path + "bias").values)
        }
        notes.append(ConversionNote(.faithful, "\(name) (\(type))", "a layer"))
      case "Scale":
        try chain.scale(by: file.numbers(path + "scale").values)
        notes.append(ConversionNote(.faithful, "\(name) (Scale)", "folded into a layer"))
      case "IF":
        try takeNeuron(name, path, isLast: isLast, fault)
      case "I":
        guard isLast else { throw fault("an integrator that is not the last node") }
        notes.append(ConversionNote(.faithful, "\(name) (I)", "the sums of the last layer"))
      default: break
      }
    }

    private mutating func takeNeuron(
      _ name: String, _ path: String, isLast: Bool, _ fault: (String) -> ModelFileError.Fault
    ) throws {
      let threshold = try file.numbers(path + "v_threshold").values
      let resistance = try file.numbers(path + "r").values
      var quantum = threshold
      if isOurs, file.has(path + "v_reset") {
        let reset = try file.numbers(path + "v_reset").values
        guard reset.count == threshold.count else { throw fault("v_reset of another size") }
        quantum = zip(threshold, reset).map { $0 - $1 }
      }
      guard quantum.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw fault("v_threshold, expected numbers that are positive and finite")
      }
      // r dt is what a step adds; dt is no part of the graph.
      guard let first = resistance.first, first > 0, resistance.allSatisfy({ $0 == first }) else {
        throw fault("r differs between neurons: what a step adds would, too")
      }
      let width = chain.width ?? quantum.count
      guard quantum.count == width || quantum.count == 1 else {
        throw fault("\(quantum.count) thresholds, expected \(width)")
      }
      if quantum.count == 1 { quantum = Array(repeating: quantum[0], count: width) }
      if quantum.contains(where: { $0 != 1 }) { try chain.scale(by: quantum.map { 1 / $0 }) }
      if isLast {
        notes.append(
          ConversionNote(
            .approximate, "\(name) (IF)",
            "the last neurons count spikes: the class is that of the largest sum, without their ReLU"
          ))
      } else {
        try chain.rectify()
        notes.append(
          ConversionNote(
            isOurs ? .faithful : .assumed, "\(name) (IF)",
            isOurs
              ? "a ReLU, as this package wrote it"
              : "a ReLU whose spikes are worth the threshold: reset by subtraction, as said"))
      }
      if !isOurs {
        notes.append(
          ConversionNote(
            .assumed, "\(name) (IF)", "r = \(first) is 1 / dt: a step adds the weighted input"))
      }
    }
  }
#endif
