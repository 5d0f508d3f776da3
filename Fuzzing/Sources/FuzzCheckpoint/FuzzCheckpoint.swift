import Files
import FuzzSupport
import ModelFiles

nonisolated(unsafe) private let file = ScratchFile(named: ".safetensors")
private let name = Array("\"checkpoint_crc32\":\"".utf8)

/// A checkpoint; where the place of its checksum is found, the right one is put there, so that what lies
/// behind it is tried, too.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var bytes = Array(UnsafeRawBufferPointer(start: start, count: count))
  var place = 0
  while place + name.count + 8 <= bytes.count {
    if bytes[place..<place + name.count].elementsEqual(name) {
      let digits = place + name.count
      bytes.replaceSubrange(digits..<digits + 8, with: Array("--------".utf8))
      let text = String(CRC32.update(0, with: bytes), radix: 16)
      bytes.replaceSubrange(
        digits..<digits + 8,
        with: Array((String(repeating: "0", count: 8 - text.count) + text).utf8))
      break
    }
    place += 1
  }
  file.fill(bytes)
  do {
    let checkpoint = try CheckpointFile(path: file.path)
    let encoded = checkpoint.encoded
    file.fill(encoded)
    require(try CheckpointFile(path: file.path).encoded == encoded, "written back, it is another")
  } catch {
    require(!"\(error)".isEmpty, "an error without words")
  }
  return 0
}
