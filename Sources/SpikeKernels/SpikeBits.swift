internal import CSpikeKernels

/// The spikes of a step as bits of counts, up to 31 of a unit: what comparisons of potentials with thresholds yield
/// anyway.
public struct SpikeBits: Sendable {
  /// Blocks of 16 units.
  public let blocks: Int
  /// Of binary place p and block b, at `p * blocks + b`, the units 16 b + i: bit i for those that send +.
  public internal(set) var positive: [UInt16]
  /// The same for those that send -.
  public internal(set) var negative: [UInt16]
  /// Binary places that are set.
  public internal(set) var places = 0
  /// How many spikes they are.
  public internal(set) var count = 0
  /// How many of them are -.
  public internal(set) var negatives = 0

  /// The most spikes of a unit.
  static var mostOfUnit: Int { 1 << Int(CSK_BIT_PLACES) - 1 }

  /// No spikes of so many blocks of 16 units.
  public init(blocks: Int) {
    self.blocks = blocks
    positive = Array(repeating: 0, count: Int(CSK_BIT_PLACES) * blocks)
    negative = positive
  }

  /// The spikes in the order of units.
  public var train: SpikeTrain {
    var train = SpikeTrain()
    for unit in 0..<16 * blocks {
      for (bits, sign) in [(positive, 1), (negative, -1)] {
        for place in 0..<places
        where bits[place * blocks + unit / 16] >> UInt16(unit % 16) & 1 == 1 {
          for _ in 0..<1 << place { train.append(Spike(unit: unit, sign: sign)) }
        }
      }
    }
    return train
  }
}
