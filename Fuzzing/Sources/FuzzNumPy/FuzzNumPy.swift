import DataFiles
import Datasets
import FuzzSupport
import ModelFiles

nonisolated(unsafe) private let file = ScratchFile(named: ".npz")

/// One input: arrays of numbers, and a data set of them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  file.fill(UnsafeRawBufferPointer(start: start, count: count))
  do {
    for array in try NumPyFile(path: file.path).arrays where array.texts == nil {
      require(array.elements.count == array.shape.reduce(1, *), "not as many numbers as it says")
      require(array.elements.allSatisfy(\.isFinite), "a number that is not finite")
    }
    let data = try Dataset(contentsOf: file.path, name: "own")
    require(data.test.count > 0 && data.training.count > 0, "a part without examples")
  } catch {
    require(!"\(error)".isEmpty, "an error without words")
  }
  return 0
}
