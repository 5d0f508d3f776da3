import Testing

@testable import Files

/// A text in bytes: at both ends, after a beginning of it, and not there.
@Suite struct ByteSearchTests {
  @Test("found where it stands, and nowhere else")
  func places() {
    let bytes = Array("aababc".utf8)
    for text in ["", "a", "aab", "abc", "ababc", "aababc"] { #expect(bytes.holds(text), "\(text)") }
    for text in ["abd", "aababcd", "c ", "ca"] { #expect(!bytes.holds(text), "\(text)") }
    #expect([UInt8]().holds("") && ![UInt8]().holds("a"))
  }
}
