import DataFiles
import Datasets
import FuzzSupport

nonisolated(unsafe) private let file = ScratchFile(named: ".csv")

/// One input: a table with labels, and a table of inputs.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  file.fill(UnsafeRawBufferPointer(start: start, count: count))
  do {
    let data = try Dataset(contentsOf: file.path, name: "own")
    for part in [data.training, data.test] {
      require(part.images.elements.allSatisfy(\.isFinite), "a number that is not finite")
      require(part.labels.allSatisfy { (0..<part.classes).contains($0) }, "a label of no class")
    }
    require(data.test.count > 0, "nothing to be judged on")
  } catch {
    require(!"\(error)".isEmpty, "an error without words")
  }
  do {
    var inputs = try InputFile(path: file.path, inputs: 2)
    var index = 0
    while let input = try inputs.read() {
      require(input.values.count == 2 && input.values.allSatisfy(\.isFinite), "not two numbers")
      require(input.index == index, "places that are not in order")
      index += 1
    }
  } catch {
    require(!"\(error)".isEmpty, "an error without words")
  }
  return 0
}
