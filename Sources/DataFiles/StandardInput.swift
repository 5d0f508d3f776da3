internal import Datasets

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// What is piped in: what is there is given at once, so that an answer need not wait for the end.
struct StandardInput: ByteStream {
  func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: min(count, 1 << 16)) { buffer, filled in
      repeat {
        #if canImport(Glibc)
          let got = unsafe Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        #elseif canImport(Darwin)
          let got = unsafe Darwin.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        #else
          let got = unsafe Musl.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        #endif
        filled = max(0, got)
        failure = got < 0 ? errno : 0
      } while failure == EINTR
    }
    guard failure == 0 else {
      throw .io(
        path: "standard input", operation: "read", reason: unsafe String(cString: strerror(failure))
      )
    }
    return bytes
  }
}
