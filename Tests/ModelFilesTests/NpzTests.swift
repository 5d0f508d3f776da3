import Foundation
import Networks
import Testing

@testable import Files
@testable import ModelFiles

/// Writes bytes to a file for the time of `body`.
func withFile(_ bytes: [UInt8], named ending: String, _ body: (String) throws -> Void) throws {
  let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString + ending)
  try Data(bytes).write(to: file)
  defer { try? FileManager.default.removeItem(at: file) }
  try body(file.path)
}

extension Npy {
  /// An array in memory.
  static func decode(_ bytes: [UInt8], name: String) throws -> NamedTensor {
    var next = 0
    let contents = try decode(name: name, size: bytes.count) { count in
      let part = bytes[next..<min(next + count, bytes.count)]
      next += part.count
      return Array(part)
    }
    switch contents {
    case .tensor(let tensor): return tensor
    case .other(let other):
      throw ModelFileError.Fault.npy(array: name, .unsupportedType(other.type))
    }
  }
}

/// NumPy's archives: what NumPy wrote is read, what is written is read back, the rest is refused.
@Suite struct NpzTests {
  static let network = try! NetworkWeights(
    layers: [
      Matrix(rows: 3, columns: 2, elements: [-1.25, 0.25, -0.75, 0.75, -0.25, 1.25]),
      Matrix(rows: 2, columns: 1, elements: [1.5, -2]),
    ], biases: [[0.5, -1], [3]])

  private func fault(_ bytes: [UInt8], ending: String = ".npz") throws -> ModelFileError.Fault? {
    var fault: ModelFileError.Fault?
    try withFile(bytes, named: ending) { path in
      do {
        _ = try NetworkFile(path: path)
      } catch let error as ModelFileError {
        #expect(error.path == path && "\(error)".hasPrefix(path + ": "))
        fault = error.fault
      }
    }
    return fault
  }

  private func words(_ bytes: [UInt8]) throws -> String {
    try fault(bytes).map { "\($0)" } ?? "read"
  }

  @Test("archives of NumPy, stored and deflated, of all types and orders that are read")
  func fromNumPy() throws {
    for bytes in [NumPyFiles.stored, NumPyFiles.deflated, NumPyFiles.mixed] {
      try withFile(bytes, named: ".npz") { path in
        let file = try NetworkFile(path: path)
        #expect(file.weights == Self.network)
        #expect(file.format == .npz)
        #expect(file.fileType == (bytes == NumPyFiles.mixed ? "F16 and F32 and F64" : "F32"))
      }
    }
    let array = try Npy.decode(NumPyFiles.fortran, name: "a")
    #expect(array.shape == [2, 3, 4] && array.elements == (0..<24).map(Float.init))
  }

  @Test("what is written is read back, twice the same bytes", arguments: [false, true])
  func roundTrip(isDeflated: Bool) throws {
    let tensors = Self.network.namedTensors
    let bytes = try Npz.encode(tensors, deflated: isDeflated)
    #expect(try Npz.encode(tensors, deflated: isDeflated) == bytes)
    try withFile(bytes, named: ".npz") { path in
      let read = try Npz.read(path: path)
      #expect(read == tensors)
    }
  }

  @Test("every prefix is refused; every flipped bit is refused or changes no weight")
  func damage() throws {
    for bytes in [NumPyFiles.deflated, try Npz.encode(Self.network.namedTensors)] {
      for length in 0..<bytes.count {
        #expect(try fault(Array(bytes[..<length])) != nil, "\(length) bytes")
      }
      for bit in 0..<8 * bytes.count {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        try withFile(damaged, named: ".npz") { path in
          if let file = try? NetworkFile(path: path) {
            #expect(file.weights == Self.network, "bit \(bit)")
          }
        }
      }
    }
  }

  @Test("pickles are never read")
  func pickles() throws {
    #expect(try fault(NumPyFiles.objects) == .npy(array: "a", .objectArray))
    #expect(NpyFault.objectArray.description.contains("execute code, which is never done"))
    let torch = try ZipWriter.archive([("archive/data.pkl", [1, 2])], deflated: false)
    #expect(try fault(torch) == .pickle)
    #expect(try fault([0x80, 2, 0x63], ending: ".pt") == .pickle)
    #expect("\(ModelFileError.Fault.pickle)".contains("safetensors.torch.save_file"))
  }

  /// An archive of one member whose bytes are changed at some places.
  private func archive(_ changes: [(Int, [UInt8])], _ name: String = "0.weight.npy") throws
    -> [UInt8]
  {
    var bytes = try ZipWriter.archive(
      [(name, Npy.encode(NamedTensor(name: "", shape: [1, 1], elements: [1])))], deflated: false)
    for (place, values) in changes {
      let start = place < 0 ? bytes.count + place : place
      bytes.replaceSubrange(start..<start + values.count, with: values)
    }
    return bytes
  }

  @Test("zip structure: what is refused, by which words")
  func structure() throws {
    let whole = try archive([])
    let directory = whole.count - 22 - 46 - 12
    #expect(try words(whole) == "read")
    #expect(try words(Array(whole.dropLast())).contains("no end record in the last 22 of"))
    let comment = try archive([(-2, [5, 0])]) + Array("hello".utf8)
    #expect(try words(comment).contains("5 bytes after the zip archive's end record at byte"))
    let long = try archive([(-2, [255, 255])]) + [UInt8](repeating: 0, count: 65_535)
    #expect(try words(long).contains("65535 bytes after"))
    // A second archive behind the first: the last directory counts from its own start.
    #expect(try words(whole + whole).contains("zip structure"))
    #expect(
      try words(archive([(-12, [0, 0, 0, 0])])).contains("zip structure, byte"))
    #expect(try words(archive([(directory + 8, [1])])).contains("encryption is not read"))
    // Sizes behind the data: the local header must say so, too, and they must be there.
    #expect(try words(archive([(directory + 8, [8])])).contains("flags is"))
    #expect(
      try words(archive([(directory + 8, [8]), (6, [8])])).contains(
        "expected the CRC-32 and sizes of a streamed member"))
    for (method, name) in [(12, "bzip2"), (14, "LZMA"), (99, "method 99")] as [(UInt8, String)] {
      #expect(
        try words(archive([(directory + 10, [method])])).contains("compression \(name) is not"))
    }
    #expect(
      try words(archive([(directory + 24, [255, 255, 255, 255])])).contains("zip64 in the"))
    #expect(try words(archive([(8, [8])])).contains("the method is 8, expected 0"))
    #expect(try words(archive([(18, [1])])).contains("a size is"))
    #expect(try words(archive([(30, [0x31])])).contains("expected the name \"0.weight.npy\""))
    // The CRC-32, in both places.
    #expect(
      try fault(archive([(14, [0, 0, 0, 0]), (directory + 16, [0, 0, 0, 0])]))
        == .zip(.checksum(member: "0.weight.npy")))
    #expect(try words(archive([(directory + 42, [1])])).contains("zip structure"))
  }

  @Test("names are compared, never used; twice is refused; holes and overlaps are")
  func members() throws {
    let array = Npy.encode(NamedTensor(name: "", shape: [1, 1], elements: [1]))
    let evil = try ZipWriter.archive([("../../../tmp/evil.weight.npy", array)], deflated: false)
    try withFile(evil, named: ".npz") { path in
      let sizes = try NetworkFile(path: path).weights.topology
      #expect(sizes == [1, 1])
    }
    #expect(!FileManager.default.fileExists(atPath: "/tmp/evil.weight.npy"))
    let other = try ZipWriter.archive([("readme.txt", [1])], deflated: false)
    #expect(try words(other).contains("\"readme.txt\" is no array"))
    // The first member's size reaches over the second: Fifield's other way.
    var shared = try ZipWriter.archive(
      [("0.weight.npy", array), ("1.weight.npy", array)], deflated: false)
    let reach = 2 * array.count + 42
    let entries = shared.count - 22 - 2 * (46 + 12)
    for place in [18, 22, entries + 20, entries + 24] {
      let size = (0..<4).map { UInt8(truncatingIfNeeded: reach >> (8 * $0)) }
      shared.replaceSubrange(place..<place + 4, with: size)
    }
    #expect(try fault(shared) == .zip(.overlap("0.weight.npy", "1.weight.npy")))
    // Two members, then one's directory entry made a copy of the other's.
    var twice = try ZipWriter.archive(
      [("0.weight.npy", array), ("1.weight.npy", array)], deflated: false)
    let entry = 46 + 12
    let directory = twice.count - 22 - 2 * entry
    twice.replaceSubrange(
      directory + entry..<directory + 2 * entry, with: twice[directory..<directory + entry])
    #expect(try fault(twice) == .duplicateName("0.weight.npy"))
    // Different names over the same bytes (Fifield's bomb): the local name differs.
    twice[directory + entry + 46] = 0x31
    #expect(try words(twice).contains("zip structure"))
    // Bytes of no member: the directory moved up by one.
    var hole = try archive([])
    let start = hole.count - 22 - entry
    hole.insert(0, at: start)
    hole[hole.count - 6] &+= 1
    #expect(try fault(hole) == .zip(.hole(offset: start)))
    // And in front of the first: a program, say, that the archive hangs on.
    var prefixed = [0] + (try archive([]))
    prefixed[prefixed.count - 6] &+= 1
    prefixed[start + 1 + 42] &+= 1
    try withFile(prefixed, named: ".npz") { path in
      let hole = ModelFileError(path: path, fault: .zip(.hole(offset: 0)))
      #expect(throws: hole) { try Npz.read(path: path) }
    }
  }

  @Test("bombs are refused before anything of their size is allocated")
  func bombs() throws {
    let zeros = [UInt8](repeating: 0, count: 80 << 20)
    let bomb = try ZipWriter.archive([("0.weight.npy", zeros)], deflated: true)
    #expect(bomb.count < 1 << 20)
    let limit = ZipDirectory.outputLimit(fileSize: bomb.count)
    #expect(try fault(bomb) == .zip(.outputLimit(claimed: 80 << 20, limit: limit)))
    // The same with sizes that lie: no more than they say is inflated.
    var liar = bomb
    let directory = liar.count - 22 - 46 - 12
    for place in [22, directory + 24] {
      liar.replaceSubrange(place..<place + 4, with: [100, 0, 0, 0])
    }
    #expect(try words(liar).contains("array \"0.weight\": no array of NumPy"))
    let many = try ZipWriter.archive(
      (0..<4097).map { ("\($0).weight.npy", [UInt8(0)]) }, deflated: false)
    #expect(try fault(many) == .zip(.memberLimit(found: 4097, limit: 4096)))
    let long = try archive([], String(repeating: "n", count: 1100) + ".npy")
    #expect(try fault(long) == .nameTooLong(limit: 1024))
  }

  @Test("a file that is cut short while it is read: an error, not a signal")
  func cutWhileReading() throws {
    try withFile([UInt8](repeating: 7, count: 8192), named: ".npz") { path in
      let file = try RegularFile(path: path)
      #expect(unsafe truncate(path, 100) == 0)
      #expect(throws: InputError.io(path: path, operation: "read", reason: "it was cut off at 100"))
      {
        try file.read(at: 0, count: 8192)
      }
    }
  }

  @Test("npy headers that are refused")
  func headers() throws {
    func file(_ header: String, version: UInt8 = 1, data: Int = 4, length: Int? = nil) -> [UInt8] {
      let count = length ?? header.utf8.count
      return [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(count & 255), UInt8(count >> 8)]
        + (version > 1 ? [0, 0] : []) + Array(header.utf8) + [UInt8](repeating: 0, count: data)
    }
    func decode(_ bytes: [UInt8]) -> ModelFileError.Fault? {
      do {
        _ = try Npy.decode(bytes, name: "a")
        return nil
      } catch { return error as? ModelFileError.Fault }
    }
    func fault(_ bytes: [UInt8]) -> NpyFault? {
      if case .npy(array: "a", let fault) = decode(bytes) { return fault }
      return nil
    }
    let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
    for version in UInt8(1)...3 { #expect(decode(file(good, version: version)) == nil) }
    #expect(decode(file("{\"shape\":(1,),'fortran_order':True,'descr':'<f4'} \n")) == nil)
    #expect(fault(Array("hello world".utf8)) == .magic(start: Array("hello ".utf8)))
    #expect(fault([]) == .magic(start: []))
    for version in [0, 4, 255] as [UInt8] {
      #expect(fault(file(good, version: version)) == .version(version, 0))
    }
    for (major, minor) in [(1, 1), (255, 255)] as [(UInt8, UInt8)] {
      var bytes = file(good, version: major)
      bytes[7] = minor
      #expect(fault(bytes) == .version(major, minor))
    }
    let whole = file(good)
    for length in whole.indices { #expect(fault(Array(whole.prefix(length))) != nil, "\(length)") }
    #expect(
      fault(file(good, length: 65_535)) == .headerTooLarge(found: 65_535, limit: 10_000))
    let start: [UInt8] = [0x93] + Array("NUMPY".utf8)
    #expect(
      fault(start + [2, 0, 255, 255, 255, 255])
        == .headerTooLarge(found: 4_294_967_295, limit: 10_000))
    #expect(fault(start + [2, 0, 255, 255]) == .truncated(need: 12, have: 10))
    #expect(fault(file(good, length: 9000)) == .truncated(need: 9010, have: 71))
    #expect(fault(file(good, data: 3)) == .truncated(need: 71, have: 70))
    #expect(fault(file(good, data: 5)) == .trailing(bytes: 1))
    let texts = [
      "__import__('os').system('true')", "", "{", "{'descr': '<f4'}",
      "{'descr': {'a': 1}, 'fortran_order': False, 'shape': (1,)}",
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
      "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': 'ab'}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1e3,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (\(String(repeating: "9", count: 30)),)}",
      good + "x", String(repeating: "(", count: 9000),
    ]
    for text in texts {
      let found = fault(file(text))
      guard case .header(let offset, let expected) = found else {
        Issue.record("\(text): \(String(describing: found))")
        continue
      }
      #expect(offset <= text.utf8.count && !expected.isEmpty)
    }
    // Types that are no weights are read over; they must be whole all the same.
    for (type, bytes) in [("|u1", 1), ("<U4", 16), ("<i4", 4), ("<c8", 8), ("|S3", 3)] {
      let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (1,)}"
      #expect(fault(file(header, data: bytes)) == .unsupportedType(type))
      let start = 10 + header.utf8.count
      #expect(
        fault(file(header, data: bytes - 1))
          == .truncated(need: start + bytes, have: start + bytes - 1))
      #expect(fault(file(header, data: bytes + 1)) == .trailing(bytes: 1))
    }
    for type in ["<M8[ns]", "=f4", "f4", "<f16", "<U99999999", "<q4"] {
      let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (1,)}"
      #expect(fault(file(header)) == .unsupportedType(type))
    }
    func shape(_ text: String) -> ModelFileError.Fault? {
      decode(file("{'descr': '<f4', 'fortran_order': False, 'shape': \(text)}"))
    }
    #expect(shape("()") == nil)
    #expect(shape("(1, 1, 1, 1, 1, 1, 1, 1, 1)") == .badShape(tensor: "a"))
    #expect(shape("(4294967296,)") == .badShape(tensor: "a"))
    #expect(shape("(2147483648, 2147483648, 4)") == .sizeOverflow(tensor: "a"))
    #expect(
      decode(file(good, data: 0) + [0, 0, 0x80, 0x7F])
        == .nonFiniteWeight(tensor: "a", index: 0, value: .infinity))
  }
}
