internal import Files
internal import Foundation

/// A tensor of an ONNX graph that does not depend on the input.
struct ONNXConstant {
  /// In place of a whole number: as many as images are shown at once.
  static let batch = Int.min

  enum Elements {
    case floats([Float])
    /// Whole numbers and truth values; a size may be `batch`.
    case integers([Int])
    /// Texts, and types that no weight has: only whether they are used matters.
    case other(String)
  }

  var dims: [Int]
  var elements: Elements
  /// What its numbers were in the file.
  var fileType = "F32"

  init(dims: [Int], _ elements: Elements, fileType: String = "F32") {
    (self.dims, self.elements, self.fileType) = (dims, elements, fileType)
  }

  init(_ integers: [Int]) { self.init(dims: [integers.count], .integers(integers)) }

  /// A tensor of a file.
  ///
  /// - Throws: `ONNXFault.tensorMismatch`, `ModelFileError.Fault`.
  init(_ tensor: ONNXTensorProto) throws {
    switch tensor.dataType {
    case 1 where tensor.dims.allSatisfy({ $0 == 1 }) && tensor.rawData.count == 4:
      // A limit of Clip may be infinite; a weight that is not finite is seen where it becomes one.
      let bits = tensor.rawData.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      self.init(dims: tensor.dims.map(Int.init), .floats([Float(bitPattern: bits)]))
    case 1, 10, 11, 16:
      let named = try NamedTensor(tensor)
      self.init(dims: named.shape, .floats(named.elements), fileType: named.fileType)
    case 2, 3, 6, 7, 9:
      let dims = tensor.dims.map(Int.init)
      let count = try elementCount(of: dims, tensor: tensor.name)
      self.init(dims: dims, .integers(try Self.integers(tensor, count: count)))
    default:
      self.init(dims: tensor.dims.map(Int.init), .other("number \(tensor.dataType) of ONNX"))
    }
  }

  /// Numbers of 8, 32 and 64 bits, as bytes or in a field of their type.
  private static func integers(_ tensor: ONNXTensorProto, count: Int) throws -> [Int] {
    let widths: [Int32: Int] = [2: 1, 3: 1, 6: 4, 7: 8, 9: 1]
    let bytes = widths[tensor.dataType]!
    var values =
      tensor.dataType == 7 ? tensor.int64Data.map { Int($0) } : tensor.int32Data.map { Int($0) }
    if values.isEmpty, tensor.rawData.count == count * bytes {
      let data = Array(tensor.rawData)
      values = (0..<count).map { index in
        var number: UInt64 = 0
        for byte in (0..<bytes).reversed() {
          number = number << 8 | UInt64(data[index * bytes + byte])
        }
        switch tensor.dataType {
        case 2, 9: return Int(number)
        case 3: return Int(Int8(truncatingIfNeeded: number))
        case 6: return Int(Int32(truncatingIfNeeded: number))
        default: return Int(Int64(bitPattern: number))
        }
      }
    }
    guard values.count == count else {
      throw ONNXFault.tensorMismatch(
        tensor: tensor.name, reason: "\(values.count) elements, expected \(count)")
    }
    return values
  }

  var count: Int { dims.reduce(1, *) }

  /// The numbers, where they are real.
  var floats: [Float]? {
    if case .floats(let values) = elements { return values }
    return nil
  }

  /// The numbers, where they are whole; reals that are whole, too.
  var integers: [Int]? {
    switch elements {
    case .integers(let values): values
    case .floats(let values):
      values.allSatisfy { $0.magnitude < 0x1p24 && $0 == $0.rounded() }
        ? values.map { Int($0) } : nil
    case .other: nil
    }
  }

  /// The numbers for arithmetic.
  var doubles: [Double]? {
    switch elements {
    case .floats(let values): values.map(Double.init)
    case .integers(let values): values.contains(Self.batch) ? nil : values.map(Double.init)
    case .other: nil
    }
  }

  /// The one number of a tensor of one.
  var scalar: Double? { count == 1 ? doubles?.first : nil }

  /// Its numbers for each element of a larger shape, as NumPy broadcasts; `nil` where it does not fit.
  func broadcast(to target: [Int]) -> [Double]? {
    guard let values = doubles, dims.count <= target.count else { return nil }
    let padded = Array(repeating: 1, count: target.count - dims.count) + dims
    var strides = Array(repeating: 0, count: target.count)
    var step = 1
    for axis in target.indices.reversed() {
      guard padded[axis] == 1 || padded[axis] == target[axis] else { return nil }
      strides[axis] = padded[axis] == 1 ? 0 : step
      step *= padded[axis]
    }
    guard !target.contains(where: { $0 < 1 }), !values.isEmpty else { return nil }
    return Self.indices(of: target, strides: strides).map { values[$0] }
  }

  /// With its axes in another order.
  func transposed(_ order: [Int]) -> ONNXConstant? {
    guard order.sorted() == Array(dims.indices), !dims.contains(0) else { return nil }
    let places = Self.places(of: dims, in: order)
    var result = self
    result.dims = order.map { dims[$0] }
    switch elements {
    case .floats(let values): result.elements = .floats(places.map { values[$0] })
    case .integers(let values): result.elements = .integers(places.map { values[$0] })
    case .other: break
    }
    return result
  }

  /// Of each element of a transposed tensor, where it was.
  static func places(of dims: [Int], in order: [Int]) -> [Int] {
    var strides = Array(repeating: 1, count: dims.count)
    for axis in dims.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * dims[axis + 1]
    }
    return indices(of: order.map { dims[$0] }, strides: order.map { strides[$0] })
  }

  /// Row by row, the sum of index times stride.
  private static func indices(of dims: [Int], strides: [Int]) -> [Int] {
    var indices = [0]
    for (size, stride) in zip(dims, strides) {
      indices = indices.flatMap { base in (0..<size).map { base + $0 * stride } }
    }
    return indices
  }
}
