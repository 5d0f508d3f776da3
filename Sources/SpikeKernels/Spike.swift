/// One signed spike: an event of unit `unit`, of sign `sign`.
public struct Spike: Hashable, Sendable {
  /// The unit that fired, counted from 0 in its layer.
  public let unit: Int
  /// +1 or -1.
  public let sign: Int

  /// A spike of the given unit and sign.
  ///
  /// - Precondition: `0 <= unit < 2^31` and `sign` is +1 or -1.
  @inlinable
  public init(unit: Int, sign: Int) {
    precondition(unit >= 0 && unit <= Int(Int32.max), "a spike of unit \(unit)")
    precondition(sign == 1 || sign == -1, "a spike of sign \(sign): it must be +1 or -1")
    self.unit = unit
    self.sign = sign
  }

  /// The code that the kernels read: `unit` for +1, `~unit` for -1.
  @inlinable
  init(code: Int32) {
    unit = Int(code >= 0 ? code : ~code)
    sign = code >= 0 ? 1 : -1
  }

  @inlinable var code: Int32 { sign > 0 ? Int32(unit) : ~Int32(unit) }
}

/// The spikes of one layer in one time step, in the order in which they were sent.
///
/// Four bytes a spike. The memory is kept when the train is emptied, so that a network which has
/// run for a while allocates no more.
public struct SpikeTrain: Sendable, RandomAccessCollection, Equatable {
  /// The codes of the spikes; those from `count` on are free room.
  @usableFromInline var codes: [Int32] = []
  /// The number of spikes.
  @inlinable public var count: Int { used }
  /// As a stored property that inlined code may set.
  @usableFromInline var used = 0

  /// An empty train.
  @inlinable public init() {}

  /// A train of the given spikes.
  public init(_ spikes: some Sequence<Spike>) {
    for spike in spikes { append(spike) }
  }

  /// The position of the first spike.
  @inlinable public var startIndex: Int { 0 }
  /// The position after the last spike.
  @inlinable public var endIndex: Int { count }

  /// The spike at `position`.
  ///
  /// - Precondition: `0 <= position < count`.
  @inlinable
  public subscript(position: Int) -> Spike {
    precondition(position >= 0 && position < count, "spike \(position) of \(count)")
    return Spike(code: codes[position])
  }

  /// Adds a spike at the end.
  @inlinable
  public mutating func append(_ spike: Spike) {
    reserve(1)
    codes[count] = spike.code
    used += 1
  }

  /// Empties the train and keeps its memory.
  @inlinable public mutating func removeAll() { used = 0 }

  /// Gives the spikes of unit i, from place `start` on, to unit `units[i]`, as for a list of the units
  /// that are not at rest.
  mutating func renumber(from start: Int, by units: [Int32]) {
    for index in start..<count {
      let code = codes[index]
      codes[index] = code >= 0 ? units[Int(code)] : ~units[Int(~code)]
    }
  }

  /// Adds the spikes of a range of another train.
  public mutating func append(_ other: SpikeTrain, range: Range<Int>) {
    precondition(range.upperBound <= other.count, "spikes \(range) of \(other.count)")
    reserve(range.count)
    codes.replaceSubrange(count..<(count + range.count), with: other.codes[range])
    used += range.count
  }

  /// Adds the spikes of another train, each of unit i as one of unit `i + shift`.
  mutating func append(_ other: SpikeTrain, shiftedBy shift: Int) {
    reserve(other.count)
    for place in 0..<other.count {
      let code = other.codes[place]
      codes[count + place] = code >= 0 ? code + Int32(shift) : code - Int32(shift)
    }
    used += other.count
  }

  /// The net spikes of each unit: what is added is the same where the order does not matter.
  ///
  /// - Complexity: O(n log n).
  public var net: SpikeTrain {
    var counts: [Int: Int] = [:]
    for spike in self { counts[spike.unit, default: 0] += spike.sign }
    var train = SpikeTrain()
    for (unit, count) in counts.sorted(by: { $0.key < $1.key }) {
      let spike = Spike(unit: unit, sign: count > 0 ? 1 : -1)
      for _ in 0..<count.magnitude { train.append(spike) }
    }
    return train
  }

  /// Makes room for `additional` more spikes, at least doubling when memory is needed.
  @inlinable
  mutating func reserve(_ additional: Int) {
    guard codes.count - count < additional else { return }
    let grown = Swift.max(count + additional, 2 * codes.count, 64)
    codes.append(contentsOf: repeatElement(0, count: grown - codes.count))
  }

  /// Whether both trains hold the same spikes in the same order.
  public static func == (left: SpikeTrain, right: SpikeTrain) -> Bool {
    left.codes[..<left.count] == right.codes[..<right.count]
  }
}
