import DataFiles
import Datasets
import Foundation
import TestSupport
import Testing

/// Images: the numbers that Pillow reads, and nothing that a file only claims.
@Suite struct ImageFileTests {
  private let greys: [Float] = [0, 51, 102, 153, 204, 255].map { $0 / 255 }

  private func words(_ bytes: [UInt8]) -> String {
    do { return "\(try ImageFile.decode(bytes, path: "image"))" } catch { return "\(error)" }
  }

  @Test("PNG of 1, 8 and 16 bits, grey, coloured, by a palette, with an alpha that is opaque")
  func png() throws {
    let grey = try ImageFile.decode(Samples.grey, path: "image")
    #expect(grey == DecodedImage(height: 2, width: 3, channels: 1, values: greys))
    let deep: [Float] = [0, 1, 256, 32_768, 65_534, 65_535]
    #expect(
      try ImageFile.decode(Samples.grey16, path: "image").values == deep.map { $0 / 65_535 })
    let numbers: [Int] = [0, 51, 102, 153, 204, 255]
    let colours: [Float] = numbers.flatMap { (number: Int) -> [Float] in
      [Float(number) / 255, Float(number / 2) / 255, Float(255 - number) / 255]
    }
    let coloured = try ImageFile.decode(Samples.coloured, path: "image")
    #expect(coloured.channels == 3 && coloured.values == colours && !coloured.isGrey)
    #expect(try ImageFile.decode(Samples.palette, path: "image").values == colours)
    #expect(try ImageFile.decode(Samples.bits, path: "image").values == [1, 0, 1, 0, 1, 0])
    let opaque = try ImageFile.decode(Samples.opaque, path: "image")
    #expect(opaque.channels == 3 && opaque.isGrey && opaque.grey == greys)
    #expect(words(Samples.transparent).contains("pixel 2, 1 is transparent"))
  }

  @Test("JPEG: grey and coloured; colours of print are refused")
  func jpeg() throws {
    let grey = try ImageFile.decode(Samples.jpegGrey, path: "image")
    #expect(grey.channels == 1 && grey.values == [Float](repeating: 64 / 255, count: 64))
    let coloured = try ImageFile.decode(Samples.jpegColoured, path: "image")
    let first: [Float] = [200 / 255, 100 / 255, 50 / 255]
    #expect(Array(coloured.values.prefix(3)) == first)
    #expect(words(Samples.jpegCMYK).contains("colours of print"))
  }

  @Test("colours plane by plane, pixel by pixel, mixed")
  func channels() {
    let image = DecodedImage(height: 1, width: 2, channels: 3, values: [1, 0, 0, 0, 1, 0.5])
    #expect(image.coloured(.first) == [1, 0, 0, 1, 0, 0.5])
    #expect(image.coloured(.last) == image.values)
    let mixed: [Float] = [0.299, 0.587 + 0.057]
    #expect(image.grey == mixed)
    let grey = DecodedImage(height: 1, width: 2, channels: 1, values: [0.25, 1])
    #expect(grey.coloured(.first) == [0.25, 1, 0.25, 1, 0.25, 1])
    #expect(grey.coloured(.last) == [0.25, 0.25, 0.25, 1, 1, 1])
  }

  @Test("Netpbm: digits and bytes, comments, other maxima, 16 bits")
  func netpbm() throws {
    func values(_ text: String, _ more: [UInt8] = []) throws -> String {
      "\(try ImageFile.decode(Array(text.utf8) + more, path: "image").values)"
    }
    #expect(try values("P2\n# by hand\n3 1 # size\n4\n0 1 4\n") == "[0.0, 0.25, 1.0]")
    #expect(try values("P3 1 1 10 1 2 10") == "[0.1, 0.2, 1.0]")
    #expect(try values("P5\n2 1\n255\n", [0, 255]) == "[0.0, 1.0]")
    #expect(try values("P5 1 2 65535\n", [0, 255, 255, 255]) == "[0.0038910506, 1.0]")
    #expect(try values("P6 1 1 255 ", [255, 0, 51]) == "[1.0, 0.0, 0.2]")
    #expect(words(Array("P2 2 1 4 0".utf8)).contains("it is cut off"))
    #expect(words(Array("P2 2 1 4 0 5".utf8)).contains("a pixel of 5, where the maximum is 4"))
    #expect(words(Array("P2 0 1 4 ".utf8)).contains("a size or a maximum of 0"))
    #expect(words(Array("P2 1024 1025 4 ".utf8)).contains("more numbers than a network can take"))
    #expect(words(Array("P2 99999999 1 4 ".utf8)).contains("a number beyond 1048576"))
    #expect(words(Array("P2 1 1 1 1 P2 1 1 1 0".utf8)).contains("several images in one file"))
  }

  @Test("every cut of every sample is an error, and no flipped byte is more")
  func damage() {
    let samples = [
      Samples.grey, Samples.grey16, Samples.coloured, Samples.palette, Samples.bits,
      Samples.jpegGrey, Samples.jpegColoured,
    ]
    for sample in samples {
      for length in stride(from: 0, to: sample.count - 2, by: 3) {
        #expect(throws: DatasetError.self) {
          try ImageFile.decode(Array(sample.prefix(length)), path: "image")
        }
      }
      for place in 8..<sample.count {
        var bytes = sample
        bytes[place] ^= 0x55
        // Some flips change a pixel, or what is not looked at: an image of the same kind, or an error.
        if let image = try? ImageFile.decode(bytes, path: "image") {
          #expect(image.values.allSatisfy { (0...1).contains($0) })
        }
      }
    }
  }

  @Test("a header that claims more than a network can take is refused before memory is taken")
  func bombs() {
    var png = Samples.grey
    // Width 2^30: the checksum of the header is wrong too, and a decoder may say either.
    png.replaceSubrange(16..<20, with: [0x40, 0, 0, 0])
    #expect(words(png).hasPrefix("image: PNG: "))
    var jpeg = Samples.jpegGrey
    let place = (0..<jpeg.count - 8).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 }!
    jpeg.replaceSubrange(place + 5..<place + 9, with: [0x7F, 0xFF, 0x7F, 0xFF])
    #expect(words(jpeg).contains("more numbers than a network can take"))
  }

  @Test("what is not read is named")
  func others() {
    #expect(words(Array("GIF89a".utf8)).contains("GIF, expected PNG, JPEG, PGM or PPM"))
    #expect(words([]).contains("an empty file"))
    #expect(words(Array("RIFF....WEBPVP8 ".utf8)).contains("WebP"))
    #expect(words([1, 2, 3]).contains("no image that is known"))
  }
}
