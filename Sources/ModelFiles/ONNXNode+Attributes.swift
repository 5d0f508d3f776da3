internal import Foundation

extension ONNXNodeProto {
  /// How the node is named in messages.
  var label: String {
    let name = name.isEmpty ? output.first ?? "" : name
    return "\(opType.isEmpty ? "a node without type" : opType) \(shown(name))"
  }

  /// A standard operator's name, or with its domain.
  var operation: String {
    ["", "ai.onnx"].contains(domain) ? opType : "\(domain).\(opType)"
  }

  func attribute(_ name: String) -> ONNXAttributeProto? { attribute.first { $0.name == name } }

  func integer(_ name: String, _ otherwise: Int) -> Int {
    attribute(name)?.i.map { Int($0) } ?? otherwise
  }

  func real(_ name: String, _ otherwise: Float) -> Float { attribute(name)?.f ?? otherwise }

  func integers(_ name: String) -> [Int]? { attribute(name).map { $0.ints.map { Int($0) } } }

  func word(_ name: String) -> String? {
    attribute(name).map { String(decoding: $0.s, as: UTF8.self) }
  }

  /// An attribute's value as it is shown in messages.
  func shownAttribute(_ name: String) -> String {
    guard let found = attribute(name) else { return "" }
    let value =
      found.f.map { "\($0)" } ?? found.i.map { "\($0)" }
      ?? (found.s.isEmpty ? "?" : String(decoding: found.s, as: UTF8.self))
    return "\(label) with \(name.debugDescription) = \(value)"
  }
}
