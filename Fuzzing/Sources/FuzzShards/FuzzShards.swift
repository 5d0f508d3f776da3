import FuzzSupport
import ModelFiles

nonisolated(unsafe) private let file = ScratchFile(named: ".json")

/// One input: an index of safetensors files; no other file may be opened than one of a plain name beside it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  file.fill(UnsafeRawBufferPointer(start: start, count: count))
  do {
    let network = try NetworkFile(path: file.path)
    require(network.weights.parameterCount > 0, "a network without weights")
  } catch {
    require(!"\(error)".isEmpty, "an error without words")
  }
  return 0
}
