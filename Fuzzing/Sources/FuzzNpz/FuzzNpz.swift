import FuzzSupport
import ModelFiles

nonisolated(unsafe) private let first = ScratchFile(named: ".npz")
nonisolated(unsafe) private let second = ScratchFile(named: "-back.npz")

/// One input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  first.fill(UnsafeRawBufferPointer(start: start, count: count))
  checkNetwork(first, second: second, .npz)
  return 0
}
