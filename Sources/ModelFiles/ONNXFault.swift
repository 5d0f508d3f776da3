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
  /// A tensor's data is in another file, which is not read.
  case externalData(tensor: String, reason: String)
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
    case .externalData(let tensor, let reason): "tensor \(shown(tensor)): its data is \(reason)"
    case .unsupported(let what):
      "no chain of linear layers and ReLUs: " + what.joined(separator: "; ")
    case .graphStructure(let what): "graph structure: \(what)"
    case .tensorMismatch(let tensor, let reason): "tensor \(shown(tensor)): \(reason)"
    }
  }
}
