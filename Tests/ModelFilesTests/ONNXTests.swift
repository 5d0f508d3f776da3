import Foundation
import Networks
import Testing

@testable import ModelFiles

/// ONNX: chains that are read, and everything else refused by name, all at once.
@Suite struct ONNXTests {
  private typealias Node = ONNXNodeProto

  private static func node(
    _ type: String, _ inputs: [String], _ output: String,
    _ attributes: [(String, Double)] = []
  ) -> ONNXNodeProto {
    .with {
      $0.opType = type
      $0.name = type + "-" + output
      $0.input = inputs
      $0.output = [output]
      $0.attribute = attributes.map { name, value in
        .with {
          $0.name = name
          if ["alpha", "beta", "epsilon"].contains(name) {
            $0.f = Float(value)
          } else {
            $0.i = Int64(value)
          }
        }
      }
    }
  }

  private static func tensor(_ name: String, _ dims: [Int], _ values: [Float]) -> ONNXTensorProto {
    .with {
      $0.name = name
      $0.dims = dims.map(Int64.init)
      $0.dataType = 1
      $0.rawData = Data(littleEndian(values))
    }
  }

  /// 2-1-1: Gemm, Relu, MatMul, Add.
  private static func model() -> ONNXModelProto {
    .with {
      $0.irVersion = 8
      $0.opsetImport = [.with { $0.version = 17 }]
      $0.graph = ONNXGraphProto()
      $0.graph!.node = [
        node("Flatten", ["x"], "f", [("axis", 1)]),
        node(
          "Gemm", ["f", "w", "b"], "a", [("transB", 1), ("alpha", 1), ("beta", 1), ("transA", 0)]),
        node("Relu", ["a"], "r"), node("MatMul", ["r", "v"], "m"),
        node("Add", ["c", "m"], "y"),
      ]
      $0.graph!.initializer = [
        tensor("w", [1, 2], [1, 2]), tensor("b", [1], [3]), tensor("v", [1, 1], [4]),
        tensor("c", [1, 1], [5]),
      ]
      $0.graph!.input = [.with { $0.name = "x" }]
      $0.graph!.output = [.with { $0.name = "y" }]
    }
  }

  private func decode(_ change: (inout ONNXModelProto) -> Void = { _ in }) throws -> NetworkWeights
  {
    var model = Self.model()
    change(&model)
    return try ONNXModel.decode(model.serialized()).weights
  }

  private func fault(_ change: (inout ONNXModelProto) -> Void) -> String {
    do {
      _ = try decode(change)
      return "read"
    } catch { return "\(error)" }
  }

  @Test("chains of Gemm, MatMul, Add, Relu and Flatten, in any order of nodes")
  func chains() throws {
    let expected = try NetworkWeights(
      layers: [
        Matrix(rows: 2, columns: 1, elements: [1, 2]), Matrix(rows: 1, columns: 1, elements: [4]),
      ], biases: [[3], [5]])
    #expect(try decode() == expected)
    #expect(try decode { $0.graph!.node.reverse() } == expected)
    // Initializers among the inputs, as up to IR version 3.
    #expect(try decode { $0.graph!.input.append(.with { $0.name = "w" }) } == expected)
    // Without the second bias: zeros.
    let one = try decode {
      $0.graph!.node.removeLast()
      $0.graph!.output[0].name = "m"
    }
    #expect(one.biases == [[3], [0]])
    // C for all units at once, and added again.
    let broadcast = try decode {
      $0.graph!.initializer[0] = Self.tensor("w", [2, 2], [1, 2, 3, 4])
      $0.graph!.initializer[2] = Self.tensor("v", [2, 1], [4, 4])
    }
    #expect(broadcast.biases?[0] == [3, 3])
    #expect(broadcast.matrices[0] == Matrix(rows: 2, columns: 2, elements: [1, 3, 2, 4]))
    let untransposed = try decode {
      $0.graph!.initializer[0] = Self.tensor("w", [2, 1], [1, 2])
      $0.graph!.node[1] = Self.node("Gemm", ["f", "w", ""], "a")
    }
    #expect(untransposed.matrices == expected.matrices && untransposed.biases == [[0], [5]])
  }

  @Test("all types of numbers that are read")
  func types() throws {
    func weights(_ change: (inout ONNXTensorProto) -> Void) throws -> [Float] {
      try decode {
        $0.graph!.initializer[0].rawData = Data()
        change(&$0.graph!.initializer[0])
      }.matrices[0].elements
    }
    #expect(try weights { $0.floatData = [1.5, -2] } == [1.5, -2])
    #expect(
      try weights {
        $0.dataType = 11
        $0.doubleData = [1.5, -2]
      } == [1.5, -2])
    #expect(
      try weights {
        $0.dataType = 10
        $0.int32Data = [0x3E00, 0xC000]
      } == [1.5, -2])
    #expect(
      try weights {
        $0.dataType = 16
        $0.rawData = Data([0xC0, 0x3F, 0, 0xC0])
      } == [1.5, -2])
  }

  @Test("the types of a file's numbers are named as they are in it")
  func fileTypes() throws {
    var model = Self.model()
    model.graph!.initializer[0].rawData = Data()
    model.graph!.initializer[0].dataType = 11
    model.graph!.initializer[0].doubleData = [1.5, -2]
    try withFile(model.serialized(), named: ".onnx") { path in
      let types = try NetworkFile(path: path).fileType
      #expect(types == "F32 and F64")
    }
  }

  @Test("what is written is read back, and is what PyTorch would write", arguments: [false, true])
  func roundTrip(hasBiases: Bool) throws {
    let weights = try NetworkWeights(
      layers: NpzTests.network.matrices, biases: hasBiases ? NpzTests.network.biases : nil)
    let bytes = ONNXModel.encode(weights, metadata: ["a": "b", "c": "d"])
    try withFile(bytes, named: ".onnx") { path in
      let file = try NetworkFile(path: path)
      #expect(file.weights == weights && file.metadata == ["a": "b", "c": "d"])
    }
  }

  @Test("every prefix is refused; no flipped bit traps")
  func damage() throws {
    let bytes = ONNXModel.encode(NpzTests.network, metadata: [:])
    // Fields of a model may come in any order: a prefix that ends after the graph misses the rest.
    for length in 0..<bytes.count {
      #expect(throws: (any Error).self, "\(length)") {
        try ONNXModel.decode(Array(bytes[..<length]))
      }
    }
    for bit in 0..<8 * bytes.count {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = try? ONNXModel.decode(damaged)
    }
  }

  @Test("models that are none")
  func models() throws {
    func words(_ bytes: [UInt8]) -> String {
      do {
        _ = try ONNXModel.decode(bytes)
        return "read"
      } catch { return "\(error)" }
    }
    #expect(words([]) == "no ONNX model: it has no graph")
    // A varint of 11 bytes; a length of 2^63; field number 0; groups; wire types that are none; a
    // version of 4 bytes.
    let broken: [[UInt8]] = [
      [0x08] + [UInt8](repeating: 0xFF, count: 11),
      [0x3A] + [UInt8](repeating: 0xFF, count: 9) + [1],
      [0x00, 0x00], [0x3B, 0x00], [0x3C], [0x3E, 0x00], [0x3F, 0x00], [0x3A, 0x7F, 0x00],
      [0x0D, 0, 0, 0, 0],
    ]
    for bytes in broken {
      #expect(words(bytes).hasPrefix("no ONNX model: "), "\(bytes): \(words(bytes))")
      #expect(words(bytes) != "no ONNX model: it has no graph", "\(bytes)")
    }
    // Groups, one in the other: the library reads none.
    let group: [UInt8] = [0xFB, 0x7F]
    let nested = Array(repeatElement(group, count: 10_000).joined())
    #expect(words(nested) == "no ONNX model: the protocol buffer is cut off or damaged")
    #expect(fault { $0.irVersion = 0 } == "no ONNX model: it has no ir_version")
    #expect(
      fault { $0.opsetImport = [] } == "no ONNX model: it has no opset of the standard operators")
    for version in [0, 6, 29, 1 << 31] as [Int64] {
      #expect(
        fault { $0.opsetImport[0].version = version }
          == "operators of opset \(version), expected 7...28")
    }
  }

  @Test("a model beyond the limit is refused by its size; nothing of it is read")
  func tooLarge() throws {
    try withFile([8, 8], named: ".onnx") { path in
      let handle = try FileHandle(forWritingTo: URL(filePath: path))
      // A hole: it takes no room on the disk.
      try handle.truncate(atOffset: UInt64(ONNXModel.maximumBytes) + 1)
      try handle.close()
      let fault = ModelFileError.Fault.fileTooLarge(
        found: ONNXModel.maximumBytes + 1, limit: ONNXModel.maximumBytes)
      #expect(throws: ModelFileError(path: path, fault: fault)) { try NetworkFile(path: path) }
      try FileManager.default.removeItem(atPath: path)
      try Data().write(to: URL(filePath: path))
    }
  }

  @Test("weights in other files: beside the model, by plain names, no links")
  func externalData() throws {
    var model = Self.model()
    model.graph!.initializer[0].rawData = Data()
    model.graph!.initializer[0].dataLocation = 1
    func entries(_ location: String, _ offset: String, _ length: String) {
      model.graph!.initializer[0].externalData = [
        .with { ($0.key, $0.value) = ("location", location) },
        .with { ($0.key, $0.value) = ("offset", offset) },
        .with { ($0.key, $0.value) = ("length", length) },
      ]
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data([9, 9, 9, 9] + littleEndian([1, 2])).write(to: folder.appending(path: "net.onnx.data"))
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "link"),
      withDestinationURL: folder.appending(path: "net.onnx.data"))
    func words() throws -> String {
      let file = folder.appending(path: "net.onnx")
      try Data(model.serialized()).write(to: file)
      do {
        let weights = try NetworkFile(path: file.path).weights
        return "\(weights.matrices[0].elements)"
      } catch { return "\(error)" }
    }
    entries("net.onnx.data", "4", "8")
    #expect(try words() == "[1.0, 2.0]")
    let cases = [
      ("net.onnx.data", "5", "8", "8 bytes from 5 on"),
      ("net.onnx.data", "4", "4", "4 bytes, expected 8"),
      ("net.onnx.data", "-1", "8", "at offset \"-1\""),
      ("net.onnx.data", "4", "9223372036854775807", "from 4 on"),
      ("net.onnx.data", "9223372036854775807", "8", "8 bytes from"),
      ("../net.onnx.data", "4", "8", "by their plain name"),
      ("/etc/hostname", "0", "8", "by their plain name"),
      ("..", "0", "8", "by their plain name"),
      ("link", "4", "8", "a symbolic link, which is not followed"),
      ("none", "0", "8", "no such file"), ("", "0", "8", "without a name"),
    ]
    for (location, offset, length, expected) in cases {
      entries(location, offset, length)
      let found = try words()
      #expect(found.contains(expected), "\(found)")
    }
    // Read from memory there is no folder.
    #expect(throws: ONNXFault.self) { try ONNXModel.decode(model.serialized()) }
  }

  @Test("operators that are not read, all in one error")
  func unsupported() throws {
    let words = fault {
      $0.graph!.node[0] = Self.node("Conv", ["x"], "f")
      $0.graph!.node[2] = Self.node("If", ["a"], "r")
      $0.graph!.node[3].domain = "com.example"
    }
    for part in ["Conv \"Conv-f\"", "If \"If-r\"", "MatMul \"MatMul-m\" of domain \"com.example\""]
    {
      #expect(words.contains(part), "\(words)")
    }
    for (attribute, value, shown) in [
      ("transA", 1, "\"transA\" = 1"), ("transB", 2, "\"transB\" = 2"),
    ] {
      let words = fault {
        $0.graph!.node[1] = Self.node(
          "Gemm", [$0.graph!.node[1].input[0], "w", "b"], "a", [(attribute, Double(value))])
      }
      #expect(words.contains(shown), "\(words)")
    }
    #expect(fault { $0.trainingInfo = [Data()] }.contains("a training graph"))
    #expect(fault { $0.graph!.sparseInitializer = [Data()] }.contains("sparse initializers"))
    #expect(
      fault {
        $0.graph!.node.append(Self.node("Relu", ["y"], "z"))
        $0.graph!.output[0].name = "z"
      }.contains("the output passes through a Relu"))
    #expect(
      fault { $0.graph!.node[3].input = ["v", "r"] }.contains("whose input 1 is an initializer"))
    #expect(
      fault { $0.graph!.node[3].input = ["r", "r"] }.contains("whose input 2 is no initializer"))
    // Of a value of the input a ReLU has no layer before it.
    #expect(
      fault { $0.graph!.node[0] = Self.node("Relu", ["x"], "f") }.contains(
        "that does not follow a Gemm"))
  }

  @Test("what is affine is folded: scales, offsets, products, normalization, other orders")
  func folds() throws {
    // y = 4 relu(w (2 x - 1) + b) + c, with w = (1, 2), b = 3, c = 5.
    let centred = try decode {
      $0.graph!.initializer += [Self.tensor("two", [], [2]), Self.tensor("one", [1], [1])]
      $0.graph!.node[0] = Self.node("Sub", ["d", "one"], "f")
      $0.graph!.node.append(Self.node("Mul", ["x", "two"], "d"))
    }
    #expect(centred.matrices[0].elements == [2, 4] && centred.biases![0] == [0])
    // Behind a ReLU, into the next layer; c - x in place of x - c.
    let scaled = try decode {
      $0.graph!.initializer += [Self.tensor("two", [], [2]), Self.tensor("one", [1], [1])]
      $0.graph!.node[3].input[0] = "e"
      $0.graph!.node += [
        Self.node("Div", ["r", "two"], "d"), Self.node("Sub", ["one", "d"], "e"),
      ]
    }
    #expect(scaled.matrices[1].elements == [-2] && scaled.biases![1] == [9])
    // alpha and beta.
    let gemm = try decode {
      $0.graph!.node[1] = Self.node(
        "Gemm", ["f", "w", "b"], "a", [("transB", 1), ("alpha", 0.5), ("beta", 2)])
    }
    #expect(gemm.matrices[0].elements == [0.5, 1] && gemm.biases![0] == [6])
    // Two linear layers without a ReLU between are one: 4 (w x + b) + c.
    let product = try decode {
      $0.graph!.node.remove(at: 2)
      $0.graph!.node[2].input[0] = "a"
    }
    #expect(product.matrices.map(\.elements) == [[4, 8]] && product.biases == [[17]])
    // (z - 1) / sqrt(3 + 1) * 6 + 7.
    let normalized = try decode {
      $0.graph!.initializer += [
        Self.tensor("g", [1], [6]), Self.tensor("h", [1], [7]), Self.tensor("mean", [1], [1]),
        Self.tensor("var", [1], [3]),
      ]
      $0.graph!.node[2].input = ["n"]
      var node = Self.node("BatchNormalization", ["a", "g", "h", "mean", "var"], "n")
      node.attribute = [
        .with {
          $0.name = "epsilon"
          $0.f = 1
        }
      ]
      $0.graph!.node.append(node)
    }
    #expect(normalized.matrices[0].elements == [3, 6] && normalized.biases![0] == [13])
    #expect(
      fault {
        $0.graph!.node[2].input = ["n"]
        $0.graph!.initializer += ["g", "h", "e", "s"].map { Self.tensor($0, [1], [1]) }
        $0.graph!.node.append(
          Self.node("BatchNormalization", ["a", "g", "h", "e", "s"], "n", [("training_mode", 1)]))
      }.contains("in training mode"))
    // An image of 1 x 2 transposed is the same; of 2 x 2 its pixels move.
    let moved = try decode {
      $0.graph!.input[0].elemType = 1
      $0.graph!.input[0].shape = [.parameter("b"), .value(2), .value(2)]
      $0.graph!.initializer[0] = Self.tensor("w", [1, 4], [1, 2, 3, 4])
      var node = Self.node("Transpose", ["x"], "t")
      node.attribute = [
        .with {
          $0.name = "perm"
          $0.ints = [0, 2, 1]
        }
      ]
      $0.graph!.node[0].input = ["t"]
      $0.graph!.node.append(node)
    }
    #expect(moved.matrices[0].elements == [1, 3, 2, 4])
  }

  @Test("ReLU in its other forms; others are refused with their limits")
  func rectifiers() throws {
    let expected = try decode()
    func clip(_ low: Float?, _ high: Float?) -> (inout ONNXModelProto) -> Void {
      { model in
        var inputs = ["a", "", ""]
        if let low {
          model.graph!.initializer.append(Self.tensor("low", [], [low]))
          inputs[1] = "low"
        }
        if let high {
          model.graph!.initializer.append(Self.tensor("high", [], [high]))
          inputs[2] = "high"
        }
        model.graph!.node[2] = Self.node("Clip", inputs, "r")
      }
    }
    #expect(try decode(clip(0, nil)) == expected)
    #expect(try decode(clip(0, .greatestFiniteMagnitude)) == expected)
    #expect(fault(clip(0, 6)).contains("to 0.0...6.0: a ReLU is 0...inf"))
    #expect(fault(clip(nil, nil)).contains("to -inf...inf"))
    let max = try decode {
      $0.graph!.initializer.append(Self.tensor("zero", [], [0]))
      $0.graph!.node[2] = Self.node("Max", ["zero", "a"], "r")
    }
    #expect(max == expected)
    #expect(
      fault {
        $0.graph!.node[2] = Self.node("Max", ["a", "b"], "r")
      }.contains("something else than 0"))
  }

  @Test("what keeps the class is left out at the end, with a word, and refused before it")
  func ends() throws {
    var model = Self.model()
    model.graph!.node.append(Self.node("Softmax", ["y"], "p", [("axis", 1)]))
    model.graph!.output[0].name = "p"
    let contents = try ONNXModel.decode(model.serialized())
    #expect(try contents.weights == decode())
    #expect(
      contents.notes.contains { $0.kind == .approximate && $0.part == "Softmax \"Softmax-p\"" })
    #expect(
      fault {
        $0.graph!.node[3].input[0] = "s"
        $0.graph!.node.append(Self.node("Softmax", ["r"], "s"))
      }.contains("does not follow a linear layer"))
    #expect(
      fault {
        $0.graph!.node[2].input[0] = "s"
        $0.graph!.node.append(Self.node("Sigmoid", ["a"], "s"))
      }.contains("which is not at the end: Relu"))
    #expect(
      fault {
        $0.graph!.node.append(Self.node("ArgMax", ["y"], "p"))
        $0.graph!.output[0].name = "p"
      }.contains("not over the classes"))
    // The axis of the classes is the one that has them all; what picks among them is not left out.
    func refusal(_ nodes: [ONNXNodeProto], _ output: String) -> String {
      fault {
        $0.graph!.initializer[2] = Self.tensor("v", [1, 2], [4, 5])
        $0.graph!.initializer[3] = Self.tensor("c", [1, 2], [5, 6])
        $0.graph!.initializer.append(
          .with { ($0.name, $0.dims, $0.dataType, $0.int64Data) = ("one", [1], 7, [1]) })
        $0.graph!.initializer.append(
          .with { ($0.name, $0.dims, $0.dataType, $0.int64Data) = ("form", [2], 7, [-1, 1]) })
        $0.graph!.node += nodes
        $0.graph!.output[0].name = output
      }
    }
    let argMax = Self.node("ArgMax", ["u"], "p", [("axis", 1)])
    // Classes that are named otherwise than by their numbers are said.
    var named = Self.model()
    named.graph!.initializer.append(
      .with { ($0.name, $0.dims, $0.dataType, $0.int64Data) = ("names", [2], 7, [7, 5]) })
    named.graph!.node += [
      Self.node("ArgMax", ["y"], "s", [("axis", 1)]),
      Self.node("ArrayFeatureExtractor", ["names", "s"], "p"),
    ]
    named.graph!.node[named.graph!.node.count - 1].domain = "ai.onnx.ml"
    named.graph!.output[0].name = "p"
    let words = try ONNXModel.decode(named.serialized()).notes.map(\.outcome)
    #expect(words.contains("left out: the model names its classes 7, 5"), "\(words)")
    #expect(refusal([Self.node("ArgMax", ["y"], "p", [("axis", 1)])], "p") == "read")
    #expect(refusal([Self.node("Reshape", ["y", "form"], "p")], "p") == "read")
    for (nodes, words) in [
      ([Self.node("Unsqueeze", ["y", "one"], "u"), argMax], "along axis 1: not over the classes"),
      (
        [Self.node("Softmax", ["y"], "s"), Self.node("Gather", ["s", "one"], "p", [("axis", 1)])],
        "not at the end: Gather"
      ),
      (
        [Self.node("ArgMax", ["y"], "s", [("axis", 1)]), Self.node("Gather", ["one", "s"], "p")],
        "not at the end: Gather"
      ),
      (
        [Self.node("Softmax", ["y"], "s"), Self.node("Cast", ["s"], "p", [("to", 7)])],
        "not at the end: Cast"
      ),
      ([Self.node("Cast", ["y"], "p", [("to", 9)])], "which rounds"),
      ([Self.node("Reshape", ["y", "form"], "u"), argMax], "not at the end: ArgMax"),
      ([Self.node("Reshape", ["y", "one"], "p")], "does not keep images apart"),
      ([Self.node("Log", ["y"], "p")], "does not follow a linear layer"),
    ] {
      let found = refusal(nodes, "p")
      #expect(found.contains(words), "\(found)")
    }
  }

  @Test("arithmetic of whole numbers is not that of real ones; a divided input is an assumption")
  func wholeNumbers() throws {
    func words(_ nodes: [ONNXNodeProto], type: Int32) -> String {
      fault {
        $0.graph!.input[0].elemType = type
        $0.graph!.input[0].shape = [.parameter("b"), .value(2)]
        $0.graph!.initializer.append(Self.tensor("k", [], [4]))
        $0.graph!.node[0].input = ["q"]
        $0.graph!.node += nodes
      }
    }
    let (divide, cast) = (
      { Self.node("Div", [$0, "k"], $1) }, { Self.node("Cast", [$0], $1, [("to", 1)]) }
    )
    #expect(words([cast("x", "t"), divide("t", "q")], type: 2) == "read")
    #expect(words([divide("x", "t"), cast("t", "q")], type: 2).contains("of whole numbers"))
    #expect(words([cast("x", "q")], type: 9).contains("of truth values"))
    #expect(
      fault {
        $0.graph!.input[0].elemType = 1
        $0.graph!.input[0].shape = [.parameter("b"), .value(0), .value(2)]
      }.contains("dimension of 0"))
    var model = Self.model()
    model.graph!.initializer.append(Self.tensor("k", [], [16]))
    model.graph!.node[0].input = ["q"]
    model.graph!.node.append(divide("x", "q"))
    let notes = try ONNXModel.decode(model.serialized()).notes
    #expect(notes.contains { $0.kind == .assumed && $0.outcome.contains("--scale 16.0") })
  }

  @Test("a model says its own layers: what files of tensors leave open is not asked of it")
  func ownLayers() throws {
    for options in [
      ReadingOptions(layers: ["w"]), ReadingOptions(layout: .inputsOutputs),
      ReadingOptions(ignored: ["b"]),
    ] {
      #expect(throws: ONNXFault.self) { try ONNXModel.decode(Self.model().serialized(), options) }
    }
    let scaled = try ONNXModel.decode(
      Self.model().serialized(), ReadingOptions(preprocessing: Preprocessing(scale: [2], mean: [1]))
    )
    // w (2 x - 1) + b, w = (1, 2), b = 3.
    #expect(scaled.weights.matrices[0].elements == [2, 4] && scaled.weights.biases![0] == [0])
  }

  @Test("scikit-learn's Scaler is folded; an infinite limit of Clip is none")
  func scaler() throws {
    let scaled = try decode {
      var node = Self.node("Scaler", ["x"], "q")
      node.domain = "ai.onnx.ml"
      node.attribute = [
        .with { ($0.name, $0.floats) = ("offset", [1, 2]) },
        .with { ($0.name, $0.floats) = ("scale", [3]) },
      ]
      $0.graph!.node[0].input = ["q"]
      $0.graph!.node.append(node)
    }
    // w = (1, 2), b = 3: w' = 3 w, b' = 3 - 3 (1 + 4).
    #expect(scaled.matrices[0].elements == [3, 6] && scaled.biases![0] == [-12])
    let clipped = try decode {
      $0.graph!.initializer += [Self.tensor("low", [], [0]), Self.tensor("high", [], [.infinity])]
      $0.graph!.node[2] = Self.node("Clip", ["a", "low", "high"], "r")
    }
    #expect(try clipped == decode())
  }

  @Test("functions of the model are written out; those that call themselves are refused")
  func functions() throws {
    let function = ONNXFunctionProto.with {
      $0.name = "Dense"
      $0.domain = "local"
      $0.input = ["u", "m"]
      $0.output = ["o"]
      $0.node = [Self.node("MatMul", ["u", "m"], "p"), Self.node("Identity", ["p"], "o")]
    }
    let call = Self.node("Dense", ["r", "v"], "m")
    let weights = try decode {
      $0.functions = [function]
      $0.graph!.node[3] = call
      $0.graph!.node[3].domain = "local"
    }
    #expect(try weights == decode())
    // What a call does not say is as the function says: here 0.5 times the product.
    let halved = try decode {
      var function = function
      var gemm = Self.node("Gemm", ["u", "m"], "o")
      gemm.attribute = [.with { ($0.name, $0.refAttrName) = ("alpha", "factor") }]
      function.node = [gemm]
      function.attributeProto = [.with { ($0.name, $0.f) = ("factor", 0.5) }]
      $0.functions = [function]
      $0.graph!.node[3] = call
      $0.graph!.node[3].domain = "local"
    }
    #expect(halved.matrices[1].elements == [2])
    #expect(
      fault {
        var endless = function
        endless.node = [Self.node("Dense", ["u", "m"], "o")]
        endless.node[0].domain = "local"
        $0.functions = [endless]
        $0.graph!.node[3] = call
        $0.graph!.node[3].domain = "local"
      }.contains("more than 16 deep"))
  }

  @Test("a few nodes cannot make any number of numbers, nor a product without end")
  func bombs() throws {
    // Each twice as long as the one before.
    let words = fault {
      $0.graph!.initializer.append(
        .with {
          ($0.name, $0.dims, $0.dataType, $0.int64Data) = ("l0", [1], 7, [1])
        })
      for index in 0..<64 {
        $0.graph!.node.append(
          Self.node("Concat", ["l\(index)", "l\(index)"], "l\(index + 1)", [("axis", 0)]))
      }
      $0.graph!.node[0] = Self.node("Reshape", ["x", "l64"], "f")
    }
    #expect(words.contains("Concat"), "\(words)")
    let filled = fault {
      $0.graph!.initializer.append(
        .with {
          ($0.name, $0.dims, $0.dataType, $0.int64Data) = ("size", [1], 7, [1 << 21])
        })
      $0.graph!.node.append(Self.node("ConstantOfShape", ["size"], "c0"))
      for index in 0..<64 {
        $0.graph!.node.append(Self.node("Neg", ["c\(index)"], "c\(index + 1)"))
      }
      $0.graph!.node.append(Self.node("Add", ["y", "c64"], "z"))
      $0.graph!.output[0].name = "z"
    }
    #expect(filled.contains("more than the limit of"), "\(filled)")
  }

  @Test("graphs that lead nowhere")
  func structure() throws {
    let cases: [(String, (inout ONNXModelProto) -> Void)] = [
      ("two producers", { $0.graph!.node[2].output = ["a"] }),
      ("which nothing produces", { $0.graph!.node[2].input = ["q"] }),
      (
        "wait for each other",
        {
          $0.graph!.node[2].input = ["q"]
          $0.graph!.node.append(Self.node("Relu", ["r"], "q"))
        }
      ),
      (
        "is used twice",
        {
          $0.graph!.node.append(Self.node("Relu", ["a"], "q"))
          $0.graph!.output.append(.with { $0.name = "q" })
        }
      ),
      ("0 inputs and 1 outputs", { $0.graph!.input = [] }),
      ("1 inputs and 0 outputs", { $0.graph!.output = [] }),
      ("from the middle of the network", { $0.graph!.output.append(.with { $0.name = "a" }) }),
      ("takes \"zz\", which nothing produces", { $0.graph!.output[0].name = "zz" }),
      (
        "no Gemm or MatMul",
        {
          $0.graph = .with {
            $0.input = [.with { $0.name = "x" }]
            $0.output = [.with { $0.name = "x" }]
          }
        }
      ),
      ("0 outputs, expected 1", { $0.graph!.node[2].output = [] }),
      ("twice", { $0.graph!.initializer.append($0.graph!.initializer[0]) }),
      (
        "takes 2 values, where there are 1",
        {
          $0.graph!.initializer[2] = Self.tensor("v", [2, 1], [4, 4])
        }
      ),
    ]
    for (words, change) in cases { #expect(fault(change).contains(words), "\(fault(change))") }
    // Nodes that no output depends on are left out, with a word.
    var model = Self.model()
    model.graph!.node += [Self.node("Relu", ["p"], "q"), Self.node("Tile", ["a"], "s")]
    let notes = try ONNXModel.decode(model.serialized()).notes
    #expect(notes.filter { $0.kind == .ignored }.count == 2)
  }

  @Test("tensors whose data is not what they say")
  func tensors() throws {
    let cases: [(String, (inout ONNXTensorProto) -> Void)] = [
      ("12 bytes, expected 8", { $0.rawData += Data(count: 4) }),
      ("data twice", { $0.floatData = [1, 2] }),
      ("its shape must be", { $0.dims = [-1, 2] }),
      ("its shape is too large", { $0.dims = [1 << 31, 1 << 31, 1 << 31] }),
      ("dimensions [2], expected 2", { $0.dims = [2] }),
      (
        "whole numbers",
        {
          $0.dataType = 7
          $0.rawData = Data(count: 16)
        }
      ),
      ("another type than its own", { $0.int64Data = [1] }),
      (
        "another type than its own",
        {
          $0.rawData = Data()
          $0.doubleData = [1, 2]
        }
      ),
      (
        "1 elements, expected 2",
        {
          $0.rawData = Data()
          $0.floatData = [1]
        }
      ),
      ("found nan", { $0.rawData = Data([0, 0, 0xC0, 0x7F, 0, 0, 0, 0]) }),
    ]
    for (words, change) in cases {
      let found = fault { change(&$0.graph!.initializer[0]) }
      #expect(found.contains(words), "\(found)")
    }
    #expect(
      fault { $0.graph!.initializer[1] = Self.tensor("b", [2], [1, 2]) }
        .contains("dimensions [2], expected [1]"))
    #expect(
      fault { $0.graph!.initializer[2] = Self.tensor("v", [3, 1], [1, 2, 3]) }.contains(
        "takes 3 values"))
  }
}
