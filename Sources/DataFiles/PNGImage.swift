internal import CPNGReader
internal import Datasets

/// PNG, by libpng. The only Swift that calls it.
enum PNGImage {
  static func decode(_ bytes: [UInt8], path: String) throws(DatasetError) -> DecodedImage {
    var (image, error) = (cpr_image(), cpr_error())
    func check(_ status: Int32) throws(DatasetError) {
      guard status == 0 else {
        let text = unsafe withUnsafeBytes(of: error.text) { unsafe Array($0.prefix { $0 != 0 }) }
        throw .badImage(path: path, reason: "PNG: " + String(decoding: text, as: UTF8.self))
      }
    }
    let most = ImageFile.maximumValues
    try check(
      unsafe bytes.withUnsafeBufferPointer {
        unsafe cpr_read($0.baseAddress, $0.count, most, &image, nil, 0, &error)
      })
    let (height, width) = (Int(image.height), Int(image.width))
    let (channels, size) = (Int(image.channels), Int(image.bytes))
    let count = height * width * channels * size
    var status: Int32 = 0
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe buffer.initialize(repeating: 0)
      filled = count
      status = unsafe bytes.withUnsafeBufferPointer {
        unsafe cpr_read(
          $0.baseAddress, $0.count, most, &image, buffer.baseAddress, count, &error)
      }
    }
    try check(status)
    return try ImageFile.image(
      pixels, height: height, width: width, channels: channels, bytes: size, path: path)
  }
}
