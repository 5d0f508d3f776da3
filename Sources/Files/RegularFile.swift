#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// A file that could not be read.
public enum InputError: Error, Equatable, Sendable {
  /// There is nothing at this path.
  case missing(path: String)
  /// The path is a directory, a pipe or a device.
  case notARegularFile(path: String)
  /// The path is a symbolic link, where none is followed.
  case link(path: String)
  /// The path is empty or holds a NUL.
  case invalidPath(path: String)
  /// The system refused to open or read.
  case io(path: String, operation: String, reason: String)
}

extension InputError: CustomStringConvertible {
  /// The file and the reason.
  public var description: String {
    switch self {
    case .missing(let path): "\(path): no such file or folder"
    case .notARegularFile(let path): "\(path): not a regular file"
    case .link(let path): "\(path): a symbolic link, which is not followed here"
    case .invalidPath(let path): "\(path.debugDescription): not a usable path"
    case .io(let path, let operation, let reason): "\(path): cannot \(operation): \(reason)"
    }
  }
}

/// A regular file, read in order. Read, not mapped: a file that another process cuts short must
/// end in an error, not in a signal.
public final class RegularFile: Sendable {
  /// As given.
  public let path: String
  /// The size when it was opened, in bytes.
  public let size: Int
  private let descriptor: Int32

  /// Opens a regular file.
  ///
  /// - Parameter followsLink: whether the last part of the path may be a symbolic link.
  /// - Throws: `InputError` when it is missing, is not a regular file or cannot be opened.
  public init(path: String, followsLink: Bool = true) throws(InputError) {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw .invalidPath(path: path) }
    self.path = path
    // Non-blocking, so that opening a pipe without a writer returns.
    descriptor = unsafe open(
      path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (followsLink ? 0 : O_NOFOLLOW))
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT: throw .missing(path: path)
      // A socket.
      case ENXIO: throw .notARegularFile(path: path)
      case ELOOP where !followsLink: throw .link(path: path)
      default: throw Self.failure(path, "open")
      }
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let error = Self.failure(path, "examine")
      Self.close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      Self.close(descriptor)
      throw .notARegularFile(path: path)
    }
    size = Int(status.st_size)
  }

  deinit { Self.close(descriptor) }

  /// Reads up to `count` bytes, fewer only at the end; 0 bytes mean the end.
  ///
  /// - Throws: `InputError.io`.
  public func read(upTo count: Int) throws(InputError) -> [UInt8] {
    var failure: InputError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = unsafe Self.read(descriptor, buffer.baseAddress! + filled, count - filled)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = Self.failure(path, "read") }
        if got <= 0 { break }
        filled += got
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Reads exactly `count` bytes from a place on; `read(upTo:)` goes on where it was.
  ///
  /// - Throws: `InputError.io`, also where the file has become shorter.
  public func read(at offset: Int, count: Int) throws(InputError) -> [UInt8] {
    var failure: InputError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = unsafe pread(
          descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = Self.failure(path, "read") }
        if got <= 0 { break }
        filled += got
      }
    }
    if let failure { throw failure }
    guard bytes.count == count else {
      throw .io(path: path, operation: "read", reason: "it was cut off at \(offset + bytes.count)")
    }
    return bytes
  }

  /// Another descriptor of the file, at its start, for a library that reads it; whoever asks closes it.
  ///
  /// - Throws: `InputError.io`.
  public func duplicateDescriptor() throws(InputError) -> Int32 {
    let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard duplicate >= 0, lseek(duplicate, 0, SEEK_SET) == 0 else {
      throw Self.failure(path, "open")
    }
    return duplicate
  }

  /// What is piped into the process: at most `count` bytes, those that are there; it waits for the first of them, and 0
  /// bytes mean the end.
  ///
  /// - Throws: `InputError.io`.
  package static func standardInput(upTo count: Int) throws(InputError) -> [UInt8] {
    var failed = false
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var got = 0
      repeat {
        got = unsafe read(STDIN_FILENO, buffer.baseAddress!, count)
      } while got < 0 && errno == EINTR
      failed = got < 0
      filled = max(0, got)
    }
    if failed { throw failure("standard input", "read") }
    return bytes
  }

  private static func read(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int)
    -> Int
  {
    #if canImport(Glibc)
      return unsafe Glibc.read(descriptor, bytes, count)
    #elseif canImport(Darwin)
      return unsafe Darwin.read(descriptor, bytes, count)
    #else
      return unsafe Musl.read(descriptor, bytes, count)
    #endif
  }

  /// Closes a descriptor that was not taken after all.
  public static func close(_ descriptor: Int32) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #elseif canImport(Darwin)
      _ = Darwin.close(descriptor)
    #else
      _ = Musl.close(descriptor)
    #endif
  }

  private static func failure(_ path: String, _ operation: String) -> InputError {
    .io(path: path, operation: operation, reason: unsafe String(cString: strerror(errno)))
  }
}
