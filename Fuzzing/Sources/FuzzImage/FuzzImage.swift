import DataFiles
import Datasets
import FuzzSupport

/// One input: an image, whatever its first bytes say it is.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do {
    let image = try ImageFile.decode(bytes, path: "image")
    require(image.values.allSatisfy { (0...1).contains($0) }, "a number beyond 0 to 1")
    require(image.grey.count == image.height * image.width, "a number a pixel")
    require(image.coloured(.last).count == 3 * image.grey.count, "three numbers a pixel")
  } catch {
    require(!"\(error)".isEmpty, "an error without words")
  }
  return 0
}
