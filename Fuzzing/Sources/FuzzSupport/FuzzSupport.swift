import Datasets
import Foundation
import ModelFiles
import Networks

/// One input as a file: readers take paths. Kept open, in memory where the system has a place for that.
public final class ScratchFile {
  /// Where it is.
  public let path: String
  private let descriptor: Int32

  /// A file whose name ends so.
  public init(named ending: String) {
    let folder = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
    path = "\(folder)/fuzz-\(getpid())\(ending)"
    descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
    precondition(descriptor >= 0, "cannot make \(path)")
    // The name goes with the process, whichever way it ends.
    let name = path
    Self.name = name
    atexit { unlink(ScratchFile.name) }
  }

  nonisolated(unsafe) private static var name = ""

  /// Makes these the file's bytes.
  public func fill(_ bytes: UnsafeRawBufferPointer) {
    precondition(ftruncate(descriptor, 0) == 0)
    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
    precondition(pwrite(descriptor, start, bytes.count, 0) == bytes.count)
  }

  /// Makes these the file's bytes.
  public func fill(_ bytes: [UInt8]) { bytes.withUnsafeBytes { fill($0) } }
}

/// What must hold whatever the input is.
public func require(_ holds: Bool, _ words: @autoclosure () -> String) {
  if !holds { fatalError(words()) }
}

/// Reads a network, and if it is accepted, writes and reads it again in every format: the same.
public func checkNetwork(_ file: ScratchFile, second: ScratchFile, _ format: NetworkFile.Format) {
  let network: NetworkFile
  do {
    network = try NetworkFile(path: file.path)
  } catch {
    require(!"\(error)".isEmpty, "an error without words")
    return
  }
  let weights = network.weights
  for parameter in weights.parameters {
    require(parameter.elements.allSatisfy(\.isFinite), "\(parameter.name) is not finite")
  }
  // Small ones only: the oracle must not be what takes the time.
  guard weights.parameterCount < 10_000 else { return }
  do {
    second.fill(try NetworkFile.encode(weights, as: format))
    require(try NetworkFile(path: second.path).weights == weights, "written back, it is another")
  } catch {
    fatalError("what was accepted cannot be written back: \(error)")
  }
}
