internal import SpikeKernels
internal import SpikingReLU

/// How often the patterns of blocks come, of spikes in the lowest binary place: four groups in a row are a block.
struct BlockPatterns {
  /// Of each block.
  let counts: [[UInt16: Int]]

  init(_ groups: [[Int]], _ trains: [SpikeTrain]) {
    var places: [Int: (block: Int, bit: UInt16)] = [:]
    for (index, group) in groups.enumerated() {
      for (bit, unit) in group.enumerated() {
        let place = index % SpikePatterns.groupsOfBlock
        places[unit] = (
          index / SpikePatterns.groupsOfBlock,
          1 << UInt16(SpikePatterns.largestGroup * place + bit)
        )
      }
    }
    var counts = Array(
      repeating: [UInt16: Int](), count: SpikePatterns.blocks(ofGroups: groups.count))
    var masks = [UInt16](repeating: 0, count: counts.count)
    for train in trains {
      for sign in [1, -1] {
        // A spike of an even count comes and goes: the lowest place of the count is its parity.
        for spike in train where spike.sign == sign {
          if let place = places[spike.unit] { masks[place.block] ^= place.bit }
        }
        for block in masks.indices where masks[block] != 0 {
          counts[block][masks[block], default: 0] += 1
          masks[block] = 0
        }
      }
    }
    self.counts = counts.map { counts in
      // A pattern of one group has its row already.
      counts.filter { pattern, _ in SpikePatterns.groups(ofPattern: pattern) > 1 }
    }
  }
}
