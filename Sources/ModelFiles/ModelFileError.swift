/// A file of weights that was refused.
public struct ModelFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What is wrong with it.
  public let fault: Fault

  /// A fault of a file.
  public init(path: String, fault: Fault) {
    self.path = path
    self.fault = fault
  }

  /// The file, the place, what was found and what was expected.
  public var description: String { "\(path): \(fault)" }

  /// Runs `body`, and names the file in what it refuses.
  static func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let fault as Fault {
      throw ModelFileError(path: path, fault: fault)
    } catch let fault as ZipFault {
      throw ModelFileError(path: path, fault: .zip(fault))
    } catch let fault as ONNXFault {
      throw ModelFileError(path: path, fault: .onnx(fault))
    }
  }

  /// What can be wrong with a file of weights. Names from the file are shown escaped.
  public enum Fault: Error, Equatable, Sendable {
    /// Fewer than 8 bytes, or a header too short to be an object.
    case headerTooSmall(found: Int)
    /// A header longer than the limit.
    case headerTooLarge(found: UInt64, limit: Int)
    /// The header would go on after the end of the file.
    case headerPastEnd(end: Int, size: Int)
    /// The header is not UTF-8 from this byte on.
    case headerNotUTF8(offset: Int)
    /// The header is not JSON, or nests too deeply.
    case headerNotJSON(offset: Int, expected: String)
    /// The header is JSON, but no object.
    case headerNotObject
    /// Two entries of one name.
    case duplicateName(String)
    /// An entry of `__metadata__` is no string.
    case metadataNotString(String)
    /// An entry misses a field, has another, or one of another type.
    case badField(tensor: String, field: String, expected: String)
    /// A data type that the format does not have.
    case unknownDType(tensor: String, found: String)
    /// A data type that does not become Float.
    case unsupportedDType(tensor: String, found: String)
    /// A shape with more than 8 dimensions, or one that is no whole number in 0...2^31.
    case badShape(tensor: String)
    /// The product of the shape is beyond the limit.
    case sizeOverflow(tensor: String)
    /// Offsets that are no whole numbers, or an end before its begin.
    case invalidOffset(tensor: String)
    /// The offsets hold another number of bytes than the shape needs.
    case sizeMismatch(tensor: String, need: Int, have: Int)
    /// Two tensors share bytes.
    case overlap(String, String)
    /// Bytes of no tensor.
    case hole(offset: Int)
    /// A tensor ends after the end of the file.
    case pastEnd(tensor: String, end: Int, size: Int)
    /// Bytes after the last tensor.
    case trailingData(bytes: Int)
    /// More tensors than the limit.
    case tooManyTensors(limit: Int)
    /// A name longer than the limit.
    case nameTooLong(limit: Int)
    /// The data is not what was written: its checksum differs.
    case checksum(found: UInt32, expected: UInt32)
    /// A value that is NaN, infinite, or too large for a Float.
    case nonFiniteWeight(tensor: String, index: Int, value: Double)
    /// The tensors are not those of a network, or of another one: all differences.
    case modelMismatch([String])
    /// An entry of the metadata is not what it should be.
    case badMetadata(name: String, reason: String)
    /// The file is larger than any network that is read.
    case fileTooLarge(found: Int, limit: Int)
    /// The file is of no format that is read; its first bytes.
    case unknownFormat(start: [UInt8])
    /// Numbers for preprocessing that are neither one, nor one a channel or input.
    case preprocessing(option: String, found: Int, inputs: Int)
    /// A file of a kind that is not read: what it is, and what makes one that is.
    case otherKind(String, advice: String)
    /// A part of a network whose other parts are in other files.
    case shard(index: String)
    /// A file that an index names and that is not plainly beside it, or does not hold what the index says.
    case badShard(String, reason: String)
    /// A Python pickle, as `torch.save` writes: it could only be read by executing it.
    case pickle
    /// A zip archive that is refused.
    case zip(ZipFault)
    /// An array of NumPy that is refused.
    case npy(array: String, NpyFault)
    /// An ONNX model that is refused.
    case onnx(ONNXFault)
  }
}

extension ModelFileError.Fault: CustomStringConvertible {
  /// What was found, where, and what was expected.
  public var description: String {
    return switch self {
    case .headerTooSmall(let found): "the safetensors header needs 8 bytes and {}, found \(found)"
    case .headerTooLarge(let found, let limit):
      "a header of \(found) bytes, more than the limit of \(limit)"
    case .headerPastEnd(let end, let size):
      "the header would end at byte \(end), the file at \(size)"
    case .headerNotUTF8(let offset): "the header is not UTF-8 at byte \(offset)"
    case .headerNotJSON(let offset, let expected):
      "the header is not JSON at byte \(offset): expected \(expected)"
    case .headerNotObject: "the header is JSON, but no object"
    case .badMetadata(let name, let reason):
      "the entry \(shown(name)) of the metadata is damaged: \(reason)"
    case .duplicateName(let name): "the header has \(shown(name)) twice"
    case .metadataNotString(let name): "__metadata__, \(shown(name)): expected a string"
    case .badField(let tensor, let field, let expected):
      "tensor \(shown(tensor)), \(shown(field)): expected \(expected)"
    case .unknownDType(let tensor, let found):
      "tensor \(shown(tensor)): unknown data type \(shown(found))"
    case .unsupportedDType(let tensor, let found):
      "tensor \(shown(tensor)): data type \(found); weights must be F32, F64, F16 or BF16"
    case .badShape(let tensor):
      "tensor \(shown(tensor)): its shape must be at most 8 whole numbers in 0...2^31"
    case .sizeOverflow(let tensor): "tensor \(shown(tensor)): its shape is too large"
    case .invalidOffset(let tensor):
      "tensor \(shown(tensor)): data_offsets must be two whole numbers, begin <= end"
    case .sizeMismatch(let tensor, let need, let have):
      "tensor \(shown(tensor)): its shape needs \(need) bytes, its offsets hold \(have)"
    case .overlap(let first, let second):
      "tensors \(shown(first)) and \(shown(second)) overlap"
    case .hole(let offset): "bytes of no tensor from data offset \(offset)"
    case .pastEnd(let tensor, let end, let size):
      "tensor \(shown(tensor)) ends at data byte \(end), the data at \(size)"
    case .trailingData(let bytes): "\(bytes) bytes after the last tensor"
    case .tooManyTensors(let limit): "more than \(limit) tensors"
    case .nameTooLong(let limit): "a tensor name of more than \(limit) bytes"
    case .checksum(let found, let expected):
      "the data is damaged: CRC-32 \(String(found, radix: 16)), "
        + "expected \(String(expected, radix: 16))"
    case .nonFiniteWeight(let tensor, let index, let value):
      "tensor \(shown(tensor)), element \(index): found \(value), expected a finite Float"
    case .modelMismatch(let differences):
      "not the network that is wanted: " + differences.joined(separator: "; ")
    case .fileTooLarge(let found, let limit): "\(found) bytes, more than the limit of \(limit)"
    case .unknownFormat(let start):
      "no safetensors, npz or ONNX file: it starts with "
        + start.hexadecimal
    case .preprocessing(let option, let found, let inputs):
      "\(option) has \(found) numbers, expected 1, or a divisor of the \(inputs) inputs: one a channel"
    case .otherKind(let kind, let advice): "\(kind), which is not read: \(advice)"
    case .shard(let index):
      "a part of a network only: give its index, \(shown(index)), which names all parts"
    case .badShard(let name, let reason): "the part \(shown(name)): \(reason)"
    case .pickle:
      "a pickle of Python, as torch.save writes: it could only be read by executing it. "
        + "safetensors.torch.save_file(model.state_dict(), \"net.safetensors\") writes one that is read"
    case .zip(let fault): fault.description
    case .npy(let array, let fault): "array \(shown(array)): \(fault)"
    case .onnx(let fault): fault.description
    }
  }
}
