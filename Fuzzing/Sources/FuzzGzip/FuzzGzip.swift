import Datasets
import FuzzSupport

nonisolated(unsafe) private let file = ScratchFile(named: ".gz")

/// A compressed IDX file: with a first byte of 0, as it is; else what follows becomes the body of a gzip
/// member with the right trailer, so that the deflate stream is what is tried.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeRawBufferPointer(start: start, count: count))
  guard let kind = input.first else { return 0 }
  var bytes: [UInt8] = [0x1F, 0x8B]
  if kind == 0 {
    bytes += input.dropFirst()
  } else {
    bytes += [8, 0, 0, 0, 0, 0, 0, 3] + input.dropFirst()
  }
  file.fill(bytes)
  for rank in [1, 3] {
    do {
      let array = try IDXArray(contentsOf: file.path, rank: rank)
      require(array.dimensions.reduce(1, *) == array.elements.count, "of another size")
    } catch {
      require(!"\(error)".isEmpty, "an error without words")
    }
  }
  return 0
}
