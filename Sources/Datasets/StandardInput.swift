internal import Files

/// What is piped in: what is there is given at once, so that an answer need not wait for the end.
package struct StandardInput: ByteStream {
  package init() {}

  package func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
    do { return try RegularFile.standardInput(upTo: min(count, 1 << 16)) } catch {
      throw DatasetError(error)
    }
  }
}
