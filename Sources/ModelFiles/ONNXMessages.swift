internal import Foundation

// The messages of an ONNX model, as onnx.proto in CONNX declares them, but for the fields that are
// neither read nor written. A number or a text that is absent is 0 or empty, as in any protocol buffer.

/// A message of an ONNX model.
protocol ONNXMessage {
  init()
}

extension ONNXMessage {
  /// A message that `fill` has filled.
  static func with(_ fill: (inout Self) -> Void) -> Self {
    var message = Self()
    fill(&message)
    return message
  }
}

struct ONNXModelProto: ONNXMessage {
  var irVersion: Int64 = 0
  var producerName = ""
  var graph: ONNXGraphProto?
  var opsetImport: [ONNXOperatorSetIdProto] = []
  var metadataProps: [ONNXStringStringEntryProto] = []
  var trainingInfo: [Data] = []
  var functions: [ONNXFunctionProto] = []
}

struct ONNXOperatorSetIdProto: ONNXMessage {
  var domain = ""
  var version: Int64 = 0
}

struct ONNXStringStringEntryProto: ONNXMessage {
  var key = ""
  var value = ""
}

struct ONNXGraphProto: ONNXMessage {
  var node: [ONNXNodeProto] = []
  var name = ""
  var initializer: [ONNXTensorProto] = []
  var input: [ONNXValueInfoProto] = []
  var output: [ONNXValueInfoProto] = []
  var sparseInitializer: [Data] = []
}

struct ONNXNodeProto: ONNXMessage {
  var input: [String] = []
  var output: [String] = []
  var name = ""
  var opType = ""
  var attribute: [ONNXAttributeProto] = []
  var domain = ""
  var overload = ""
}

/// An operator that the model defines by others.
struct ONNXFunctionProto: ONNXMessage {
  var name = ""
  var input: [String] = []
  var output: [String] = []
  var attribute: [String] = []
  /// Attributes with what they are where a call does not say it.
  var attributeProto: [ONNXAttributeProto] = []
  var node: [ONNXNodeProto] = []
  var opsetImport: [ONNXOperatorSetIdProto] = []
  var domain = ""
  var overload = ""
}

struct ONNXAttributeProto: ONNXMessage {
  var name = ""
  var refAttrName = ""
  var type: Int32 = 0
  var f: Float?
  var i: Int64?
  var s = Data()
  var t: ONNXTensorProto?
  var floats: [Float] = []
  var ints: [Int64] = []
  var strings: [Data] = []
}

struct ONNXTensorProto: ONNXMessage {
  var dims: [Int64] = []
  var dataType: Int32 = 0
  var hasSegment = false
  var floatData: [Float] = []
  var int32Data: [Int32] = []
  var stringData: [Data] = []
  var int64Data: [Int64] = []
  var name = ""
  var rawData = Data()
  var doubleData: [Double] = []
  var uint64Data: [UInt64] = []
  var externalData: [ONNXStringStringEntryProto] = []
  var dataLocation: Int32 = 0
}

/// An input or output of the graph: its name, and of its type what a tensor has.
struct ONNXValueInfoProto: ONNXMessage {
  var name = ""
  var elemType: Int32 = 0
  var shape: [ONNXDimension] = []
}

enum ONNXDimension {
  /// So many.
  case value(Int64)
  /// As many as elsewhere where this name stands.
  case parameter(String)
}
