/// A tensor of a file of weights, converted to Float.
public struct NamedTensor: Equatable, Sendable {
  /// Its name.
  public let name: String
  /// Its dimensions, slowest first.
  public let shape: [Int]
  /// What its numbers were in the file, in the words of safetensors: F64, F32, F16, BF16.
  public let fileType: String
  /// Its elements in row-major order, all finite.
  public let elements: [Float]

  /// A tensor.
  ///
  /// - Precondition: as many elements as the shape says.
  public init(name: String, shape: [Int], fileType: String = "F32", elements: [Float]) {
    precondition(shape.reduce(1, *) == elements.count, "\(elements.count) for \(shape)")
    self.name = name
    self.shape = shape
    self.fileType = fileType
    self.elements = elements
  }
}
