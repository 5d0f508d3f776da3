/// The inputs of an example that are not 0, and their units: nothing else can fire, so that nothing
/// else is looked at in a step.
public struct ActiveInput<Scalar: PotentialScalar>: Sendable {
  /// The values, in order of units; those from `count` on are free room.
  var values: [Scalar] = []
  /// Their units.
  var units: [Int32] = []
  /// How many there are.
  public internal(set) var count = 0

  /// No input.
  public init() {}

  /// The value of the active input at `index`.
  public func value(_ index: Int) -> Scalar { values[index] }
  /// The unit of the active input at `index`.
  public func unit(_ index: Int) -> Int { Int(units[index]) }

  /// Adds a value.
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
