public import SpikeKernels

/// A spiking network on a stream of spikes with times: it leaks, forgets and takes steps as time goes by,
/// but does so only when the next spike arrives, or when it is asked for.
///
/// ```swift
/// import Networks
/// import SpikeKernels
/// import SpikingReLU
///
/// func answer(_ network: SpikingMLP, spikes: [(time: Int64, spike: Spike)]) throws -> Int {
///   var stream = try SpikeStream(network: network, options: .init(leak: .init(interval: 1000)))
///   for (time, spike) in spikes { try stream.receive(spike, at: time) }
///   return stream.network.outputSums.argmax
/// }
/// ```
///
/// A value type: copies are independent. One value must not be used from two tasks at a time.
public struct SpikeStream<Scalar: SpikeScalar>: Sendable {
  /// A leak without multiplication: every `interval` microseconds 2^-`shift` of each potential and output
  /// sum is taken away. They fall by half in about `0.69 * 2^shift` intervals (in one for a shift of 1).
  public struct Leak: Equatable, Sendable {
    /// Microseconds, positive.
    public let interval: Int64
    /// 1...8.
    public let shift: Int

    /// A leak of 2^-`shift` an interval.
    ///
    /// - Throws: `SpikingError.invalidStream` for numbers out of range.
    public init(interval: Int64, shift: Int = 1) throws(SpikingError) {
      guard interval > 0 else {
        throw .invalidStream("a leak every \(interval) us, expected 1 or more")
      }
      guard (1...8).contains(shift) else {
        throw .invalidStream("a leak of 2^-\(shift), expected 2^-1 ... 2^-8")
      }
      self.interval = interval
      self.shift = shift
    }
  }

  /// When a network forgets everything.
  public enum Reset: Equatable, Sendable {
    /// When it is told to.
    case never
    /// At the beginning of each window of so many microseconds, counted from the first spike.
    case every(Int64)
    /// At the first spike after so many microseconds without one.
    case afterSilence(Int64)
  }

  /// What a stream does as time goes by.
  public struct Options: Equatable, Sendable {
    /// How potentials leak; `nil` for not at all, as in the paper.
    public var leak: Leak?
    /// When it forgets.
    public var reset = Reset.never
    /// Microseconds of a time step, for networks with biases and those that fire once a step; `nil` for steps
    /// that the caller ends.
    public var stepLength: Int64?

    /// A stream that neither leaks nor forgets.
    public init(leak: Leak? = nil, reset: Reset = .never, stepLength: Int64? = nil) {
      self.leak = leak
      self.reset = reset
      self.stepLength = stepLength
    }
  }

  /// The most steps without a spike in which something is done: biases are added.
  public static var longestGap: Int { 1 << 20 }

  /// The network.
  public private(set) var network: SpikingNetwork<Scalar>
  /// What it does as time goes by.
  public let options: Options
  /// The time of the last spike, or to which the stream was advanced; `nil` before the first.
  public private(set) var time: Int64?
  /// How often it has forgotten everything, the beginning apart.
  public private(set) var resets = 0

  /// Since when windows, intervals and steps are counted.
  private var windowStart: Int64 = 0
  private var leaked: Int64 = 0
  private var stepStart: Int64 = 0
  /// The time of the last spike, and the steps since then.
  private var latestSpike: Int64?
  private var gap: Int64 = 0

  /// A stream that starts with the first spike.
  ///
  /// - Throws: `SpikingError.invalidStream` for lengths that are not positive, and for units that fire once a
  ///   step without a length of it.
  public init(
    network: SpikingNetwork<Scalar>, options: Options = Options()
  ) throws(SpikingError) {
    let reset: Int64? =
      switch options.reset {
      case .never: nil
      case .every(let length), .afterSilence(let length): length
      }
    for (what, length) in [("a time step", options.stepLength), ("a reset", reset)] {
      if let length, length <= 0 {
        throw .invalidStream("\(what) of \(length) us, expected 1 or more")
      }
    }
    guard network.options.firing != .refining else {
      throw .unsupportedInRefining("streams of spikes: its spikes are of values that it knows")
    }
    if network.options.firing == .oncePerStep, options.stepLength == nil {
      throw .invalidStream("units that fire once a step need a length of it")
    }
    self.network = network
    self.options = options
    self.network.beginStream()
  }

  /// Takes a spike of the input through the network; see `SpikingNetwork.receive`.
  ///
  /// - Parameter time: microseconds, not before the spike before.
  /// - Throws: `SpikingError.timeBackwards`, `.streamGap`, and as `SpikingNetwork.receive`.
  /// - Complexity: as `SpikingNetwork.receive`, and a subtraction a unit for each interval of the leak that has
  ///   passed, up to `64 * 2^shift`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func receive(_ spike: Spike, at time: Int64) throws(SpikingError) {
    try advance(to: time, isSpike: true)
    latestSpike = time
    gap = 0
    try network.receive(spike)
  }

  /// Lets time go by: leaks, forgets and takes steps, as if a spike had come that does nothing.
  ///
  /// - Throws: as `receive`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func advance(to time: Int64) throws(SpikingError) {
    try advance(to: time, isSpike: false)
  }

  /// Begins anew, with a time of its own: another recording.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func restart() {
    reset()
    time = nil
    latestSpike = nil
    gap = 0
  }

  /// Forgets everything: potentials and output.
  public mutating func reset() {
    network.beginStream()
    resets += 1
    if let time {
      windowStart = time
      leaked = time
      stepStart = time
    }
  }

  private mutating func advance(to time: Int64, isSpike: Bool) throws(SpikingError) {
    guard time.magnitude < 1 << 62 else {
      throw .invalidStream("a time of \(time) us, expected less than 2^62 either way")
    }
    guard let before = self.time else {
      windowStart = time
      leaked = time
      stepStart = time
      self.time = time
      return
    }
    guard time >= before else { throw .timeBackwards(found: time, after: before) }
    self.time = time
    switch options.reset {
    case .never: break
    case .every(let length):
      let passed = (time - windowStart) / length
      if passed > 0 {
        let start = windowStart + passed * length
        reset()
        windowStart = start
      }
    case .afterSilence(let length):
      if isSpike, let latestSpike, time - latestSpike >= length { reset() }
    }
    try takeSteps(until: time)
    leak(until: time)
  }

  private mutating func leak(until time: Int64) {
    guard let leak = options.leak else { return }
    let intervals = (time - leaked) / leak.interval
    guard intervals > 0 else { return }
    leaked += intervals * leak.interval
    network.leak(shift: leak.shift, times: Int(min(intervals, Int64(Int32.max))))
  }

  /// Ends the steps that have passed, with the leak in its place between them.
  private mutating func takeSteps(until time: Int64) throws(SpikingError) {
    guard let length = options.stepLength else { return }
    let steps = (time - stepStart) / length
    // Where neither biases nor waiting spikes do anything, only the step of the last spike is to be ended.
    let isIdle = !network.hasBiases && network.options.firing == .afterEachSpike
    gap += steps
    guard isIdle || gap <= Self.longestGap else {
      throw .streamGap(steps: gap, limit: Self.longestGap)
    }
    for _ in 0..<(isIdle ? min(steps, 1) : steps) {
      leak(until: stepStart + length)
      try network.endStep()
      stepStart += length
    }
    guard isIdle, steps > 1 else { return }
    network.skip(steps: Int(steps - 1))
    stepStart += (steps - 1) * length
  }
}
