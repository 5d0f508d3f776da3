import Datasets
import FuzzSupport

nonisolated(unsafe) private let file = ScratchFile(named: ".idx")

/// One input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  file.fill(UnsafeRawBufferPointer(start: start, count: count))
  for rank in [1, 3] {
    do {
      let array = try IDXArray(contentsOf: file.path, rank: rank)
      require(array.dimensions.count == rank, "of another rank")
      require(array.dimensions.reduce(1, *) == array.elements.count, "of another size")
    } catch {
      require(!"\(error)".isEmpty, "an error without words")
    }
  }
  return 0
}
