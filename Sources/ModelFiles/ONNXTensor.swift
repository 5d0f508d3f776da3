internal import Files
internal import Foundation

extension NamedTensor {
  /// An initializer as Floats.
  ///
  /// - Throws: `ONNXFault.tensorMismatch`, `ModelFileError.Fault.unsupportedDType` and the like.
  init(_ tensor: ONNXTensorProto) throws {
    let name = tensor.name
    func mismatch(_ reason: String) -> ONNXFault { .tensorMismatch(tensor: name, reason: reason) }
    let shape = tensor.dims.map(Int.init)
    let count = try elementCount(of: shape, tensor: name)
    let types: [Int32: ElementType] = [1: .f32, 10: .f16, 11: .f64, 16: .bf16]
    guard let type = types[tensor.dataType] else {
      throw ModelFileError.Fault.unsupportedDType(
        tensor: name, found: "number \(tensor.dataType) of ONNX")
    }
    let typed = tensor.floatData.count + tensor.doubleData.count + tensor.int32Data.count
    let others = tensor.int64Data.count + tensor.uint64Data.count + tensor.stringData.count
    guard others == 0, !tensor.hasSegment else {
      throw mismatch("data of another type than its own")
    }
    guard typed == 0 || tensor.rawData.isEmpty else {
      throw mismatch("data twice: raw_data and one of its type")
    }
    let elements: [Float]
    if typed == 0 {
      guard tensor.rawData.count == count * type.bytes else {
        throw mismatch("\(tensor.rawData.count) bytes, expected \(count * type.bytes)")
      }
      var next = tensor.rawData.startIndex
      elements = try type.elements(count: count, tensor: name) { bytes in
        defer { next += bytes }
        return Array(tensor.rawData[next..<next + bytes])
      }
    } else {
      let values: [Double] =
        switch type {
        case .f32: tensor.floatData.map(Double.init)
        case .f64: tensor.doubleData
        case .f16, .bf16: []
        }
      if values.isEmpty, type.bytes == 2, tensor.int32Data.count == typed {
        // Halves, each in the low bits of an integer.
        let bytes = tensor.int32Data.flatMap {
          [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
        }
        elements = try type.elements(of: bytes, tensor: name)
      } else {
        guard values.count == typed else { throw mismatch("data of another type than its own") }
        elements = try ElementType.floats(values, tensor: name)
      }
      guard elements.count == count else {
        throw mismatch("\(elements.count) elements, expected \(count)")
      }
    }
    self.init(name: name, shape: shape, fileType: type.rawValue, elements: elements)
  }
}
