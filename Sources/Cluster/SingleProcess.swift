/// One process alone: every call gives what many would, without waiting.
public struct SingleProcess: Communicator {
  /// The only rank.
  public init() {}

  public var rank: Int { 0 }
  public var size: Int { 1 }
  public var host: String { "this machine" }
  public var processesOnHost: Int { 1 }
  public var bytesReceived: Int { 0 }

  public func broadcast<Element: BitwiseCopyable & Sendable>(
    _ values: inout [Element], from root: Int
  ) throws(ClusterError) {}

  public func allGather<Element: BitwiseCopyable & Sendable>(
    _ values: [Element], counts: [Int]
  ) throws(ClusterError) -> [Element] { values }

  public func allToAll<Element: BitwiseCopyable & Sendable>(
    _ values: [Element], sending: [Int], receiving: [Int]
  ) throws(ClusterError) -> [Element] { values }

  public func barrier() throws(ClusterError) {}

  public func send(_ bytes: [UInt8], to rank: Int, tag: Int) throws(ClusterError) {
    preconditionFailure("a message of one process to rank \(rank)")
  }

  public func receive(tag: Int) throws(ClusterError) -> (source: Int, bytes: [UInt8])? { nil }

  public func finish() throws(ClusterError) {}

  /// Does nothing: the caller ends the process.
  public func abort(status: Int32) {}
}
