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
          if ["alpha", "beta"].contains(name) {
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
    for version in [0, 6, 27, 1 << 31] as [Int64] {
      #expect(
        fault { $0.opsetImport[0].version = version }
          == "operators of opset \(version), expected 7...26")
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

  @Test("weights in other files are never opened")
  func externalData() throws {
    let words = fault {
      $0.graph!.initializer[0].dataLocation = 1
      $0.graph!.initializer[0].externalData = [
        .with {
          $0.key = "location"
          $0.value = "../../../etc/passwd"
        }
      ]
      $0.graph!.initializer[2].dataLocation = 1
    }
    #expect(words.hasPrefix("weights in other files, which are never opened: \"w\", \"v\""))
  }

  @Test("operators and attributes that are not read, all in one error")
  func unsupported() throws {
    let words = fault {
      $0.graph!.node[0] = Self.node("Conv", ["x"], "f")
      $0.graph!.node[1] = Self.node("Gemm", ["f", "w", "b"], "a", [("alpha", 0.5), ("transA", 1)])
      $0.graph!.node[2] = Self.node("If", ["a"], "r")
      $0.graph!.node[3].domain = "com.example"
    }
    for part in [
      "Conv \"Conv-f\"", "Gemm \"Gemm-a\" with \"alpha\" = 0.5", "\"transA\" = 1",
      "If \"If-r\"", "MatMul \"MatMul-m\" of domain \"com.example\"",
    ] {
      #expect(words.contains(part), "\(words)")
    }
    for (attribute, value, shown) in [
      ("beta", 2, "\"beta\" = 2.0"), ("transB", 2, "\"transB\" = 2"),
    ] {
      let words = fault {
        $0.graph!.node[1] = Self.node(
          "Gemm", [$0.graph!.node[1].input[0], "w", "b"], "a", [(attribute, Double(value))])
      }
      #expect(words.contains(shown), "\(words)")
    }
    #expect(fault { $0.functions = [Data([1])] }.contains("functions"))
    #expect(fault { $0.trainingInfo = [Data()] }.contains("a training graph"))
    #expect(fault { $0.graph!.sparseInitializer = [Data()] }.contains("sparse initializers"))
    #expect(
      fault {
        $0.graph!.node.append(Self.node("Relu", ["y"], "z"))
        $0.graph!.output[0].name = "z"
      }.contains("the output passes through a Relu"))
    #expect(
      fault {
        $0.graph!.node.remove(at: 2)
        $0.graph!.node[2].input[0] = "a"
      }.contains("no Relu between Gemm \"Gemm-a\" and MatMul \"MatMul-m\""))
    #expect(
      fault { $0.graph!.node[3].input = ["v", "r"] }.contains("whose input 2 is no initializer"))
    #expect(
      fault {
        $0.graph!.node[0] = Self.node("Add", ["x", "c"], "f")
      }.contains("that does not follow a Gemm or MatMul"))
  }

  @Test("graphs that lead nowhere")
  func structure() throws {
    let cases: [(String, (inout ONNXModelProto) -> Void)] = [
      ("two producers", { $0.graph!.node[2].output = ["a"] }),
      ("which nothing produces", { $0.graph!.node[2].input = ["q"] }),
      // A cycle off the way.
      (
        "not on the way",
        {
          $0.graph!.node += [Self.node("Relu", ["p"], "q"), Self.node("Relu", ["q"], "p")]
        }
      ),
      ("is used twice", { $0.graph!.node.append(Self.node("Relu", ["a"], "q")) }),
      ("0 inputs and 1 outputs", { $0.graph!.input = [] }),
      ("1 inputs and 0 outputs", { $0.graph!.output = [] }),
      ("1 inputs and 2 outputs", { $0.graph!.output.append(.with { $0.name = "a" }) }),
      ("not to the output \"zz\"", { $0.graph!.output[0].name = "zz" }),
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
    ]
    for (words, change) in cases { #expect(fault(change).contains(words), "\(fault(change))") }
  }

  @Test("tensors whose data is not what they say")
  func tensors() throws {
    let cases: [(String, (inout ONNXTensorProto) -> Void)] = [
      ("12 bytes, expected 8", { $0.rawData += Data(count: 4) }),
      ("data twice", { $0.floatData = [1, 2] }),
      ("its shape must be", { $0.dims = [-1, 2] }),
      ("its shape is too large", { $0.dims = [1 << 31, 1 << 31, 1 << 31] }),
      ("dimensions [2], expected 2", { $0.dims = [2] }),
      ("number 7 of ONNX", { $0.dataType = 7 }),
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
      fault { $0.graph!.initializer[2] = Self.tensor("v", [3, 1], [1, 2, 3]) }.contains("layer 2"))
  }
}
