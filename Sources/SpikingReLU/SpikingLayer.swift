internal import Networks
internal import SpikeKernels

/// A layer of a spiking network, as a value: what feeds it, its neurons, and what is kept of them.
struct SpikingLayer<Scalar: SpikeScalar>: Sendable {
  /// The form of its units; a fully connected layer is 1 x 1 x n.
  let shape: Shape
  /// The layers whose spikes arrive, in order: in a chain the one below; none for the input.
  let feeders: [Int]
  /// Through which spikes arrive.
  var connection: Connection<Scalar>
  /// Rule, potentials, sums, spikes and ledger entry.
  var neurons: Neurons<Scalar>
  /// The places of the units among the neurons' numbers; `nil` where each is at its own.
  let slots: PatternSlots?
  /// The sums of the connection's rows, where spikes are added by patterns.
  let patterns: PatternTable<Scalar>?
  /// The rows of patterns in the last step, where there is a table of them.
  var patternRows = PatternRows()
  /// Net spikes of each unit since the example began; empty where they are not kept.
  var counts: AlignedArray<Int32>
  /// What NeuroBench's view counts, where activity is recorded.
  var activity: LayerActivity?

  /// What it sent in the last feed, in order.
  var spikes: SpikeTrain {
    guard let slots else { return neurons.spikes }
    return slots.spikes(of: neurons.sendsBits ? neurons.bits!.train : neurons.spikes)
  }

  /// Starts an example.
  mutating func begin(_ generator: inout SeededGenerator) {
    neurons.begin(&generator)
    clearCounts()
  }

  /// Sets counts to 0, where they are kept.
  mutating func clearCounts() {
    if counts.count > 0 { counts.fill(with: 0) }
  }

  /// Feeds what the layers below sent; see `Neurons.feed`.
  @inline(__always)
  mutating func feed(
    _ spikes: SpikeTrain, steps: Int, _ context: inout FeedContext<Scalar>
  ) throws(KernelError) {
    if let patterns {
      patternRows.take(spikes, by: patterns.index, using: context.instructionSet)
      return try neurons.feed(
        patternRows.train(ownPlaces: patterns.places, by: patterns.index),
        through: patterns.connection, steps: steps, &context)
    }
    try neurons.feed(spikes, through: connection, steps: steps, &context)
  }

  /// Adds what the layers below sent to the sums alone; see `Neurons.add`.
  mutating func add(_ spikes: SpikeTrain, _ context: FeedContext<Scalar>) {
    if let patterns {
      patternRows.take(spikes, by: patterns.index, using: context.instructionSet)
      return neurons.add(
        patternRows.train(ownPlaces: patterns.places, by: patterns.index),
        through: patterns.connection, context)
    }
    neurons.add(spikes, through: connection, context)
  }

  /// Counts the spikes of the last feed, where counts are kept.
  mutating func count(_ instructionSet: InstructionSet) {
    if counts.count > 0 {
      KernelTable<Int32>(instructionSet).count(neurons.spikes, into: &counts)
    }
  }
}

/// What NeuroBench counts of a layer: units whose net spikes of a step are not 0, and operations by
/// the weights that are not 0 (docs/Counting.md).
struct LayerActivity: Sendable {
  /// Net spikes of each unit in the last step.
  private(set) var netSpikes: AlignedArray<Int32>
  /// Of each source unit, the weights that are not 0.
  let nonzeroWeights: [Int]

  init(units: Int, nonzeroWeights: [Int]) {
    netSpikes = AlignedArray(repeating: 0, count: units)
    self.nonzeroWeights = nonzeroWeights
  }

  /// Takes the spikes of a step; returns how many units are active in it.
  mutating func take(_ spikes: SpikeTrain, _ instructionSet: InstructionSet) -> Int {
    netSpikes.fill(with: 0)
    KernelTable<Int32>(instructionSet).count(spikes, into: &netSpikes)
    return (0..<netSpikes.count).count { netSpikes[$0] != 0 }
  }

  /// What the net spikes of the layer below make this layer do: accumulates where all are -1, 0 or 1,
  /// else multiply-accumulates.
  func operations(of below: LayerActivity) -> (accumulates: Int, multiplyAccumulates: Int) {
    var (operations, isTernary) = (0, true)
    for unit in 0..<below.netSpikes.count where below.netSpikes[unit] != 0 {
      if below.netSpikes[unit].magnitude > 1 { isTernary = false }
      operations += nonzeroWeights[unit]
    }
    return isTernary ? (operations, 0) : (0, operations)
  }
}
