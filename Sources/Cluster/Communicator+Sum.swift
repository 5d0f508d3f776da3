extension Communicator {
  /// The sum of arrays, some of each rank, times a factor; for all. Collective.
  ///
  /// Each rank adds up its segment of all arrays, in Double, in the order of ranks and of arrays within a
  /// rank, rounds once, and gives it to the others. MPI's own reduction may add in any order: the result
  /// would depend on the number of processes, on the implementation and on the network.
  ///
  /// ```
  /// sum[i] = Float(factor * (x_0[i] + x_1[i] + ... ))
  /// ```
  ///
  /// - Parameters:
  ///   - arrays: of this rank; may be none.
  ///   - counts: how many arrays each rank has, the same on every rank; one at least in all.
  ///   - length: of each array.
  /// - Complexity: a rank receives `(arrays of others) * length / size` and `length * (size - 1) / size`
  ///   Floats, in `2 (size - 1)` messages.
  public func orderedSum(
    _ arrays: [[Float]], counts: [Int], length: Int, times factor: Double
  ) throws(ClusterError) -> [Float] {
    precondition(
      counts.count == size && counts[rank] == arrays.count
        && arrays.allSatisfy { $0.count == length }, "arrays of other counts")
    let total = counts.reduce(0, +)
    precondition(total > 0, "a sum of no array")
    var sum: [Float] = []
    // Blocks, so that no call of a rank carries more than 2^28 bytes either way, however many arrays there are.
    let most = max(1, (1 << 26) / max(counts.max() ?? 1, (total + size - 1) / size))
    for start in stride(from: 0, to: length, by: most) {
      let block = start..<min(start + most, length)
      let lengths = (0..<size).map { segment(of: block.count, rank: $0).count }
      var outgoing: [Float] = []
      if arrays.count == 1, block.count == length {
        outgoing = arrays[0]
      } else {
        outgoing.reserveCapacity(arrays.count * block.count)
        for target in 0..<size {
          let part = segment(of: block.count, rank: target)
          for array in arrays {
            outgoing +=
              array[block.lowerBound + part.lowerBound..<block.lowerBound + part.upperBound]
          }
        }
      }
      let mine = lengths[rank]
      let incoming = try allToAll(
        outgoing, sending: lengths.map { $0 * arrays.count }, receiving: counts.map { $0 * mine })
      let part = try allGather(
        Self.sum(incoming, arrays: total, length: mine, factor), counts: lengths)
      if block.count == length { return part }
      sum += part
    }
    return sum
  }

  /// Adds arrays that stand one after the other.
  private static func sum(
    _ values: [Float], arrays: Int, length: Int, _ factor: Double
  ) -> [Float] {
    let values = values.span
    return (0..<length).map { index in
      // Not from 0: a sum of -0 alone is -0.
      var sum = Double(values[index])
      for array in 1..<arrays { sum += Double(values[array * length + index]) }
      return Float(sum * factor)
    }
  }

  /// The part of `count` things that a rank has: contiguous, in the order of ranks, as equal as they can
  /// be, in whole blocks of `block`.
  public func segment(of count: Int, rank: Int, block: Int = 1) -> Range<Int> {
    let blocks = (count + block - 1) / block
    let bound = { (rank: Int) in min(blocks * rank / size * block, count) }
    return bound(rank)..<bound(rank + 1)
  }
}
