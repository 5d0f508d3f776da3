internal import CSpikeKernels
internal import Networks

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

// What `KernelTable` hands to C, and what it gets back.

/// The instruction sets of this build.
enum CompiledSets {
  /// Best first.
  private static var all: [UnsafePointer<csk_set>] {
    var count = 0
    let sets = unsafe csk_sets(&count)!
    return unsafe (0..<count).map { unsafe sets[$0]! }
  }

  /// Those that this machine runs, best first.
  static var supportedNames: [String] {
    unsafe all.filter { unsafe $0.pointee.is_supported() != 0 }.map {
      unsafe String(cString: $0.pointee.name)
    }
  }

  /// A compiled set, looked up once.
  ///
  /// - Precondition: the build has it.
  static func named(_ set: InstructionSet) -> UnsafePointer<csk_set> {
    switch set {
    case .avx512: unsafe avx512!
    case .avx2: unsafe avx2!
    case .baseline: unsafe baseline!
    case .reference: preconditionFailure("the reference has no compiled kernels")
    }
  }

  private nonisolated(unsafe) static let avx512 = unsafe find("avx512")
  private nonisolated(unsafe) static let avx2 = unsafe find("avx2")
  private nonisolated(unsafe) static let baseline = unsafe find("baseline")

  private static func find(_ name: String) -> UnsafePointer<csk_set>? {
    unsafe all.first { unsafe String(cString: $0.pointee.name) == name }
  }

  static func environmentValue(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}

/// How far a compiled feed came.
struct FeedOutcome: Sendable {
  enum Status { case done, full(needed: Int), outOfRange }
  let status: Status
  /// Rows (or vectors) that were fed before it stopped.
  let rowsDone: Int
  /// Whether a potential is below the range.
  let underflowed: Bool

  init(_ outcome: csk_outcome) {
    switch outcome.status {
    case CSK_FULL: status = .full(needed: outcome.needed)
    case CSK_OUT_OF_RANGE: status = .outOfRange
    default: status = .done
    }
    rowsDone = outcome.rows_done
    underflowed = outcome.underflowed != 0
  }
}

extension KernelScratch {
  /// Calls `body` with the scratch memory as C sees it.
  mutating func withC<Result>(_ body: (csk_scratch) -> Result) -> Result {
    unsafe firings.withUnsafeMutableBufferPointer { firings in
      unsafe snapshot.withUnsafeMutableBufferPointer { snapshot in
        unsafe body(
          csk_scratch(
            firings: firings.baseAddress, capacity: capacity, snapshot: snapshot.baseAddress))
      }
    }
  }
}

extension SpikeTrain {
  /// What `KernelTable.feedSteps` wants room for beyond one spike for each unit and step.
  static var roomAfterSteps: Int { Int(CSK_STEPS_SLACK) }

  /// Calls `body` with the free room after the last spike, and counts what it wrote there.
  mutating func appending(
    _ body: (UnsafeMutablePointer<Int32>?, Int) -> csk_outcome
  ) -> FeedOutcome {
    let used = count
    let outcome = unsafe codes.withUnsafeMutableBufferPointer { codes in
      unsafe body(codes.baseAddress.map { unsafe $0 + used }, codes.count - used)
    }
    self.used += outcome.written
    return FeedOutcome(outcome)
  }

  /// Calls `body` with the codes of a range of spikes.
  func withCodes<Result>(
    _ range: Range<Int>, _ body: (UnsafePointer<Int32>?) -> Result
  ) -> Result {
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe body(codes.baseAddress.map { unsafe $0 + range.lowerBound })
    }
  }
}

/// Calls `body` with 16-bit weights as C sees them.
func withC<Result>(_ int16: Int16Weights?, _ body: (csk_int16_weights) -> Result) -> Result {
  guard let int16 else { return unsafe body(csk_int16_weights(weights: nil, largest: 0)) }
  return unsafe int16.elements.withUnsafeBufferPointer { elements in
    unsafe body(csk_int16_weights(weights: elements.baseAddress, largest: int16.largest))
  }
}

extension Int16Weights {
  /// The distance of rows for 32-bit rows of a given one.
  static func stride(_ stride: Int) -> Int { csk_int16_stride(stride) }
}
