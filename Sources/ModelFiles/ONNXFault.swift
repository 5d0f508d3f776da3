/// What can be wrong with an ONNX model. Names from the file are shown escaped.
public enum ONNXFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// The bytes are no protocol buffer, or cut off.
  case notProtobuf(reason: String)
  /// Messages that take more memory than a model of the file's size can need: how many bytes those are.
  case memoryLimit(Int)
  /// The model has no graph, or no version of the format.
  case notAModel(missing: String)
  /// Operators of another version than those that are read.
  case unsupportedOpset(found: Int64, supported: ClosedRange<Int64>)
  /// Weights in another file, which is never opened: the tensors.
  case externalData([String])
  /// What a spiking network cannot be made of, all at once: operators, attributes, other things.
  case unsupported([String])
  /// The graph does not lead from one input through layers to one output.
  case graphStructure(String)
  /// A tensor's data is not what its dimensions and type say.
  case tensorMismatch(tensor: String, reason: String)

  /// What was found, where, and what was expected.
  public var description: String {
    switch self {
    case .notProtobuf(let reason): "no ONNX model: \(reason)"
    case .memoryLimit(let limit):
      "messages that take more than the limit of \(limit) bytes of memory"
    case .notAModel(let missing): "no ONNX model: it has no \(missing)"
    case .unsupportedOpset(let found, let supported):
      "operators of opset \(found), expected \(supported.lowerBound)...\(supported.upperBound)"
    case .externalData(let tensors):
      "weights in other files, which are never opened: "
        + tensors.map(shown).joined(separator: ", ")
        + "; export with the weights inside"
    case .unsupported(let what):
      "not a chain of Gemm, MatMul, Add, Relu and Flatten: " + what.joined(separator: "; ")
    case .graphStructure(let what): "graph structure: \(what)"
    case .tensorMismatch(let tensor, let reason): "tensor \(shown(tensor)): \(reason)"
    }
  }
}
