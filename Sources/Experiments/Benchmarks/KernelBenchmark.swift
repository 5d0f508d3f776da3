public import Datasets
internal import DenseReLU
public import Measures
public import Networks
public import SpikeKernels
internal import SpikingReLU

/// How fast the kernels are beside what the machine can read, and the two twins beside each other.
/// One thread; contenders of a ratio take turns, so that a machine whose speed drifts slows all.
public struct KernelBenchmark: Sendable {
  /// Read bandwidth of a level of memory.
  public struct Bandwidth: Sendable, Codable {
    /// `L1`, `L2`, `L3`, `memory`.
    public let level: String
    /// What was read again and again.
    public let bytes: Int
    /// 10^9 bytes a second.
    public let gigabytesPerSecond: Double
  }

  /// One kernel on one instruction set.
  public typealias Kernel = KernelTime
  /// Where an event-driven layer product is as fast as a dense one.
  public typealias Crossover = KernelCrossover

  /// A ratio of two times, the median over rounds.
  public struct Ratio: Sendable, Codable {
    /// What is compared with what.
    public let name: String
    /// The first time over the second.
    public let value: Double
    /// Microseconds of the first, the median.
    public let microseconds: Double
    /// Microseconds of the second.
    public let otherMicroseconds: Double
    /// What it should be at most, on MNIST and 784-200-200-10.
    public let target: Double?
    /// What it should be at most in the long run.
    public let stretch: Double?
  }

  /// What a run gives.
  public struct Result: Sendable, Codable {
    /// The caches of the machine.
    public let caches: CacheSizes
    /// Read bandwidths, nearest level first.
    public let bandwidths: [Bandwidth]
    /// Kernels by instruction set.
    public let kernels: [Kernel]
    /// Crossover by width.
    public let crossovers: [Crossover]
    /// The twins beside each other.
    public let ratios: [Ratio]
    /// Bandwidth of weight rows, none of which fires, over the read bandwidth of L2.
    public let rowBandwidthShare: Double
    /// Spikes of an image at T = 10, input included.
    public let spikesPerImage: Double
    /// Images trained on a second, by the fractional step of the ratios.
    public let trainingImagesPerSecond: Double
  }

  /// The network that the ratios are of.
  public let weights: NetworkWeights
  /// Images that it answers.
  public let data: LabelledImages
  /// The set of the ratios.
  public let instructionSet: InstructionSet
  /// Seconds that each figure is measured for, about.
  public var seconds = 0.05
  /// The caches whose bandwidth is measured.
  public var caches = CacheSizes()
  /// Widths of the crossover.
  public var widths = [64, 128, 256, 512, 1024, 2048, 4096]

  /// A benchmark on a network without biases and images that fit it.
  public init(weights: NetworkWeights, data: LabelledImages, instructionSet: InstructionSet) {
    (self.weights, self.data, self.instructionSet) = (weights, data, instructionSet)
  }

  /// Measures everything.
  ///
  /// - Parameter progress: told before each part.
  /// - Throws: `SpikingError`, `DenseError`; `CancellationError`.
  public func run(
    progress: ((_ part: String, _ done: Int, _ total: Int) -> Void)? = nil
  ) throws -> Result {
    progress?("read bandwidth", 0, 4)
    let bandwidths = try bandwidths()
    progress?("kernels", 1, 4)
    var kernels: [Kernel] = []
    for set in InstructionSet.supported where set != .reference {
      try Task.checkCancellation()
      kernels += try timing.kernels(set)
    }
    progress?("crossover", 2, 4)
    let crossovers = try widths.map {
      try Task.checkCancellation()
      return try timing.crossover($0, instructionSet)
    }
    progress?("twins", 3, 4)
    let twins = try twins()
    let rows =
      kernels.first {
        $0.instructionSet == instructionSet.rawValue && $0.name == KernelTiming.silentRows
      }?.gigabytesPerSecond ?? 0
    return Result(
      caches: caches, bandwidths: bandwidths, kernels: kernels, crossovers: crossovers,
      ratios: twins.ratios,
      rowBandwidthShare: rows / bandwidths.first { $0.level == "L2" }!.gigabytesPerSecond,
      spikesPerImage: twins.spikes, trainingImagesPerSecond: 1e6 / twins.training)
  }

  // MARK: Times

  private var timing: KernelTiming { KernelTiming(seconds: seconds) }

  /// Median seconds of `body`; see `KernelTiming`.
  func time(_ body: () throws -> Void) throws -> Double { try timing.time(body) }

  /// Seconds of each body in each round; see `KernelTiming`.
  func times(_ bodies: [() throws -> Void]) throws -> [[Double]] { try timing.times(bodies) }

  // MARK: Parts

  private func bandwidths() throws -> [Bandwidth] {
    // Half of a cache: the rest is somebody's. Of memory, far more than any cache holds.
    let sizes = [
      ("L1", caches.level1 / 2), ("L2", caches.level2 / 2),
      ("L3", max(caches.level3 / 4, 2 * caches.level2)), ("memory", 8 * caches.level3),
    ]
    let best = InstructionSet.supported.first { $0 != .reference }!
    let table = KernelTable<Float>(best)
    let values = AlignedArray<Float>(repeating: 1, count: sizes[3].1 / 4)
    return try sizes.map { level, bytes in
      let (count, repeats) = (bytes / 4, max(1, (1 << 20) / bytes))
      var sum: Float = 0
      let seconds = try time {
        for _ in 0..<repeats { sum += table.sum(values, first: count) }
      }
      precondition(sum > 0)
      return Bandwidth(
        level: level, bytes: bytes,
        gigabytesPerSecond: Double(count * 4 * repeats) / seconds / 1e9)
    }
  }
}
