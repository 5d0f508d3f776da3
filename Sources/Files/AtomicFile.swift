#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// A file that could not be written.
public enum OutputError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be made there.
  case cannotCreate(path: String, reason: String)
  /// Something else of value is there.
  case wouldOverwrite(path: String)
  /// The system refused while writing.
  case io(path: String, operation: String, reason: String)

  /// The file and the reason.
  public var description: String {
    switch self {
    case .cannotCreate(let path, let reason): "\(path): cannot be written: \(reason)"
    case .wouldOverwrite(let path):
      "\(path): there is a file that does not start as a result does; it is not overwritten"
    case .io(let path, let operation, let reason): "\(path): cannot \(operation): \(reason)"
    }
  }
}

/// A result file that is there whole or not at all: written beside its place, synced, renamed.
///
/// Opened before the work starts, so that a path that cannot be written is known at once. What was
/// there before stays until `commit`. A device or pipe is written in place.
public final class AtomicFile {
  private let path: String
  private let temporary: String?
  private var descriptor: Int32

  /// Opens a file for a result.
  ///
  /// - Parameters:
  ///   - path: where the result goes.
  ///   - isReplaceable: tells from the first 16 bytes whether a file is an earlier result; an empty
  ///     file always is, another file is kept.
  /// - Throws: `OutputError`.
  public init(
    path: String, replacing isReplaceable: (_ start: [UInt8]) -> Bool
  ) throws(OutputError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw .cannotCreate(path: path, reason: "not a usable path")
    }
    var status = stat()
    var permissions: mode_t = 0o644
    if unsafe stat(path, &status) == 0 {
      switch status.st_mode & S_IFMT {
      case S_IFDIR: throw .cannotCreate(path: path, reason: "it is a folder")
      case S_IFREG:
        let start = try Self.start(of: path)
        guard start.isEmpty || isReplaceable(start) else { throw .wouldOverwrite(path: path) }
        permissions = status.st_mode & 0o777
        guard permissions & 0o222 != 0 else {
          throw .cannotCreate(path: path, reason: "it is read-only")
        }
      default:
        temporary = nil
        self.path = path
        // Non-blocking, so that a pipe without a reader is an error and not a wait.
        descriptor = unsafe open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: Self.reason) }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        return
      }
    }
    // Through a link, the file that it names is replaced, and the link stays.
    self.path = Self.resolved(path)
    let temporary = self.path + ".tmp-\(getpid())"
    _ = unsafe unlink(temporary)
    descriptor = unsafe open(
      temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions)
    guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: Self.reason) }
    self.temporary = temporary
  }

  /// Opens a file for JSON; replaces only what starts as a JSON object does.
  public convenience init(forJSON path: String) throws(OutputError) {
    try self.init(path: path) { $0[0] == UInt8(ascii: "{") }
  }

  deinit { abandon() }

  /// Writes some of the content, of a file that comes in parts.
  ///
  /// - Throws: `OutputError.io`; then what was there before is still there.
  public func append(_ content: [UInt8]) throws(OutputError) {
    var written = 0
    while written < content.count {
      let count = unsafe content.withUnsafeBufferPointer {
        unsafe write(descriptor, $0.baseAddress! + written, content.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure("write")
      }
      written += count
    }
  }

  /// Writes the content, or what is left of it, and puts the file in its place.
  ///
  /// - Throws: `OutputError.io`; then what was there before is still there, unless only the folder could
  ///   not be synced: the new content is in its place then, and may not survive a power failure.
  public func commit(_ content: [UInt8] = []) throws(OutputError) {
    try append(content)
    guard let temporary else {
      defer { descriptor = -1 }
      guard close(descriptor) == 0 else { throw failure("write") }
      return
    }
    guard fsync(descriptor) == 0 else { throw failure("sync") }
    guard unsafe rename(temporary, path) == 0 else { throw failure("rename") }
    _ = close(descriptor)
    descriptor = -1
    try syncFolder()
  }

  /// Gives the file up and removes what was begun.
  public func abandon() {
    guard descriptor >= 0 else { return }
    _ = close(descriptor)
    descriptor = -1
    if let temporary { _ = unsafe unlink(temporary) }
  }

  /// Makes the rename durable.
  private func syncFolder() throws(OutputError) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let folder = parts.isEmpty ? "." : parts.joined(separator: "/") + "/"
    let descriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      // A folder that may be written and not read cannot be synced: the file is in its place.
      if errno == EACCES { return }
      throw failure("open the folder to sync it")
    }
    defer { _ = close(descriptor) }
    // Some file systems have nothing to sync for a folder.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("sync the folder") }
  }

  private static func resolved(_ path: String) -> String {
    guard let resolved = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private static func start(of path: String) throws(OutputError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: reason) }
    defer { _ = close(descriptor) }
    return unsafe [UInt8](unsafeUninitializedCapacity: 16) { buffer, filled in
      filled = max(0, unsafe read(descriptor, buffer.baseAddress!, 16))
    }
  }

  private func failure(_ operation: String) -> OutputError {
    .io(path: path, operation: operation, reason: Self.reason)
  }

  private static var reason: String { unsafe String(cString: strerror(errno)) }
}
