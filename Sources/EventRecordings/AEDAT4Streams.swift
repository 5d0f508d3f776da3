/// The streams of an AEDAT 4 file, out of the text in its header.
///
/// The text is a small part of XML: nested `node` elements with a `name`, `attr` elements with a `key` and a value.
/// Nothing else of XML is read, no entity is expanded.
struct AEDAT4Streams {
  struct Stream: Equatable {
    var type = ""
    var width: Int?
    var height: Int?
  }

  /// By their numbers.
  private(set) var streams: [Int: Stream] = [:]

  private static let depthLimit = 32

  /// Reads the text; `nil` where it is not of the form.
  init?(_ text: ArraySlice<UInt8>) {
    var text = text
    // The stream within whose node the reader is, by the depth of that node.
    var stream: (id: Int, depth: Int)?
    var depth = 0
    while let open = text.firstIndex(of: UInt8(ascii: "<")) {
      guard let close = text[open...].firstIndex(of: UInt8(ascii: ">")) else { return nil }
      let tag = text[(open + 1)..<close]
      text = text[(close + 1)...]
      if tag.starts(with: "node ".utf8) {
        depth += 1
        guard depth <= Self.depthLimit else { return nil }
        if stream == nil, let id = Self.attribute("name", of: tag).flatMap(Self.number) {
          stream = (id, depth)
          streams[id] = Stream()
        }
        if tag.last == UInt8(ascii: "/") {
          if stream?.depth == depth { stream = nil }
          depth -= 1
        }
      } else if tag.elementsEqual("/node".utf8) {
        if stream?.depth == depth { stream = nil }
        depth -= 1
        guard depth >= 0 else { return nil }
      } else if tag.starts(with: "attr ".utf8), let id = stream?.id,
        let key = Self.attribute("key", of: tag)
      {
        let value = text.prefix { $0 != UInt8(ascii: "<") }
        if key.elementsEqual("typeIdentifier".utf8) {
          streams[id]!.type = String(decoding: value.prefix(16), as: UTF8.self)
        } else if key.elementsEqual("sizeX".utf8) {
          streams[id]!.width = Self.number(value)
        } else if key.elementsEqual("sizeY".utf8) {
          streams[id]!.height = Self.number(value)
        }
      }
    }
    guard depth == 0 else { return nil }
  }

  /// What stands between the quotation marks behind a name.
  private static func attribute(_ name: String, of tag: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let mark = Array((" " + name + "=\"").utf8)
    var place = tag.startIndex
    while place + mark.count <= tag.endIndex {
      if tag[place...].starts(with: mark) {
        let value = tag[(place + mark.count)...]
        return value.firstIndex(of: UInt8(ascii: "\"")).map { value[..<$0] }
      }
      place += 1
    }
    return nil
  }

  private static func number(_ text: ArraySlice<UInt8>) -> Int? {
    text.count <= 9 ? Int(String(decoding: text, as: UTF8.self)) : nil
  }
}
