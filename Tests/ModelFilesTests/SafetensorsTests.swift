import Foundation
import Networks
import Synchronization
import Testing

@testable import ModelFiles

/// Files from strangers: what is refused, by which words; and what is written is read back.
@Suite struct SafetensorsTests {
  private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(
      path: UUID().uuidString + ".safetensors")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    try body(file.path)
  }

  /// A file of this header and so many bytes of data.
  private func file(_ header: String, data: [UInt8] = []) -> [UInt8] {
    let bytes = Array(header.utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes + data
  }

  private func fault(_ bytes: [UInt8]) throws -> ModelFileError.Fault? {
    var fault: ModelFileError.Fault?
    try withFile(bytes) { path in
      do {
        _ = try Safetensors.read(path: path)
      } catch let error as ModelFileError {
        #expect(error.path == path && "\(error)".hasPrefix(path + ": "))
        fault = error.fault
      }
    }
    return fault
  }

  private func network(biases: Bool) throws -> NetworkWeights {
    var generator = SeededGenerator(seed: 3)
    let weights = try NetworkWeights(
      topology: [5, 4, 3], initializer: .he, generator: &generator)
    return try NetworkWeights(
      layers: weights.matrices, biases: biases ? [[1, 2, 3, 4], [-1, 0.5, 0]] : nil)
  }

  @Test("a network is read back bit for bit, in PyTorch's layout", arguments: [false, true])
  func roundTrip(biases: Bool) throws {
    let weights = try network(biases: biases)
    try withFile([]) { path in
      try weights.write(safetensors: path, metadata: ["note": "a \"quote\"\n"])
      #expect(try NetworkWeights(safetensors: path) == weights)
      #expect(try NetworkWeights(safetensors: path, topology: [5, 4, 3]) == weights)
      let contents = try Safetensors.read(path: path)
      #expect(contents.metadata["note"] == "a \"quote\"\n")
      #expect(contents.tensors[0].name == "0.weight" && contents.tensors[0].shape == [4, 5])
      #expect(contents.tensors[0].elements[1] == weights.matrices[0][1, 0])
      // Written again over what is there, and never over something else.
      try weights.write(safetensors: path)
      try Data("precious".utf8).write(to: URL(filePath: path))
      #expect(throws: (any Error).self) { try weights.write(safetensors: path) }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }
  }

  @Test("every prefix and every flipped bit of a written file is refused or changes no weight")
  func damage() throws {
    let weights = try network(biases: true)
    let bytes = weights.safetensors()
    for count in 0..<bytes.count { #expect(try fault(Array(bytes[..<count])) != nil) }
    for bit in 0..<8 * bytes.count {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      try withFile(flipped) { path in
        // A flip within a name or a string of the header may pass; the weights then are whole.
        if let read = try? NetworkWeights(safetensors: path) { #expect(read == weights) }
      }
    }
  }

  private static let one = "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"

  @Test("headers that are refused")
  func headers() throws {
    typealias Fault = ModelFileError.Fault
    let data: [UInt8] = [0, 0, 128, 63]
    let one = Self.one
    func second(_ begin: Int, _ end: Int) -> String {
      "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\(begin),\(end)]}"
    }
    let cases: [([UInt8], Fault)] = [
      ([1, 2, 3], .headerTooSmall(found: 3)),
      (file(""), .headerTooSmall(found: 8)),
      (file("{"), .headerTooSmall(found: 9)),
      (
        [0, 0, 0, 0, 0, 0, 0, 128] + data,
        .headerTooLarge(found: 1 << 63, limit: Safetensors.maximumHeaderBytes)
      ),
      (
        [0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0] + data,
        .headerTooLarge(found: 100_000_001, limit: Safetensors.maximumHeaderBytes)
      ),
      (
        [1, 0, 0x40, 0, 0, 0, 0, 0] + data,
        .headerTooLarge(found: 4_194_305, limit: Safetensors.maximumHeaderBytes)
      ),
      (
        Array(repeating: 255, count: 8) + data,
        .headerTooLarge(found: .max, limit: Safetensors.maximumHeaderBytes)
      ),
      ([9, 0, 0, 0, 0, 0, 0, 0] + data, .headerPastEnd(end: 17, size: 12)),
      (
        file("{\"") + [0xFF, 0x22],
        .headerNotJSON(offset: 2, expected: "'\"' at the end of a string")
      ),
      (file("[1]"), .headerNotObject),
      (file("{} x"), .headerNotJSON(offset: 3, expected: "the end")),
      (file("{\"a\":01}"), .headerNotJSON(offset: 6, expected: "'}'")),
      (file("{\"a\":NaN}"), .headerNotJSON(offset: 5, expected: "a value")),
      (file("{\"a\":1,}"), .headerNotJSON(offset: 7, expected: "'\"'")),
      (file("{/**/}"), .headerNotJSON(offset: 1, expected: "'\"'")),
      (
        file("{\"\\ud800\":1}"),
        .headerNotJSON(offset: 8, expected: "the second half of a surrogate pair")
      ),
      (
        file(String(repeating: "[", count: 100_000)),
        .headerNotJSON(offset: 9, expected: "at most 8 levels of nesting")
      ),
      (file("{\"a\":{\(one)},\"a\":{\(one)}}", data: data), .duplicateName("a")),
      (file("{\"__metadata__\":{\"x\":1}}"), .metadataNotString("x")),
      (
        file("{\"a\":{\(one),\"more\":1}}", data: data),
        .badField(tensor: "a", field: "more", expected: "dtype, shape and data_offsets only")
      ),
      (
        file("{\"a\":{\(one.replacing("F32", with: "F128"))}}", data: data),
        .unknownDType(tensor: "a", found: "F128")
      ),
      (
        file("{\"a\":{\(one.replacing("F32", with: "I32"))}}", data: data),
        .unsupportedDType(tensor: "a", found: "I32")
      ),
      (
        file("{\"a\":{\(one.replacing("F32", with: "I64"))}}", data: data),
        .sizeMismatch(tensor: "a", need: 8, have: 4)
      ),
      (
        file("{\"a\":{\(one.replacing("[1]", with: "[1.0]"))}}", data: data), .badShape(tensor: "a")
      ),
      (file("{\"a\":{\(one.replacing("[1]", with: "[-1]"))}}", data: data), .badShape(tensor: "a")),
      (
        file(
          "{\"a\":{\(one.replacing("[1]", with: "[2147483648,2147483648,2147483648]"))}}",
          data: data),
        .sizeOverflow(tensor: "a")
      ),
      // A product that comes back to 0 after 64 bits.
      (
        file(
          "{\"a\":{\(one.replacing("[1]", with: "[2147483648,268435456,2147483648]").replacing("[0,4]", with: "[0,0]"))}}"
        ),
        .sizeOverflow(tensor: "a")
      ),
      (
        file("{\"a\":{\(one.replacing("[1]", with: "[2]"))}}", data: data),
        .sizeMismatch(tensor: "a", need: 8, have: 4)
      ),
      (
        file("{\"a\":{\(one.replacing("[0,4]", with: "[4,0]"))}}", data: data),
        .invalidOffset(tensor: "a")
      ),
      (
        file("{\"a\":{\(one.replacing("[0,4]", with: "[0,1e3]"))}}", data: data),
        .invalidOffset(tensor: "a")
      ),
      (file("{\"a\":{\(one)},\(second(0, 4))}", data: data), .overlap("a", "b")),
      (file("{\"a\":{\(one)},\(second(8, 12))}", data: data + data + data), .hole(offset: 4)),
      (file("{\(second(4, 8))}", data: data + data), .hole(offset: 0)),
      (
        file("{\"a\":{\(one)},\(second(4, 8))}", data: data), .pastEnd(tensor: "b", end: 8, size: 4)
      ),
      // One byte short of its end.
      (
        file("{\"a\":{\(one)}}", data: Array(data.dropLast())),
        .pastEnd(tensor: "a", end: 4, size: 3)
      ),
      (file("{\"a\":{\(one)}}", data: data + [7]), .trailingData(bytes: 1)),
      (
        file("{\"a\":{\(one)}}", data: [0, 0, 128, 127]),
        .nonFiniteWeight(tensor: "a", index: 0, value: .infinity)
      ),
      (
        file("{\"__metadata__\":{\"data_crc32\":\"1\"},\"a\":{\(one)}}", data: data),
        .checksum(found: 0x8FCC_D15C, expected: 1)
      ),
    ]
    for (bytes, expected) in cases {
      let found = try fault(bytes)
      if case .checksum(_, let wanted) = expected, case .checksum(_, wanted)? = found { continue }
      #expect(
        found == expected, "\(String(decoding: bytes.dropFirst(8).prefix(80), as: UTF8.self))")
    }
    #expect(try fault([2, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0xFF]) == .headerNotUTF8(offset: 1))
    #expect(throws: (any Error).self) { try Safetensors.read(path: "/nonexistent") }
  }

  @Test(
    "limits: tensors, names, numbers beyond 64 bits; types and shapes that are no text or numbers")
  func limits() throws {
    let empty = "{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}"
    func many(_ count: Int) -> [UInt8] {
      file("{" + (0..<count).map { "\"\($0)\":\(empty)" }.joined(separator: ",") + "}")
    }
    #expect(try fault(many(4096)) == nil)
    #expect(try fault(many(4097)) == .tooManyTensors(limit: 4096))
    func named(_ name: String) -> [UInt8] { file("{\"\(name)\":\(empty)}") }
    #expect(try fault(named(String(repeating: "n", count: 1024))) == nil)
    #expect(
      try fault(named(String(repeating: "n", count: 1025))) == .nameTooLong(limit: 1024))
    for name in ["../../etc/x", "", "\\u0000"] { #expect(try fault(named(name)) == nil) }
    if case .headerNotJSON(_, let expected)? = try fault(named("\\udc00")) {
      #expect(expected == "a character, not half of one")
    } else {
      Issue.record("half of a surrogate pair is accepted")
    }
    let data: [UInt8] = [0, 0, 128, 63]
    func changed(_ old: String, _ new: String) -> [UInt8] {
      file("{\"a\":{\(Self.one.replacing(old, with: new))}}", data: data)
    }
    for end in ["18446744073709551616", "9007199254740993", "-4", "4.0", "\"4\"", "null"] {
      let expected: ModelFileError.Fault =
        end == "9007199254740993"
        ? .sizeMismatch(tensor: "a", need: 4, have: 9_007_199_254_740_993)
        : .invalidOffset(tensor: "a")
      #expect(try fault(changed("[0,4]", "[0,\(end)]")) == expected, "\(end)")
    }
    #expect(
      try fault(changed("\"F32\"", "null"))
        == .badField(tensor: "a", field: "dtype", expected: "a string"))
    #expect(try fault(changed("F32", "f32")) == .unknownDType(tensor: "a", found: "f32"))
    for (type, shape) in [("F8_E4M3", "[4]"), ("F4", "[7]"), ("F4", "[8]"), ("F6_E2M3", "[5]")] {
      let header = Self.one.replacing("F32", with: type).replacing("[1]", with: shape)
      let found = try fault(file("{\"a\":{\(header)}}", data: data))
      #expect(found == .unsupportedDType(tensor: "a", found: type))
      #expect(found?.description.contains("must be F32, F64, F16 or BF16") == true)
    }
    #expect(try fault(changed("[0,4]", "[-4,0]")) == .invalidOffset(tensor: "a"))
    for shape in ["[\"1\"]", "[2,18446744073709551614]", "[4194305,4194305,211106198978564]"] {
      #expect(try fault(changed("[1]", shape)) == .badShape(tensor: "a"))
    }
    #expect(
      try fault(changed("[1]", "[1,1,1,1,1,1,1,1,1]")) == .badShape(tensor: "a"))
    // Names are shown escaped.
    let words = ModelFileError.Fault.badShape(tensor: "a\u{1}\n<script>").description
    #expect(words.contains("\"a\\u{01}\\n<script>\""), "\(words)")
  }

  @Test("white space around a header is accepted")
  func padding() throws {
    let data: [UInt8] = [0, 0, 128, 63]
    for header in ["  {\"a\":{\(Self.one)}}", "{\"a\":{\(Self.one)}} \t\r\n  "] {
      #expect(try fault(file(header, data: data)) == nil)
    }
  }

  @Test("100,000 brackets on a stack of 256 KiB: an error, no overflow")
  func smallStack() throws {
    let bytes = file(String(repeating: "[", count: 100_000))
    try withFile(bytes) { path in
      let words = Mutex("")
      let done = DispatchSemaphore(value: 0)
      let thread = Thread {
        do {
          _ = try Safetensors.read(path: path)
        } catch {
          words.withLock { $0 = "\(error)" }
        }
        done.signal()
      }
      // 64 KiB are less than the libraries' own thread-local storage: no thread starts.
      thread.stackSize = 256 << 10
      thread.start()
      #expect(done.wait(timeout: .now() + 60) == .success)
      #expect(words.withLock { $0 }.hasSuffix("expected at most 8 levels of nesting"))
    }
  }

  @Test("other number types become Float, or are refused when they do not fit")
  func numberTypes() throws {
    func value(_ type: String, _ data: [UInt8]) throws -> Float? {
      var read: Float?
      let fields = "\"dtype\":\"\(type)\",\"shape\":[1],\"data_offsets\":[0,\(data.count)]"
      try withFile(file("  {\"a\":{\(fields)}} \n", data: data)) { path in
        read = try? Safetensors.read(path: path).tensors[0].elements[0]
      }
      return read
    }
    func bytes(_ value: Double) -> [UInt8] {
      (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * $0)) }
    }
    #expect(try value("F64", bytes(0.1)) == Float(0.1) && value("F64", bytes(1e300)) == nil)
    #expect(try value("F16", [0x00, 0xC2]) == -3 && value("F16", [0x00, 0x7C]) == nil)
    #expect(try value("F16", [0x01, 0x00]) == 0x1p-24)
    #expect(try value("BF16", [0x80, 0x3F]) == 1 && value("F32", [0, 0, 192, 127]) == nil)
  }

  @Test("another network is refused with all its differences at once")
  func mismatch() throws {
    let weights = try network(biases: false)
    try withFile([]) { path in
      try weights.write(safetensors: path)
      do {
        _ = try NetworkWeights(safetensors: path, topology: [5, 4, 2])
        Issue.record("it was accepted")
      } catch let error as ModelFileError {
        #expect("\(error)".hasSuffix("wanted: layers 5-4-3, expected 5-4-2"))
      }
    }
    // The first layer is there, transposed, and the second as it should be; then the second is missing.
    let transposed = [
      NamedTensor(name: "0.weight", shape: [5, 4], elements: Array(repeating: 0, count: 20)),
      NamedTensor(name: "2.weight", shape: [3, 4], elements: Array(repeating: 0, count: 12)),
    ]
    for (tensors, words) in [
      (transposed, "the layers 0 [5, 4], 2 [3, 4] fit in no order"),
      (Array(transposed[..<1]), "layers 4-5, expected 5-4-3"),
    ] {
      try withFile(Safetensors.encode(tensors)) { path in
        do {
          _ = try NetworkWeights(safetensors: path, topology: [5, 4, 3])
          Issue.record("it was accepted")
        } catch let error as ModelFileError { #expect("\(error)".contains(words), "\(error)") }
      }
    }
    let tensors = [
      NamedTensor(name: "0.weight", shape: [2, 3], elements: [0, 0, 0, 0, 0, 0]),
      NamedTensor(name: "2.weight", shape: [1, 3], elements: [0, 0, 0]),
      NamedTensor(name: "2.bias", shape: [2], elements: [0, 0]),
      NamedTensor(name: "norm.scale", shape: [1], elements: [0]),
    ]
    try withFile(Safetensors.encode(tensors)) { path in
      do {
        _ = try NetworkWeights(safetensors: path)
        Issue.record("it was accepted")
      } catch let error as ModelFileError {
        guard case .modelMismatch(let differences) = error.fault else { throw error }
        #expect(differences.count == 2, "\(differences)")
      }
    }
  }

  @Test("the paper's names, with weights of [inputs, outputs]")
  func paperNames() throws {
    let weights = try network(biases: true)
    let tensors = weights.matrices.enumerated().flatMap { index, layer in
      [
        NamedTensor(
          name: "b\(index + 1)", shape: [layer.columns], elements: weights.biases![index]),
        NamedTensor(
          name: "W\(index + 1)", shape: [layer.rows, layer.columns], elements: layer.elements),
      ]
    }
    let read = try TensorNetwork(tensors, options: ReadingOptions())
    #expect(try NetworkWeights(layers: read.layers, biases: read.biases) == weights)
  }

  @Test("layers come in the order of the numbers in their names")
  func order() throws {
    let tensors = [10, 9].map {
      NamedTensor(
        name: "layers.\($0).weight", shape: [1, 1], elements: [Float($0)])
    }
    try withFile(Safetensors.encode(tensors)) { path in
      let weights = try NetworkWeights(safetensors: path)
      #expect(weights.matrices.map { $0[0, 0] } == [9, 10])
    }
  }
}
