#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// A folder that another process works in.
public struct FolderLocked: Error, Equatable, Sendable, CustomStringConvertible {
  /// The folder.
  public let path: String
  /// What is wrong.
  public var description: String { "\(path): another run is working in this folder" }
}

/// A folder that this process alone works in, until the value is released or the process ends.
public final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Makes the folder where it is missing, and locks it.
  ///
  /// - Throws: `FolderLocked`; `OutputError.cannotCreate`.
  public init(path: String) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw OutputError.cannotCreate(path: path, reason: "not a usable path")
    }
    guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw OutputError.cannotCreate(path: path, reason: unsafe String(cString: strerror(errno)))
    }
    // The lock is the system's and goes with the process; the file stays.
    descriptor = unsafe open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else {
      throw OutputError.cannotCreate(
        path: path + "/lock", reason: unsafe String(cString: strerror(errno)))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      _ = close(descriptor)
      throw FolderLocked(path: path)
    }
  }

  deinit { _ = close(descriptor) }
}
