import Networks
import Testing

@Suite struct AlignedArrayTests {
  @Test("the first element is on a 64-byte boundary", arguments: [0, 1, 3, 16, 1000])
  func alignment(count: Int) {
    let array = AlignedArray<Float>(repeating: 1, count: count)
    unsafe array.withUnsafeBufferPointer {
      let address = UInt(bitPattern: $0.baseAddress)
      #expect(address % 64 == 0)
    }
    #expect(array.count == count)
  }

  @Test("a copy does not see later changes of the original")
  func copyOnWrite() {
    var original = AlignedArray<Int32>(repeating: 7, count: 5)
    let copy = original
    original[2] = 1
    #expect(copy[2] == 7 && original[2] == 1)
    #expect(copy != original)
    original.fill(with: 7)
    #expect(copy == original)
  }
}
