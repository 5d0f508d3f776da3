internal import CTurboJPEG
internal import Datasets

/// JPEG, by libjpeg-turbo. The only Swift that calls it.
///
/// Where the camera was held (EXIF) is not looked at, as Pillow and torchvision do not.
enum JPEGImage {
  static func decode(_ bytes: [UInt8], path: String) throws(DatasetError) -> DecodedImage {
    guard let decoder = unsafe tjInitDecompress() else {
      throw .badImage(path: path, reason: "JPEG: out of memory")
    }
    defer { unsafe _ = tjDestroy(decoder) }
    func failure() -> DatasetError {
      .badImage(path: path, reason: unsafe "JPEG: " + String(cString: tjGetErrorStr2(decoder)))
    }
    var (width, height, sampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let status = unsafe bytes.withUnsafeBufferPointer {
      unsafe tjDecompressHeader3(
        decoder, $0.baseAddress, UInt($0.count), &width, &height, &sampling, &space)
    }
    guard status == 0 else { throw failure() }
    guard space != Int32(TJCS_CMYK.rawValue), space != Int32(TJCS_YCCK.rawValue) else {
      throw .badImage(path: path, reason: "JPEG: colours of print (CMYK), expected grey or colour")
    }
    let channels = space == Int32(TJCS_GRAY.rawValue) ? 1 : 3
    let (count, overflow) = Int(width).multipliedReportingOverflow(by: Int(height) * channels)
    guard !overflow, count > 0, count <= ImageFile.maximumValues else {
      throw .badImage(
        path: path,
        reason: "\(width) x \(height) pixels are more numbers than a network can take: "
          + "\(ImageFile.maximumValues)")
    }
    let format = Int32(channels == 1 ? TJPF_GRAY.rawValue : TJPF_RGB.rawValue)
    // As exact as the decoder can; a damaged file is an error, where it would be filled with grey.
    let flags = Int32(TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING)
    var decoded: Int32 = 0
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe buffer.initialize(repeating: 0)
      filled = count
      decoded = unsafe bytes.withUnsafeBufferPointer {
        unsafe tjDecompress2(
          decoder, $0.baseAddress, UInt($0.count), buffer.baseAddress, width, 0, height, format,
          flags)
      }
    }
    guard decoded == 0 else { throw failure() }
    return try ImageFile.image(
      pixels, height: Int(height), width: Int(width), channels: channels, bytes: 1, path: path)
  }
}
