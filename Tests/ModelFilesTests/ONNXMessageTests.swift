import Files
import Foundation
import Networks
import Testing

@testable import ModelFiles

/// Protocol buffers as they can be in a file: texts, lengths, repetitions and bombs.
@Suite struct ONNXMessageTests {
  /// A field with a length: a text, bytes or a message.
  private static func field(_ number: UInt8, _ contents: [UInt8]) -> [UInt8] {
    var length = contents.count
    var bytes = [number << 3 | 2]
    while length > 0x7F {
      bytes.append(UInt8(length & 0x7F) | 0x80)
      length >>= 7
    }
    return bytes + [UInt8(length)] + contents
  }

  /// 2-1: one Gemm.
  private static func model(weights: [ONNXTensorProto] = [tensor]) -> ONNXModelProto {
    .with {
      $0.irVersion = 8
      $0.opsetImport = [.with { $0.version = 17 }]
      $0.graph = .with {
        $0.node = [
          .with {
            ($0.opType, $0.input, $0.output) = ("Gemm", ["x", "w"], ["y"])
          }
        ]
        $0.initializer = weights
        $0.input = [.with { $0.name = "x" }]
        $0.output = [.with { $0.name = "y" }]
      }
    }
  }

  private static var tensor: ONNXTensorProto {
    .with {
      $0.name = "w"
      $0.dims = [2, 1]
      $0.dataType = 1
      $0.rawData = Data(littleEndian([1.5, -2]))
    }
  }

  private func words(_ bytes: [UInt8]) -> String {
    do {
      _ = try ONNXModel.decode(bytes)
      return "read"
    } catch { return "\(error)" }
  }

  @Test("a name goes on after a NUL")
  func nul() throws {
    var model = Self.model()
    model.graph!.initializer = ["w\0a", "w\0b"].map { name in
      .with {
        $0 = Self.tensor
        $0.name = name
      }
    }
    model.graph!.initializer[1].rawData = Data(littleEndian([3, 4]))
    model.graph!.node[0].input[1] = "w\0b"
    model.metadataProps = [
      .with {
        $0.key = "k\0"
        $0.value = "\0v"
      }
    ]
    let contents = try ONNXModel.decode(model.serialized())
    #expect(contents.weights.matrices[0].elements == [3, 4])
    #expect(contents.metadata == ["k\0": "\0v"])
    model.graph!.node[0].input[1] = "w\0c"
    #expect(words(model.serialized()).contains(#""w\0c""#))
  }

  @Test("texts that are not UTF-8 are refused, whichever they are")
  func invalidText() throws {
    let mark = "????"
    let changes: [(String, (inout ONNXModelProto) -> Void)] = [
      ("producer_name", { $0.producerName = mark }),
      ("the domain of an opset", { $0.opsetImport[0].domain = mark }),
      ("the key of an entry", { $0.metadataProps = [.with { $0.key = mark }] }),
      ("the value of an entry", { $0.metadataProps = [.with { $0.value = mark }] }),
      ("the graph's name", { $0.graph!.name = mark }),
      ("an input of a node", { $0.graph!.node[0].input[0] = mark }),
      ("an output of a node", { $0.graph!.node[0].output[0] = mark }),
      ("the name of a node", { $0.graph!.node[0].name = mark }),
      ("the op_type of a node", { $0.graph!.node[0].opType = mark }),
      ("the domain of a node", { $0.graph!.node[0].domain = mark }),
      (
        "the name of an attribute", { $0.graph!.node[0].attribute = [.with { $0.name = mark }] }
      ),
      (
        "the ref_attr_name of an attribute",
        { $0.graph!.node[0].attribute = [.with { $0.refAttrName = mark }] }
      ),
      ("the name of a tensor", { $0.graph!.initializer[0].name = mark }),
      (
        "the key of an entry",
        { $0.graph!.initializer[0].externalData = [.with { $0.key = mark }] }
      ),
      ("the name of an input or output", { $0.graph!.input[0].name = mark }),
      ("the dim_param of a dimension", { $0.graph!.output[0].shape = [.parameter(mark)] }),
    ]
    // A byte that is in no UTF-8; half a surrogate; a character cut off; a longer form than needed.
    let invalid: [[UInt8]] = [
      [0x61, 0xFF, 0x61, 0x61], [0x61, 0xED, 0xA0, 0x80], [0x61, 0x61, 0xE2, 0x82],
      [0x61, 0x61, 0xC0, 0x80],
    ]
    for (name, change) in changes {
      var model = Self.model()
      change(&model)
      let bytes = model.serialized()
      let place = try #require(bytes.indices.first { bytes[$0...].starts(with: mark.utf8) })
      for text in invalid {
        var damaged = bytes
        damaged.replaceSubrange(place..<place + 4, with: text)
        #expect(words(damaged) == "no ONNX model: \(name) is not UTF-8", "\(text)")
      }
    }
    let model = Self.model().serialized()
    for (name, added) in [
      ("producer_version", Self.field(3, [0xFF])), ("the model's domain", Self.field(4, [0xFF])),
      ("the model's doc_string", Self.field(6, [0xFF])),
      ("the graph's doc_string", Self.field(7, Self.field(10, [0xFF]))),
    ] {
      #expect(words(model + added) == "no ONNX model: \(name) is not UTF-8")
    }
  }

  @Test("numbers are read one by one and packed, and both in one field")
  func packing() throws {
    let values = [1.5, -2] as [Float]
    let floats = values.map { littleEndian([$0]) }
    let doubles = values.map { value in
      var bytes: [UInt8] = []
      bytes.append(littleEndian: Double(value).bitPattern)
      return bytes
    }
    // 0x3E00 and 0xC000, as varints.
    let halves: [[UInt8]] = [[0x80, 0x7C], [0x80, 0x80, 0x03]]
    func forms(_ number: UInt8, wireType: UInt8, _ items: [[UInt8]]) -> [[UInt8]] {
      let single = items.map { [number << 3 | wireType] + $0 }
      return [
        single[0] + single[1], Self.field(number, items[0] + items[1]),
        single[0] + Self.field(number, items[1]), Self.field(number, items[0]) + single[1],
        Self.field(number, []) + Self.field(number, items[0]) + Self.field(number, items[1]),
      ]
    }
    let base = Self.model(weights: []).serialized()
    for dims in forms(1, wireType: 0, [[2], [1]]) {
      for (type, data) in forms(4, wireType: 5, floats).map({ (1, $0) })
        + forms(5, wireType: 0, halves).map({ (10, $0) })
        + forms(10, wireType: 1, doubles).map({ (11, $0) })
      {
        let tensor = dims + [0x10, UInt8(type)] + data + Self.field(8, Array("w".utf8))
        // A second graph: it adds to the first.
        let bytes = base + Self.field(7, Self.field(5, tensor))
        #expect(try ONNXModel.decode(bytes).weights.matrices[0].elements == values)
      }
    }
  }

  @Test("fields that the schema does not have are passed over, at every level")
  func unknownFields() throws {
    let expected = try ONNXModel.decode(Self.model().serialized()).weights
    // Field 127: a number, 8 bytes, a length, 4 bytes.
    let unknown: [UInt8] =
      [0xF8, 0x07, 0x80, 0x01] + [0xF9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8]
      + [0xFA, 0x07, 0x02, 0xFF, 0xFF] + [0xFD, 0x07, 1, 2, 3, 4]
    let graph = Self.field(7, unknown + Self.field(11, Self.field(1, Array("w".utf8)) + unknown))
    let bytes = unknown + Self.model().serialized() + unknown + graph
    #expect(try ONNXModel.decode(bytes).weights == expected)
  }

  @Test("a model that is cut off within its graph is said to be")
  func truncation() {
    var model = Self.model()
    model.graph!.initializer.append(
      .with {
        $0.name = "unused"
        $0.dims = [3]
        $0.dataType = 1
        $0.floatData = [1, 2, 3]
        $0.doubleData = [1, 2]
        $0.int32Data = [-1, 300]
        $0.externalData = [.with { $0.key = "location" }]
      })
    // The IR version, the tag of the graph; at the end the opset.
    let bytes = model.serialized()
    for length in 3..<bytes.count - 4 {
      #expect(
        words(Array(bytes[..<length]))
          == "no ONNX model: the protocol buffer is cut off or damaged", "\(length)")
    }
  }

  @Test("a bomb of empty messages is refused before it has taken more than its budget")
  func bombs() throws {
    func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
      Array(repeatElement(bytes, count: count).joined())
    }
    let nodes = Self.field(7, repeated([0x0A, 0], 1 << 20))
    let entries = repeated([0x72, 0], 1 << 20)
    // Graphs of one node: each is merged with all before it.
    let merged =
      Self.field(7, repeated([0x0A, 0], 1 << 15)) + repeated([0x3A, 2, 0x0A, 0], 1 << 14)
    for bytes in [nodes, entries, merged] {
      var budget = ONNXMemoryBudget(fileSize: bytes.count)
      #expect(throws: ONNXFault.memoryLimit(budget.limit)) {
        try ONNXModelProto(serialized: bytes, budget: &budget)
      }
      #expect(budget.limit == 16 * bytes.count + (8 << 20))
      #expect(budget.isExceeded && budget.asked <= budget.limit)
      #expect(
        words(bytes) == "messages that take more than the limit of \(budget.limit) bytes of memory")
    }
  }

  @Test("of a large file less is granted for each byte")
  func largeBudget() {
    let limit = ONNXMemoryBudget(fileSize: ONNXModel.maximumBytes).limit
    #expect(limit == (8 << 20) + 16 * (64 << 20) + 4 * (ONNXModel.maximumBytes - (64 << 20)))
  }

  @Test("whichever request for memory is refused, the model is")
  func budgets() throws {
    let bytes = Self.model().serialized() + Self.field(7, Self.field(5, Self.field(8, [0x76])))
    var whole = ONNXMemoryBudget(fileSize: bytes.count)
    _ = try ONNXModelProto(serialized: bytes, budget: &whole)
    #expect(!whole.isExceeded && whole.asked > bytes.count)
    for limit in 0..<whole.asked {
      var budget = ONNXMemoryBudget(limit: limit)
      #expect(throws: ONNXFault.memoryLimit(limit)) {
        try ONNXModelProto(serialized: bytes, budget: &budget)
      }
      #expect(budget.asked <= limit)
    }
    var budget = ONNXMemoryBudget(limit: whole.asked)
    _ = try ONNXModelProto(serialized: bytes, budget: &budget)
  }

  @Test("large weights are asked for once")
  func largeWeights() throws {
    let count = 1 << 20
    let model = Self.model(weights: [
      .with {
        $0.dims = [Int64(count), 1]
        $0.rawData = Data(count: 4 * count)
      }
    ])
    let bytes = model.serialized()
    var budget = ONNXMemoryBudget(fileSize: bytes.count)
    let read = try ONNXModelProto(serialized: bytes, budget: &budget)
    #expect(read.graph?.initializer[0].rawData == Data(count: 4 * count))
    #expect(budget.asked < 4 * count + 4096)
  }
}
