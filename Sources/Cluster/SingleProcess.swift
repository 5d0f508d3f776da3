/// One process alone: every call gives what many would, without waiting.
public struct SingleProcess: Communicator {
  /// The only rank.
  public init() {}

  /// 0.
  public var rank: Int { 0 }
  /// 1.
  public var size: Int { 1 }
  /// This machine.
  public var host: String { "this machine" }
  /// 1.
  public var processesOnHost: Int { 1 }
  /// 0.
  public var bytesReceived: Int { 0 }

  /// Nothing changes.
  public func broadcast<Element: BitwiseCopyable & Sendable>(
    _ values: inout [Element], from root: Int
  ) throws(ClusterError) {}

  /// The values.
  public func allGather<Element: BitwiseCopyable & Sendable>(
    _ values: [Element], counts: [Int]
  ) throws(ClusterError) -> [Element] { values }

  /// The values.
  public func allToAll<Element: BitwiseCopyable & Sendable>(
    _ values: [Element], sending: [Int], receiving: [Int]
  ) throws(ClusterError) -> [Element] { values }

  /// Nobody to wait for.
  public func barrier() throws(ClusterError) {}

  /// There is nobody to send to.
  ///
  /// - Precondition: never called.
  public func send(_ bytes: [UInt8], to rank: Int, tag: Int) throws(ClusterError) {
    preconditionFailure("a message of one process to rank \(rank)")
  }

  /// `nil`: there is nobody to send.
  public func receive(tag: Int) throws(ClusterError) -> (source: Int, bytes: [UInt8])? { nil }

  /// Nobody to wait for.
  public func finish() throws(ClusterError) {}

  /// Does nothing: the caller ends the process.
  public func abort(status: Int32) {}
}
