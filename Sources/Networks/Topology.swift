/// The forms of a network's layers 0...L; layer 0 is the input.
///
/// ```swift
/// import Networks
///
/// let topology: Topology = [784, 200, 200, 10]  // fully connected layers
/// print(topology, topology[1].count)  // 784-200-200-10 200
/// ```
///
/// In JSON a fully connected layer is its number of units, a map an object of its `Shape`.
public struct Topology: Hashable, Sendable, RandomAccessCollection {
  /// The forms of layers 0...L.
  public let shapes: [Shape]

  /// Layers of these forms.
  public init(_ shapes: [Shape]) { self.shapes = shapes }

  /// Fully connected layers, checked before anything of their size is allocated.
  ///
  /// - Parameter units: of layers 0...L.
  /// - Throws: `NetworkError` for fewer than two layers, a width outside
  ///   1...`NetworkWeights.maximumLayerWidth`, or more than `NetworkWeights.maximumParameters`
  ///   weights.
  public init(units: [Int]) throws(NetworkError) {
    guard units.count >= 2 else { throw .tooFewLayers(found: units.count) }
    for (layer, width) in units.enumerated()
    where width < 1 || width > NetworkWeights.maximumLayerWidth {
      throw .layerWidth(layer: layer, found: width)
    }
    shapes = units.map(Shape.init(units:))
    guard fullyConnectedWeights <= NetworkWeights.maximumParameters else {
      throw .networkTooLarge(
        parameters: fullyConnectedWeights, limit: NetworkWeights.maximumParameters)
    }
  }

  /// The units of layers 0...L.
  public var units: [Int] { shapes.map(\.count) }

  /// The weights where each layer is fully connected to the one before: `sum of n_(l-1) n_l`. Layers have at most
  /// 2^20 units: neither the products nor their sum can overflow.
  public var fullyConnectedWeights: Int {
    zip(shapes, shapes.dropFirst()).reduce(0) { $0 + $1.0.count * $1.1.count }
  }

  /// Units of hidden layers, 1...L - 1.
  public var hidden: [Int] { shapes.dropFirst().dropLast().map(\.count) }

  /// The last layer, L.
  public var depth: Int { shapes.count - 1 }

  /// The input, 0.
  public var startIndex: Int { shapes.startIndex }
  /// L + 1.
  public var endIndex: Int { shapes.endIndex }
  /// The form of a layer.
  public subscript(layer: Int) -> Shape { shapes[layer] }
}

extension Topology: ExpressibleByArrayLiteral {
  /// Fully connected layers of so many units.
  ///
  /// - Precondition: all are positive.
  public init(arrayLiteral units: Int...) { self.init(units.map(Shape.init(units:))) }
}

extension Topology: CustomStringConvertible {
  /// As people write it: `784-200-200-10`, a map as `28x28x1`.
  public var description: String { shapes.map(\.description).joined(separator: "-") }
}

extension Topology: Codable {
  /// Reads a list of numbers of units and of `Shape`s.
  ///
  /// - Throws: `DecodingError`, also for a layer without units, or of more than a layer may have.
  public init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    var shapes: [Shape] = []
    while !list.isAtEnd {
      if let units = try? list.decode(Int.self) {
        guard 1...NetworkWeights.maximumLayerWidth ~= units else {
          throw DecodingError.dataCorruptedError(
            in: list, debugDescription: "a layer of \(units) units")
        }
        shapes.append(Shape(units: units))
      } else {
        shapes.append(try list.decode(Shape.self))
      }
    }
    self.shapes = shapes
  }

  /// Writes the number of units of a fully connected layer, the `Shape` of a map.
  public func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    for shape in shapes {
      if shape.isMap { try list.encode(shape) } else { try list.encode(shape.count) }
    }
  }
}
