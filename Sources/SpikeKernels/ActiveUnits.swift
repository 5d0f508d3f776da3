/// The units of a layer that are not at rest, with a value each: inputs that are not 0, the others
/// cannot fire; or inputs with a positive count, the others take part in no update. Nothing else is
/// looked at.
public struct ActiveUnits<Scalar: PotentialScalar>: Sendable {
  /// The values, in order of units; those from `count` on are free room.
  var values: [Scalar] = []
  /// Their units.
  var units: [Int32] = []
  /// How many there are.
  public internal(set) var count = 0

  /// None.
  public init() {}

  /// The value at `index`.
  public func value(_ index: Int) -> Scalar { values[index] }
  /// The unit at `index`.
  public func unit(_ index: Int) -> Int { Int(units[index]) }

  /// The highest unit, -1 if there is none: they are in order.
  var highest: Int { count == 0 ? -1 : Int(units[count - 1]) }

  /// Adds a value, of a unit above those that are there.
  mutating func append(_ value: Scalar, unit: Int32) {
    values[count] = value
    units[count] = unit
    count += 1
  }

  /// Empties it, with room for `capacity` values.
  mutating func reserve(_ capacity: Int) {
    if values.count < capacity {
      values = Array(repeating: .zero, count: capacity)
      units = Array(repeating: 0, count: capacity)
    }
    count = 0
  }

  func withUnsafeBufferPointers<Result>(
    _ body: (UnsafeBufferPointer<Scalar>, UnsafeBufferPointer<Int32>) -> Result
  ) -> Result {
    unsafe values.withUnsafeBufferPointer { values in
      unsafe units.withUnsafeBufferPointer { units in unsafe body(values, units) }
    }
  }
}
