internal import Files
internal import Foundation
internal import Networks

/// A network in ONNX: linear layers and ReLUs, and what folds into them (`ONNXChain`).
///
/// Format: https://onnx.ai/onnx/repo-docs/IR.html. Read by protobuf-c; nothing that the model names is fetched or
/// executed, and of files it names only those beside it are opened, for weights.
enum ONNXModel {
  /// The largest file that is read: the weights of the largest network in double precision.
  static let maximumBytes = 8 * NetworkWeights.maximumParameters + (64 << 20)
  /// Versions of the standard operators that are read. Gemm broadcasts C from 7 on; nothing that is
  /// read has changed since, up to the newest that there was when this was written.
  static let opsets: ClosedRange<Int64> = 7...28

  /// Reads a network.
  static func read(_ file: RegularFile, _ options: ReadingOptions) throws -> NetworkContents {
    guard file.size <= maximumBytes else {
      throw ModelFileError.Fault.fileTooLarge(found: file.size, limit: maximumBytes)
    }
    return try decode(
      try file.read(at: 0, count: file.size), options, external: ONNXExternalData(beside: file.path)
    )
  }

  /// - Parameter external: where weights in other files are; `nil` refuses them.
  static func decode(
    _ bytes: [UInt8], _ options: ReadingOptions = ReadingOptions(),
    external: ONNXExternalData? = nil
  ) throws -> NetworkContents {
    var budget = ONNXMemoryBudget(fileSize: bytes.count)
    let model = try ONNXModelProto(serialized: bytes, budget: &budget)
    guard var graph = model.graph else { throw ONNXFault.notAModel(missing: "graph") }
    guard model.irVersion >= 1 else { throw ONNXFault.notAModel(missing: "ir_version") }
    // Tools that merge models leave a domain twice, of one version.
    let standard = Set(
      (model.opsetImport + model.functions.flatMap(\.opsetImport)).filter {
        $0.domain.isEmpty || $0.domain == "ai.onnx"
      }.map(\.version))
    guard let version = standard.max() else {
      throw ONNXFault.notAModel(missing: "opset of the standard operators")
    }
    for version in standard.sorted() where !opsets.contains(version) {
      throw ONNXFault.unsupportedOpset(found: version, supported: opsets)
    }
    guard
      Set(model.opsetImport.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }.map(\.version))
        .count < 2
    else { throw ONNXFault.unsupportedOpset(found: version, supported: opsets) }
    var others: [String] = []
    if !model.trainingInfo.isEmpty { others.append("a training graph") }
    if !graph.sparseInitializer.isEmpty { others.append("sparse initializers") }
    guard others.isEmpty else { throw ONNXFault.unsupported(others) }
    try ONNXExternalData.load(&graph.initializer, from: external)
    guard options.layers.isEmpty, options.layout == nil, options.ignored.isEmpty else {
      throw ONNXFault.graphStructure(
        "a model says its own layers and how weights lie: without --layers, --layout and --ignore")
    }
    var chain = try ONNXChain(
      ONNXGraph(graph, functions: model.functions), options)
    do {
      let entries = model.metadataProps.map { ($0.key, $0.value) }
      let (layers, biases) = try chain.network()
      return NetworkContents(
        weights: try NetworkWeights(layers: layers, biases: biases),
        // Of a key that is there twice, the first.
        metadata: Dictionary(entries, uniquingKeysWith: { first, _ in first }),
        fileTypes: chain.fileTypes, notes: chain.notes)
    } catch let error as NetworkError {
      throw ModelFileError.Fault.modelMismatch(["\(error)"])
    }
  }

  /// The bytes of a model: Gemm with transposed weights, as PyTorch exports; opset 17.
  static func encode(_ weights: NetworkWeights, metadata: [String: String]) -> [UInt8] {
    var model = ONNXModelProto()
    model.irVersion = 8
    model.producerName = "DeepSpikingNetworks"
    model.opsetImport = [.with { $0.version = 17 }]
    model.metadataProps = metadata.sorted { $0.key < $1.key }.map { entry in
      .with { ($0.key, $0.value) = entry }
    }
    var graph = ONNXGraphProto()
    graph.name = "network"
    graph.initializer = weights.namedTensors.map { tensor in
      .with {
        $0.name = tensor.name
        $0.dims = tensor.shape.map(Int64.init)
        $0.dataType = 1
        $0.rawData = Data(littleEndian(tensor.elements))
      }
    }
    let last = weights.layers.count - 1
    var value = "input"
    for index in 0...last {
      let output = index == last ? "output" : "\(2 * index).output"
      graph.node.append(
        .with {
          $0.opType = "Gemm"
          $0.name = "\(2 * index)"
          $0.input =
            [value, "\(2 * index).weight"]
            + (weights.layers[index].bias == nil ? [] : ["\(2 * index).bias"])
          $0.output = [output]
          $0.attribute = [
            .with {
              $0.name = "transB"
              $0.type = 2
              $0.i = 1
            }
          ]
        })
      value = output
      guard index < last else { break }
      value = "\(2 * index + 1).output"
      graph.node.append(
        .with {
          $0.opType = "Relu"
          $0.name = "\(2 * index + 1)"
          $0.input = [output]
          $0.output = [value]
        })
    }
    graph.input = [Self.matrix("input", columns: weights.inputs)]
    graph.output = [Self.matrix("output", columns: weights.outputs)]
    model.graph = graph
    return model.serialized()
  }

  /// `[batch x columns]` Floats.
  private static func matrix(_ name: String, columns: Int) -> ONNXValueInfoProto {
    .with {
      $0.name = name
      $0.elemType = 1
      $0.shape = [.parameter("batch"), .value(Int64(columns))]
    }
  }
}
